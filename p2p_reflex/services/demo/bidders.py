"""Owns how lenders in the demo market bid: people look in twice a day, the bots answer them."""

from datetime import date, timedelta
from decimal import Decimal

import sqlalchemy as sa
from sqlmodel import col, select

from p2p_reflex.domain.vocabulary import ListingState
from p2p_reflex.models import Listing
from p2p_reflex.services.bidding import book, book_rows
from p2p_reflex.services.bidding.book import BookChange
from p2p_reflex.services.bidding.book_rows import NewBid
from p2p_reflex.services.bots import bot_runs
from p2p_reflex.services.demo.people import DemoLender
from p2p_reflex.services.demo.village import World, moment

VISITING_HOURS = (10, 16)
HOW_OFTEN = 0.17
RATE_STEP = Decimal("0.0005")

_OPEN = (
    select(Listing.id)
    .where(Listing.state == ListingState.OPEN, col(Listing.closes_on) >= sa.bindparam("on"))
    .order_by(col(Listing.id))
)
_OPENED = select(Listing.id).where(
    Listing.state == ListingState.OPEN, col(Listing.opens_on) >= sa.bindparam("since")
)


def let_everybody_bid(
    world: World, business_on: date, *, visits: int = len(VISITING_HOURS), days: int = 1
) -> None:
    """Let people bid, and the bots answer wherever a book is new or has moved in so many days."""
    for hour in VISITING_HOURS[:visits]:
        moved = _people_bid(world, business_on, hour, HOW_OFTEN * days / visits)
        if hour == VISITING_HOURS[0]:
            moved |= _opened_since(world, business_on - timedelta(days=days - 1))
        if moved:
            bot_runs.run_round(
                world.session,
                listing_ids=sorted(moved),
                business_on=business_on,
                now=moment(business_on, hour + 1, world.luck.randrange(60)),
                seed=world.luck.randrange(2**31),
            )


def _opened_since(world: World, since: date) -> set[int]:
    return set(world.session.exec(_OPENED, params={"since": since}).all())


def _people_bid(world: World, business_on: date, hour: int, how_often: float) -> set[int]:
    """Place the bids of all who look in at this hour, every book at once; return the books that moved."""
    session, luck = world.session, world.luck
    open_ids = session.exec(_OPEN, params={"on": business_on}).all()
    lenders = [(number, lender) for number, lender in world.lenders.items() if number not in world.played]
    visits = [
        (listing_id, lender_id)
        for listing_id in open_ids
        for lender_id, lender in lenders
        if luck.random() < lender.eagerness * how_often
    ]
    if not visits:
        return set()
    visited = sorted({listing_id for listing_id, _ in visits})
    listings = {listing.id: listing for listing in book.lock_listings(session, listing_ids=visited)}
    standing = book_rows.live_bids(session, listing_ids=visited)
    arriving: dict[int, list[NewBid]] = {}
    for listing_id, lender_id in visits:
        if lender_id not in {bid.lender_id for bid in standing[listing_id]}:
            bid = _wished_bid(world, lender_id, world.lenders[lender_id], listings[listing_id])
            arriving.setdefault(listing_id, []).append(bid)
    changes = [BookChange(listings[listing_id], tuple(bids)) for listing_id, bids in arriving.items()]
    book.reprice_many(
        session,
        changes=changes,
        standing=standing,
        business_on=business_on,
        now=moment(business_on, hour, luck.randrange(60)),
    )
    return set(arriving)


def _wished_bid(world: World, lender_id: int, lender: DemoLender, listing: Listing) -> NewBid:
    """Name what a lender offers: lower once the book is covered, never out of the listing's bounds."""
    is_covered = listing.covered_cents >= listing.amount_cents
    top = listing.average_rate if is_covered and listing.average_rate else listing.highest_rate
    share = Decimal(str(round(lender.appetite * world.luck.uniform(0.8, 1.25), 3)))
    wished = listing.floor_rate + max(Decimal(0), top - listing.floor_rate) * share
    rate = (wished / RATE_STEP).to_integral_value() * RATE_STEP
    dollars = round(lender.capital_cents * lender.bid_share * world.luck.uniform(0.4, 1.1) / 2500) * 25
    return NewBid(
        lender_id=lender_id,
        is_bot=False,
        amount_cents=max(25, min(dollars, listing.amount_cents // 400)) * 100,
        rate=min(max(rate, listing.floor_rate), listing.highest_rate),
    )
