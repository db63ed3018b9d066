"""Owns the e-mails of notices: which is next, and what became of it; each goes out at most once."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlmodel import Session

from p2p_reflex.domain.notice_kinds import MailState
from p2p_reflex.models import Member, Notice, NoticeMail, table_of
from p2p_reflex.services.days.business_day import Run
from p2p_reflex.services.notices import notice_texts
from p2p_reflex.services.notices.mail_transport import (
    Mail,
    MailboxRefusedError,
    MailUncertainError,
    open_post,
)
from p2p_reflex.settings import settings

MOST_AT_ONCE = 100
LONGEST_REFUSAL = 300
WAITS = (1, 5, 30, 120, 360, 720, 1440)
"""Minutes until the next try, by how many have failed; after the last one it stays unsent."""

logger = logging.getLogger(__name__)

_mails = table_of(NoticeMail)
_notices = table_of(Notice)
_members = table_of(Member)


@dataclass(frozen=True, slots=True)
class ClaimedMail:
    """An e-mail that this runner, and no other, may send now."""

    notice_id: int
    mail: Mail


@dataclass(frozen=True, slots=True)
class MailRound:
    """What a round did: how many went out, will be tried again, or were given up."""

    sent_count: int = 0
    postponed_count: int = 0
    failed_count: int = 0


def send_waiting(run: Run, *, now: datetime) -> MailRound:
    """Send what is waiting; never inside a transaction, so no slow mail server holds up the market.

    Law: at most once. An e-mail is claimed before it is sent; where it stays unknown whether it arrived, or
    the platform stops in between, it is not sent again. Only a clear refusal is tried again.
    """
    counts = {MailState.SENT: 0, MailState.WAITING: 0, MailState.FAILED: 0}
    with open_post(settings()) as post:
        for _ in range(MOST_AT_ONCE):
            claimed = run(claim_next, now=now)
            if claimed is None:
                break
            try:
                post(claimed.mail)
            except MailboxRefusedError as refused:
                became = run(postpone, notice_id=claimed.notice_id, refusal=str(refused), now=now)
                counts[became] += 1
                if refused.is_post_closed:
                    break
            except MailUncertainError as uncertain:
                run(give_up, notice_id=claimed.notice_id, refusal=str(uncertain))
                counts[MailState.FAILED] += 1
                break
            else:
                run(conclude, notice_id=claimed.notice_id, now=now)
                counts[MailState.SENT] += 1
    if any(counts.values()):
        logger.info("E-mails: %s sent, %s to be tried again, %s given up.", *counts.values())
    return MailRound(counts[MailState.SENT], counts[MailState.WAITING], counts[MailState.FAILED])


def claim_next(session: Session, *, now: datetime) -> ClaimedMail | None:
    """Take the e-mail that has waited longest; of several runners each gets another one."""
    next_id = session.execute(
        sa.select(_mails.c.notice_id)
        .where(_mails.c.state == MailState.WAITING, _mails.c.next_try_at <= now)
        .order_by(_mails.c.next_try_at, _mails.c.notice_id)
        .limit(1)
        .with_for_update(skip_locked=True)
    ).scalar()
    if next_id is None:
        return None
    session.connection().execute(
        sa.update(_mails)
        .where(_mails.c.notice_id == next_id)
        .values(state=MailState.SENDING, attempt_count=_mails.c.attempt_count + 1)
    )
    row = session.execute(
        sa.select(_notices.c.event, _notices.c.facts, _members.c.full_name, _members.c.email)
        .join(_members, _members.c.id == _notices.c.member_id)
        .where(_notices.c.id == next_id)
    ).one()
    return ClaimedMail(next_id, _written(next_id, row))


def conclude(session: Session, *, notice_id: int, now: datetime) -> None:
    """Note that an e-mail went out."""
    _become(session, notice_id, MailState.SENT, sent_at=now, last_refusal="")


def postpone(session: Session, *, notice_id: int, refusal: str, now: datetime) -> MailState:
    """Let a refused e-mail wait longer each time, and give it up after the last; return which it was."""
    tried = session.execute(
        sa.select(_mails.c.attempt_count).where(_mails.c.notice_id == notice_id)
    ).scalar_one()
    if tried > len(WAITS):
        give_up(session, notice_id=notice_id, refusal=refusal)
        return MailState.FAILED
    wait = timedelta(minutes=WAITS[tried - 1])
    _become(session, notice_id, MailState.WAITING, next_try_at=now + wait, last_refusal=_short(refusal))
    return MailState.WAITING


def give_up(session: Session, *, notice_id: int, refusal: str) -> None:
    """Note that an e-mail is not tried again, and why."""
    _become(session, notice_id, MailState.FAILED, last_refusal=_short(refusal))


def _become(session: Session, notice_id: int, state: MailState, **values: object) -> None:
    claimed = sa.and_(_mails.c.notice_id == notice_id, _mails.c.state == MailState.SENDING)
    session.connection().execute(sa.update(_mails).where(claimed).values(state=state, **values))


def _written(notice_id: int, row: sa.Row[tuple[object, ...]]) -> Mail:
    """Write an e-mail from the notice's facts, as plain text."""
    text = notice_texts.write(row.event, row.facts)
    market, address = settings().market_name, settings().address
    body = (
        f"{text.title}\n\n{text.meaning}\n\n{text.action}: {address}{text.path}\n\n--\n{market}\n"
        f"Choose which e-mails you get: {address}/notifications\n"
    )
    return Mail(to_name=row.full_name, to_address=row.email, subject=text.title, body=body, number=notice_id)


def _short(refusal: str) -> str:
    return " ".join(refusal.split())[:LONGEST_REFUSAL]
