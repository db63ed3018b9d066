"""Owns the end of a listing's window: accepted, left to its borrower to decide, or expired."""

from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa
from sqlmodel import Session, col, select

from p2p_reflex.domain.vocabulary import BidState, ListingState
from p2p_reflex.models import Listing
from p2p_reflex.services.bidding import acceptance, book_rows, origination
from p2p_reflex.services.bidding import book as books
from p2p_reflex.services.notices import market_notices

_ON = sa.bindparam("on", type_=sa.Date)
# Listings whose window, or whose time to decide, ends on a day or has ended before.
_ENDING = (
    select(Listing.id)
    .where(
        sa.or_(
            sa.and_(col(Listing.state) == ListingState.OPEN, col(Listing.closes_on) <= _ON),
            sa.and_(
                col(Listing.state) == ListingState.DECIDING,
                col(Listing.closes_on) <= _ON,
                col(Listing.decide_until_on) <= _ON,
            ),
        )
    )
    .order_by(col(Listing.id))
)


@dataclass(frozen=True, slots=True)
class ClosingOutcome:
    """What the end of a day did: ids of the loans made, and of the listings left to decide or expired."""

    loan_ids: tuple[int, ...] = ()
    deciding_ids: tuple[int, ...] = ()
    expired_ids: tuple[int, ...] = ()


def close_listings(session: Session, *, business_on: date, now: datetime) -> ClosingOutcome:
    """Close, at the end of a business day, what ends on it; running it again changes nothing.

    A window's last day is `closes_on`, the last day to decide is `decide_until_on`. A covered listing that
    accepts automatically becomes a loan now, not sooner, so that its rate can fall until the end.
    """
    loans: list[int] = []
    deciding: list[int] = []
    expired: list[int] = []
    closed: list[Listing] = []
    ending = session.exec(_ENDING, params={"on": business_on}).all()
    for listing in books.lock_listings(session, listing_ids=ending) if ending else ():
        if not _ends(listing, business_on):
            continue  # somebody accepted or withdrew it while this sweep waited for it
        book, bids = book_rows.standing_book(session, listing=listing)
        can_wait = listing.state is ListingState.OPEN and business_on < listing.decide_until_on
        if listing.state is ListingState.OPEN and book.is_covered and listing.accepts_automatically:
            loans.append(
                origination.originate(
                    session, listing=listing, book=book, bids=bids, business_on=business_on, now=now
                )
            )
        elif can_wait and acceptance.covers_smallest_share(listing, covered_cents=book.covered_cents):
            listing.state = ListingState.DECIDING
            listing.version += 1
            deciding.append(listing.id)
        else:
            _expire(session, listing, business_on=business_on, now=now)
            expired.append(listing.id)
        closed.append(listing)
    session.flush()
    market_notices.tell_closed(session, listings=closed, business_on=business_on, now=now)
    return ClosingOutcome(tuple(loans), tuple(deciding), tuple(expired))


def _ends(listing: Listing, business_on: date) -> bool:
    """Check again, now that the listing is locked, that it ends on this day."""
    if listing.state is ListingState.OPEN:
        return listing.closes_on <= business_on
    return listing.state is ListingState.DECIDING and listing.decide_until_on <= business_on


def _expire(session: Session, listing: Listing, *, business_on: date, now: datetime) -> None:
    """End a listing that nobody accepted, and free what was held for it."""
    books.release_book(
        session,
        listing=listing,
        state=BidState.REJECTED,
        memo=f"Listing expired: {listing.title}",
        business_on=business_on,
        now=now,
    )
    listing.state = ListingState.EXPIRED
    listing.ended_on = business_on
    listing.version += 1
