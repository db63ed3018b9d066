"""Owns how the admin's list of loans is written: rows, what to act on and why."""

from dataclasses import dataclass
from datetime import date

from p2p_reflex.domain import delinquency, formats
from p2p_reflex.domain.vocabulary import DelinquencyBucket, LoanState
from p2p_reflex.services.admin.loan_desk import LoanRow, LoanToActOn, Reason
from p2p_reflex.services.desk.approval_requests import PendingRequest
from p2p_reflex.state.loan_facts import BUCKET_KINDS
from p2p_reflex.state.request_lines import write_request

BUCKET_WORDS = {
    DelinquencyBucket.CURRENT: "Current",
    DelinquencyBucket.GRACE: "Grace, 1 to 15 days",
    DelinquencyBucket.LATE_16_30: "Late, 16 to 30 days",
    DelinquencyBucket.LATE_31_120: "Late, 31 to 120 days",
    DelinquencyBucket.DEFAULT: "Default, over 120 days",
}
STATE_WORDS = {
    LoanState.ACTIVE: "Active",
    LoanState.DEFAULTED: "In default",
    LoanState.CHARGED_OFF: "Charged off",
    LoanState.PAID_OFF: "Paid off",
}
ACT_ICONS = {
    Reason.DEFAULT_TOMORROW: ("calendar_clock", "red"),
    Reason.CHARGE_OFF_TOMORROW: ("calendar_clock", "red"),
    Reason.LATE: ("triangle_alert", "red"),
    Reason.CHARGED_OFF: ("circle_slash", "muted"),
}


@dataclass(frozen=True)
class LoanLine:
    """One loan as the table shows it."""

    href: str
    title: str
    borrower: str
    grade: str
    rate: str
    principal: str
    owed: str
    due: str
    due_note: str
    kind: str
    state: str
    phone_under: str


@dataclass(frozen=True)
class ActLine:
    """A loan that needs an admin, and why."""

    href: str
    icon: str
    tone: str
    fact: str
    title: str
    detail: str


def write_loan_line(row: LoanRow, *, business_on: date) -> LoanLine:
    """Write one loan."""
    kind, words = _standing(row)
    due = formats.short_date(row.next_due_on) if row.next_due_on else ""
    return LoanLine(
        href=f"/loans/{row.loan_id}",
        title=row.title,
        borrower=row.borrower_name,
        grade=row.grade.value,
        rate=formats.rate(row.annual_rate),
        principal=formats.whole_money(row.principal_cents),
        owed=formats.money(row.outstanding_cents),
        due=due,
        due_note=formats.days_away(row.next_due_on, business_on) if row.next_due_on else "",
        kind=kind,
        state=words,
        phone_under=f"{row.borrower_name}, {formats.rate(row.annual_rate)}",
    )


def write_act_line(each: LoanToActOn, *, business_on: date) -> ActLine:
    """Write why a loan needs an admin."""
    icon, tone = ACT_ICONS[each.reason]
    fact, then = _why(each, business_on)
    owed = formats.money(each.loan.outstanding_cents)
    return ActLine(
        href=f"/loans/{each.loan.loan_id}",
        icon=icon,
        tone=tone,
        fact=fact,
        title=each.loan.title,
        detail=f"{each.loan.borrower_name}, {owed} owed. {then}",
    )


def write_pending_line(waiting: PendingRequest) -> ActLine:
    """Write what waits for a second admin."""
    request = write_request(waiting)
    return ActLine(
        href=f"/loans/{waiting.loan_id}",
        icon="undo_2",
        tone="amber",
        fact="Waits for a second admin",
        title=waiting.loan_title,
        detail=f"{request.what}. {request.by}",
    )


def _standing(row: LoanRow) -> tuple[str, str]:
    """Say in a badge how a loan stands."""
    if row.paused_until_on is not None:
        return "paused", f"Paused until {formats.short_date(row.paused_until_on)}"
    match row.state:
        case LoanState.PAID_OFF:
            return "done", "Paid off"
        case LoanState.CHARGED_OFF:
            return "neutral", "Charged off"
        case LoanState.DEFAULTED:
            return "bad", "Default"
    late_in = delinquency.bucket(row.days_past_due)
    kind = "good" if late_in is DelinquencyBucket.CURRENT else BUCKET_KINDS[late_in]
    return kind, delinquency.describe(row.days_past_due)


def _why(each: LoanToActOn, business_on: date) -> tuple[str, str]:
    days = formats.count(each.loan.days_past_due, "day")
    match each.reason:
        case Reason.DEFAULT_TOMORROW:
            return _soon("Default", each.happens_on, business_on), f"It is {days} late."
        case Reason.CHARGE_OFF_TOMORROW:
            return _soon("Charge-off", each.happens_on, business_on), f"It is {days} late."
        case Reason.CHARGED_OFF:
            on = formats.long_date(each.happens_on) if each.happens_on else "this month"
            return "Charged off this month", f"Charged off on {on}."
    step = "Charge-off" if each.loan.state is LoanState.DEFAULTED else "Default"
    fact = f"In default, {days} late" if each.loan.state is LoanState.DEFAULTED else f"{days} late"
    when = formats.days_away(each.happens_on, business_on) if each.happens_on else "later"
    return fact, f"{step} {when} if nothing is paid."


def _soon(step: str, on: date | None, business_on: date) -> str:
    return f"{step} tomorrow" if on is not None and on > business_on else f"{step} at the close of today"
