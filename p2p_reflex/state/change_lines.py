"""Owns how a change of a loan is written before it is made: what becomes of it, who gives and gets what."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from p2p_reflex.domain import delinquency, formats
from p2p_reflex.domain.hardship import Forgiveness
from p2p_reflex.domain.loan_life import LoanEvent
from p2p_reflex.domain.vocabulary import LoanEventKind, LoanState
from p2p_reflex.services.corrections.correction_previews import CorrectionPreview, FeeChange
from p2p_reflex.services.corrections.write_offs import WriteOffPreview
from p2p_reflex.services.desk.approvals import Preview
from p2p_reflex.services.desk.loan_figures import LoanFigures
from p2p_reflex.services.hardship.help_previews import HelpPreview, HolderOutlook

MOST_HOLDERS = 8
ASK = "Ask a second admin"
HELP_WORDS = {
    LoanEventKind.PAUSED: "Pause lateness",
    LoanEventKind.PAUSE_ENDED: "End the pause",
    LoanEventKind.RATE_CUT: "Lower the rate",
    LoanEventKind.RESCHEDULED: "Reschedule",
    LoanEventKind.FORGIVEN: "Forgive",
}
OF_LATENESS = (LoanEventKind.PAUSED, LoanEventKind.PAUSE_ENDED)


@dataclass(frozen=True)
class ChangeShown:
    """What a change would do, line by line: the loan before and after, money that moves, lenders' outlook."""

    lead: str = ""
    loan: list[list[str]] = field(default_factory=list)
    money: list[list[str]] = field(default_factory=list)
    lenders: list[list[str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    advanced: str = ""
    confirm: str = ""
    needs_second_admin: bool = False


def write_change(preview: Preview) -> ChangeShown:
    """Write what any change would do."""
    match preview:
        case CorrectionPreview():
            return write_correction(preview)
        case HelpPreview():
            return write_help(preview)
        case WriteOffPreview():
            return write_write_off(preview)


def write_correction(preview: CorrectionPreview) -> ChangeShown:
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
    return ChangeShown(
        lead=lead,
        loan=_differing(_standing_lines(preview.before, preview.after)),
        money=_money_lines(preview),
        notes=_correction_notes(preview),
        advanced=_advanced(preview.advanced_cents),
        confirm=ASK if preview.needs_second_admin else verb,
        needs_second_admin=preview.needs_second_admin,
    )


def write_help(preview: HelpPreview) -> ChangeShown:
    """Write what a help would change; a pause leaves the plan alone, so only its lateness is compared."""
    kind = preview.event.kind
    standing = _differing(_standing_lines(preview.before, preview.after))
    plan = _plan_lines(preview.before, preview.after)
    return ChangeShown(
        lead=f"{help_in_words(preview.event)}.",
        loan=standing + (_differing(plan) if kind in OF_LATENESS else plan),
        lenders=_lender_lines(preview.holders),
        notes=_help_notes(preview),
        advanced=_advanced(preview.advanced_cents),
        confirm=ASK if preview.needs_second_admin else HELP_WORDS[kind],
        needs_second_admin=preview.needs_second_admin,
    )


def write_write_off(preview: WriteOffPreview) -> ChangeShown:
    """Write what giving up an advance costs."""
    amount = formats.money(preview.left_cents)
    return ChangeShown(
        lead=f"{amount} that {preview.owed_by} owes the platform is not collected any more.",
        money=[["Platform income", formats.signed_money(-preview.left_cents)]],
        confirm=ASK if preview.needs_second_admin else f"Write off {amount}",
        needs_second_admin=preview.needs_second_admin,
    )


def help_as_asked(event: LoanEvent) -> str:
    """Say what is asked for, without a full stop."""
    since = formats.long_date(event.effective_on)
    match event.kind:
        case LoanEventKind.PAUSED if event.until_on is not None:
            return f"Pause lateness from {since} to {formats.long_date(event.until_on)}"
        case LoanEventKind.PAUSE_ENDED:
            return f"End the pause, so that days count from {since} on"
        case LoanEventKind.RATE_CUT if event.rate is not None:
            return f"Lower the rate to {formats.rate(event.rate)} from {since} on"
        case LoanEventKind.RESCHEDULED if event.months is not None:
            return f"Spread what is owed over {formats.count(event.months, 'installment')}"
    return f"Forgive {_amounts_in_words(event.forgiven)[0]}"


def help_in_words(event: LoanEvent) -> str:
    """Say what a help is, without a full stop."""
    since = formats.long_date(event.effective_on)
    match event.kind:
        case LoanEventKind.PAUSED if event.until_on is not None:
            return f"Days from {since} to {formats.long_date(event.until_on)} do not count as late"
        case LoanEventKind.PAUSE_ENDED:
            return f"The pause ends; from {since} on, days count as late again"
        case LoanEventKind.RATE_CUT if event.rate is not None:
            return f"The rate falls to {formats.rate(event.rate)} from {since} on"
        case LoanEventKind.RESCHEDULED if event.months is not None:
            return f"What is owed is spread over {formats.count(event.months, 'installment')}"
    words, is_one = _amounts_in_words(event.forgiven)
    return f"{words} {'is' if is_one else 'are'} forgiven"


def _amounts_in_words(forgiven: Forgiveness) -> tuple[str, bool]:
    """Name the amounts, and tell whether it is only one."""
    amounts = (
        (forgiven.late_fee_cents, "late fees"),
        (forgiven.interest_cents, "interest"),
        (forgiven.principal_cents, "principal"),
    )
    words = [f"{formats.money(cents)} of {what}" for cents, what in amounts if cents]
    whole = words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
    return whole, len(words) == 1


def _standing_lines(before: LoanFigures, after: LoanFigures) -> list[list[str]]:
    return [
        ["Standing", _standing(before), _standing(after)],
        ["Principal owed", formats.money(before.outstanding_cents), formats.money(after.outstanding_cents)],
        ["Still to pay in all", formats.money(before.owed_cents), formats.money(after.owed_cents)],
    ]


def _plan_lines(before: LoanFigures, after: LoanFigures) -> list[list[str]]:
    return [
        ["Installment", formats.money(before.installment_cents), formats.money(after.installment_cents)],
        ["Installments left", str(before.installment_count), str(after.installment_count)],
        ["Last due date", _day(before), _day(after)],
        ["Interest in all", formats.money(before.interest_cents), formats.money(after.interest_cents)],
    ]


def _differing(lines: list[list[str]]) -> list[list[str]]:
    return [line for line in lines if line[1] != line[2]]


def _day(figures: LoanFigures) -> str:
    return formats.long_date(figures.final_due_on) if figures.final_due_on else "none"


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
    holders = [holder for holder in preview.holders if holder.amount_cents]
    if not (holders or preview.borrower_cents or preview.income_cents):
        return []
    lines = [["Borrower's wallet", formats.signed_money(preview.borrower_cents)]]
    lines += [[holder.name, formats.signed_money(holder.amount_cents)] for holder in holders[:MOST_HOLDERS]]
    rest = holders[MOST_HOLDERS:]
    if rest:
        rest_cents = sum(holder.amount_cents for holder in rest)
        lines.append([formats.count(len(rest), "more lender"), formats.signed_money(rest_cents)])
    if preview.income_cents:
        lines.append(["Platform income", formats.signed_money(preview.income_cents)])
    return lines


def _lender_lines(holders: Sequence[HolderOutlook]) -> list[list[str]]:
    """Say what each lender still gets, before and after, and the difference; of many the rest is one line."""
    touched = [holder for holder in holders if holder.change_cents]
    lines = [_lender_line(holder.name, [holder]) for holder in touched[:MOST_HOLDERS]]
    rest = touched[MOST_HOLDERS:]
    return [*lines, _lender_line(formats.count(len(rest), "more lender"), rest)] if rest else lines


def _lender_line(name: str, holders: Sequence[HolderOutlook]) -> list[str]:
    return [
        name,
        formats.money(sum(each.before_cents for each in holders)),
        formats.money(sum(each.after_cents + each.moved_cents for each in holders)),
        formats.signed_money(sum(each.change_cents for each in holders)),
    ]


def _correction_notes(preview: CorrectionPreview) -> list[str]:
    notes = [] if _money_lines(preview) else ["No money moves."]
    if preview.payments:
        notes.append(
            f"{formats.count(len(preview.payments), 'later payment')} will pay other things than before."
        )
    return notes + [_fee_note(fee) for fee in preview.fees]


def _fee_note(fee: FeeChange) -> str:
    done = "is charged" if fee.is_charged else "falls away"
    return f"A late fee of {formats.money(fee.amount_cents)} on installment {fee.number} {done}."


def _help_notes(preview: HelpPreview) -> list[str]:
    notes = []
    fees = formats.money(abs(preview.late_fee_cents))
    if preview.late_fee_cents > 0 and preview.event.kind is not LoanEventKind.FORGIVEN:
        notes.append(f"{fees} of late fees falls away.")
    elif preview.late_fee_cents < 0:
        notes.append(f"{fees} of late fees is charged.")
    if preview.event.kind in OF_LATENESS:
        notes.append("No due date moves.")
    if not any(holder.change_cents for holder in preview.holders):
        notes.append("No lender gets less or more by this.")
    return notes


def _advanced(cents: int) -> str:
    if not cents:
        return ""
    return (
        f"The platform advances {formats.money(cents)} "
        "and gets it back out of what these lenders receive next."
    )
