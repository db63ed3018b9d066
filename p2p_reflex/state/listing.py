"""Owns the listing screen: the listing as it stands, the bid form, the borrower's decisions."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from decimal import Decimal
from operator import attrgetter
from typing import Any

import plotly.graph_objects as go
import reflex as rx
from reflex.event import EventSpec

from p2p_reflex.charts.layout import EMPTY_FIGURE
from p2p_reflex.domain import formats
from p2p_reflex.domain.errors import FieldError, LendingError, UnknownError
from p2p_reflex.domain.vocabulary import Role
from p2p_reflex.services.bidding import acceptance, bidding
from p2p_reflex.services.bidding.bidding import BidOutcome, BidQuote
from p2p_reflex.services.days import business_date
from p2p_reflex.services.listings import listing_view, listings
from p2p_reflex.services.listings.listing_view import ListingView, Place
from p2p_reflex.services.touched import DAY, listing_topic, member_topic
from p2p_reflex.state import listing_facts, listing_quote, listing_rows
from p2p_reflex.state.base import ScreenState, key_in, loads_for_all, requires, text_in
from p2p_reflex.state.frame import FrameState
from p2p_reflex.state.listing_facts import FactsShown, OfferShown
from p2p_reflex.state.listing_quote import QuoteShown, StandingShown
from p2p_reflex.state.listing_rows import BidLine

LONGEST_TYPED = 600
LIVE_FIGURES = attrgetter("amount", "of_amount", "rate", "words")


class ListingState(ScreenState, rx.State):
    """Show one listing; what a person types is kept apart, so that the listing can change under it."""

    facts: FactsShown = FactsShown()
    leading: list[BidLine] = []
    outbid: list[BidLine] = []
    line_words: str = ""
    depth: go.Figure = EMPTY_FIGURE
    is_own: bool = False
    can_decline: bool = False
    ending: str = ""
    ending_note: str = ""
    loan_href: str = ""
    sign_in_href: str = "/login"

    panel: str = ""
    standing: StandingShown = StandingShown()
    quote: QuoteShown = QuoteShown()
    rate_limits: str = ""
    refusal: str = ""

    offer: OfferShown = OfferShown()
    average: go.Figure = EMPTY_FIGURE
    has_average: bool = False
    average_change: str = ""
    messages: list[BidLine] = []

    bid_amount: str = ""
    bid_rate: str = ""
    bid_message: str = ""
    dialog: str = ""
    dialog_error: str = ""
    is_busy: bool = False

    _listing_number: int = 0
    _own_bid_number: int = 0
    _own_terms: tuple[int, Decimal] = (0, Decimal(0))
    _form_of: tuple[int, int] = (0, 0)
    _rate_now: Decimal = Decimal(0)
    _has_bids: bool = False

    @rx.event
    @loads_for_all
    async def load(self) -> AsyncIterator[None]:
        """Show the listing the address names; a form that is being filled in stays as it is."""
        number = number_in(self.router.url.path)
        if number != self._listing_number:
            self._listing_number, self.loaded, self.missing = number, False, ""
            yield
        person = await self.who_if_anyone()
        mine = [member_topic(person.member_id)] if person else []
        self._watch(listing_topic(number), DAY, *mine)
        shown = await self._refresh()
        form_of = (number, person.member_id if person else 0)
        if form_of != self._form_of:
            self._form_of, self.errors, self.dialog = form_of, {}, ""
            self.bid_amount, self.bid_rate, self.bid_message = listing_quote.form_of(shown.own_bid)
        await self._work_out()

    @rx.event
    @requires("lender")
    async def type_amount(self, text: str) -> None:
        """Take the amount as typed, and show what it would do."""
        self.bid_amount = text[:LONGEST_TYPED]
        await self._work_out()

    @rx.event
    @requires("lender")
    async def type_rate(self, text: str) -> None:
        """Take the rate as typed, and show what it would do."""
        self.bid_rate = text[:LONGEST_TYPED]
        await self._work_out()

    @rx.event
    @requires("lender")
    async def type_message(self, text: str) -> None:
        """Take the message as typed."""
        self.bid_message = text[:LONGEST_TYPED]

    @rx.event
    @requires("lender")
    async def lead_in_full(self) -> None:
        """Put the highest rate that leads in full into the field."""
        await self._work_out()
        if self.quote.lead_in_full_rate:
            self.bid_rate = self.quote.lead_in_full_rate
            await self._work_out()

    @rx.event
    @requires("lender")
    async def place_bid(self, form: dict[str, Any]) -> AsyncIterator[EventSpec | None]:
        """Place the bid that the fields say; where the book closed meanwhile, show it as it is now."""
        person = await self.who()
        form_key = key_in(form)
        self.bid_amount, self.bid_rate, self.bid_message = (
            text_in(form, field)[:LONGEST_TYPED] for field in ("amount", "rate", "message")
        )
        self.is_busy = True
        yield
        try:
            placed = await self.act(
                bidding.place_bid,
                lender_id=person.member_id,
                listing_id=number_in(self.router.url.path),
                amount=self.bid_amount,
                rate=self.bid_rate,
                message=self.bid_message,
                form_key=form_key,
                business_on=await self.ask(business_date.today),
                now=datetime.now(UTC),
            )
            await self._refresh()
            await self._work_out()
            yield _placed_toast(placed)
            yield FrameState.load
        except FieldError:
            raise
        except LendingError:
            await self._refresh()
            raise
        finally:
            self.is_busy = False

    @rx.event
    @requires("lender")
    async def withdraw_bid(self, form_key: str) -> AsyncIterator[EventSpec | None]:
        """Take back the own bid, of which nothing leads."""
        person = await self.who()
        try:
            await self.act(
                bidding.withdraw_bid,
                lender_id=person.member_id,
                bid_id=self._own_bid_number,
                form_key=key_in({"form_key": form_key}),
                business_on=await self.ask(business_date.today),
                now=datetime.now(UTC),
            )
        finally:
            await self._refresh()
            await self._work_out()
        yield rx.toast.success("Bid withdrawn", description="You may bid again while the listing is open.")

    @rx.event
    @requires("borrower")
    async def decline_bid(self, bid_id: int, form_key: str) -> AsyncIterator[EventSpec | None]:
        """Turn one bid down; the book fills again from the others."""
        person = await self.who()
        declined = next((line for line in (*self.leading, *self.outbid) if line.bid_id == bid_id), None)
        try:
            await self.act(
                bidding.decline_bid,
                borrower_id=person.member_id,
                bid_id=bid_id,
                form_key=key_in({"form_key": form_key}),
                business_on=await self.ask(business_date.today),
                now=datetime.now(UTC),
            )
        finally:
            await self._refresh()
        if declined is not None:
            told = f"{declined.offer}. The next best offers move up."
            yield rx.toast.success(f"Declined the bid of {declined.name}", description=told)

    @rx.event
    @requires("borrower")
    async def show_accept(self, is_open: bool) -> None:
        """Open or close the question before accepting; it shows the offers of this moment."""
        self.dialog, self.dialog_error = ("accept" if is_open else ""), ""
        await self._refresh()

    @rx.event
    @requires("borrower")
    async def show_withdraw(self, is_open: bool) -> None:
        """Open or close the question before withdrawing."""
        self.dialog, self.dialog_error = ("withdraw" if is_open else ""), ""
        await self._refresh()

    @rx.event
    @requires("borrower")
    async def accept(self, seen: str, form_key: str) -> AsyncIterator[EventSpec | None]:
        """Accept the offers that the dialog showed; where they got worse, show them and ask again."""
        person = await self.who()
        seen_average_rate, seen_covered_cents = _seen(seen)
        self.is_busy, self.dialog_error = True, ""
        yield
        try:
            loan_id = await self.act(
                acceptance.accept,
                borrower_id=person.member_id,
                listing_id=number_in(self.router.url.path),
                seen_average_rate=seen_average_rate,
                seen_covered_cents=seen_covered_cents,
                form_key=key_in({"form_key": form_key}),
                business_on=await self.ask(business_date.today),
                now=datetime.now(UTC),
            )
            self.dialog = ""
            yield rx.toast.success("You took the loan", description="The money is in your wallet.")
            yield rx.redirect(f"/loans/{loan_id}")
        except LendingError as refused:
            await self._refresh()
            if not self.offer.can_accept:
                self.dialog = ""
                raise
            self.dialog_error = refused.message
        finally:
            self.is_busy = False

    @rx.event
    @requires("borrower")
    async def withdraw_listing(self, form_key: str) -> AsyncIterator[EventSpec | None]:
        """Take the listing off the market."""
        person = await self.who()
        self.is_busy = True
        yield
        try:
            await self.act(
                listings.withdraw,
                borrower_id=person.member_id,
                listing_id=number_in(self.router.url.path),
                form_key=key_in({"form_key": form_key}),
                business_on=await self.ask(business_date.today),
                now=datetime.now(UTC),
            )
            yield rx.toast.success("Listing withdrawn", description="Every bid was released.")
            yield FrameState.load
        finally:
            self.is_busy, self.dialog = False, ""
            await self._refresh()

    async def _on_push(self, topics: frozenset[str]) -> None:
        if self.dialog:
            return  # what somebody decides on stands still; closing the dialog looks anew
        shown = [*self.get_value("leading"), *self.get_value("outbid")]
        errors = dict(self.get_value("errors"))
        await self._refresh()
        await self._work_out()
        self.errors = errors
        for lines in ("leading", "outbid"):
            new = self._light(self.get_value(lines), shown, key=attrgetter("bid_id"), figures=LIVE_FIGURES)
            setattr(self, lines, new)

    async def _refresh(self) -> ListingView:
        """Read the listing anew; nothing that a person types is touched."""
        person = await self.who_if_anyone()
        today = await self.ask(business_date.today)
        shown = await self.ask(
            listing_view.view,
            listing_id=number_in(self.router.url.path),
            viewer_id=person.member_id if person else None,
            role=person.role if person else None,
            business_on=today,
        )
        self.facts = listing_facts.write_facts(shown, today=today)
        self.leading, self.outbid = listing_rows.write_bids(shown)
        self.line_words = listing_rows.covered_words(shown)
        self.depth = listing_rows.draw_depth(shown)
        self.is_own, self.can_decline = shown.is_own_listing, shown.can_decline
        self.ending, self.ending_note = listing_facts.ending_words(shown)
        self.loan_href = f"/loans/{shown.loan_id}" if shown.loan_id is not None else ""
        self.sign_in_href = f"/login?next=/listings/{shown.listing_id}"
        self.panel = _panel(shown, person.role if person else None)
        self.refusal = shown.bid_refusal or ""
        own = shown.own_bid
        self._own_bid_number = own.bid_id if own else 0
        self._own_terms = (own.amount_cents, own.rate) if own else (0, Decimal(0))
        self._rate_now = shown.average_rate if shown.average_rate is not None else shown.highest_rate
        self._has_bids = shown.average_rate is not None
        low, high = formats.rate(shown.floor_rate), formats.rate(shown.highest_rate)
        self.rate_limits = f"{low.removesuffix(' %')} to {high.removesuffix(' %')}"
        self.standing = listing_quote.write_standing(shown)
        if own is not None and own.place is Place.OUTBID and self.panel == "bid":
            again = await self._quote("", amount=listing_quote.amount_typed(own.amount_cents))
            self.standing = listing_quote.with_lower_bid(self.standing, own, again)
        if shown.is_own_listing:
            self.offer = listing_facts.write_offer(shown, today=today)
            self.average, self.average_change = listing_rows.draw_average(shown)
            self.has_average = self.average is not EMPTY_FIGURE
            self.messages = listing_rows.with_messages([*self.leading, *self.outbid])
        return shown

    async def _work_out(self) -> None:
        """Show what the bid in the fields would do; an empty rate shows what the rate now would earn."""
        if self.panel != "bid":
            return
        quote = await self._quote(self.bid_rate)
        said = {"amount": (self.bid_amount, quote.amount_error), "rate": (self.bid_rate, quote.rate_error)}
        self.errors = {field: error for field, (text, error) in said.items() if error and text.strip()}
        label = "Bid rate"
        if not self.bid_rate.strip():
            label = "At the average rate now" if self._has_bids else "At the highest rate"
            at_now = await self._quote(listing_quote.percent_typed(self._rate_now))
            shown = listing_quote.write_quote(quote, rate_label=label, has_errors=bool(self.errors))
            earned = listing_quote.write_quote(at_now, rate_label=label)
            shown.rate, shown.servicing, shown.expected = earned.rate, earned.servicing, earned.expected
            self.quote = shown
            return
        self.quote = listing_quote.write_quote(
            quote,
            rate_label=label,
            is_standing=(quote.amount_cents, quote.rate) == self._own_terms,
            has_errors=bool(self.errors),
        )

    async def _quote(self, rate: str, *, amount: str | None = None) -> BidQuote:
        person = await self.who()
        return await self.ask(
            bidding.quote,
            lender_id=person.member_id,
            listing_id=number_in(self.router.url.path),
            amount=self.bid_amount if amount is None else amount,
            rate=rate,
            business_on=await self.ask(business_date.today),
        )


def number_in(path: str) -> int:
    """Take the listing's number from the address, which is the client's to choose."""
    last = path.rstrip("/").rpartition("/")[2]
    if not (last.isascii() and last.isdigit() and len(last) <= 18):
        raise UnknownError("listing")
    return int(last)


def _panel(shown: ListingView, role: Role | None) -> str:
    """Choose what stands at the right."""
    if listing_facts.ending_words(shown)[0]:
        return "ended"
    if shown.is_own_listing:
        return "accept"
    if role is Role.LENDER:
        return "bid" if shown.can_bid else "closed"
    return "visitor" if role is None else "watch"


def _seen(seen: str) -> tuple[Decimal, int]:
    """Take what the dialog showed from the button that was pressed."""
    rate, _, cents = seen.partition(" ")
    is_figure = all(part.isascii() and part.isdigit() for part in (*rate.split(".", 1), cents))
    if len(seen) > 40 or not is_figure:
        raise LendingError("This page is out of date. Reload it and try again.")
    return Decimal(rate), int(cents)


def _placed_toast(placed: BidOutcome) -> EventSpec:
    """Tell that a bid stands, and how much of it leads."""
    amount, leads = formats.whole_money(placed.amount_cents), formats.whole_money(placed.leading_cents)
    if placed.leading_cents == placed.amount_cents:
        outcome = "All of it leads."
    elif placed.leading_cents:
        outcome = f"{leads} of it leads."
    else:
        outcome = "Nothing of it leads yet."
    told = f"{amount} at {formats.rate(placed.rate)}. {outcome}"
    return rx.toast.success("Bid placed", description=told, id=f"bid-{placed.bid_id}")
