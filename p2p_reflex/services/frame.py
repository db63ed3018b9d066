"""Owns the few figures that stand around every screen."""

from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa
from sqlmodel import Session, col, func, select

from p2p_reflex.domain.notice_kinds import NoticeEvent
from p2p_reflex.domain.vocabulary import ListingState
from p2p_reflex.models import Listing
from p2p_reflex.services.conversations import letters
from p2p_reflex.services.days import business_date
from p2p_reflex.services.money import ledger, waiting_money
from p2p_reflex.services.notices import notices
from p2p_reflex.services.notices.notices import NoticeRow


@dataclass(frozen=True, slots=True)
class FrameFigures:
    """What the frame shows: the market's date, money one can use, how many listings are open, what is unread.

    `newest_outbid` is the newest unread word of being outbid; `waiting_money_count` is for admins.
    """

    business_on: date
    usable_cents: int
    open_listing_count: int
    unread_notice_count: int = 0
    unread_letter_count: int = 0
    newest_outbid: NoticeRow | None = None
    waiting_money_count: int = 0


def figures(session: Session, *, member_id: int | None) -> FrameFigures:
    """Return the frame's figures for a member, or for a visitor who is nobody yet."""
    open_count = session.exec(
        select(func.count(sa.literal(1))).select_from(Listing).where(col(Listing.state) == ListingState.OPEN)
    ).one()
    today = business_date.today(session)
    if member_id is None:
        return FrameFigures(business_on=today, usable_cents=0, open_listing_count=open_count)
    unread = notices.unread_count(session, member_id=member_id)
    return FrameFigures(
        business_on=today,
        usable_cents=ledger.balances(session, member_id=member_id)[0],
        open_listing_count=open_count,
        unread_notice_count=unread,
        unread_letter_count=letters.unread_count(session, member_id=member_id),
        newest_outbid=notices.newest_unread(session, member_id=member_id, event=NoticeEvent.OUTBID)
        if unread
        else None,
        waiting_money_count=waiting_money.count_for_admin(session, member_id=member_id),
    )
