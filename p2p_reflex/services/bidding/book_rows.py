"""Owns the rows of books: reads the bids that stand in them, writes bids and totals, a table at a time."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple, Protocol

import sqlalchemy as sa
from sqlmodel import Session

from p2p_reflex.domain.errors import LendingError
from p2p_reflex.domain.order_book import Book, OpenBid, fill
from p2p_reflex.domain.vocabulary import BidState
from p2p_reflex.models import Bid, Listing, table_of
from p2p_reflex.services.bulk import batch_columns, batch_rows
from p2p_reflex.services.bulk.batch_rows import Columns
from p2p_reflex.services.touched import MARKET, listing_topic, member_topic, touch

_bids = table_of(Bid)
_listings = table_of(Listing)


class BookMovedError(LendingError):
    """Somebody else changed the book between this transaction's look and its write."""

    def __init__(self) -> None:
        super().__init__("This listing changed a moment ago. Look again and try once more.")


class BookListing(Protocol):
    """What repricing needs to know of a listing: the row itself, or a record of it read under its lock."""

    @property
    def id(self) -> int:
        """Give the listing's id."""

    @property
    def borrower_id(self) -> int:
        """Give whose listing it is."""

    @property
    def title(self) -> str:
        """Give its title, for the statement."""

    @property
    def amount_cents(self) -> int:
        """Give what is asked for."""

    @property
    def version(self) -> int:
        """Give the version its totals had when it was read."""


class LiveBid(NamedTuple):
    """A bid that stands in a book, as it lies in the database."""

    bid_id: int
    listing_id: int
    lender_id: int
    is_bot: bool
    amount_cents: int
    rate: Decimal
    leading_cents: int
    hold_id: int | None

    @property
    def open_bid(self) -> OpenBid:
        """Give the bid as the order book ranks it; a later bid has a higher id."""
        return OpenBid(self.bid_id, self.lender_id, self.amount_cents, self.rate, self.is_bot, self.bid_id)


class NewBid(NamedTuple):
    """A bid that was checked and asks for its place."""

    lender_id: int
    is_bot: bool
    amount_cents: int
    rate: Decimal
    message: str = ""


class PlacedRow(NamedTuple):
    """A new bid with what of it leads and the hold for that."""

    listing_id: int
    bid: NewBid
    leading_cents: int
    hold_id: int | None


class MovedRow(NamedTuple):
    """A standing bid with its amount, what of it leads now and the hold for that."""

    bid_id: int
    amount_cents: int
    leading_cents: int
    hold_id: int | None


class EndedRow(NamedTuple):
    """A bid that leaves its book; only an accepted one keeps an amount and its posted hold."""

    bid_id: int
    state: BidState
    accepted_cents: int = 0
    hold_id: int | None = None


class TotalsRow(NamedTuple):
    """What stands on a listing about its book; `version` is the one that was read."""

    listing_id: int
    version: int
    covered_cents: int
    offered_cents: int
    average_rate: Decimal | None
    bid_count: int


def is_id(value: object) -> bool:
    """Tell what may be the id of a row from what only a hostile client sends."""
    return type(value) is int and 0 < value < 2**63


def live_bids(session: Session, *, listing_ids: Sequence[int]) -> dict[int, list[LiveBid]]:
    """Return the bids that stand in several books, earliest first, with one query."""
    columns = (
        _bids.c.id,
        _bids.c.listing_id,
        _bids.c.lender_id,
        _bids.c.is_bot,
        _bids.c.amount_cents,
        _bids.c.rate,
        _bids.c.leading_cents,
        _bids.c.hold_id,
    )
    rows = session.execute(
        sa.select(*columns)
        .where(_bids.c.listing_id.in_(listing_ids), _bids.c.state == BidState.LIVE)
        .order_by(_bids.c.id)
    )
    found: dict[int, list[LiveBid]] = defaultdict(list)
    for row in rows:
        found[row.listing_id].append(LiveBid(*row))
    return found


def standing_book(session: Session, *, listing: Listing) -> tuple[Book, list[LiveBid]]:
    """Return a listing's book as it stands, and the bids in it."""
    bids = live_bids(session, listing_ids=[listing.id])[listing.id]
    return fill(asked_cents=listing.amount_cents, bids=[bid.open_bid for bid in bids]), bids


def insert(
    session: Session, rows: Sequence[PlacedRow], *, business_on: date, now: datetime
) -> tuple[int, ...]:
    """Add new live bids and return their ids in order."""
    if not rows:
        return ()
    touch(session, *(member_topic(who) for who in {row.bid.lender_id for row in rows}))
    columns: Columns = {
        "listing_id": [row.listing_id for row in rows],
        "lender_id": [row.bid.lender_id for row in rows],
        "is_bot": [row.bid.is_bot for row in rows],
        "amount_cents": [row.bid.amount_cents for row in rows],
        "rate": [row.bid.rate for row in rows],
        "message": [row.bid.message for row in rows],
        "leading_cents": [row.leading_cents for row in rows],
        "hold_id": [row.hold_id for row in rows],
    }
    same = {"accepted_cents": 0, "state": BidState.LIVE, "placed_on": business_on, "placed_at": now}
    columns = batch_rows.typed(session, _bids, columns)
    return batch_columns.insert_numbered(session, _bids, columns=columns, same=same)


def move(session: Session, rows: Sequence[MovedRow]) -> None:
    """Write what of standing bids leads now. Raises BookMovedError where one stands no more."""
    put: Columns = {
        "amount_cents": [row.amount_cents for row in rows],
        "leading_cents": [row.leading_cents for row in rows],
        "hold_id": [row.hold_id for row in rows],
    }
    _change_standing(session, [row.bid_id for row in rows], put)


def end(session: Session, rows: Sequence[EndedRow], *, business_on: date) -> None:
    """Take bids out of their books; the caller sees to their cash. Raises BookMovedError."""
    ids = [row.bid_id for row in rows]
    put: Columns = {
        "state": [row.state for row in rows],
        "accepted_cents": [row.accepted_cents for row in rows],
        "hold_id": [row.hold_id for row in rows],
        "leading_cents": [0] * len(ids),
        "ended_on": [business_on] * len(ids),
    }
    _change_standing(session, ids, put)
    _touch_members(session, _bids.c.lender_id, _bids.c.id, ids)


def total(session: Session, rows: Sequence[TotalsRow]) -> None:
    """Write the totals of books on their listings. Raises BookMovedError where a version has moved on."""
    if not rows:
        return
    ids = [row.listing_id for row in rows]
    put: Columns = {
        "covered_cents": [row.covered_cents for row in rows],
        "offered_cents": [row.offered_cents for row in rows],
        "average_rate": [row.average_rate for row in rows],
        "bid_count": [row.bid_count for row in rows],
        "version": [row.version + 1 for row in rows],
    }
    versions = {"version": [row.version for row in rows]}
    put = batch_rows.typed(session, _listings, put)
    if batch_columns.update(session, _listings, ids, put=put, expect=versions) != len(ids):
        raise BookMovedError
    touch(session, MARKET, *map(listing_topic, ids))
    _touch_members(session, _listings.c.borrower_id, _listings.c.id, ids)


def _change_standing(session: Session, ids: Sequence[int], put: Columns) -> None:
    """Change bids that stand; every one of them must."""
    put = batch_rows.typed(session, _bids, put)
    live = batch_rows.typed(session, _bids, {"state": [BidState.LIVE] * len(ids)})
    if batch_columns.update(session, _bids, ids, put=put, expect=live) != len(ids):
        raise BookMovedError


def _touch_members(session: Session, member: sa.Column[int], key: sa.Column[int], ids: Sequence[int]) -> None:
    """Let the people behind some rows hear that these changed."""
    if ids:
        found = session.connection().execute(
            sa.select(member).distinct().where(batch_columns.among(session, key, ids))
        )
        touch(session, *map(member_topic, found.scalars()))
