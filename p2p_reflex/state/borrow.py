"""Owns the borrower's home screen: the next payment, the loans, the open listings, and what is over."""

from datetime import date
from operator import itemgetter
from typing import TypedDict

import reflex as rx

from p2p_reflex.domain import delinquency, formats
from p2p_reflex.domain.vocabulary import DelinquencyBucket, ListingState, LoanState
from p2p_reflex.services.days import business_date
from p2p_reflex.services.loans import borrowing
from p2p_reflex.services.loans.borrowing import BorrowingHome, OpenListing, PastRequest, RunningLoan
from p2p_reflex.services.touched import DAY, member_topic
from p2p_reflex.state.base import ScreenState, loads, requires

BUCKET_KINDS = {
    DelinquencyBucket.CURRENT: "good",
    DelinquencyBucket.GRACE: "grace",
    DelinquencyBucket.LATE_16_30: "warning",
    DelinquencyBucket.LATE_31_120: "late",
    DelinquencyBucket.DEFAULT: "bad",
}
OUTCOMES = {
    ListingState.WITHDRAWN: ("neutral", "Withdrawn"),
    ListingState.EXPIRED: ("neutral", "Expired"),
    LoanState.PAID_OFF: ("done", "Paid off"),
    LoanState.CHARGED_OFF: ("neutral", "Charged off"),
}
LIVE_FIGURES = itemgetter("covered", "rate", "bids", "state")


class LoanRow(TypedDict):
    """One loan as the table shows it."""

    title: str
    href: str
    grade: str
    under: str
    phone_under: str
    owed: str
    of_principal: str
    rate: str
    repaid: str
    repaid_percent: int
    paid: str
    due: str
    due_on: str
    due_away: str
    kind: str
    state: str


class ListingRow(TypedDict):
    """One open listing as the table shows it."""

    title: str
    href: str
    grade: str
    under: str
    phone_under: str
    covered: str
    covered_percent: int
    offered_percent: int
    rate: str
    bids: str
    ends_on: str
    ends_away: str
    kind: str
    state: str
    changed: str


class PastRow(TypedDict):
    """One thing that is over as the table shows it."""

    title: str
    href: str
    amount: str
    ended_on: str
    kind: str
    outcome: str


class NextPayment(TypedDict):
    """The payment to make first; empty texts where none is due."""

    title: str
    href: str
    amount: str
    due_on: str
    due_away: str
    kind: str
    state: str
    how: str
    is_short: bool


NO_PAYMENT = NextPayment(
    title="", href="", amount="", due_on="", due_away="", kind="", state="", how="", is_short=False
)


class BorrowState(ScreenState, rx.State):
    """Show a borrower's home."""

    owed: str = ""
    owed_note: str = ""
    monthly: str = ""
    monthly_note: str = ""
    asked: str = ""
    asked_note: str = ""
    interest_paid: str = ""
    next_payment: NextPayment = NO_PAYMENT
    loans: list[LoanRow] = []
    listings: list[ListingRow] = []
    history: list[PastRow] = []
    history_page: int = 1
    history_words: str = ""
    has_earlier: bool = False
    is_new: bool = True

    @rx.event
    @loads("borrower")
    async def load(self) -> None:
        """Fill the screen."""
        self.history_page = 1
        person = await self.who()
        self._watch(member_topic(person.member_id), DAY)
        await self._show()

    @rx.event
    @requires("borrower")
    async def turn_page(self, step: int) -> None:
        """Show what ended earlier, or later again."""
        self.history_page = max(1, self.history_page + (1 if step > 0 else -1))
        await self._show()

    async def _on_push(self, topics: frozenset[str]) -> None:
        shown = self.get_value("listings")
        await self._show()
        listings = self.get_value("listings")
        self.listings = self._light(listings, shown, key=itemgetter("href"), figures=LIVE_FIGURES)

    async def _show(self) -> None:
        person = await self.who()
        today = await self.ask(business_date.today)
        home = await self.ask(
            borrowing.home, borrower_id=person.member_id, business_on=today, history_page=self.history_page
        )
        self._show_figures(home)
        self.next_payment = _next_payment(home)
        self.loans = [_loan_row(loan, today) for loan in home.loans]
        self.listings = [_listing_row(listing, today) for listing in home.listings]
        self._show_history(home)
        self.is_new = not (home.loans or home.listings or home.history_count)

    def _show_figures(self, home: BorrowingHome) -> None:
        self.owed = formats.money(home.owed_cents)
        self.owed_note = (
            f"of {formats.whole_money(home.borrowed_cents)} borrowed" if home.loans else "no loan runs"
        )
        self.monthly = formats.money(home.monthly_cents)
        self.monthly_note = (
            f"over {formats.count(len(home.loans), 'loan')}" if home.loans else "nothing to pay"
        )
        self.asked = formats.whole_money(home.asked_cents)
        self.asked_note = _asked_note(home)
        self.interest_paid = formats.money(home.interest_paid_cents)

    def _show_history(self, home: BorrowingHome) -> None:
        self.history = [_past_row(past) for past in home.history]
        first = borrowing.HISTORY_PAGE_SIZE * (self.history_page - 1)
        last = first + len(home.history)
        self.history_words = f"{first + 1} to {last} of {home.history_count:,}" if home.history else ""
        self.has_earlier = last < home.history_count


def _asked_note(home: BorrowingHome) -> str:
    if not home.listings:
        return "no open listing"
    if home.covered_cents == home.asked_cents:
        return "all of it covered"
    return f"{formats.whole_money(home.covered_cents)} of it covered"


def _next_payment(home: BorrowingHome) -> NextPayment:
    loan = home.next_payment
    if loan is None or loan.next_due_on is None:
        return NO_PAYMENT
    is_short = loan.autopay and home.wallet_cents < loan.due_cents
    if is_short:
        how = (
            f"Autopay needs {formats.money(loan.due_cents - home.wallet_cents)} more in your wallet "
            "to take it in full."
        )
    elif loan.autopay:
        how = f"Autopay takes it from your wallet, which has {formats.money(home.wallet_cents)}."
    else:
        how = "Autopay is off, so you pay it by hand."
    kind, state = _loan_state(loan)
    return NextPayment(
        title=loan.title,
        href=f"/loans/{loan.loan_id}",
        amount=formats.money(loan.due_cents),
        due_on=formats.long_date(loan.next_due_on),
        due_away=formats.days_away(loan.next_due_on, home.business_on),
        kind=kind,
        state=state,
        how=how,
        is_short=is_short,
    )


def _loan_row(loan: RunningLoan, today: date) -> LoanRow:
    due_on = formats.short_date(loan.next_due_on) if loan.next_due_on else "none"
    paid = f"{loan.paid_count} of {loan.installment_count} paid"
    kind, state = _loan_state(loan)
    due = f"{formats.money(loan.due_cents)} due {due_on}, {paid}"
    return LoanRow(
        title=loan.title,
        href=f"/loans/{loan.loan_id}",
        grade=loan.grade.value,
        under=formats.purpose(loan.purpose),
        phone_under=due if kind == "good" else f"{state}. {due}",
        owed=formats.money(loan.outstanding_cents),
        of_principal=f"of {formats.whole_money(loan.principal_cents)}",
        rate=formats.rate(loan.annual_rate),
        repaid=formats.share(loan.repaid_share),
        repaid_percent=int(loan.repaid_share * 100),
        paid=paid,
        due=formats.money(loan.due_cents),
        due_on=due_on,
        due_away=formats.days_away(loan.next_due_on, today) if loan.next_due_on else "",
        kind=kind,
        state=state,
    )


def _loan_state(loan: RunningLoan) -> tuple[str, str]:
    if loan.paused_until_on is not None:
        return "paused", f"Paused until {formats.short_date(loan.paused_until_on)}"
    if loan.state is LoanState.DEFAULTED:
        return "bad", "Default"
    return BUCKET_KINDS[loan.bucket], delinquency.describe(loan.days_past_due)


def _listing_row(listing: OpenListing, today: date) -> ListingRow:
    is_deciding = listing.state is ListingState.DECIDING
    ends_on = listing.decide_until_on if is_deciding else listing.closes_on
    kind, state = _listing_state(listing, today)
    asked = formats.whole_money(listing.amount_cents)
    covered = f"{formats.whole_money(listing.covered_cents)} of {asked}"
    rate = formats.rate(listing.average_rate) if listing.average_rate is not None else "no offers yet"
    return ListingRow(
        title=listing.title,
        href=f"/listings/{listing.listing_id}",
        grade=listing.grade.value,
        under=f"{formats.purpose(listing.purpose)}, {listing.term_months} months",
        phone_under=f"{covered} covered, {rate}",
        covered=covered,
        covered_percent=100 * listing.covered_cents // listing.amount_cents,
        offered_percent=100 * listing.offered_cents // listing.amount_cents,
        rate=rate,
        bids=formats.count(listing.bid_count, "bid"),
        ends_on=formats.short_date(ends_on),
        ends_away=("decide " if is_deciding else "closes ") + formats.days_away(ends_on, today),
        kind=kind,
        state=state,
        changed="",
    )


def _listing_state(listing: OpenListing, today: date) -> tuple[str, str]:
    """Say where a listing stands; what ends within a day is amber."""
    if listing.state is ListingState.DECIDING:
        return "warning", "Yours to decide"
    if listing.covered_cents >= listing.amount_cents:
        return "done", "Covered"
    if (listing.closes_on - today).days <= 1:
        return "grace", "Closes soon"
    return "good", "Open"


def _past_row(past: PastRequest) -> PastRow:
    kind, outcome = OUTCOMES[past.outcome]
    return PastRow(
        title=past.title,
        href=f"/loans/{past.loan_id}" if past.loan_id else f"/listings/{past.listing_id}",
        amount=formats.whole_money(past.amount_cents),
        ended_on=formats.long_date(past.ended_on),
        kind=kind,
        outcome=outcome,
    )
