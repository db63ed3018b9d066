"""Owns days and day counts: due dates that never drift, and what part of a year a period is."""

from calendar import isleap, monthrange
from datetime import date
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction


class DayCount(StrEnum):
    """How a period becomes a part of a year."""

    THIRTY_360 = "30/360"
    ACT_365 = "ACT/365"
    ACT_360 = "ACT/360"
    ACT_ACT = "ACT/ACT"


def add_months(anchor: date, months: int) -> date:
    """Go a number of months from the anchor, clamped to the month's end: 31 Jan + 1 is 28 or 29 Feb.

    Law: always counted from the anchor, so 31 Jan + 2 is 31 Mar again.
    """
    year, month0 = divmod(anchor.year * 12 + anchor.month - 1 + months, 12)
    day = anchor.day
    if day > 28:
        day = min(day, monthrange(year, month0 + 1)[1])
    return date(year, month0 + 1, day)


def due_dates(*, disbursed_on: date, term_months: int) -> tuple[date, ...]:
    """List the due dates of a loan, each counted from the day of disbursement."""
    return tuple(add_months(disbursed_on, number) for number in range(1, term_months + 1))


def year_fraction(*, start_on: date, end_on: date, day_count: DayCount) -> Fraction:
    """Say what part of a year a period is, exactly; the first day counts and the last does not.

    30/360: a month from due date to due date is one twelfth, whatever its length; other spans count
    months of 30 days. ACT/ACT: days in leap years over 366, the others over 365 (ISDA).
    """
    if end_on < start_on:
        raise ValueError("A period cannot end before it starts.")
    days = (end_on - start_on).days
    match day_count:
        case DayCount.THIRTY_360:
            return _thirty_360(start_on, end_on)
        case DayCount.ACT_365:
            return Fraction(days, 365)
        case DayCount.ACT_360:
            return Fraction(days, 360)
        case DayCount.ACT_ACT:
            return _act_act(start_on, end_on)


def period_factor(*, annual_rate: Decimal, start_on: date, end_on: date, day_count: DayCount) -> Fraction:
    """Say what a period earns on one unit of principal, exactly."""
    return Fraction(annual_rate) * year_fraction(start_on=start_on, end_on=end_on, day_count=day_count)


def _thirty_360(start_on: date, end_on: date) -> Fraction:
    months = (end_on.year - start_on.year) * 12 + end_on.month - start_on.month
    if months and (add_months(start_on, months) == end_on or add_months(end_on, -months) == start_on):
        return Fraction(months, 12)
    if months and _is_month_end(start_on) and _is_month_end(end_on):
        return Fraction(months, 12)
    return Fraction(30 * months + min(end_on.day, 30) - min(start_on.day, 30), 360)


def _is_month_end(on: date) -> bool:
    return on.day == monthrange(on.year, on.month)[1]


def _act_act(start_on: date, end_on: date) -> Fraction:
    part = Fraction(0)
    on = start_on
    while on < end_on:
        until = min(end_on, date(on.year + 1, 1, 1)) if on.year < date.max.year else end_on
        part += Fraction((until - on).days, 366 if isleap(on.year) else 365)
        on = until
    return part
