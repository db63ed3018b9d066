"""Owns how a loan's facts are written for its screen: its standing, its figures, its payoff."""

import re
from dataclasses import dataclass, field
from datetime import date

from p2p_reflex.domain import delinquency, formats
from p2p_reflex.domain.errors import UnknownError
from p2p_reflex.domain.vocabulary import DelinquencyBucket, LoanState, Role
from p2p_reflex.services.loans.loan_records import InstallmentState, LoanView

ROWS_AROUND_NOW = 9
BUCKET_KINDS = {
    DelinquencyBucket.CURRENT: "done",
    DelinquencyBucket.GRACE: "grace",
    DelinquencyBucket.LATE_16_30: "warning",
    DelinquencyBucket.LATE_31_120: "late",
    DelinquencyBucket.DEFAULT: "bad",
}
DASHES = {
    InstallmentState.PAID: "paid",
    InstallmentState.PAID_LATE: "late",
    InstallmentState.LATE: "overdue",
    InstallmentState.NEXT: "planned",
    InstallmentState.PLANNED: "planned",
}
PATH = re.compile(r"/loans/([0-9]{1,18})/?", re.ASCII)
HOME_NAMES = {Role.BORROWER: "Borrowing", Role.LENDER: "Portfolio", Role.ADMIN: "Loans"}


@dataclass(frozen=True)
class Figure:
    """One number of the strip."""

    label: str = ""
    number: str = ""
    note: str = ""


@dataclass(frozen=True)
class PayoffShown:
    """The payoff, part by part."""

    principal: str = ""
    interest_label: str = ""
    interest: str = ""
    fees: str = ""
    total: str = ""
    total_cents: int = 0
    note: str = ""


@dataclass(frozen=True)
class LoanShown:
    """A loan as the screen shows it."""

    title: str = ""
    purpose: str = ""
    viewer: str = ""
    home_name: str = ""
    listing_href: str = ""
    statement_path: str = ""
    grade: str = ""
    badge_kind: str = "neutral"
    badge: str = ""
    is_open: bool = False
    is_payable: bool = False
    figures: list[Figure] = field(default_factory=list)
    progress: str = ""
    progress_note: str = ""
    progress_share: str = ""
    dashes: list[str] = field(default_factory=list)
    installment_count: str = ""
    is_long: bool = False
    quick_label: str = ""
    autopay: bool = False
    autopay_partial: bool = False
    pause_words: str = ""
    pauses: str = ""
    coverage: str = ""
    covers: bool = False
    coverage_hint: str = ""
    payoff: PayoffShown = PayoffShown()


def loan_id_in(path: str) -> int:
    """Read which loan an address names. Raises UnknownError."""
    named = PATH.fullmatch(path)
    if named is None:
        raise UnknownError("loan")
    return int(named[1])


def write_loan(view: LoanView, *, business_on: date) -> LoanShown:
    """Write a loan for the one who looks at it."""
    is_open = view.is_running
    kind, words = _standing(view)
    settled = sum(1 for line in view.schedule if not line.unpaid_cents)
    repaid_cents = view.principal_cents - view.outstanding_cents - view.forgiven_cents
    return LoanShown(
        title=view.title,
        purpose=_terms(view),
        viewer=view.viewer.value,
        home_name=HOME_NAMES[view.viewer],
        listing_href=f"/listings/{view.listing_id}",
        statement_path=f"/api/exports/loans/{view.loan_id}/statement",
        grade=view.grade.value,
        badge_kind=kind,
        badge=words,
        is_open=is_open,
        is_payable=view.payoff is not None,
        figures=_open_figures(view, business_on) if is_open else _closed_figures(view),
        progress=f"{settled} of {formats.count(len(view.schedule), 'installment')} paid",
        progress_note=_lateness(view),
        progress_share=f"{repaid_cents * 100 // view.principal_cents} % of the principal",
        dashes=[DASHES[line.state] for line in view.schedule],
        installment_count=f"All {len(view.schedule)}",
        is_long=len(view.schedule) > ROWS_AROUND_NOW,
        quick_label="All that is due" if view.days_past_due else "Next installment",
        autopay=view.autopay,
        autopay_partial=view.autopay_partial,
        pause_words=_pause(view),
        pauses=", ".join(
            f"{formats.long_date(pause.from_on)} to {formats.long_date(pause.until_on)}"
            for pause in view.pauses
        ),
        coverage=_coverage(view),
        covers=view.coverage is not None
        and view.coverage.installment_count > 0
        and view.coverage.wallet_cents >= view.late_cents,
        coverage_hint="Add money to pay it." if view.late_cents else "Add money before it is due.",
        payoff=_payoff(view),
    )


def _terms(view: LoanView) -> str:
    amount, rate, apr = (
        formats.whole_money(view.principal_cents),
        formats.rate(view.annual_rate),
        formats.rate(view.apr),
    )
    whose = "" if view.viewer is Role.BORROWER else f" to {view.borrower_name}"
    since = formats.long_date(view.disbursed_on)
    return f"{amount}{whose} at {rate} (APR {apr}) over {view.term_months} months, since {since}."


def _standing(view: LoanView) -> tuple[str, str]:
    """Say in a badge how the loan stands."""
    if view.state is LoanState.PAID_OFF:
        return "done", "Paid off"
    if view.state is LoanState.CHARGED_OFF:
        return "neutral", "Charged off"
    if view.paused_until_on is not None:
        return "paused", f"Paused until {formats.long_date(view.paused_until_on)}"
    if view.state is LoanState.DEFAULTED:
        return "bad", f"Default, {formats.count(view.days_past_due, 'day')} late"
    words = delinquency.describe(view.days_past_due) if view.days_past_due else "Up to date"
    return BUCKET_KINDS[delinquency.bucket(view.days_past_due)], words


def _open_figures(view: LoanView, business_on: date) -> list[Figure]:
    line = view.next_line
    if line is None:
        return _closed_figures(view)
    if view.days_past_due:
        late = f"{formats.count(view.days_past_due, 'day')} late"
        first = Figure("Due now", formats.money(view.due_cents), late)
    else:
        away = formats.days_away(line.due_on, business_on)
        first = Figure(
            "Next payment", formats.money(line.unpaid_cents), f"{formats.long_date(line.due_on)}, {away}"
        )
    months = max(
        0, (view.final_due_on.year - business_on.year) * 12 + view.final_due_on.month - business_on.month
    )
    ends = (
        f"in {formats.count(months, 'month')}"
        if months
        else formats.days_away(view.final_due_on, business_on)
    )
    return [
        first,
        Figure("Still owed", formats.money(view.outstanding_cents), "principal"),
        Figure(
            "Paid so far",
            formats.money(view.paid_cents),
            f"{formats.money(view.interest_paid_cents)} of it interest",
        ),
        Figure("Last payment", formats.long_date(view.final_due_on), ends),
    ]


def _pause(view: LoanView) -> str:
    if view.paused_until_on is None:
        return ""
    until = formats.long_date(view.paused_until_on)
    return f"Days until {until} do not count as late, and no late fee is charged. Due dates stay."


def _closed_figures(view: LoanView) -> list[Figure]:
    ended = formats.long_date(view.ended_on) if view.ended_on else "not known yet"
    if view.state is LoanState.CHARGED_OFF:
        owed_cents = view.payoff.quote.total_cents if view.payoff else view.outstanding_cents
        what = "interest and fees included" if view.payoff else "principal"
        return [
            Figure(
                "Borrowed", formats.whole_money(view.principal_cents), formats.long_date(view.disbursed_on)
            ),
            Figure("Paid in all", formats.money(view.paid_cents), "principal, interest and fees"),
            Figure("Still owed", formats.money(owed_cents), what),
            Figure("Charged off", ended, f"{formats.money(view.charged_off_cents)} of principal"),
        ]
    return [
        Figure("Borrowed", formats.whole_money(view.principal_cents), formats.long_date(view.disbursed_on)),
        Figure("Paid in all", formats.money(view.paid_cents), "principal, interest and fees"),
        Figure("Interest", formats.money(view.interest_paid_cents), "over the whole life"),
        Figure("Ended", ended, "paid off"),
    ]


def _lateness(view: LoanView) -> str:
    late = [line for line in view.schedule if line.state is InstallmentState.PAID_LATE]
    if not late:
        return ""
    if len(late) == 1 and late[0].paid_on:
        return f"one of them late, on {formats.long_date(late[0].paid_on)}"
    return f"{len(late)} of them late"


def _coverage(view: LoanView) -> str:
    if view.coverage is None:
        return ""
    has = formats.money(view.coverage.wallet_cents)
    covered = view.coverage.installment_count
    whose = "your" if view.viewer is Role.BORROWER else "the"
    if view.coverage.wallet_cents < view.late_cents:
        return f"{has} in {whose} wallet does not cover the {formats.money(view.late_cents)} due now."
    if covered == 0:
        return f"{has} in {whose} wallet does not cover the next payment."
    if covered == view.coverage.remaining_count:
        return f"{has} in {whose} wallet covers all that is left."
    return f"{has} in {whose} wallet covers the next {'payment' if covered == 1 else f'{covered} payments'}."


def _payoff(view: LoanView) -> PayoffShown:
    if view.payoff is None:
        return PayoffShown()
    quote = view.payoff.quote
    days = formats.count(quote.accrued_days, "day") if quote.accrued_days else ""
    of_days = f" due, and of {days}" if days and view.late_cents else f", {days}" if days else ""
    saved = (
        f" Saves {formats.money(view.payoff.saved_interest_cents)} of interest." if view.is_running else ""
    )
    return PayoffShown(
        principal=formats.money(quote.principal_cents),
        interest_label=f"Interest{of_days}",
        interest=formats.money(quote.interest_cents),
        fees=formats.money(quote.late_fee_cents),
        total=formats.money(quote.total_cents),
        total_cents=quote.total_cents,
        note=f"Good today, {formats.long_date(quote.good_until)}.{saved}",
    )
