"""Owns the proof of a period's interest and its accrual by days."""

from datetime import date, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from p2p_reflex.domain.dates import DayCount
from p2p_reflex.domain.interest import accrued_interest_cents, period_interest_cents

START_ON = date(2026, 11, 3)
END_ON = date(2026, 12, 3)


def test_a_month_costs_a_twelfth_of_the_rate():
    interest = period_interest_cents(
        balance_cents=624_043, annual_rate=Decimal("0.1084"), start_on=START_ON, end_on=END_ON
    )

    assert interest == 5_637


def test_actual_days_cost_their_days():
    interest = period_interest_cents(
        balance_cents=1_000_000,
        annual_rate=Decimal("0.0730"),
        start_on=START_ON,
        end_on=END_ON,
        day_count=DayCount.ACT_365,
    )

    assert interest == 30 * 200


@given(st.integers(0, 10**9), st.integers(-40, 80), st.integers(0, 40))
def test_accrual_never_falls_and_ends_at_the_whole(interest, offset, later):
    accrue = [
        accrued_interest_cents(
            period_interest_cents=interest,
            start_on=START_ON,
            end_on=END_ON,
            on=START_ON + timedelta(days=day),
        )
        for day in (offset, offset + later)
    ]

    assert 0 <= accrue[0] <= accrue[1] <= interest


def test_accrual_is_days_elapsed_over_days_in_the_period():
    def accrued(on):
        return accrued_interest_cents(period_interest_cents=5_637, start_on=START_ON, end_on=END_ON, on=on)

    assert accrued(date(2026, 11, 3)) == 0
    assert accrued(date(2026, 11, 20)) == 3_194
    assert accrued(date(2026, 12, 3)) == 5_637
    assert accrued(date(2027, 6, 3)) == 5_637


def test_a_period_without_days_accrues_nothing():
    assert (
        accrued_interest_cents(period_interest_cents=5, start_on=START_ON, end_on=START_ON, on=START_ON) == 0
    )
