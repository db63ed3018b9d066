"""Owns the proof of the ladder of late loans."""

from datetime import date

import pytest

from p2p_reflex.domain.delinquency import bucket, days_past_due, describe
from p2p_reflex.domain.vocabulary import DelinquencyBucket


def test_days_count_from_the_oldest_unpaid_due_date():
    assert days_past_due(oldest_unpaid_due_on=date(2026, 11, 12), business_on=date(2026, 11, 20)) == 8
    assert days_past_due(oldest_unpaid_due_on=date(2026, 11, 20), business_on=date(2026, 11, 20)) == 0
    assert days_past_due(oldest_unpaid_due_on=date(2026, 12, 3), business_on=date(2026, 11, 20)) == 0
    assert days_past_due(oldest_unpaid_due_on=None, business_on=date(2026, 11, 20)) == 0


@pytest.mark.parametrize(
    ("days", "expected", "words"),
    [
        (0, DelinquencyBucket.CURRENT, "Current"),
        (1, DelinquencyBucket.GRACE, "1 day late, in grace"),
        (15, DelinquencyBucket.GRACE, "15 days late, in grace"),
        (16, DelinquencyBucket.LATE_16_30, "16 days late"),
        (30, DelinquencyBucket.LATE_16_30, "30 days late"),
        (31, DelinquencyBucket.LATE_31_120, "31 days late"),
        (120, DelinquencyBucket.LATE_31_120, "120 days late"),
        (121, DelinquencyBucket.DEFAULT, "Default"),
        (400, DelinquencyBucket.DEFAULT, "Default"),
    ],
)
def test_every_day_has_its_bucket(days, expected, words):
    assert bucket(days) is expected
    assert describe(days) == words
