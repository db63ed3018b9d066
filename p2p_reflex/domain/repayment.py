"""Owns what a payment does to a loan: what it pays, the schedule after it, each lender's part."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Generic, TypeVar

from p2p_reflex.domain.allocation import (
    LenderPart,
    Part,
    PayoffQuote,
    allocate_payment,
    payoff_quote,
    split_recovery,
    split_to_lenders,
)
from p2p_reflex.domain.amortization import remaining_schedule
from p2p_reflex.domain.loan_standing import LoanStanding, ScheduledRow, period_start_on
from p2p_reflex.domain.vocabulary import LoanState, PrepaymentChoice

L = TypeVar("L", bound=LoanStanding)


@dataclass(frozen=True, slots=True)
class Repayment(Generic[L]):
    """What a payment pays, and the schedule after it; `unused_cents` is more than the loan needs.

    Law: the parts and what goes ahead of time to principal sum to `amount_cents`.
    """

    loan: L
    paid_on: date
    parts: tuple[Part, ...]
    prepaid_principal_cents: int
    unused_cents: int
    choice: PrepaymentChoice
    is_payoff: bool
    rows: tuple[ScheduledRow, ...]
    installment_cents: int

    @property
    def is_recovery(self) -> bool:
        """Tell whether it comes back on a charged-off loan."""
        return self.loan.state is LoanState.CHARGED_OFF

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
        """Give the principal paid, what goes ahead of time included."""
        return sum(part.principal_cents for part in self.parts) + self.prepaid_principal_cents

    @property
    def amount_cents(self) -> int:
        """Give all that the loan takes of the payment."""
        return self.late_fee_cents + self.interest_cents + self.principal_cents

    @property
    def outstanding_cents(self) -> int:
        """Give the principal still owed after the payment."""
        return self.loan.outstanding_cents - self.principal_cents

    @property
    def unpaid(self) -> tuple[ScheduledRow, ...]:
        """Give what is still to be paid after it."""
        return tuple(row for row in self.rows if row.unpaid_cents)

    @property
    def next_due_on(self) -> date | None:
        """Give the day the next installment is due, if any is left and still waited for."""
        return None if self.is_recovery else next((row.due_on for row in self.unpaid), None)

    @property
    def state_after(self) -> LoanState:
        """Give the loan's state after it: a defaulted loan that pays up what is overdue is active again."""
        if self.is_payoff:
            return LoanState.PAID_OFF
        if self.loan.state is LoanState.DEFAULTED and not any(
            row.due_on < self.paid_on for row in self.unpaid
        ):
            return LoanState.ACTIVE
        return self.loan.state

    @property
    def changed_rows(self) -> tuple[ScheduledRow, ...]:
        """Give the installments that are not as they were."""
        before = {row.number: row for row in self.loan.rows}
        return tuple(row for row in self.rows if row != before[row.number])

    @property
    def dropped_ids(self) -> tuple[int, ...]:
        """Give the installments that are no longer needed."""
        kept = {row.id for row in self.rows}
        return tuple(row.id for row in self.loan.rows if row.id not in kept)

    def split(self) -> tuple[LenderPart, ...]:
        """Split it among the notes, in their order."""
        divide = split_recovery if self.is_recovery else split_to_lenders
        return divide(
            principal_cents=self.principal_cents,
            interest_cents=self.interest_cents,
            late_fee_cents=self.late_fee_cents,
            notes=[note.share for note in self.loan.notes],
        )


def quote_payoff(loan: LoanStanding, *, business_on: date) -> PayoffQuote:
    """Say what paying the loan off takes on a day.

    The running period is the one of the first installment that is neither due nor paid; where that period
    has not begun, because the running one was paid in advance, nothing accrues. What a charged-off loan
    owes was fixed when its interest stopped.
    """
    unpaid = loan.unpaid
    if loan.state is LoanState.CHARGED_OFF:
        return _claim_of(loan, business_on)
    running = _first_ahead(unpaid, business_on) or (unpaid[-1] if unpaid else None)
    carried_cents = running.carried_interest_cents if running else 0
    return payoff_quote(
        outstanding_principal_cents=loan.outstanding_cents,
        dues=[row.due for row in unpaid],
        current_period_start_on=period_start_on(loan, running) if running else business_on,
        current_period_end_on=running.due_on if running else business_on,
        current_period_interest_cents=running.interest_cents - carried_cents if running else 0,
        current_period_interest_paid_cents=running.interest_paid_cents - carried_cents if running else 0,
        business_on=business_on,
    )


def charged_cents(loan: LoanStanding, *, on: date) -> int:
    """Add up what a loan was charged by a day, interest and late fees, less the principal that was forgiven.

    Interest is that which was paid and that which a payoff takes. Law: what lenders give up of what is theirs
    by now is what this falls by.
    """
    accrued_cents = quote_payoff(loan, business_on=on).interest_cents
    paid_cents = sum(row.interest_paid_cents for row in loan.rows)
    late_fee_cents = sum(row.late_fee_cents for row in loan.rows)
    return accrued_cents + paid_cents + late_fee_cents - loan.forgiven_cents


def expected_cents(loan: LoanStanding) -> dict[int, int]:
    """Work out what each note still receives, after fees, if every installment is paid as planned."""
    expected = {note.id: 0 for note in loan.notes}
    shares = [note.share for note in loan.notes]
    for row in loan.unpaid:
        split = split_to_lenders(
            principal_cents=row.due.principal_cents,
            interest_cents=row.due.interest_cents,
            late_fee_cents=row.due.late_fee_cents,
            notes=shares,
        )
        for part in split:
            expected[part.note_id] += part.net_cents
        shares = [
            replace(share, outstanding_cents=share.outstanding_cents - part.principal_cents)
            for share, part in zip(shares, split, strict=True)
        ]
    return expected


def plan_payment(
    loan: L,
    *,
    amount_cents: int,
    choice: PrepaymentChoice = PrepaymentChoice.KEEP_INSTALLMENT,
    business_on: date,
) -> Repayment[L]:
    """Work out what an amount pays: what is due, the next installment, then ahead of time to principal.

    An amount that reaches the payoff pays the loan off. On a charged-off loan it is a recovery, which pays
    all that is owed in the same order.
    """
    quote = quote_payoff(loan, business_on=business_on)
    if loan.state is LoanState.CHARGED_OFF:
        return _plan_recovery(loan, amount_cents=amount_cents, choice=choice, business_on=business_on)
    if amount_cents >= quote.total_cents:
        return _plan_payoff(
            loan, amount_cents=amount_cents, quote=quote, choice=choice, business_on=business_on
        )
    allocation = allocate_payment(
        amount_cents=amount_cents,
        dues=[row.due for row in loan.unpaid],
        business_on=business_on,
        outstanding_principal_cents=loan.outstanding_cents,
    )
    rows = _with_parts_paid(loan.rows, allocation.parts, business_on)
    installment_cents = loan.installment_cents
    if allocation.prepaid_principal_cents:
        rows, installment_cents = _replanned(
            loan, rows, balance_cents=loan.outstanding_cents - allocation.principal_cents, choice=choice
        )
    return Repayment(
        loan=loan,
        paid_on=business_on,
        parts=allocation.parts,
        prepaid_principal_cents=allocation.prepaid_principal_cents,
        unused_cents=allocation.unused_cents,
        choice=choice,
        is_payoff=False,
        rows=rows,
        installment_cents=installment_cents,
    )


def _plan_payoff(
    loan: L, *, amount_cents: int, quote: PayoffQuote, choice: PrepaymentChoice, business_on: date
) -> Repayment[L]:
    """Pay what is due, let the first installment ahead take all the rest, and drop the later ones."""
    closing = _first_ahead(loan.unpaid, business_on)
    rows = loan.rows
    if closing is not None:
        due_principal = sum(row.due.principal_cents for row in loan.due_by(business_on))
        due_interest = sum(row.due.interest_cents for row in loan.due_by(business_on))
        closed = replace(
            closing,
            principal_cents=closing.principal_paid_cents + quote.principal_cents - due_principal,
            interest_cents=closing.interest_paid_cents + quote.interest_cents - due_interest,
            balance_cents=0,
        )
        rows = tuple(closed if row is closing else row for row in rows if row.number <= closing.number)
    parts = tuple(
        Part(row.number, row.due.late_fee_cents, row.due.interest_cents, row.due.principal_cents)
        for row in rows
        if row.unpaid_cents
    )
    return Repayment(
        loan=loan,
        paid_on=business_on,
        parts=parts,
        prepaid_principal_cents=0,
        unused_cents=amount_cents - quote.total_cents,
        choice=choice,
        is_payoff=True,
        rows=_with_parts_paid(rows, parts, business_on),
        installment_cents=loan.installment_cents,
    )


def _plan_recovery(
    loan: L, *, amount_cents: int, choice: PrepaymentChoice, business_on: date
) -> Repayment[L]:
    """Pay the oldest of what is owed first; all of it fell due when the loan was charged off."""
    allocation = allocate_payment(
        amount_cents=amount_cents,
        dues=[row.due for row in loan.unpaid],
        business_on=max([business_on, *(row.due_on for row in loan.unpaid)]),
        outstanding_principal_cents=loan.outstanding_cents,
    )
    return Repayment(
        loan=loan,
        paid_on=business_on,
        parts=allocation.parts,
        prepaid_principal_cents=0,
        unused_cents=allocation.unused_cents,
        choice=choice,
        is_payoff=False,
        rows=_with_parts_paid(loan.rows, allocation.parts, business_on),
        installment_cents=loan.installment_cents,
    )


def _claim_of(loan: LoanStanding, business_on: date) -> PayoffQuote:
    interest_cents = sum(row.due.interest_cents for row in loan.unpaid)
    late_fee_cents = sum(row.due.late_fee_cents for row in loan.unpaid)
    return PayoffQuote(
        principal_cents=loan.outstanding_cents,
        interest_cents=interest_cents,
        late_fee_cents=late_fee_cents,
        total_cents=loan.outstanding_cents + interest_cents + late_fee_cents,
        accrued_days=0,
        good_until=business_on,
    )


def _first_ahead(unpaid: Sequence[ScheduledRow], business_on: date) -> ScheduledRow | None:
    return next((row for row in unpaid if row.due_on > business_on), None)


def _with_parts_paid(
    rows: Sequence[ScheduledRow], parts: Sequence[Part], paid_on: date
) -> tuple[ScheduledRow, ...]:
    """Note on the installments what is paid of them, and when they are paid in full."""
    by_number = {part.number: part for part in parts}
    return tuple(
        _with_part_paid(row, by_number[row.number], paid_on) if row.number in by_number else row
        for row in rows
    )


def _with_part_paid(row: ScheduledRow, part: Part, paid_on: date) -> ScheduledRow:
    paid = replace(
        row,
        late_fee_paid_cents=row.late_fee_paid_cents + part.late_fee_cents,
        interest_paid_cents=row.interest_paid_cents + part.interest_cents,
        principal_paid_cents=row.principal_paid_cents + part.principal_cents,
    )
    return paid if paid.unpaid_cents else replace(paid, paid_on=paid_on)


def _replanned(
    loan: LoanStanding, rows: tuple[ScheduledRow, ...], *, balance_cents: int, choice: PrepaymentChoice
) -> tuple[tuple[ScheduledRow, ...], int]:
    """Spread what is left over the installments still ahead; those that are no longer needed fall away.

    Everything due and the next installment are paid by now, so no row with a paid part is rewritten. The
    last paid row says what is owed after it, what was paid ahead of time taken off.
    """
    ahead = [row for row in rows if row.unpaid_cents]
    settled = [row for row in rows if not row.unpaid_cents]
    planned = remaining_schedule(
        balance_cents=balance_cents,
        annual_rate=loan.annual_rate,
        due_on=[row.due_on for row in ahead],
        period_start_on=period_start_on(loan, ahead[0]),
        installment_cents=loan.installment_cents if choice is PrepaymentChoice.KEEP_INSTALLMENT else None,
    )
    rewritten = [
        replace(
            row,
            principal_cents=plan.principal_cents,
            interest_cents=plan.interest_cents,
            balance_cents=plan.balance_cents,
        )
        for row, plan in zip(ahead, planned, strict=False)
        if plan.payment_cents
    ]
    if settled:
        settled[-1] = replace(settled[-1], balance_cents=balance_cents)
    is_kept = choice is PrepaymentChoice.KEEP_INSTALLMENT
    return (*settled, *rewritten), loan.installment_cents if is_kept else rewritten[0].total_cents
