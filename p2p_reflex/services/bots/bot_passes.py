"""Owns what a listing's page says of the bots that looked at it and do not bid."""

from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import Session

from p2p_reflex.domain.vocabulary import BidState, Role
from p2p_reflex.models import Bid, Bot, BotDecision, Listing, Member, Verdict, table_of
from p2p_reflex.services.bidding.book import BOOK_STATES
from p2p_reflex.services.bidding.book_rows import is_id

_bids = table_of(Bid)
_bots = table_of(Bot)
_decisions = table_of(BotDecision)


@dataclass(frozen=True, slots=True)
class BotPass:
    """One bot that passed, with its reason in one sentence."""

    bot_name: str
    reason: str


def passes(session: Session, *, listing_id: int, viewer_id: int | None) -> tuple[BotPass, ...]:
    """Return the bots whose last word on a listing was a pass, and that have no bid in its book.

    For lenders, for its borrower and for admins; nobody else sees any, nor on a listing that has ended.
    """
    listing = session.get(Listing, listing_id) if is_id(listing_id) else None
    if listing is None or listing.state not in BOOK_STATES or not _may_see(session, listing, viewer_id):
        return ()
    latest = (
        sa.select(sa.func.max(_decisions.c.id))
        .where(_decisions.c.listing_id == listing_id)
        .group_by(_decisions.c.bot_id)
    )
    bidding = sa.select(_bids.c.lender_id).where(
        _bids.c.listing_id == listing_id, _bids.c.state == BidState.LIVE
    )
    rows = session.execute(
        sa.select(_bots.c.name, _decisions.c.reason)
        .join(_bots, _bots.c.id == _decisions.c.bot_id)
        .where(
            _decisions.c.id.in_(latest),
            _decisions.c.verdict == Verdict.PASS,
            _bots.c.member_id.not_in(bidding),
        )
        .order_by(_bots.c.id)
    )
    return tuple(BotPass(name, reason) for name, reason in rows)


def _may_see(session: Session, listing: Listing, viewer_id: int | None) -> bool:
    viewer = session.get(Member, viewer_id) if viewer_id is not None else None
    if viewer is None:
        return False
    return viewer.role in (Role.LENDER, Role.ADMIN) or viewer.id == listing.borrower_id
