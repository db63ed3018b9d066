"""Owns the proof of the fees."""

import pytest

from p2p_reflex.domain.fees import (
    collection_fee_cents,
    late_fee_cents,
    origination_fee_cents,
    origination_fee_rate,
    reserve_contribution_cents,
    servicing_fee_cents,
)
from p2p_reflex.domain.vocabulary import Grade


def test_the_origination_fee_rises_with_the_grade_up_to_six_percent():
    assert [int(origination_fee_rate(grade) * 100) for grade in Grade] == [1, 2, 3, 4, 5, 6, 6]
    assert origination_fee_cents(principal_cents=18_000_00, grade=Grade.B) == 360_00


def test_a_quarter_of_the_fee_feeds_the_reserve():
    assert reserve_contribution_cents(fee_cents=360_00) == 90_00
    assert reserve_contribution_cents(fee_cents=10) == 2


@pytest.mark.parametrize(
    ("unpaid", "fee"), [(0, 0), (1, 15_00), (300_00, 15_00), (300_01, 15_00), (446_72, 22_34)]
)
def test_a_late_fee_is_the_greater_of_fifteen_dollars_and_five_percent(unpaid, fee):
    assert late_fee_cents(unpaid_cents=unpaid) == fee


def test_servicing_and_collection_keep_their_share():
    assert servicing_fee_cents(received_cents=12_550) == 126
    assert servicing_fee_cents(received_cents=12_450) == 124
    assert collection_fee_cents(recovered_cents=100_00) == 30_00
