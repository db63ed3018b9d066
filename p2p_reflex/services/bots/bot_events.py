"""Owns the record of who changed a bot: when, from what to what, and why; faults that stopped one too."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa
from sqlmodel import Session, col, select

from p2p_reflex.models import BotEvent, BotEventKind, Member
from p2p_reflex.services.bots import bot_rows
from p2p_reflex.services.bots.bot_outcomes import StoppedBot
from p2p_reflex.services.notices import system_notices

SHOWN_EVENTS = 12


@dataclass(frozen=True, slots=True)
class NewEvent:
    """One thing that happens to a bot; `before` and `after` are as the bot keeps them, written out."""

    bot_id: int
    kind: BotEventKind
    field: str = ""
    before: str = ""
    after: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class PastEvent:
    """One thing that happened to a bot; without a name it was nobody, but the market itself."""

    event_id: int
    kind: BotEventKind
    field: str
    before: str
    after: str
    reason: str
    admin_name: str | None
    business_on: date
    happened_at: datetime


def note(
    session: Session, events: Sequence[NewEvent], *, actor_id: int | None, business_on: date, now: datetime
) -> None:
    """Put down what happens to bots, in the transaction in which it does."""
    session.add_all(
        BotEvent(
            bot_id=each.bot_id,
            kind=each.kind,
            field=each.field,
            before=each.before,
            after=each.after,
            reason=each.reason,
            actor_id=actor_id,
            business_on=business_on,
            happened_at=now,
        )
        for each in events
    )
    session.flush()


def stop_broken(session: Session, stopped: Sequence[StoppedBot], *, business_on: date, now: datetime) -> None:
    """Switch off the bots that broke, put it down, and tell the admins."""
    for each in stopped:
        bot_rows.stop(session, bot_id=each.bot_id, reason=each.reason, now=now)
    faults = [NewEvent(each.bot_id, BotEventKind.FAULT, reason=each.reason) for each in stopped]
    note(session, faults, actor_id=None, business_on=business_on, now=now)
    system_notices.tell_stopped(session, stopped, business_on=business_on, now=now)


def latest(session: Session) -> dict[int, tuple[PastEvent, ...]]:
    """Return the last things that happened to each bot, the newest first."""
    place = sa.func.row_number().over(partition_by=col(BotEvent.bot_id), order_by=col(BotEvent.id).desc())
    ranked = sa.select(col(BotEvent.id).label("id"), place.label("place")).subquery()
    rows = session.exec(
        select(BotEvent, Member.full_name)
        .join(ranked, ranked.c.id == BotEvent.id)
        .outerjoin(Member, col(Member.id) == col(BotEvent.actor_id))
        .where(ranked.c.place <= SHOWN_EVENTS)
        .order_by(col(BotEvent.id).desc())
    )
    found: dict[int, list[PastEvent]] = defaultdict(list)
    for event, name in rows:
        past = PastEvent(
            event_id=event.id,
            kind=event.kind,
            field=event.field,
            before=event.before,
            after=event.after,
            reason=event.reason,
            admin_name=name,
            business_on=event.business_on,
            happened_at=event.happened_at,
        )
        found[event.bot_id].append(past)
    return {bot_id: tuple(events) for bot_id, events in found.items()}
