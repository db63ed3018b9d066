"""Owns interest: what a period costs, and how much of it has accrued by a day."""

from datetime import date
from decimal import Decimal

from p2p_reflex.domain.dates import DayCount, period_factor
from p2p_reflex.domain.money import divide_half_even, round_half_even


def period_interest_cents(
    *,
    balance_cents: int,
    annual_rate: Decimal,
    start_on: date,
    end_on: date,
    day_count: DayCount = DayCount.THIRTY_360,
) -> int:
    """Work out the interest of a whole period on a balance, half-even to the cent."""
    factor = period_factor(annual_rate=annual_rate, start_on=start_on, end_on=end_on, day_count=day_count)
    return round_half_even(balance_cents * factor)


def accrued_interest_cents(*, period_interest_cents: int, start_on: date, end_on: date, on: date) -> int:
    """Work out what has accrued of a period's interest: days elapsed over days in the period.

    Law: nothing on or before its first day, all of it from its last day on, and never less on a later day.
    """
    days = (end_on - start_on).days
    elapsed = (on - start_on).days
    if elapsed <= 0 or days <= 0:
        return 0
    if elapsed >= days:
        return period_interest_cents
    return divide_half_even(period_interest_cents * elapsed, days)
