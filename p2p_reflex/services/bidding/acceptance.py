"""Owns the borrower's yes: what accepting the offers would mean, and accepting them."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlmodel import Session

from p2p_reflex.domain import amortization, fees, formats
from p2p_reflex.domain.errors import LendingError, UnknownError
from p2p_reflex.domain.order_book import Book
from p2p_reflex.domain.vocabulary import ListingState
from p2p_reflex.models import Listing
from p2p_reflex.services import idempotency
from p2p_reflex.services.bidding import book as books
from p2p_reflex.services.bidding import book_rows, origination

_ENDED = {
    ListingState.DRAFT: "This listing is not published yet.",
    ListingState.ACCEPTED: "You have already accepted the offers on this listing.",
    ListingState.WITHDRAWN: "You withdrew this listing, so there is nothing left to accept.",
    ListingState.EXPIRED: "This listing has expired, so there is nothing left to accept.",
}


class NotAcceptableError(LendingError):
    """The offers cannot be accepted as they stand."""


class OffersGotWorseError(LendingError):
    """The book is worse for the borrower than the one that was on the screen."""


@dataclass(frozen=True, slots=True)
class AcceptanceQuote:
    """What accepting the offers now would mean; `reason` says why it is not possible, if it is not.

    The figures describe what leads, whether it can be accepted or not; they are none while nothing leads.
    """

    can_accept: bool
    reason: str | None
    asked_cents: int
    amount_cents: int
    fee_rate: Decimal
    fee_cents: int
    net_cents: int
    lender_count: int
    term_months: int
    average_rate: Decimal | None
    apr: Decimal | None
    installment_cents: int | None
    total_cost_cents: int | None
    first_due_on: date | None
    decide_until_on: date


def quote(session: Session, *, borrower_id: int, listing_id: int, business_on: date) -> AcceptanceQuote:
    """Work out what accepting the offers on one's own listing would mean. Raises UnknownError."""
    listing = session.get(Listing, listing_id) if book_rows.is_id(listing_id) else None
    if listing is None or listing.borrower_id != borrower_id:
        raise UnknownError("listing")
    book, _ = book_rows.standing_book(session, listing=listing)
    return describe(listing, book=book, business_on=business_on)


def describe(listing: Listing, *, book: Book, business_on: date) -> AcceptanceQuote:
    """Work out what a listing's book means for its borrower on a day."""
    reason = _reason(listing, book.covered_cents, business_on)
    fee = fees.origination_fee_cents(principal_cents=book.covered_cents, grade=listing.grade)
    apr = installment = first_due_on = cost = None
    if book.average_rate is not None:
        schedule = amortization.amortization_schedule(
            principal_cents=book.covered_cents,
            annual_rate=book.average_rate,
            term_months=listing.term_months,
            disbursed_on=business_on,
        )
        apr = origination.apr(principal_cents=book.covered_cents, fee_cents=fee, schedule=schedule)
        installment, first_due_on = schedule[0].payment_cents, schedule[0].due_on
        cost = schedule.interest_cents + fee
    return AcceptanceQuote(
        can_accept=reason is None,
        reason=reason,
        asked_cents=listing.amount_cents,
        amount_cents=book.covered_cents,
        fee_rate=fees.origination_fee_rate(listing.grade),
        fee_cents=fee,
        net_cents=book.covered_cents - fee,
        lender_count=len(book.leading),
        term_months=listing.term_months,
        average_rate=book.average_rate,
        apr=apr,
        installment_cents=installment,
        total_cost_cents=cost,
        first_due_on=first_due_on,
        decide_until_on=listing.decide_until_on,
    )


def accept(
    session: Session,
    *,
    borrower_id: int,
    listing_id: int,
    seen_average_rate: Decimal,
    seen_covered_cents: int,
    form_key: str,
    business_on: date,
    now: datetime,
) -> int:
    """Accept the book as it stands, if it is no worse than what the borrower saw, and return the loan's id.

    Raises UnknownError, NotAcceptableError, OffersGotWorseError, FormReusedError.
    """

    def act() -> dict[str, Any]:
        listing = books.lock_listing(session, listing_id=listing_id)
        if listing.borrower_id != borrower_id:
            raise UnknownError("listing")
        book, bids = book_rows.standing_book(session, listing=listing)
        reason = _reason(listing, book.covered_cents, business_on)
        if reason is not None:
            raise NotAcceptableError(reason)
        _check_seen(book, seen_average_rate, seen_covered_cents)
        loan_id = origination.originate(
            session, listing=listing, book=book, bids=bids, business_on=business_on, now=now
        )
        return {"loan_id": loan_id}

    answer = idempotency.once(
        session,
        member_id=borrower_id,
        key=form_key,
        action="accept_offers",
        body={
            "listing_id": listing_id,
            "seen_average_rate": str(seen_average_rate),
            "seen_covered_cents": seen_covered_cents,
        },
        now=now,
        act=act,
    )
    return int(answer["loan_id"])


def covers_smallest_share(listing: Listing, *, covered_cents: int) -> bool:
    """Tell whether enough leads for the borrower to take it."""
    return covered_cents > 0 and covered_cents * 100 >= listing.amount_cents * listing.smallest_share_percent


def _reason(listing: Listing, covered_cents: int, business_on: date) -> str | None:
    """Say why the offers cannot be accepted, or nothing where they can."""
    if listing.state not in books.BOOK_STATES:
        return _ENDED[listing.state]
    if business_on > listing.decide_until_on:
        return "The time to accept these offers is over."
    if covered_cents >= listing.amount_cents:
        return None
    covered, asked = formats.whole_money(covered_cents), formats.whole_money(listing.amount_cents)
    if listing.state is ListingState.OPEN:
        return f"{covered} of {asked} is covered so far. You can accept once all of it is."
    if covers_smallest_share(listing, covered_cents=covered_cents):
        return None
    share = f"{listing.smallest_share_percent} %"
    return f"Only {covered} of {asked} is covered, and you asked for at least {share} of it."


def _check_seen(book: Book, seen_average_rate: Decimal, seen_covered_cents: int) -> None:
    """Refuse a book that got worse while the borrower was deciding; a better one is welcome."""
    if book.covered_cents < seen_covered_cents:
        covered = formats.whole_money(book.covered_cents)
        raise OffersGotWorseError(
            f"The offers changed a moment ago and now cover {covered}. Look at them again before you accept."
        )
    if book.average_rate is None or book.average_rate > seen_average_rate:
        average = "nothing" if book.average_rate is None else formats.rate(book.average_rate)
        raise OffersGotWorseError(
            f"The offers changed a moment ago and now average {average}."
            " Look at them again before you accept."
        )
