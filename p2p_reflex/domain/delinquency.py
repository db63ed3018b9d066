"""Owns how late a loan is: days past due, the bucket they fall into, and the words for it."""

from datetime import date

from p2p_reflex.domain import formats
from p2p_reflex.domain.vocabulary import DelinquencyBucket

GRACE_DAYS = 15
DEFAULT_DAYS = 121
CHARGE_OFF_DAYS = 150

_BUCKETS = (
    (1, DelinquencyBucket.CURRENT),
    (GRACE_DAYS + 1, DelinquencyBucket.GRACE),
    (31, DelinquencyBucket.LATE_16_30),
    (DEFAULT_DAYS, DelinquencyBucket.LATE_31_120),
)


def days_past_due(*, oldest_unpaid_due_on: date | None, business_on: date) -> int:
    """Count the days since the due date of the oldest installment not fully paid; never below zero."""
    if oldest_unpaid_due_on is None:
        return 0
    return max(0, (business_on - oldest_unpaid_due_on).days)


def bucket(days: int) -> DelinquencyBucket:
    """Give the bucket: current, grace 1-15, late 16-30, late 31-120, default from 121 days."""
    return next((name for below, name in _BUCKETS if days < below), DelinquencyBucket.DEFAULT)


def describe(days: int) -> str:
    """Say how late a loan is: Current, 8 days late, in grace, 22 days late, Default."""
    match bucket(days):
        case DelinquencyBucket.CURRENT:
            return "Current"
        case DelinquencyBucket.GRACE:
            return f"{formats.count(days, 'day')} late, in grace"
        case DelinquencyBucket.DEFAULT:
            return "Default"
        case _:
            return f"{formats.count(days, 'day')} late"
