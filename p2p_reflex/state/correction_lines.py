"""Owns how a correction is written before it is made: what it changes for whom, and what waits for whom."""

from dataclasses import dataclass, field

from p2p_reflex.domain import delinquency, formats
from p2p_reflex.domain.vocabulary import CorrectionKind, LoanState
from p2p_reflex.services.correction_previews import CorrectionPreview, HolderChange, LoanFigures
from p2p_reflex.services.corrections import PendingCorrection

MOST_HOLDERS = 8


@dataclass(frozen=True)
class CorrectionShown:
    """What a correction would change, line by line."""

    lead: str = ""
    loan: list[list[str]] = field(default_factory=list)
    money: list[list[str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    advanced: str = ""
    confirm: str = ""
    needs_second_admin: bool = False


@dataclass(frozen=True)
class RequestRow:
    """A correction that waits for a second admin."""

    request_id: int
    what: str
    by: str
    reason: str
    may_approve: bool


def write_correction(preview: CorrectionPreview) -> CorrectionShown:
    """Write what a correction would change."""
    amount, paid_on = formats.money(preview.amount_cents), formats.long_date(preview.paid_on)
    if preview.moved_to_on is None:
        lead = (
            f"The payment of {amount} of {paid_on} is taken back, and everything after it worked out again."
        )
        verb = f"Reverse {amount}"
    else:
        to = formats.long_date(preview.moved_to_on)
        lead = (
            f"The payment of {amount} of {paid_on} counts from {to} on, "
            "and everything after it is worked out again."
        )
        verb = f"Date back to {to}"
    return CorrectionShown(
        lead=lead,
        loan=_loan_lines(preview.before, preview.after),
        money=_money_lines(preview),
        notes=_notes(preview),
        advanced=_advanced(preview),
        confirm="Ask a second admin" if preview.needs_second_admin else verb,
        needs_second_admin=preview.needs_second_admin,
    )


def write_request(waiting: PendingCorrection) -> RequestRow:
    """Write a correction that waits."""
    amount = formats.money(waiting.amount_cents)
    if waiting.kind is CorrectionKind.BACKDATING and waiting.paid_on is not None:
        what = f"Date the payment of {amount} back to {formats.long_date(waiting.paid_on)}"
    else:
        what = f"Reverse the payment of {amount}"
    return RequestRow(
        request_id=waiting.request_id,
        what=what,
        by=f"Asked by {waiting.requested_by} on {formats.long_date(waiting.requested_on)}.",
        reason=waiting.reason,
        may_approve=waiting.may_approve,
    )


def _loan_lines(before: LoanFigures, after: LoanFigures) -> list[list[str]]:
    """Say before and after, where they differ."""
    pairs = (
        ("Standing", _standing(before), _standing(after)),
        ("Principal owed", formats.money(before.outstanding_cents), formats.money(after.outstanding_cents)),
        ("All that is planned", formats.money(before.owed_cents), formats.money(after.owed_cents)),
    )
    return [[label, was, will] for label, was, will in pairs if was != will]


def _standing(figures: LoanFigures) -> str:
    match figures.state:
        case LoanState.PAID_OFF:
            return "Paid off"
        case LoanState.CHARGED_OFF:
            return "Charged off"
        case LoanState.DEFAULTED:
            return f"Default, {formats.count(figures.days_past_due, 'day')} late"
    return delinquency.describe(figures.days_past_due)


def _money_lines(preview: CorrectionPreview) -> list[list[str]]:
    """Say who gets and who gives; of many lenders the rest is one line."""
    lines = [["Borrower's wallet", formats.signed_money(preview.borrower_cents)]]
    holders = [holder for holder in preview.holders if holder.amount_cents]
    lines += [[_name(holder), formats.signed_money(holder.amount_cents)] for holder in holders[:MOST_HOLDERS]]
    rest = holders[MOST_HOLDERS:]
    if rest:
        rest_cents = sum(holder.amount_cents for holder in rest)
        lines.append([formats.count(len(rest), "more lender"), formats.signed_money(rest_cents)])
    if preview.income_cents:
        lines.append(["Platform income", formats.signed_money(preview.income_cents)])
    return lines


def _name(holder: HolderChange) -> str:
    return holder.name if holder.member_id is None else formats.person(holder.name)


def _notes(preview: CorrectionPreview) -> list[str]:
    notes = []
    if preview.payments:
        notes.append(
            f"{formats.count(len(preview.payments), 'later payment')} will pay other things than before."
        )
    for fee in preview.fees:
        amount = formats.money(fee.amount_cents)
        done = "is charged" if fee.is_charged else "falls away"
        notes.append(f"A late fee of {amount} on installment {fee.number} {done}.")
    return notes


def _advanced(preview: CorrectionPreview) -> str:
    if not preview.advanced_cents:
        return ""
    return (
        f"The platform advances {formats.money(preview.advanced_cents)}, because the money has moved on; "
        "it gets it back out of what these lenders receive next."
    )
