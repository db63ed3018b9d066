"""Owns what is changed for a borrower in hardship: a lower rate, a longer schedule, something forgiven."""

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from p2p_reflex.domain.amortization import remaining_schedule
from p2p_reflex.domain.dates import add_months
from p2p_reflex.domain.interest import accrued_interest_cents
from p2p_reflex.domain.loan_standing import LoanStanding, ScheduledRow, period_start_on
from p2p_reflex.domain.money import divide_half_even, split_cents
from p2p_reflex.domain.rates import from_millionths, to_millionths
from p2p_reflex.domain.vocabulary import LoanState


@dataclass(frozen=True, slots=True)
class Forgiveness:
    """What is given up of a loan, in cents, kind by kind."""

    late_fee_cents: int = 0
    interest_cents: int = 0
    principal_cents: int = 0

    @property
    def total_cents(self) -> int:
        """Give all of it."""
        return self.late_fee_cents + self.interest_cents + self.principal_cents


def cut_rate(loan: LoanStanding, *, rate: Decimal, from_on: date) -> LoanStanding:
    """Lower the rate from a day on: the running period is charged day by day at both rates, later ones anew.

    What was due before stays as it was. Every note's rate falls in the same proportion, so that the lenders'
    parts keep theirs. The term is kept, the installments fall.
    """
    running = _first_ahead(loan, from_on)
    cut = replace(
        loan,
        annual_rate=rate,
        notes=tuple(
            replace(note, annual_rate=_scaled(note.annual_rate, rate, loan.annual_rate))
            for note in loan.notes
        ),
    )
    if running is None:
        return cut
    lowered = _at_both_rates(loan, running, rate=rate, from_on=from_on)
    return _replanned(_with_row(cut, lowered), on=from_on)


def reschedule(loan: LoanStanding, *, months: int, on: date) -> LoanStanding:
    """Spread all principal still owed over so many installments from the next due date on.

    Nothing is forgiven: unpaid interest and late fees of what was overdue move to the first installment
    ahead, without interest on them. Due dates stay on the loan's own day of the month.
    """
    overdue = loan.due_by(on)
    numbers = {row.number for row in overdue}
    settled = [_cut_to_what_is_paid(row, on) if row.number in numbers else row for row in loan.rows]
    longer = _lengthened(
        replace(loan, rows=tuple(row for row in settled if row.total_cents)),
        last_number=max(row.number for row in loan.rows),
        months=months,
        on=on,
    )
    planned = _replanned(longer, on=on)
    first = _first_ahead(planned, on)
    if first is None:
        return loan
    interest_cents = sum(row.due.interest_cents for row in overdue)
    carrying = replace(
        first,
        interest_cents=first.interest_cents + interest_cents,
        carried_interest_cents=first.carried_interest_cents + interest_cents,
        late_fee_cents=first.late_fee_cents + sum(row.due.late_fee_cents for row in overdue),
    )
    return _settled(_with_row(planned, carrying), on)


def forgive(loan: LoanStanding, *, forgiven: Forgiveness, on: date) -> LoanStanding:
    """Give up late fees, interest and principal, each of the oldest installments first; nobody pays for it.

    Principal that is not due yet is taken off evenly: the rest is spread over the installments ahead. A loan
    of which nothing is left is paid off. Law: nothing else changes; pass no more than can be forgiven.
    """
    fees_left, interest_left = forgiven.late_fee_cents, forgiven.interest_cents
    principal_left = forgiven.principal_cents
    rows = []
    for row in loan.rows:
        most = _forgivable_of(loan, row, on)
        fee, interest = min(fees_left, most.late_fee_cents), min(interest_left, most.interest_cents)
        principal = min(principal_left, most.principal_cents)
        fees_left, interest_left, principal_left = (
            fees_left - fee,
            interest_left - interest,
            principal_left - principal,
        )
        rows.append(_lowered(row, fee, interest, principal, on) if fee or interest or principal else row)
    off = split_cents(forgiven.principal_cents, [note.outstanding_cents for note in loan.notes])
    after = replace(
        loan,
        rows=tuple(row for row in rows if row.total_cents),
        notes=tuple(
            replace(note, outstanding_cents=note.outstanding_cents - cents)
            for note, cents in zip(loan.notes, off, strict=True)
        ),
        outstanding_cents=loan.outstanding_cents - forgiven.principal_cents,
        forgiven_cents=loan.forgiven_cents + forgiven.principal_cents,
    )
    return _settled(_replanned(after, on=on) if principal_left else after, on)


def forgivable(loan: LoanStanding, *, on: date) -> Forgiveness:
    """Say what of each kind can be forgiven at most; interest that has not fallen due is not owed yet."""
    each = [_forgivable_of(loan, row, on) for row in loan.rows]
    return Forgiveness(
        late_fee_cents=sum(most.late_fee_cents for most in each),
        interest_cents=sum(most.interest_cents for most in each),
        principal_cents=loan.outstanding_cents,
    )


def stop_interest(loan: LoanStanding, *, on: date) -> tuple[ScheduledRow, ...]:
    """Take off all interest that has not accrued by a day; what was due or has accrued stays owed."""
    return tuple(
        replace(row, interest_cents=_accrued(loan, row, on)) if row.due_on > on and row.unpaid_cents else row
        for row in loan.rows
    )


def _forgivable_of(loan: LoanStanding, row: ScheduledRow, on: date) -> Forgiveness:
    """Say what of one installment can be forgiven without planning the later ones anew."""
    if row.due_on <= on or loan.state is LoanState.CHARGED_OFF:
        return Forgiveness(row.due.late_fee_cents, row.due.interest_cents, row.due.principal_cents)
    carried_cents = max(0, row.carried_interest_cents - row.interest_paid_cents)
    return Forgiveness(row.due.late_fee_cents, carried_cents, 0)


def _accrued(loan: LoanStanding, row: ScheduledRow, on: date) -> int:
    """Give what of an installment's interest has accrued by a day; what was paid of it stays paid."""
    accrued_cents = accrued_interest_cents(
        period_interest_cents=row.interest_cents - row.carried_interest_cents,
        start_on=period_start_on(loan, row),
        end_on=row.due_on,
        on=on,
    )
    return max(row.interest_paid_cents, row.carried_interest_cents + accrued_cents)


def _at_both_rates(loan: LoanStanding, row: ScheduledRow, *, rate: Decimal, from_on: date) -> ScheduledRow:
    """Charge a period at the old rate up to a day and at the new one after it."""
    start_on = period_start_on(loan, row)
    old_cents = row.interest_cents - row.carried_interest_cents
    new_cents = divide_half_even(old_cents * to_millionths(rate), max(1, to_millionths(loan.annual_rate)))
    before_cents, saved_cents = (
        accrued_interest_cents(period_interest_cents=cents, start_on=start_on, end_on=row.due_on, on=from_on)
        for cents in (old_cents, new_cents)
    )
    interest_cents = row.carried_interest_cents + before_cents + new_cents - saved_cents
    return replace(row, interest_cents=max(row.interest_paid_cents, interest_cents))


def _replanned(loan: LoanStanding, *, on: date) -> LoanStanding:
    """Spread the principal that is not due evenly over the installments ahead.

    The first of them keeps its interest, which runs already, and stays as it is once something of it is
    paid. Those that are no longer needed fall away.
    """
    ahead = [row for row in loan.rows if row.due_on > on and row.paid_on is None]
    is_begun = bool(ahead and ahead[0].paid_cents)
    if is_begun:
        ahead = ahead[1:]
    numbers = {row.number for row in ahead}
    fixed_cents = sum(row.due.principal_cents for row in loan.rows if row.number not in numbers)
    balance_cents = loan.outstanding_cents - fixed_cents
    if not ahead:
        return loan
    planned: dict[int, ScheduledRow] = {}
    level_cents = loan.installment_cents
    if balance_cents > 0:
        leveled, level_cents = _leveled(loan, ahead, balance_cents, keeps_first=not is_begun)
        planned = {row.number: row for row in leveled}
    rows = [planned.get(row.number, row if row.number not in numbers else _emptied(row)) for row in loan.rows]
    return replace(loan, rows=tuple(row for row in rows if row.total_cents), installment_cents=level_cents)


def _leveled(
    loan: LoanStanding, ahead: list[ScheduledRow], balance_cents: int, *, keeps_first: bool
) -> tuple[list[ScheduledRow], int]:
    """Plan installments that are all alike, but for the first one's interest if it is kept; give their level.

    An installment that was only just added has no interest to keep.
    """
    level = remaining_schedule(
        balance_cents=balance_cents,
        annual_rate=loan.annual_rate,
        due_on=[row.due_on for row in ahead],
        period_start_on=period_start_on(loan, ahead[0]),
        installment_cents=None,
    )
    rows = [
        replace(
            row,
            principal_cents=plan.principal_cents,
            interest_cents=plan.interest_cents,
            balance_cents=plan.balance_cents,
        )
        for row, plan in zip(ahead, level, strict=True)
    ]
    if keeps_first and ahead[0].total_cents:
        rows[0] = replace(rows[0], interest_cents=ahead[0].interest_cents)
    return rows, level[0].payment_cents


def _lengthened(loan: LoanStanding, *, last_number: int, months: int, on: date) -> LoanStanding:
    """Add empty installments after the last one until so many lie ahead."""
    ahead_count = sum(row.due_on > on and row.paid_on is None for row in loan.rows)
    added: list[ScheduledRow] = []
    number = last_number
    while ahead_count + len(added) < months:
        number += 1
        due_on = add_months(loan.disbursed_on, number)
        if due_on > on:
            added.append(ScheduledRow(0, number, due_on, 0, 0, 0, 0, 0, 0, 0, None))
    return replace(loan, rows=(*loan.rows, *added))


def _cut_to_what_is_paid(row: ScheduledRow, on: date) -> ScheduledRow:
    return replace(
        row,
        principal_cents=row.principal_paid_cents,
        interest_cents=row.interest_paid_cents,
        late_fee_cents=row.late_fee_paid_cents,
        carried_interest_cents=min(row.carried_interest_cents, row.interest_paid_cents),
        paid_on=on,
    )


def _emptied(row: ScheduledRow) -> ScheduledRow:
    """Plan no principal and no further interest; what it carries or charges stays."""
    return replace(row, principal_cents=0, interest_cents=row.carried_interest_cents, balance_cents=0)


def _lowered(row: ScheduledRow, fee: int, interest: int, principal: int, on: date) -> ScheduledRow:
    less = replace(
        row,
        late_fee_cents=row.late_fee_cents - fee,
        interest_cents=row.interest_cents - interest,
        principal_cents=row.principal_cents - principal,
        carried_interest_cents=min(row.carried_interest_cents, row.interest_cents - interest),
    )
    return less if less.unpaid_cents else replace(less, paid_on=on)


def _settled(loan: LoanStanding, on: date) -> LoanStanding:
    """End a loan of which nothing is left, and let a defaulted one that owes nothing overdue be active."""
    if loan.state is LoanState.CHARGED_OFF:
        return loan
    if not loan.unpaid:
        return replace(loan, state=LoanState.PAID_OFF, ended_on=on)
    if loan.state is LoanState.DEFAULTED and not loan.is_overdue(on):
        return replace(loan, state=LoanState.ACTIVE, defaulted_on=None)
    return loan


def _first_ahead(loan: LoanStanding, on: date) -> ScheduledRow | None:
    return next((row for row in loan.unpaid if row.due_on > on), None)


def _with_row(loan: LoanStanding, changed: ScheduledRow) -> LoanStanding:
    return replace(loan, rows=tuple(changed if row.number == changed.number else row for row in loan.rows))


def _scaled(rate: Decimal, new: Decimal, old: Decimal) -> Decimal:
    return from_millionths(
        divide_half_even(to_millionths(rate) * to_millionths(new), max(1, to_millionths(old)))
    )
