"""Owns how a listing's book is shown: its rows by rank, and how its average rate came about."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from enum import StrEnum

import sqlalchemy as sa
from sqlmodel import Session

from p2p_reflex.domain import formats
from p2p_reflex.domain.order_book import Book, OpenBid, fill
from p2p_reflex.domain.vocabulary import BidState
from p2p_reflex.models import Bid, Listing, Member, table_of
from p2p_reflex.services.bidding.bid_quote import shown_name

MOST_POINTS = 80

_bids = table_of(Bid)
_members = table_of(Member)

_FINAL = (BidState.LIVE, BidState.ACCEPTED, BidState.REJECTED)
"""Bids that stand in the book, or stood there until the listing ended."""


class Place(StrEnum):
    """What a bid's place in the book means."""

    LEADING = "leading"
    LEADING_IN_PART = "leading_in_part"
    OUTBID = "outbid"


@dataclass(frozen=True, slots=True)
class BookRow:
    """One bid in the book, best first. The id and the message are there only for those they concern."""

    position: int
    place: Place
    name: str
    initials: str
    is_bot: bool
    is_you: bool
    amount_cents: int
    leading_cents: int
    rate: Decimal
    placed_on: date
    placed_at: datetime
    bid_id: int | None
    message: str


@dataclass(frozen=True, slots=True)
class RatePoint:
    """What the average rate became at a moment."""

    at: datetime
    average_rate: Decimal


@dataclass(frozen=True, slots=True)
class BidRecord:
    """A bid with its lender, as it lies in the database; for this room's neighbours only."""

    bid: OpenBid
    state: BidState
    message: str
    placed_on: date
    placed_at: datetime
    ended_on: date | None
    lender_name: str


def read_bids(session: Session, *, listing_id: int) -> list[BidRecord]:
    """Return every bid that was ever placed on a listing, earliest first."""
    statement = (
        sa.select(_bids, _members.c.full_name)
        .select_from(_bids.join(_members, _members.c.id == _bids.c.lender_id))
        .where(_bids.c.listing_id == listing_id)
        .order_by(_bids.c.id)
    )
    return [
        BidRecord(
            bid=OpenBid(row.id, row.lender_id, row.amount_cents, row.rate, row.is_bot, row.id),
            state=row.state,
            message=row.message,
            placed_on=row.placed_on,
            placed_at=row.placed_at,
            ended_on=row.ended_on,
            lender_name=row.full_name,
        )
        for row in session.execute(statement)
    ]


def shown_book(bids: Sequence[BidRecord], *, asked_cents: int) -> Book:
    """Fill the book as it stands, or as it stood when the listing ended."""
    return fill(asked_cents=asked_cents, bids=[each.bid for each in bids if each.state in _FINAL])


def book_rows(
    bids: Sequence[BidRecord], *, book: Book, viewer_id: int | None, is_borrower: bool
) -> tuple[BookRow, ...]:
    """Write the book's rows for a viewer; nobody sees another person's full name or message."""
    records = {each.bid.bid_id: each for each in bids}
    rows = []
    for lead in book.leads:
        record = records[lead.bid.bid_id]
        is_you = viewer_id is not None and lead.bid.lender_id == viewer_id
        is_concerned = is_you or is_borrower
        rows.append(
            BookRow(
                position=lead.position,
                place=place_of(amount_cents=lead.bid.amount_cents, leading_cents=lead.leading_cents),
                name=shown_name(record.lender_name, is_bot=lead.bid.is_bot),
                initials=formats.initials(record.lender_name),
                is_bot=lead.bid.is_bot,
                is_you=is_you,
                amount_cents=lead.bid.amount_cents,
                leading_cents=lead.leading_cents,
                rate=lead.bid.rate,
                placed_on=record.placed_on,
                placed_at=record.placed_at,
                bid_id=lead.bid.bid_id if is_concerned else None,
                message=record.message if is_concerned else "",
            )
        )
    return tuple(rows)


def place_of(*, amount_cents: int, leading_cents: int) -> Place:
    """Name the place of a bid by how much of it leads."""
    if leading_cents <= 0:
        return Place.OUTBID
    return Place.LEADING if leading_cents >= amount_cents else Place.LEADING_IN_PART


def rate_history(bids: Sequence[BidRecord], *, listing: Listing) -> tuple[RatePoint, ...]:
    """Work out how the average of what leads moved, from when bids came and went.

    The minute is kept for bids that came; those that left without a successor count until the end of the
    day on which they left. A long history is thinned, its last point is always the book as shown.
    """
    steps = _steps(bids)
    stride = -(-len(steps) // MOST_POINTS) or 1
    standing: dict[int, OpenBid] = {}
    points: list[RatePoint] = []
    for number, (at, came, left_id) in enumerate(steps, start=1):
        if left_id is not None:
            standing.pop(left_id, None)
        if came is not None:
            standing[came.bid_id] = came
        if number % stride and number != len(steps):
            continue
        average = fill(asked_cents=listing.amount_cents, bids=standing.values()).average_rate
        if average is not None and (not points or points[-1].average_rate != average):
            points.append(RatePoint(at, average))
    return tuple(points)


def _steps(bids: Sequence[BidRecord]) -> list[tuple[datetime, OpenBid | None, int | None]]:
    """List the comings and goings in order: when, who came, and which bid left."""
    arrivals: list[tuple[date, datetime, OpenBid | None, int | None]] = []
    standing_of: dict[int, int] = {}
    followed = set()
    for record in bids:
        replaced = standing_of.get(record.bid.lender_id)
        if replaced is not None:
            followed.add(replaced)
        standing_of[record.bid.lender_id] = record.bid.bid_id
        arrivals.append((record.placed_on, record.placed_at, record.bid, replaced))
    goings = [record for record in bids if record.state not in _FINAL and record.bid.bid_id not in followed]
    events = list(arrivals)
    for record in goings:
        if record.ended_on is None:
            continue
        latest = [at for on, at, *_ in arrivals if on <= record.ended_on]
        at = max([*latest, datetime.combine(record.ended_on, time.min, UTC)])
        events.append((record.ended_on, at, None, record.bid.bid_id))
    events.sort(key=lambda event: (event[0], event[2] is None, event[1]))
    return [(at, came, left) for _, at, came, left in events]
