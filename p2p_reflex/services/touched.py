"""Owns what a transaction has touched: topics by which screens hear of a change once it is committed.

Whatever goes through the session as a row is noted by itself; who writes with statements of its own says so
with `touch`. A transaction that fails touches nothing.
"""

from collections.abc import Callable, Iterable
from typing import Any

from sqlalchemy import event
from sqlmodel import Session

from p2p_reflex.domain.vocabulary import ListingState
from p2p_reflex.models import BusinessClock, Listing, Loan, Member

MARKET = "market"
"""Any open listing or its book changed, or there is one more or less."""
LISTINGS = "listings"
"""There is one more open listing, or one less."""
BOOKS = "books"
"""Money moved."""
DAY = "day"
"""The business date moved on."""
REQUESTS = "requests"
"""Something waits for a second admin, or does not any more."""
MEMBERS = "members"
"""Somebody joined, or a member's row changed."""
BOTS = "bots"
"""Bots decided, or were changed; who answers to people leaves such a transaction alone."""
STEERED = "bots steered"
"""An admin changed how a bot bids from now on, or started one; such a change is answered at once."""

_KEPT_AS = "touched topics"


def listing_topic(listing_id: int) -> str:
    """Name one listing and its book."""
    return f"listing:{listing_id}"


def loan_topic(loan_id: int) -> str:
    """Name one loan."""
    return f"loan:{loan_id}"


def member_topic(member_id: int) -> str:
    """Name what belongs to one member: money, bids, listings, notes and loans."""
    return f"member:{member_id}"


def listing_ids_in(topics: Iterable[str]) -> set[int]:
    """Return the ids of the listings among topics."""
    return {int(topic.removeprefix("listing:")) for topic in topics if topic.startswith("listing:")}


def touch(session: Session, *topics: str) -> None:
    """Note that this transaction changes what these topics name."""
    session.info.setdefault(_KEPT_AS, set()).update(topics)


def topics_of(session: Session) -> frozenset[str]:
    """Return what the session's transaction has touched."""
    return frozenset(session.info.get(_KEPT_AS, ()))


def _listing_touches(row: Listing) -> tuple[str, ...]:
    mine = (listing_topic(row.id), member_topic(row.borrower_id))
    return mine if row.state is ListingState.DRAFT else (*mine, MARKET, LISTINGS)


_ROWS: dict[type[Any], Callable[[Any], tuple[str, ...]]] = {
    BusinessClock: lambda row: (DAY,),
    Listing: _listing_touches,
    Loan: lambda row: (loan_topic(row.id), member_topic(row.borrower_id)),
    Member: lambda row: (MEMBERS, member_topic(row.id)),
}


def _note_rows(session: Session, _flushed: object) -> None:
    """Touch what the rows that were just written stand for."""
    for row in (*session.new, *session.dirty, *session.deleted):
        topics = _ROWS.get(type(row))
        if topics is not None:
            touch(session, *topics(row))


event.listen(Session, "after_flush", _note_rows)
