"""Owns how long the bots' decisions are kept: 30 days, and the last of each bot however old they are."""

from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlmodel import Session, col, select

from p2p_reflex.models import Bot, BotDecision, Listing, Verdict, table_of
from p2p_reflex.services.bidding.book import BOOK_STATES
from p2p_reflex.services.days import business_date
from p2p_reflex.services.days.business_day import Run

KEPT_DAYS = 30
KEPT_PER_BOT = 200
CHUNK = 1_000

_bots = table_of(Bot)
_decisions = table_of(BotDecision)
_listings = table_of(Listing)


class _Row(NamedTuple):
    id: int
    business_on: date
    is_open: bool


def forget_old(run: Run) -> int:
    """Remove decisions that no screen needs any more, some in each transaction; return how many.

    What is said of a listing whose book is open stays: bots compare with their last word on it.
    """
    before_on = run(business_date.today) - timedelta(days=KEPT_DAYS)
    return sum(_forget_of(run, bot_id, before_on) for bot_id in run(_bot_ids))


def _forget_of(run: Run, bot_id: int, before_on: date) -> int:
    """Walk one bot's decisions from the oldest on, up to the first that is young enough."""
    first_kept = run(_first_kept, bot_id=bot_id)
    after, count = 0, 0
    while rows := run(_next_rows, bot_id=bot_id, after=after, before=first_kept):
        old = [row for row in rows if row.business_on < before_on]
        gone = [row.id for row in old if not row.is_open]
        if gone:
            run(_remove, bot_id=bot_id, ids=gone)
        count += len(gone)
        if len(old) < len(rows):
            break
        after = rows[-1].id
    return count


def _bot_ids(session: Session) -> Sequence[int]:
    return session.exec(select(Bot.id).order_by(col(Bot.id))).all()


def _first_kept(session: Session, *, bot_id: int) -> int:
    """Find the oldest of the decisions that are kept for their number; with fewer, all of them are."""
    mine = sa.select(_decisions.c.id).where(_decisions.c.bot_id == bot_id).order_by(_decisions.c.id.desc())
    return session.execute(mine.offset(KEPT_PER_BOT - 1).limit(1)).scalar() or 0


def _next_rows(session: Session, *, bot_id: int, after: int, before: int) -> list[_Row]:
    is_open = sa.func.coalesce(_listings.c.state.in_(BOOK_STATES), sa.false())
    found = session.execute(
        sa.select(_decisions.c.id, _decisions.c.business_on, is_open)
        .outerjoin(_listings, _listings.c.id == _decisions.c.listing_id)
        .where(_decisions.c.bot_id == bot_id, _decisions.c.id > after, _decisions.c.id < before)
        .order_by(_decisions.c.id)
        .limit(CHUNK)
    )
    return [_Row(*row) for row in found]


def _remove(session: Session, *, bot_id: int, ids: Sequence[int]) -> None:
    """Remove decisions; how many refusals and errors were among them stays with the bot."""
    removed = session.execute(
        sa.delete(_decisions)
        .where(_decisions.c.id.in_(ids), _decisions.c.bot_id == bot_id)
        .returning(_decisions.c.verdict)
    )
    counts: Counter[Any] = Counter(removed.scalars())
    forgotten = counts[Verdict.REFUSED] + counts[Verdict.ERROR]
    if forgotten:
        raised = _bots.c.forgotten_count + forgotten
        session.execute(sa.update(_bots).where(_bots.c.id == bot_id).values(forgotten_count=raised))
