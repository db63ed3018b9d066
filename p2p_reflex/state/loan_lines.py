"""Owns how the lists of a loan are written: schedule, payments, notes, and what an amount would do."""

from dataclasses import dataclass, field
from datetime import date

from p2p_reflex.charts import BalancePoint
from p2p_reflex.domain import delinquency, formats
from p2p_reflex.domain.vocabulary import PrepaymentChoice, Role
from p2p_reflex.services.loans.loan_entries import StatementEntry
from p2p_reflex.services.loans.loan_records import (
    InstallmentState,
    LoanView,
    NoteLine,
    PaidPart,
    PaymentLine,
    ScheduleLine,
)
from p2p_reflex.services.loans.loan_statements import LoanStatement
from p2p_reflex.services.paying.payment_quotes import PaymentPreview
from p2p_reflex.state.loan_facts import BUCKET_KINDS, ROWS_AROUND_NOW

TIMELINE_ICONS = {
    "Loan paid out": ("banknote", "accent"),
    "Lent": ("banknote", "accent"),
    "Payoff": ("check", "accent"),
    "Payoff received": ("check", "accent"),
    "Payment after charge-off": ("banknote", "accent"),
    "Recovery received": ("banknote", "accent"),
    "Late fee charged": ("triangle_alert", "amber"),
    "Loan in default": ("circle_alert", "red"),
    "Loan charged off": ("circle_slash", "red"),
    "Reserve fund stepped in": ("shield", "accent"),
    "Lateness paused": ("circle_pause", "muted"),
    "Pause ended early": ("circle_play", "muted"),
    "Payment reversed": ("undo_2", "muted"),
    "Payment dated back": ("undo_2", "muted"),
    "Payment, taken back later": ("undo_2", "muted"),
    "Taken back": ("undo_2", "muted"),
}
EARLY = (
    "Paid early, money first pays the next installment in full, with the interest of its whole period, "
    "though not all of it has accrued yet; only what is left then lowers the principal."
)


@dataclass(frozen=True)
class ScheduleRow:
    """One installment as the table shows it; an empty kind is plain words."""

    number: str
    due_on: str
    principal: str
    interest: str
    total: str
    total_note: str
    owed_after: str
    parts: str
    kind: str
    state: str
    mark: str


@dataclass(frozen=True)
class PaymentRow:
    """One payment as the list shows it."""

    payment_id: int
    paid_on: str
    way: str
    went_to: list[str]
    amount: str
    fee: str
    net: str
    owed_after: str


@dataclass(frozen=True)
class NoteRow:
    """One lender's share as the list shows it."""

    name: str
    initials: str
    is_bot: bool
    is_own: bool
    is_fund: bool
    principal: str
    rate: str
    outstanding: str
    received: str
    received_note: str
    expected: str
    letter_href: str


@dataclass(frozen=True)
class TimelineRow:
    """One thing that happened to the loan, in words."""

    on: str
    words: str
    detail: str
    icon: str
    tone: str


@dataclass(frozen=True)
class PreviewShown:
    """What the typed amount would do."""

    lines: list[list[str]] = field(default_factory=list)
    keep_installment: str = ""
    keep_term: str = ""
    note: str = ""
    early: str = ""


def write_schedule(view: LoanView, *, is_all: bool) -> list[ScheduleRow]:
    """Write the installments around now, or all of them."""
    lines = view.schedule
    if not is_all:
        here = next((place for place, line in enumerate(lines) if line.unpaid_cents), len(lines) - 1)
        first = max(0, min(here - ROWS_AROUND_NOW // 2, len(lines) - ROWS_AROUND_NOW))
        lines = lines[first : first + ROWS_AROUND_NOW]
    return [_schedule_row(line) for line in lines]


def write_payments(view: LoanView) -> list[PaymentRow]:
    """Write the payments, the newest first."""
    return [_payment_row(line, is_lender=view.viewer is Role.LENDER) for line in view.payments]


def write_notes(view: LoanView) -> list[NoteRow]:
    """Write the notes that may be seen."""
    return [_note_row(line) for line in view.notes]


def write_timeline(statement: LoanStatement) -> list[TimelineRow]:
    """Write what happened besides ordinary payments, the newest first."""
    return [_timeline_row(entry) for entry in reversed(statement.entries) if not entry.is_routine]


def write_year(statement: LoanStatement) -> str:
    """Say what was paid in the running year; nothing for a lender, or where nothing was."""
    this_year = statement.years[0] if statement.years else None
    if this_year is None or not this_year.paid_cents:
        return ""
    fees = f", {formats.money(this_year.late_fee_cents)} late fees" if this_year.late_fee_cents else ""
    return (
        f"{formats.money(this_year.paid_cents)} paid in {this_year.year} so far, "
        f"{formats.money(this_year.interest_cents)} of it interest{fees}."
    )


def write_preview(found: PaymentPreview) -> PreviewShown:
    """Write what an amount would do."""
    sentences = {each.choice: each.sentence for each in found.consequences}
    return PreviewShown(
        lines=[[line.label, formats.money(line.amount_cents)] for line in found.lines],
        keep_installment=sentences.get(PrepaymentChoice.KEEP_INSTALLMENT, ""),
        keep_term=sentences.get(PrepaymentChoice.KEEP_TERM, ""),
        note="This pays the loan off." if found.is_payoff else "",
        early=EARLY if found.is_early else "",
    )


def balance_points(view: LoanView, *, business_on: date) -> tuple[list[BalancePoint], list[BalancePoint]]:
    """Give what was owed after each payment, and what is planned from today on."""
    so_far = [BalancePoint(view.disbursed_on, view.principal_cents)]
    so_far += [BalancePoint(line.paid_on, line.outstanding_after_cents) for line in reversed(view.payments)]
    if view.ended_on is not None:
        return so_far, []
    now = BalancePoint(business_on, view.outstanding_cents)
    so_far.append(now)
    ahead = [
        BalancePoint(line.due_on, line.balance_cents)
        for line in view.schedule
        if line.unpaid_cents and line.due_on > business_on
    ]
    return so_far, [now, *ahead]


def plain_amount(cents: int) -> str:
    """Write an amount as a person would type it: 1,126.40."""
    return formats.money(cents).removeprefix(formats.CURRENCY_SYMBOL)


def _schedule_row(line: ScheduleLine) -> ScheduleRow:
    kind, state = _installment_standing(line)
    return ScheduleRow(
        number=str(line.number),
        due_on=formats.long_date(line.due_on),
        principal=formats.money(line.principal_cents),
        interest=formats.money(line.interest_cents),
        total=formats.money(line.total_cents),
        total_note=_total_note(line),
        owed_after=formats.money(line.balance_cents),
        parts=f"No. {line.number}: {formats.money(line.principal_cents)} principal, "
        f"{formats.money(line.interest_cents)} interest; {formats.money(line.balance_cents)} owed after",
        kind=kind,
        state=state,
        mark="own" if line.state is InstallmentState.NEXT else "",
    )


def _installment_standing(line: ScheduleLine) -> tuple[str, str]:
    """Say where an installment stands: the badge's kind and its words."""
    match line.state:
        case InstallmentState.PAID:
            return "done", "Paid"
        case InstallmentState.PAID_LATE:
            return "grace", f"Paid {formats.count(line.days, 'day')} late"
        case InstallmentState.LATE if not line.days:
            return "paused", "Overdue, paused"
        case InstallmentState.LATE:
            return BUCKET_KINDS[delinquency.bucket(line.days)], f"{formats.count(line.days, 'day')} late"
        case InstallmentState.NEXT:
            away = {0: "today", 1: "tomorrow"}.get(line.days, f"in {line.days} days")
            return "outline", f"Next, {away}"
    return "", "Planned"


def _total_note(line: ScheduleLine) -> str:
    if line.is_partly_paid:
        return f"{formats.money(line.unpaid_cents)} left"
    if line.late_fee_cents:
        return f"with {formats.money(line.late_fee_cents)} late fee"
    return ""


def _payment_row(line: PaymentLine, *, is_lender: bool) -> PaymentRow:
    return PaymentRow(
        payment_id=line.payment_id,
        paid_on=formats.long_date(line.paid_on),
        way=_way(line),
        went_to=[_parts_in_words(line)] if is_lender else _allocation(line),
        amount=formats.money(line.amount_cents),
        fee=formats.money(-line.fee_cents),
        net=formats.money(line.net_cents),
        owed_after=formats.money(line.outstanding_after_cents),
    )


def _way(line: PaymentLine) -> str:
    """Say how a payment came in."""
    if line.is_recovery:
        return "Recovery"
    if line.is_payoff:
        return "Payoff"
    return "Autopay" if line.is_autopay else "By hand"


def _allocation(line: PaymentLine) -> list[str]:
    """Say what a payment paid, installment by installment, then ahead of time."""
    words = [f"No. {part.number}: {_parts_in_words(part)}" for part in line.parts]
    if line.prepaid_principal_cents:
        kept = "installment" if line.choice is PrepaymentChoice.KEEP_INSTALLMENT else "term"
        words.append(f"Ahead of time: {formats.money(line.prepaid_principal_cents)} principal, {kept} kept")
    return words


def _parts_in_words(part: PaymentLine | PaidPart) -> str:
    amounts = (
        (part.late_fee_cents, "late fee"),
        (part.interest_cents, "interest"),
        (part.principal_cents, "principal"),
    )
    return ", ".join(f"{formats.money(cents)} {words}" for cents, words in amounts if cents)


def _timeline_row(entry: StatementEntry) -> TimelineRow:
    icon, tone = TIMELINE_ICONS.get(entry.words, ("circle_dot", "muted"))
    return TimelineRow(formats.long_date(entry.on), entry.words, entry.detail, icon, tone)


def _note_row(line: NoteLine) -> NoteRow:
    brought = line.receipts
    gained = (
        f"{formats.money(brought.interest_cents + brought.late_fee_cents)} of it interest and late fees, "
        f"after {formats.money(brought.fee_cents)} in fees"
        if brought
        else ""
    )
    return NoteRow(
        name="You" if line.is_own else line.lender_name,
        initials=formats.initials(line.lender_name),
        is_bot=line.is_bot,
        is_own=line.is_own,
        is_fund=line.is_fund,
        principal=formats.whole_money(line.principal_cents),
        rate="" if line.is_fund else formats.rate(line.annual_rate),
        outstanding=formats.money(line.outstanding_cents),
        received=formats.money(brought.received_cents) if brought else "",
        received_note=gained,
        expected=formats.money(brought.expected_cents) if brought else "",
        letter_href=f"/messages?thread={line.letter_key}" if line.letter_key else "",
    )
