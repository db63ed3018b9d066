"""Owns the few figures that stand around every screen."""

from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa
from sqlmodel import Session, col, func, select

from p2p_reflex.domain.vocabulary import ListingState
from p2p_reflex.models import Listing
from p2p_reflex.services import business_date, ledger


@dataclass(frozen=True, slots=True)
class FrameFigures:
    """What the frame shows: the market's date, money one can use, and how many listings are open."""

    business_on: date
    usable_cents: int
    open_listing_count: int


def figures(session: Session, *, member_id: int | None) -> FrameFigures:
    """Return the frame's figures for a member, or for a visitor who is nobody yet."""
    usable_cents = ledger.balances(session, member_id=member_id)[0] if member_id is not None else 0
    open_count = session.exec(
        select(func.count(sa.literal(1))).select_from(Listing).where(col(Listing.state) == ListingState.OPEN)
    ).one()
    return FrameFigures(
        business_on=business_date.today(session), usable_cents=usable_cents, open_listing_count=open_count
    )
