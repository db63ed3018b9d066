"""Owns the split of many payments to their lenders at once: the same cents as `split_to_lenders`."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from p2p_reflex.domain.fees import SERVICING_FEE_RATE

Cents = npt.NDArray[np.int64]

LARGEST_PRODUCT = 1 << 62


@dataclass(frozen=True, slots=True)
class LenderParts:
    """What each note receives, note by note in the order given."""

    principal_cents: Cents
    interest_cents: Cents
    late_fee_cents: Cents
    servicing_fee_cents: Cents

    @property
    def net_cents(self) -> Cents:
        """Give what reaches the lenders."""
        return self.principal_cents + self.interest_cents + self.late_fee_cents - self.servicing_fee_cents


def split_many(
    *,
    principal_cents: Cents,
    interest_cents: Cents,
    late_fee_cents: Cents,
    note_counts: Cents,
    outstanding_cents: Cents,
    rate_millionths: Cents,
) -> LenderParts:
    """Split payments among the notes of their loans; the notes of one payment stand side by side.

    The first three are as long as there are payments, and so is `note_counts`; the last two are as long as
    there are notes. Law: to the cent what `split_to_lenders` gives for each. Every payment has a note with
    something outstanding; what could overflow raises ValueError (see `fits`).
    """
    starts = np.concatenate(([0], np.cumsum(note_counts)[:-1]))
    payment = np.repeat(np.arange(note_counts.size), note_counts)
    earning = outstanding_cents * rate_millionths
    earns = np.add.reduceat(earning, starts) > 0
    by_interest = np.where(earns[payment], earning, outstanding_cents)
    principal = _split(principal_cents, outstanding_cents, payment, starts)
    interest = _split(interest_cents, by_interest, payment, starts)
    late_fee = _split(late_fee_cents, outstanding_cents, payment, starts)
    fee = _portion(principal + interest + late_fee)
    return LenderParts(principal, interest, late_fee, fee)


def fits(
    *, amount_cents: Cents, outstanding_cents: Cents, highest_rate_millionths: Cents
) -> npt.NDArray[np.bool_]:
    """Tell which payments can be split in 64 bits, by their amount, their loan and its highest rate."""
    weight = outstanding_cents.astype(np.float64) * np.maximum(highest_rate_millionths, 1)
    return amount_cents.astype(np.float64) * weight < LARGEST_PRODUCT / 2


def _split(total: Cents, weight: Cents, payment: Cents, starts: Cents) -> Cents:
    """Floor first, then one cent each to the largest remainders, ties by position."""
    whole = np.add.reduceat(weight, starts)
    if (whole <= 0).any():
        raise ValueError("A payment has no note with anything outstanding.")
    part, remainder = np.divmod(total[payment] * weight, whole[payment])
    missing = total - np.add.reduceat(part, starts)
    if not missing.any():
        return part
    order = np.lexsort((-remainder, payment))  # stable, so ties stay in the order of the notes
    rank = np.empty_like(order)
    rank[order] = np.arange(order.size) - starts[payment[order]]
    return part + (rank < missing[payment])


def _portion(received: Cents) -> Cents:
    """Take the servicing fee of each part, a half to the even cent."""
    numerator, denominator = SERVICING_FEE_RATE.as_integer_ratio()
    quotient, remainder = np.divmod(received * numerator, denominator)
    twice = 2 * remainder
    up = (twice > denominator) | ((twice == denominator) & (quotient & 1 == 1))
    fee: Cents = quotient + up
    return fee
