"""Owns how a bot becomes a lender: a member without a password, with its capital in the wallet."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlmodel import Session, select

from p2p_reflex.domain.vocabulary import Role
from p2p_reflex.models import Bot, BotEventKind, BusinessClock
from p2p_reflex.services.bots import bot_events
from p2p_reflex.services.bots.bot_capital import move_capital
from p2p_reflex.services.bots.bot_events import NewEvent
from p2p_reflex.services.people import members


@dataclass(frozen=True, slots=True)
class Newcomer:
    """A bot of the registry, with the capital it brings."""

    key: str
    name: str
    capital_cents: int


def enroll(
    session: Session,
    *,
    newcomers: Sequence[Newcomer],
    actor_id: int | None,
    business_on: date,
    now: datetime,
) -> tuple[int, ...]:
    """Make lenders of the bots that are none yet, running, and return their ids."""
    session.exec(select(BusinessClock).with_for_update()).all()  # two starts at once: one after the other
    known = set(session.exec(select(Bot.key)).all())
    made = []
    for each in newcomers:
        if each.key in known:
            continue
        member_id = members.create_member(
            session,
            role=Role.LENDER,
            full_name=each.name,
            email=f"{each.key.replace('_', '-')}@bots.example.org",
            password_hash=None,
            now=now,
            is_bot=True,
        )
        made.append(
            Bot(
                member_id=member_id,
                key=each.key,
                name=each.name,
                capital_cents=each.capital_cents,
                enrolled_on=business_on,
                changed_at=now,
            )
        )
    session.add_all(made)
    session.flush()
    parts = {bot.member_id: bot.capital_cents for bot in made if bot.capital_cents}
    move_capital(session, parts=parts, memo="Capital paid in", business_on=business_on, now=now)
    enrolled = [NewEvent(bot.id, BotEventKind.ENROLLED, after=str(bot.capital_cents)) for bot in made]
    bot_events.note(session, enrolled, actor_id=actor_id, business_on=business_on, now=now)
    return tuple(bot.id for bot in made)
