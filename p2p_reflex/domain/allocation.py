"""Owns what a payment pays: which installments, which lenders, and what paying all of it off would take."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from p2p_reflex.domain.fees import collection_fee_cents, servicing_fee_cents
from p2p_reflex.domain.interest import accrued_interest_cents
from p2p_reflex.domain.money import split_cents
from p2p_reflex.domain.rates import to_millionths


@dataclass(frozen=True, slots=True)
class Due:
    """What is still unpaid of one installment."""

    number: int
    due_on: date
    late_fee_cents: int
    interest_cents: int
    principal_cents: int


@dataclass(frozen=True, slots=True)
class Part:
    """What a payment pays of one installment."""

    number: int
    late_fee_cents: int
    interest_cents: int
    principal_cents: int

    @property
    def total_cents(self) -> int:
        """Give all that the payment pays of this installment."""
        return self.late_fee_cents + self.interest_cents + self.principal_cents


@dataclass(frozen=True, slots=True)
class Allocation:
    """Where a payment goes: to installments, ahead of time to principal, and what stays unused."""

    parts: tuple[Part, ...]
    prepaid_principal_cents: int
    unused_cents: int

    @property
    def late_fee_cents(self) -> int:
        """Give the late fees paid."""
        return sum(part.late_fee_cents for part in self.parts)

    @property
    def interest_cents(self) -> int:
        """Give the interest paid."""
        return sum(part.interest_cents for part in self.parts)

    @property
    def principal_cents(self) -> int:
        """Give the principal paid, what is paid ahead of time included."""
        return sum(part.principal_cents for part in self.parts) + self.prepaid_principal_cents

    @property
    def total_cents(self) -> int:
        """Give all that is used of the payment."""
        return self.late_fee_cents + self.interest_cents + self.principal_cents


@dataclass(frozen=True, slots=True)
class NoteShare:
    """A note as a payment sees it: the principal it is still owed, its rate, whether its holder pays fees."""

    note_id: int
    outstanding_cents: int
    rate: Decimal
    pays_fee: bool = True


@dataclass(frozen=True, slots=True)
class LenderPart:
    """What one note receives of a payment; net is what reaches its holder after the fees."""

    note_id: int
    principal_cents: int
    interest_cents: int
    late_fee_cents: int
    servicing_fee_cents: int
    net_cents: int
    collection_fee_cents: int = 0


@dataclass(frozen=True, slots=True)
class PayoffQuote:
    """What paying a loan off takes on one day; `accrued_days` are the days of the running period."""

    principal_cents: int
    interest_cents: int
    late_fee_cents: int
    total_cents: int
    accrued_days: int
    good_until: date


def allocate_payment(
    *, amount_cents: int, dues: Sequence[Due], business_on: date, outstanding_principal_cents: int
) -> Allocation:
    """Allocate a payment: what is due, oldest first, then the one next installment, then ahead to principal.

    In each installment the late fee comes first, then interest, then principal. Pass all installments
    that are not fully paid. Law: the parts, what goes ahead and what is unused sum to the amount, and no
    more principal is paid than is outstanding.
    """
    if amount_cents < 0 or outstanding_principal_cents < 0:
        raise ValueError("A payment and the principal it pays cannot be negative.")
    left_cents = amount_cents
    principal_left_cents = outstanding_principal_cents
    parts = []
    for due in _payable(dues, business_on):
        late_fee_cents = min(left_cents, due.late_fee_cents)
        left_cents -= late_fee_cents
        interest_cents = min(left_cents, due.interest_cents)
        left_cents -= interest_cents
        principal_cents = min(left_cents, due.principal_cents, principal_left_cents)
        left_cents -= principal_cents
        principal_left_cents -= principal_cents
        if late_fee_cents or interest_cents or principal_cents:
            parts.append(Part(due.number, late_fee_cents, interest_cents, principal_cents))
    prepaid_cents = min(left_cents, principal_left_cents)
    return Allocation(tuple(parts), prepaid_cents, left_cents - prepaid_cents)


def split_to_lenders(
    *, principal_cents: int, interest_cents: int, late_fee_cents: int, notes: Sequence[NoteShare]
) -> tuple[LenderPart, ...]:
    """Split a payment among the notes of a loan, in the order of the notes.

    Principal and late fee go by outstanding principal, interest by outstanding principal times rate; where
    these weights are all zero, by rate or in equal parts. Law: every split sums exactly, and what reaches
    the lenders plus the servicing fees is the payment.
    """
    outstanding = [note.outstanding_cents for note in notes]
    rates = [to_millionths(note.rate) for note in notes]
    equal = [1] * len(notes)
    by_principal = outstanding if any(outstanding) else equal
    earning = [cents * rate for cents, rate in zip(by_principal, rates, strict=True)]
    by_interest = earning if any(earning) else by_principal
    return tuple(
        _lender_part(note, principal, interest, late_fee)
        for note, principal, interest, late_fee in zip(
            notes,
            split_cents(principal_cents, by_principal),
            split_cents(interest_cents, by_interest),
            split_cents(late_fee_cents, by_principal),
            strict=True,
        )
    )


def split_recovery(
    *, principal_cents: int, interest_cents: int, late_fee_cents: int, notes: Sequence[NoteShare]
) -> tuple[LenderPart, ...]:
    """Split what came back on a charged-off loan among its notes, all of it by outstanding principal.

    Law: every split sums exactly; the collection fee is at most 30 % of the whole, and each note bears its
    part of it. There is no servicing fee on a recovery.
    """
    outstanding = [note.outstanding_cents for note in notes]
    weights = outstanding if any(outstanding) else [1] * len(notes)
    principal = split_cents(principal_cents, weights)
    interest = split_cents(interest_cents, weights)
    late_fee = split_cents(late_fee_cents, weights)
    gross = [sum(parts) for parts in zip(principal, interest, late_fee, strict=True)]
    whole_fee_cents = collection_fee_cents(recovered_cents=sum(gross))
    fees = split_cents(whole_fee_cents, gross) if whole_fee_cents else [0] * len(notes)
    return tuple(
        LenderPart(
            note_id=note.note_id,
            principal_cents=principal[place],
            interest_cents=interest[place],
            late_fee_cents=late_fee[place],
            servicing_fee_cents=0,
            net_cents=gross[place] - fees[place],
            collection_fee_cents=fees[place],
        )
        for place, note in enumerate(notes)
    )


def payoff_quote(
    *,
    outstanding_principal_cents: int,
    dues: Sequence[Due],
    current_period_start_on: date,
    current_period_end_on: date,
    current_period_interest_cents: int,
    current_period_interest_paid_cents: int,
    business_on: date,
) -> PayoffQuote:
    """Say what paying everything off takes on the business date, and only on it.

    Principal, plus all late fees, plus the unpaid interest of installments already due, plus what has
    accrued of the running period (days elapsed over days in the period) less what was paid of it; a period
    that has ended is due, and counted there. Interest grows with every day, so the quote is good until the
    end of its own day.
    """
    running_cents = 0
    if business_on < current_period_end_on:
        accrued_cents = accrued_interest_cents(
            period_interest_cents=current_period_interest_cents,
            start_on=current_period_start_on,
            end_on=current_period_end_on,
            on=business_on,
        )
        running_cents = max(0, accrued_cents - current_period_interest_paid_cents)
    length = (current_period_end_on - current_period_start_on).days
    elapsed = (business_on - current_period_start_on).days
    interest_cents = running_cents + sum(due.interest_cents for due in dues if due.due_on <= business_on)
    late_fee_cents = sum(due.late_fee_cents for due in dues)
    return PayoffQuote(
        principal_cents=outstanding_principal_cents,
        interest_cents=interest_cents,
        late_fee_cents=late_fee_cents,
        total_cents=outstanding_principal_cents + interest_cents + late_fee_cents,
        accrued_days=max(0, min(elapsed, length)),
        good_until=business_on,
    )


def _payable(dues: Sequence[Due], business_on: date) -> list[Due]:
    """Give the installments already due, oldest first, and the one that comes next."""
    ordered = sorted(dues, key=lambda due: (due.due_on, due.number))
    due_count = sum(1 for due in ordered if due.due_on <= business_on)
    return ordered[: due_count + 1]


def _lender_part(
    note: NoteShare, principal_cents: int, interest_cents: int, late_fee_cents: int
) -> LenderPart:
    gross_cents = principal_cents + interest_cents + late_fee_cents
    fee_cents = servicing_fee_cents(received_cents=gross_cents) if note.pays_fee else 0
    return LenderPart(
        note.note_id, principal_cents, interest_cents, late_fee_cents, fee_cents, gross_cents - fee_cents
    )
