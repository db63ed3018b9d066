"""Owns what a payment would do, in words, before it is made: its split, its consequences, the payoff."""

from dataclasses import dataclass
from datetime import date

from p2p_reflex.domain import formats
from p2p_reflex.domain.allocation import PayoffQuote
from p2p_reflex.domain.vocabulary import PrepaymentChoice
from p2p_reflex.services.loans.loan_positions import LoanPosition, ScheduledRow
from p2p_reflex.services.paying.payment_plans import PaymentPlan, plan_payment, quote_payoff


@dataclass(frozen=True, slots=True)
class PreviewLine:
    """One thing the money goes to."""

    label: str
    amount_cents: int


@dataclass(frozen=True, slots=True)
class Consequence:
    """What choosing one way of paying ahead leads to."""

    choice: PrepaymentChoice
    saved_interest_cents: int
    sentence: str


@dataclass(frozen=True, slots=True)
class PaymentPreview:
    """Where an amount would go, the lines sum to it, and what paying ahead of time would lead to.

    It is early where it pays of an installment that is not due yet, whose interest has not all accrued.
    """

    amount_cents: int
    lines: tuple[PreviewLine, ...]
    prepaid_principal_cents: int
    excess_cents: int
    is_payoff: bool
    is_early: bool
    consequences: tuple[Consequence, ...]


@dataclass(frozen=True, slots=True)
class PayoffOffer:
    """The payoff on a day, and the interest that is never paid then."""

    quote: PayoffQuote
    saved_interest_cents: int


def payoff_offer(loan: LoanPosition, *, business_on: date) -> PayoffOffer:
    """Quote the payoff, and what it saves against the plan."""
    quote = quote_payoff(loan, business_on=business_on)
    planned_cents = sum(row.due.interest_cents for row in loan.unpaid)
    return PayoffOffer(quote, planned_cents - quote.interest_cents)


def preview_of(
    loan: LoanPosition, *, amount_cents: int, choice: PrepaymentChoice, business_on: date
) -> PaymentPreview:
    """Work out where an amount would go, and what both ways of paying ahead would lead to."""
    plans = {
        each: plan_payment(loan, amount_cents=amount_cents, choice=each, business_on=business_on)
        for each in PrepaymentChoice
    }
    plan = plans[choice]
    lines = _payoff_lines(loan, business_on) if plan.is_payoff else _lines(plan)
    if plan.unused_cents:
        lines.append(PreviewLine("Stays in your wallet", plan.unused_cents))
    return PaymentPreview(
        amount_cents=amount_cents,
        lines=tuple(lines),
        prepaid_principal_cents=plan.prepaid_principal_cents,
        excess_cents=plan.unused_cents,
        is_payoff=plan.is_payoff,
        is_early=_is_early(plan, business_on),
        consequences=tuple(map(_consequence, plans.values())) if plan.prepaid_principal_cents else (),
    )


def _is_early(plan: PaymentPlan, business_on: date) -> bool:
    paid = {part.number for part in plan.parts}
    if plan.is_payoff or plan.is_recovery:
        return False
    return any(row.due_on > business_on for row in plan.rows if row.number in paid)


def _lines(plan: PaymentPlan) -> list[PreviewLine]:
    """Name each installment that gets something, its late fee apart, then what goes ahead."""
    rows = {row.number: row for row in plan.rows}
    lines = []
    for part in plan.parts:
        row = rows[part.number]
        due_on = formats.long_date(row.due_on)
        if part.late_fee_cents:
            lines.append(PreviewLine(f"Late fee of {due_on}", part.late_fee_cents))
        rest_cents = part.interest_cents + part.principal_cents
        if rest_cents:
            lines.append(PreviewLine(_installment_label(row, rest_cents, due_on), rest_cents))
    if plan.prepaid_principal_cents:
        lines.append(PreviewLine("Ahead of time, to principal", plan.prepaid_principal_cents))
    return lines


def _installment_label(row: ScheduledRow, paid_cents: int, due_on: str) -> str:
    if row.unpaid_cents:
        return f"Part of the installment of {due_on}"
    if paid_cents < row.principal_cents + row.interest_cents:
        return f"Rest of the installment of {due_on}"
    return f"Installment of {due_on}"


def _payoff_lines(loan: LoanPosition, business_on: date) -> list[PreviewLine]:
    """Name what a payoff is made of."""
    quote = quote_payoff(loan, business_on=business_on)
    return [
        PreviewLine(label, cents)
        for label, cents in (
            ("All principal still owed", quote.principal_cents),
            ("Interest until today", quote.interest_cents),
            ("Late fees", quote.late_fee_cents),
        )
        if cents
    ]


def _consequence(plan: PaymentPlan) -> Consequence:
    """Say what becomes of the installments that are left."""
    before, after = plan.loan.unpaid, plan.unpaid
    paid_interest = sum(row.due.interest_cents for row in before) - sum(
        row.due.interest_cents for row in after
    )
    saved_cents = paid_interest - plan.interest_cents
    if plan.choice is PrepaymentChoice.KEEP_TERM:
        outcome = _lower_installments(after)
    else:
        outcome = _earlier_end(before[-1], after)
    return Consequence(
        plan.choice, saved_cents, f"{outcome}, saves {formats.money(saved_cents)} of interest."
    )


def _lower_installments(after: tuple[ScheduledRow, ...]) -> str:
    level = formats.money(after[0].total_cents)
    return f"The last one falls to {level}" if len(after) == 1 else f"The other {len(after)} fall to {level}"


def _earlier_end(last_before: ScheduledRow, after: tuple[ScheduledRow, ...]) -> str:
    last = after[-1]
    if last.number == last_before.number:
        return f"The last one falls to {formats.money(last.total_cents)}"
    months = formats.count(last_before.number - last.number, "month")
    ends = f"comes {months} sooner, on {formats.long_date(last.due_on)}"
    return f"The last one, {formats.money(last.total_cents)}, {ends}"
