"""Owns what admins are told by the market itself."""

from collections.abc import Sequence
from datetime import date, datetime

from sqlmodel import Session, col, select

from p2p_reflex.domain.notice_kinds import NoticeEvent
from p2p_reflex.domain.vocabulary import Role
from p2p_reflex.models import Member
from p2p_reflex.services.bots.bot_outcomes import StoppedBot
from p2p_reflex.services.notices import notices
from p2p_reflex.services.notices.notices import Fact


def tell_stopped(
    session: Session, stopped: Sequence[StoppedBot], *, business_on: date, now: datetime
) -> None:
    """Tell every admin of bots that an error has stopped, and of the reason."""
    if not stopped:
        return
    admins = session.exec(select(Member.id).where(col(Member.role) == Role.ADMIN)).all()
    facts = [
        Fact(admin_id, NoticeEvent.BOT_STOPPED, {"name": bot.name, "reason": bot.reason})
        for bot in stopped
        for admin_id in admins
    ]
    notices.tell(session, facts, business_on=business_on, now=now)
