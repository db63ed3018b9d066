"""Owns what days past due mean: the bucket they fall into, and the words for it."""

from p2p_reflex.domain import formats
from p2p_reflex.domain.vocabulary import DelinquencyBucket, LoanState

GRACE_DAYS = 15
LATE_30_DAYS = 30
DEFAULT_DAYS = 121
CHARGE_OFF_DAYS = 150

_BUCKETS = (
    (1, DelinquencyBucket.CURRENT),
    (GRACE_DAYS + 1, DelinquencyBucket.GRACE),
    (LATE_30_DAYS + 1, DelinquencyBucket.LATE_16_30),
    (DEFAULT_DAYS, DelinquencyBucket.LATE_31_120),
)


def bucket(days: int) -> DelinquencyBucket:
    """Give the bucket: current, grace 1-15, late 16-30, late 31-120, default from 121 days."""
    return next((name for below, name in _BUCKETS if days < below), DelinquencyBucket.DEFAULT)


def bucket_of(state: LoanState, days: int) -> DelinquencyBucket:
    """Give the bucket of a running loan; one in default stays there until it has paid what is overdue."""
    return DelinquencyBucket.DEFAULT if state is LoanState.DEFAULTED else bucket(days)


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
