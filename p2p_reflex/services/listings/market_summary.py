"""Owns the four figures on top of the market, the rate of a week ago among them."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

import sqlalchemy as sa
from sqlmodel import Session

from p2p_reflex.domain.money import divide_half_even
from p2p_reflex.domain.order_book import OpenBid, fill
from p2p_reflex.domain.rates import from_millionths, weighted_average_rate
from p2p_reflex.domain.vocabulary import ListingState
from p2p_reflex.models import Bid, Listing, table_of

WEEK = timedelta(days=7)
LONGEST_WINDOW = timedelta(days=14)

_listings = table_of(Listing)
_bids = table_of(Bid)


@dataclass(frozen=True, slots=True)
class MarketSummary:
    """What the whole open market comes to; rates are averages weighted by what leads, or none."""

    open_count: int
    asked_cents: int
    to_cover_cents: int
    average_rate: Decimal | None
    average_rate_week_ago: Decimal | None
    people_bid_count: int
    bot_bid_count: int

    @property
    def rate_change(self) -> Decimal | None:
        """Give the change of the average rate since a week ago, where both are known."""
        if self.average_rate is None or self.average_rate_week_ago is None:
            return None
        return self.average_rate - self.average_rate_week_ago


def summary(session: Session, *, business_on: date) -> MarketSummary:
    """Sum up the open listings, and count the day's bids."""
    covered = sa.type_coerce(_listings.c.covered_cents, sa.BigInteger)
    rate = sa.type_coerce(_listings.c.average_rate, sa.BigInteger)
    amount = sa.type_coerce(_listings.c.amount_cents, sa.BigInteger)
    totals = session.execute(
        sa.select(
            sa.func.count(),
            sa.func.coalesce(sa.func.sum(amount), 0),
            sa.func.coalesce(sa.func.sum(covered), 0),
            sa.func.coalesce(sa.func.sum(covered * rate), 0),
        )
        .select_from(_listings)
        .where(_listings.c.state == ListingState.OPEN)
    ).one()
    count, asked_cents, covered_cents, weighted = (int(figure) for figure in totals)
    people, bots = _bids_on(session, business_on)
    return MarketSummary(
        open_count=count,
        asked_cents=asked_cents,
        to_cover_cents=asked_cents - covered_cents,
        average_rate=from_millionths(divide_half_even(weighted, covered_cents)) if covered_cents else None,
        average_rate_week_ago=average_rate_on(session, on=business_on - WEEK),
        people_bid_count=people,
        bot_bid_count=bots,
    )


def average_rate_on(session: Session, *, on: date) -> Decimal | None:
    """Work out what the open market's leading rate was at the end of a day, from the bids of then."""
    statement = (
        sa.select(
            _bids.c.listing_id,
            _listings.c.amount_cents.label("asked_cents"),
            _bids.c.id,
            _bids.c.lender_id,
            _bids.c.amount_cents,
            _bids.c.rate,
            _bids.c.is_bot,
        )
        .select_from(_bids.join(_listings, _listings.c.id == _bids.c.listing_id))
        .where(
            _was_open(on),
            sa.or_(_listings.c.ended_on.is_(None), _listings.c.ended_on > on),
            _bids.c.placed_on <= on,
            sa.or_(_bids.c.ended_on.is_(None), _bids.c.ended_on > on),
        )
    )
    books: dict[tuple[int, int], list[OpenBid]] = defaultdict(list)
    for listing_id, asked_cents, bid_id, lender_id, amount_cents, rate, is_bot in session.execute(statement):
        bid = OpenBid(bid_id, lender_id, amount_cents, rate, is_bot, bid_id)
        books[listing_id, asked_cents].append(bid)
    return weighted_average_rate(
        (lead.leading_cents, lead.bid.rate)
        for (_, asked_cents), bids in books.items()
        for lead in fill(asked_cents=asked_cents, bids=bids).leading
    )


def _bids_on(session: Session, on: date) -> tuple[int, int]:
    """Count the bids placed on a day, by people and by bots."""
    rows = session.execute(
        sa.select(_bids.c.is_bot, sa.func.count())
        .select_from(_bids.join(_listings, _listings.c.id == _bids.c.listing_id))
        .where(_was_open(on), _bids.c.placed_on == on)
        .group_by(_bids.c.is_bot)
    )
    counts = {bool(is_bot): number for is_bot, number in rows}
    return counts.get(False, 0), counts.get(True, 0)


def _was_open(on: date) -> sa.ColumnElement[bool]:
    """Narrow down to listings whose window holds a day; naming every state lets the index find them."""
    return sa.and_(
        _listings.c.state.in_(list(ListingState)),
        _listings.c.closes_on.between(on, on + LONGEST_WINDOW),
        _listings.c.opens_on <= on,
    )
