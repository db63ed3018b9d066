"""Owns how a portfolio is written: figures as text, returns with their bars, notes and bids as rows."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import TypedDict

from p2p_reflex.domain import formats
from p2p_reflex.domain.delinquency import bucket, describe
from p2p_reflex.domain.vocabulary import DelinquencyBucket, LoanState
from p2p_reflex.services.loans.notes import ActiveBid, NoteRow
from p2p_reflex.services.loans.portfolio import GradeSpread, PortfolioHome, YearlyReturn
from p2p_reflex.services.loans.portfolio_history import Received

SUMMARY_YEARS = 5
BADGES = {
    DelinquencyBucket.CURRENT: "good",
    DelinquencyBucket.GRACE: "grace",
    DelinquencyBucket.LATE_16_30: "warning",
    DelinquencyBucket.LATE_31_120: "late",
    DelinquencyBucket.DEFAULT: "bad",
}
ENDED_BADGES = {
    LoanState.PAID_OFF: ("done", "Paid off"),
    LoanState.CHARGED_OFF: ("neutral", "Charged off"),
    LoanState.DEFAULTED: ("bad", "Default"),
}


class NoteLine(TypedDict):
    """One note as the table shows it."""

    title: str
    href: str
    grade: str
    rate: str
    bought: str
    owed: str
    left: str
    due: str
    phone_under: str
    phone_due: str
    kind: str
    state: str
    is_late: bool


class BidLine(TypedDict):
    """One active bid as the table shows it."""

    title: str
    href: str
    grade: str
    amount: str
    rate: str
    closes: str
    closes_away: str
    phone_under: str
    kind: str
    state: str
    changed: str


@dataclass
class ReturnShown:
    """One return a year: its figure, the length of its bar in percent, and what it means."""

    name: str = ""
    figure: str = ""
    percent: int = 0
    series: str = "1"
    note: str = ""


@dataclass
class SpreadShown:
    """What stands in notes of one grade; the bar is in percent of the largest."""

    grade: str = ""
    amount: str = ""
    share: str = ""
    percent: int = 0


@dataclass
class PortfolioShown:
    """The figures of a portfolio as text, and the parts of its bar in cents."""

    value: str = ""
    earned: str = ""
    is_up: bool = False
    in_notes: str = ""
    held: str = ""
    available: str = ""
    accrued: str = ""
    parts: list[int] = field(default_factory=lambda: [0, 0, 0, 0])
    interest: str = ""
    fees: str = ""
    accrued_signed: str = ""
    losses: str = ""
    given_up: str = ""
    owed_back: str = ""
    returns: list[ReturnShown] = field(default_factory=list)
    waiting: str = ""
    spread: list[SpreadShown] = field(default_factory=list)
    spread_words: str = ""
    largest: str = ""


def write_summaries(years: Sequence[int]) -> list[list[str]]:
    """Name the files of the interest summaries, the newest year first."""
    return [
        [f"{year} as {ending.upper()}", f"/api/exports/interest/{year}.{ending}"]
        for year in years[:SUMMARY_YEARS]
        for ending in ("pdf", "csv")
    ]


def write_portfolio(home: PortfolioHome) -> PortfolioShown:
    """Write the figures of a portfolio."""
    earned_on = f"earned on {formats.money(home.put_in_cents)} put in"
    return PortfolioShown(
        value=formats.money(home.value_cents),
        earned=f"{formats.signed_money(home.earned_cents)} {earned_on}",
        is_up=home.earned_cents > 0,
        in_notes=formats.money(home.in_notes_cents),
        held=formats.money(home.held_cents),
        available=formats.money(home.available_cents),
        accrued=formats.money(home.accrued_cents),
        parts=[home.in_notes_cents, home.held_cents, home.available_cents, home.accrued_cents],
        interest=formats.signed_money(home.received.interest_cents + home.received.late_fee_cents),
        fees=formats.signed_money(-home.received.servicing_fee_cents),
        accrued_signed=formats.signed_money(home.accrued_cents),
        losses=_losses(home.received),
        given_up=formats.signed_money(home.given_up_cents) if home.given_up_cents else "",
        owed_back=formats.money(home.owed_back_cents) if home.owed_back_cents else "",
        returns=_returns(home),
        waiting=_waiting(home),
        spread=_spread(home.spread),
        spread_words=(
            f"{formats.count(home.note_count, 'note')}, {formats.count(home.borrower_count, 'borrower')}"
        ),
        largest=_largest(home.largest_borrower_share),
    )


def _note_state(row: NoteRow) -> tuple[str, str]:
    if row.paused_until_on is not None:
        return "paused", f"Paused until {formats.short_date(row.paused_until_on)}"
    return ENDED_BADGES.get(row.loan_state, (BADGES[bucket(row.days_past_due)], describe(row.days_past_due)))


def write_note(row: NoteRow) -> NoteLine:
    """Write one note."""
    kind, state = _note_state(row)
    left = f"{row.installments_left} of {row.installment_count}"
    due = formats.short_date(row.next_due_on) if row.next_due_on else ""
    return NoteLine(
        title=row.title,
        href=f"/loans/{row.loan_id}",
        grade=row.grade.value,
        rate=formats.rate(row.annual_rate),
        bought=formats.money(row.principal_cents),
        owed=formats.money(row.outstanding_cents),
        left=left,
        due=due,
        phone_under=f"{formats.rate(row.annual_rate)}, {left} left",
        phone_due=f"due {due}" if due else "",
        kind=kind,
        state=state,
        is_late=row.days_past_due > 0,
    )


def write_bid(bid: ActiveBid, today: date) -> BidLine:
    """Write one bid that stands in an open book."""
    if bid.leading_cents == bid.amount_cents:
        kind, state = "good", "Leading"
    elif bid.leading_cents:
        kind, state = "good", f"Leads with {formats.whole_money(bid.leading_cents)}"
    else:
        kind, state = "neutral", "Outbid"
    closes_away = (
        "waits for the borrower"
        if bid.closes_on < today
        else f"closes {formats.days_away(bid.closes_on, today)}"
    )
    return BidLine(
        title=bid.title,
        href=f"/listings/{bid.listing_id}",
        grade=bid.grade.value,
        amount=formats.whole_money(bid.amount_cents),
        rate=formats.rate(bid.rate),
        closes=formats.short_date(bid.closes_on),
        closes_away=closes_away,
        phone_under=f"{formats.rate(bid.rate)}, {closes_away}",
        kind=kind,
        state=state,
        changed="",
    )


def _returns(home: PortfolioHome) -> list[ReturnShown]:
    named = (
        ("Net annualized return", home.net_annualized_return, "what your notes earned, after fees"),
        ("Adjusted", home.adjusted_return, "less what late loans are likely to lose"),
        (
            "Your money’s return (XIRR)",
            home.money_return,
            "idle cash and the day each dollar came included",
        ),
    )
    largest = max((float(each.rate) for _, each, _ in named if each.rate is not None), default=0.0)
    return [
        ReturnShown(
            name=name,
            figure=formats.rate(each.rate) if each.rate is not None else "not known yet",
            percent=_percent_of(each.rate, largest),
            series=series,
            note=note,
        )
        for series, (name, each, note) in zip(("1", "2", "4"), named, strict=True)
    ]


def _percent_of(rate: Decimal | float | None, largest: float) -> int:
    """Give the length of a bar; a loss has none."""
    if rate is None or largest <= 0:
        return 0
    return max(0, round(100 * float(rate) / largest))


def _waiting(home: PortfolioHome) -> str:
    """Say why a return is not known, and when it will be."""
    figures: tuple[YearlyReturn, ...] = (home.net_annualized_return, home.adjusted_return, home.money_return)
    unknown = [each for each in figures if each.rate is None]
    if not unknown:
        return ""
    known_from = [each.known_from_on for each in unknown if each.known_from_on is not None]
    if known_from:
        return f"A return shows after 90 days, from {formats.long_date(max(known_from))}."
    if home.net_annualized_return.rate is None:
        return "Returns show 90 days after you buy your first note."
    return "No yearly rate fits what went in and what came back."


def _spread(spread: tuple[GradeSpread, ...]) -> list[SpreadShown]:
    largest = max((each.outstanding_cents for each in spread), default=0)
    return [
        SpreadShown(
            grade=each.grade.value,
            amount=formats.money(each.outstanding_cents),
            share=formats.share(each.share),
            percent=max(1, 100 * each.outstanding_cents // largest),
        )
        for each in spread
    ]


def _largest(share: Decimal | None) -> str:
    if share is None:
        return ""
    percent = formats.rate(share).removesuffix(" %")
    return f"is {percent[:-1]} % of your notes."


def _losses(received: Received) -> str:
    """Write what was lost for good less what came back of it; a lender without losses is not told of any."""
    if not (received.charged_off_cents or received.recovered_cents):
        return ""
    return formats.signed_money(received.recovered_cents - received.charged_off_cents)
