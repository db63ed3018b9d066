"""Owns the proof of the ladder of late loans."""

from datetime import date

import pytest

from p2p_reflex.domain.delinquency import bucket, bucket_of, describe
from p2p_reflex.domain.loan_standing import days_late
from p2p_reflex.domain.vocabulary import DelinquencyBucket, LoanState


def test_days_count_from_the_oldest_unpaid_due_date():
    assert days_late(due_on=date(2026, 11, 12), on=date(2026, 11, 20), pauses=()) == 8
    assert days_late(due_on=date(2026, 11, 20), on=date(2026, 11, 20), pauses=()) == 0
    assert days_late(due_on=date(2026, 12, 3), on=date(2026, 11, 20), pauses=()) == 0
    assert days_late(due_on=None, on=date(2026, 11, 20), pauses=()) == 0


def test_a_loan_in_default_stays_there_until_it_has_paid_up():
    assert bucket_of(LoanState.DEFAULTED, 40) is DelinquencyBucket.DEFAULT
    assert bucket_of(LoanState.ACTIVE, 40) is DelinquencyBucket.LATE_31_120


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
