"""Owns the market page: open listings, filtered, sorted and paged, with what stands on top of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from p2p_reflex.domain import formats, returns
from p2p_reflex.domain.vocabulary import BidState, Grade, ListingState, Purpose
from p2p_reflex.models import Bid, Listing, table_of
from p2p_reflex.services.listings.market_figures import FeaturedListing, GradeFigures, PublicFigures, figures
from p2p_reflex.services.listings.market_summary import MarketSummary, summary

__all__ = [
    "FeaturedListing",
    "GradeFigures",
    "MarketPage",
    "MarketQuery",
    "MarketRow",
    "MarketSort",
    "MarketSummary",
    "OwnPart",
    "OwnPlace",
    "PublicFigures",
    "figures",
    "for_viewer",
    "own_part",
    "page_for_all",
    "search",
    "summary",
]

PAGE_SIZES = (5, 50)
LONGEST_SEARCH = 80

_listings = table_of(Listing)
_bids = table_of(Bid)

_RATE_NOW = sa.func.coalesce(_listings.c.average_rate, _listings.c.highest_rate)


class MarketSort(StrEnum):
    """What the market can be sorted by."""

    TITLE = "title"
    GRADE = "grade"
    AMOUNT = "amount"
    TERM = "term"
    COVERED = "covered"
    RATE = "rate"
    RETURN = "return"
    TIME_LEFT = "time_left"
    NEWEST = "newest"


@dataclass(frozen=True, slots=True)
class MarketQuery:
    """What somebody looks for; a page counts from 1."""

    text: str = ""
    grades: frozenset[Grade] = frozenset()
    purpose: Purpose | None = None
    shortest_term_months: int | None = None
    longest_term_months: int | None = None
    minimum_return_rate: Decimal | None = None
    not_covered_only: bool = False
    sort: MarketSort = MarketSort.TIME_LEFT
    descending: bool = False
    page: int = 1
    page_size: int = 10


@dataclass(frozen=True, slots=True)
class OwnPlace:
    """The viewer's own live bid on a listing; of an outbid one nothing leads."""

    amount_cents: int
    leading_cents: int
    rate: Decimal


@dataclass(frozen=True, slots=True)
class OwnPart:
    """A viewer's own part of the open market: where their bids stand, and which listings are theirs."""

    places: Mapping[int, OwnPlace] = field(default_factory=dict)
    listing_ids: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class MarketRow:
    """One open listing.

    `rate_now` is the average of what leads, or the highest the borrower would pay while there is no bid
    (`average_rate` is none then). Shares are whole fractions of the amount: 0.82 covered, 0.19 over.
    """

    listing_id: int
    grade: Grade
    title: str
    purpose: Purpose
    amount_cents: int
    term_months: int
    covered_cents: int
    offered_cents: int
    covered_share: Decimal
    over_offered_share: Decimal
    bid_count: int
    average_rate: Decimal | None
    highest_rate: Decimal
    rate_now: Decimal
    servicing_cost_rate: Decimal
    expected_loss_rate: Decimal
    expected_return_rate: Decimal
    closes_on: date
    days_left: int
    own_place: OwnPlace | None = None
    is_own_listing: bool = False


@dataclass(frozen=True, slots=True)
class MarketPage:
    """One page of what matches: rows `first_number` to `last_number` of `total_count`, counted from 1."""

    rows: tuple[MarketRow, ...]
    total_count: int
    page: int
    page_count: int
    first_number: int
    last_number: int
    summary: MarketSummary


def search(session: Session, *, query: MarketQuery, viewer_id: int | None, business_on: date) -> MarketPage:
    """Find open listings as a viewer sees them; a page beyond the last gives the last."""
    page = page_for_all(session, query=query, business_on=business_on)
    return for_viewer(page, own_part(session, viewer_id=viewer_id))


def own_part(session: Session, *, viewer_id: int | None) -> OwnPart:
    """Return where a viewer stands on the open market: their live bids, and their own listings."""
    if viewer_id is None:
        return OwnPart()
    bids = session.execute(
        sa.select(_bids.c.listing_id, _bids.c.amount_cents, _bids.c.leading_cents, _bids.c.rate).where(
            _bids.c.lender_id == viewer_id, _bids.c.state == BidState.LIVE
        )
    )
    listings = session.execute(
        sa.select(_listings.c.id).where(
            _listings.c.borrower_id == viewer_id, _listings.c.state == ListingState.OPEN
        )
    )
    return OwnPart(
        places={listing_id: OwnPlace(*place) for listing_id, *place in bids},
        listing_ids=frozenset(listings.scalars()),
    )


def for_viewer(page: MarketPage, own: OwnPart) -> MarketPage:
    """Mark on a page that is the same for everybody what is a viewer's own."""
    if not own.places and not own.listing_ids:
        return page
    rows = (
        replace(
            row,
            own_place=own.places.get(row.listing_id),
            is_own_listing=row.listing_id in own.listing_ids,
        )
        if row.listing_id in own.places or row.listing_id in own.listing_ids
        else row
        for row in page.rows
    )
    return replace(page, rows=tuple(rows))


def page_for_all(session: Session, *, query: MarketQuery, business_on: date) -> MarketPage:
    """Find open listings, without what is anybody's own."""
    size = min(max(query.page_size, PAGE_SIZES[0]), PAGE_SIZES[1])
    conditions = _conditions(query)
    if query.sort is MarketSort.RETURN or query.minimum_return_rate is not None:
        matching = _by_return(session, query, conditions)
        total = len(matching)
        page = _clamped(query.page, total, size)
        ids = matching[(page - 1) * size : page * size]
    else:
        total = session.execute(
            sa.select(sa.func.count()).select_from(_listings).where(*conditions)
        ).scalar_one()
        page = _clamped(query.page, total, size)
        statement = sa.select(_listings.c.id).where(*conditions).order_by(*_order(query))
        ids = list(session.execute(statement.limit(size).offset((page - 1) * size)).scalars())
    rows = _rows(session, ids, business_on)
    first = (page - 1) * size + 1 if rows else 0
    return MarketPage(
        rows=rows,
        total_count=total,
        page=page,
        page_count=max(-(-total // size), 1),
        first_number=first,
        last_number=first + len(rows) - 1 if rows else 0,
        summary=summary(session, business_on=business_on),
    )


@lru_cache(maxsize=4096)
def servicing_cost_rate(rate: Decimal, term_months: int) -> Decimal:
    """Remember what servicing costs: the same few rates stand on every page."""
    return returns.servicing_cost_rate(rate=rate, term_months=term_months)


def _conditions(query: MarketQuery) -> list[sa.ColumnElement[bool]]:
    """Turn filters into SQL; the state's index narrows it down to the open listings first."""
    found: list[sa.ColumnElement[bool]] = [_listings.c.state == ListingState.OPEN]
    text = " ".join(query.text.replace("\x00", "").split())[:LONGEST_SEARCH]
    if text:
        named = [each for each in Purpose if text.casefold() in formats.purpose(each).casefold()]
        found.append(
            sa.or_(_listings.c.title.icontains(text, autoescape=True), _listings.c.purpose.in_(named))
        )
    if query.grades:
        found.append(_listings.c.grade.in_(sorted(query.grades)))
    if query.purpose is not None:
        found.append(_listings.c.purpose == query.purpose)
    if query.shortest_term_months is not None:
        found.append(_listings.c.term_months >= query.shortest_term_months)
    if query.longest_term_months is not None:
        found.append(_listings.c.term_months <= query.longest_term_months)
    if query.not_covered_only:
        found.append(_listings.c.covered_cents < _listings.c.amount_cents)
    return found


def _order(query: MarketQuery) -> list[sa.ColumnElement[Any]]:
    """Turn the sort into SQL; what is equal stands newest first."""
    keys: Mapping[MarketSort, sa.ColumnElement[Any]] = {
        MarketSort.TITLE: sa.func.lower(_listings.c.title),
        MarketSort.GRADE: _listings.c.grade,
        MarketSort.AMOUNT: _listings.c.amount_cents,
        MarketSort.TERM: _listings.c.term_months,
        MarketSort.COVERED: _share(_listings.c.covered_cents),
        MarketSort.RATE: _RATE_NOW,
        MarketSort.TIME_LEFT: _listings.c.closes_on,
        MarketSort.NEWEST: _listings.c.id,
    }
    order = [_towards(keys[query.sort], query)]
    if query.sort is MarketSort.COVERED:
        order.append(_towards(_share(_listings.c.offered_cents), query))
    return [*order, _listings.c.id.desc()]


def _towards(key: sa.ColumnElement[Any], query: MarketQuery) -> sa.ColumnElement[Any]:
    return key.desc() if query.descending else key.asc()


def _share(cents: sa.ColumnElement[int]) -> sa.ColumnElement[Any]:
    """Compare what is covered as a share of what is asked, in whole ten-thousandths."""
    whole = sa.type_coerce(cents, sa.BigInteger) * sa.literal(10_000, sa.BigInteger)
    return whole // sa.type_coerce(_listings.c.amount_cents, sa.BigInteger)


def _by_return(
    session: Session, query: MarketQuery, conditions: Sequence[sa.ColumnElement[bool]]
) -> list[int]:
    """Return the ids that match in order, where the expected return decides, which no column holds."""
    statement = sa.select(
        _listings.c.id,
        sa.type_coerce(_RATE_NOW, _listings.c.highest_rate.type).label("rate_now"),
        _listings.c.term_months,
        _listings.c.expected_loss_rate,
    )
    if query.sort is not MarketSort.RETURN:
        statement = statement.order_by(*_order(query))
    found = []
    for listing_id, rate, term_months, loss in session.execute(statement.where(*conditions)):
        net = rate - servicing_cost_rate(rate, term_months) - loss
        if query.minimum_return_rate is None or net >= query.minimum_return_rate:
            found.append((net, listing_id))
    if query.sort is MarketSort.RETURN:
        found.sort(key=lambda pair: (-pair[0] if query.descending else pair[0], -pair[1]))
    return [listing_id for _, listing_id in found]


def _clamped(page: int, total: int, size: int) -> int:
    return min(max(page, 1), max(-(-total // size), 1))


def _rows(session: Session, ids: Sequence[int], business_on: date) -> tuple[MarketRow, ...]:
    """Read one page of listings, in the order of the ids."""
    found = {row.id: row for row in session.execute(sa.select(_listings).where(_listings.c.id.in_(ids)))}
    return tuple(_row(found[listing_id], business_on) for listing_id in ids)


def _row(row: sa.Row[Any], business_on: date) -> MarketRow:
    rate = row.average_rate if row.average_rate is not None else row.highest_rate
    cost = servicing_cost_rate(rate, row.term_months)
    return MarketRow(
        listing_id=row.id,
        grade=row.grade,
        title=row.title,
        purpose=row.purpose,
        amount_cents=row.amount_cents,
        term_months=row.term_months,
        covered_cents=row.covered_cents,
        offered_cents=row.offered_cents,
        covered_share=Decimal(row.covered_cents) / row.amount_cents,
        over_offered_share=Decimal(max(row.offered_cents - row.amount_cents, 0)) / row.amount_cents,
        bid_count=row.bid_count,
        average_rate=row.average_rate,
        highest_rate=row.highest_rate,
        rate_now=rate,
        servicing_cost_rate=cost,
        expected_loss_rate=row.expected_loss_rate,
        expected_return_rate=rate - cost - row.expected_loss_rate,
        closes_on=row.closes_on,
        days_left=(row.closes_on - business_on).days,
    )
