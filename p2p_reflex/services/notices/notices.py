"""Owns what people are told: within the change itself, once where once is enough, read or unread."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session

from p2p_reflex.domain.errors import UnknownError
from p2p_reflex.domain.notice_kinds import KIND_OF, NOT_MAILED_BY_DEFAULT, MailState, NoticeEvent, NoticeKind
from p2p_reflex.models import Member, Notice, NoticeMail, NoticeMark, NoticePreference, table_of
from p2p_reflex.services.bidding.book_rows import is_id
from p2p_reflex.services.bulk import batch_rows
from p2p_reflex.services.notices import notice_texts
from p2p_reflex.services.notices.notice_words import NoticeText
from p2p_reflex.services.touched import member_topic, touch

PAGE_SIZE = 20
MOST_COUNTED = 100
CHUNK = 1000
_HUSHED = "notices hushed"

_members = table_of(Member)
_notices = table_of(Notice)
_mails = table_of(NoticeMail)
_marks = table_of(NoticeMark)
_preferences = table_of(NoticePreference)


@dataclass(frozen=True, slots=True)
class Fact:
    """Something one member is told: the event and its plain facts (words, whole numbers, rates as text).

    With a `subject` it is told at most once; with `again_after` as well, once in any such span.
    """

    member_id: int
    event: NoticeEvent
    facts: Mapping[str, str | int]
    subject: str = ""
    again_after: timedelta | None = None


@dataclass(frozen=True, slots=True)
class NoticeRow:
    """One notice as its reader finds it."""

    notice_id: int
    kind: NoticeKind
    event: NoticeEvent
    text: NoticeText
    business_on: date
    told_at: datetime
    is_unread: bool


@dataclass(frozen=True, slots=True)
class NoticePage:
    """A page of notices, the newest first; numbers count from 1."""

    rows: tuple[NoticeRow, ...]
    page: int
    page_count: int
    row_count: int
    unread_count: int
    first_number: int


def hush(session: Session) -> None:
    """Tell nobody anything in this session, until `speak`; for history that is made up, as in the demo."""
    session.info[_HUSHED] = True


def speak(session: Session) -> None:
    """Tell people again."""
    session.info.pop(_HUSHED, None)


def is_hushed(session: Session) -> bool:
    """Tell whether nobody is told anything in this session."""
    return bool(session.info.get(_HUSHED))


def tell(session: Session, facts: Iterable[Fact], *, business_on: date, now: datetime) -> int:
    """Tell members what has just changed, in the transaction that changes it; return how many were told.

    However many: one query for how they want to hear of it, then each table is written at once. Bots and
    whoever wants to hear nothing of the kind are left out.
    """
    wanted = [] if is_hushed(session) else list(facts)
    if not wanted:
        return 0
    session.flush()
    channels = _channels(session, {fact.member_id for fact in wanted})
    addressed = []
    for fact in wanted:
        in_app, by_email = channels(fact.member_id, KIND_OF[fact.event])
        if in_app or by_email:
            addressed.append((fact, in_app, by_email))
    news = _news(session, [fact for fact, _, _ in addressed], now)
    rows = [
        _row(fact, in_app, business_on, now)
        for fact, in_app, _ in addressed
        if not fact.subject or news.pop_first(fact)
    ]
    if rows:
        _write(session, rows, channels, now)
    return len(rows)


def page_of(
    session: Session,
    *,
    member_id: int,
    kind: NoticeKind | None = None,
    unread_only: bool = False,
    page: int = 1,
    page_size: int = PAGE_SIZE,
) -> NoticePage:
    """Return a page of a member's notices, the newest first."""
    conditions = [_notices.c.member_id == member_id, _notices.c.is_shown]
    if kind is not None:
        conditions.append(_notices.c.kind == kind)
    if unread_only:
        conditions.append(_notices.c.read_at.is_(None))
    row_count = session.execute(
        sa.select(sa.func.count()).select_from(_notices).where(*conditions)
    ).scalar_one()
    page_count = max(1, -(-row_count // page_size))
    page = min(max(1, page), page_count)
    found = session.execute(
        sa.select(_notices)
        .where(*conditions)
        .order_by(_notices.c.id.desc())
        .limit(page_size)
        .offset((page - 1) * page_size)
    )
    return NoticePage(
        rows=tuple(
            NoticeRow(
                notice_id=row.id,
                kind=row.kind,
                event=row.event,
                text=notice_texts.write(row.event, row.facts),
                business_on=row.business_on,
                told_at=row.told_at,
                is_unread=row.read_at is None,
            )
            for row in found
        ),
        page=page,
        page_count=page_count,
        row_count=row_count,
        unread_count=unread_count(session, member_id=member_id),
        first_number=(page - 1) * page_size + 1 if row_count else 0,
    )


def unread_count(session: Session, *, member_id: int) -> int:
    """Count what a member has not read, up to a hundred."""
    some = sa.select(_notices.c.id).where(_unread_of(member_id)).limit(MOST_COUNTED).subquery()
    return int(session.execute(sa.select(sa.func.count()).select_from(some)).scalar_one())


def newest_unread(session: Session, *, member_id: int, event: NoticeEvent) -> NoticeRow | None:
    """Return the newest unread notice of an event, if there is one."""
    row = session.execute(
        sa.select(_notices)
        .where(_unread_of(member_id), _notices.c.event == event)
        .order_by(_notices.c.id.desc())
        .limit(1)
    ).first()
    if row is None:
        return None
    text = notice_texts.write(row.event, row.facts)
    return NoticeRow(row.id, row.kind, row.event, text, row.business_on, row.told_at, is_unread=True)


def mark_read(session: Session, *, member_id: int, notice_id: int, now: datetime) -> None:
    """Note that a member has read one of their notices; saying it twice is fine. Raises UnknownError."""
    own = sa.and_(_notices.c.id == notice_id, _notices.c.member_id == member_id)
    if not is_id(notice_id) or session.execute(sa.select(_notices.c.id).where(own)).first() is None:
        raise UnknownError("notice")
    session.connection().execute(
        sa.update(_notices).where(own, _notices.c.read_at.is_(None)).values(read_at=now)
    )
    touch(session, member_topic(member_id))


def mark_all_read(session: Session, *, member_id: int, now: datetime) -> int:
    """Note that a member has read everything, and return how many notices that were."""
    done = session.connection().execute(sa.update(_notices).where(_unread_of(member_id)).values(read_at=now))
    touch(session, member_topic(member_id))
    return int(done.rowcount)


def settle_history(session: Session, *, read_before: datetime, now: datetime) -> None:
    """Let made-up history be history: what is older was read, and no e-mail of it is ever sent."""
    old = sa.and_(_notices.c.read_at.is_(None), _notices.c.told_at < read_before)
    session.connection().execute(sa.update(_notices).where(old).values(read_at=now))
    session.connection().execute(sa.delete(_mails).where(_mails.c.state == MailState.WAITING))


def _unread_of(member_id: int) -> sa.ColumnElement[bool]:
    return sa.and_(_notices.c.member_id == member_id, _notices.c.read_at.is_(None), _notices.c.is_shown)


def _row(fact: Fact, in_app: bool, business_on: date, now: datetime) -> dict[str, object]:
    return {
        "member_id": fact.member_id,
        "kind": KIND_OF[fact.event],
        "event": fact.event,
        "facts": dict(fact.facts),
        "is_shown": in_app,
        "business_on": business_on,
        "told_at": now,
        "read_at": None,
    }


@dataclass(frozen=True, slots=True)
class _Channels:
    """How people want to hear of each kind; of who is not in here nobody is told."""

    people: frozenset[int]
    chosen: Mapping[tuple[int, str], tuple[bool, bool]]

    def __call__(self, member_id: int, kind: NoticeKind) -> tuple[bool, bool]:
        if member_id not in self.people:
            return False, False
        return self.chosen.get((member_id, kind.value), (True, kind not in NOT_MAILED_BY_DEFAULT))


def _channels(session: Session, member_ids: set[int]) -> _Channels:
    """Read how people want to hear of things."""
    people: set[int] = set()
    chosen: dict[tuple[int, str], tuple[bool, bool]] = {}
    wanted = sorted(member_ids)
    joined = _members.outerjoin(_preferences, _preferences.c.member_id == _members.c.id)
    columns = (_members.c.id, _preferences.c.kind, _preferences.c.in_app, _preferences.c.by_email)
    for start in range(0, len(wanted), CHUNK):
        of_these = _members.c.id.in_(wanted[start : start + CHUNK])
        rows = session.execute(
            sa.select(*columns).select_from(joined).where(of_these, sa.not_(_members.c.is_bot))
        )
        for member_id, kind, in_app, by_email in rows:
            people.add(member_id)
            if kind is not None:
                chosen[member_id, kind] = (in_app, by_email)
    return _Channels(frozenset(people), chosen)


def _write(session: Session, rows: Sequence[dict[str, object]], channels: _Channels, now: datetime) -> None:
    """Write notices, and e-mails for those who want them."""
    ids = batch_rows.insert_numbered(session, _notices, rows)
    whose = [(cast(int, row["member_id"]), cast(NoticeKind, row["kind"])) for row in rows]
    mailed = [notice_id for notice_id, to in zip(ids, whose, strict=True) if channels(*to)[1]]
    waiting = {"state": MailState.WAITING, "attempt_count": 0, "next_try_at": now, "last_refusal": ""}
    batch_rows.insert(session, _mails, [{"notice_id": notice_id, **waiting} for notice_id in mailed])
    touch(session, *(member_topic(member_id) for member_id, _ in whose))


@dataclass(frozen=True, slots=True)
class _News:
    """The subjects that may be told now; each is told once."""

    subjects: set[tuple[int, str]]

    def pop_first(self, fact: Fact) -> bool:
        """Tell whether a fact may be told, and let none of the same subject follow it."""
        name = (fact.member_id, fact.subject)
        if name not in self.subjects:
            return False
        self.subjects.remove(name)
        return True


def _news(session: Session, facts: Sequence[Fact], now: datetime) -> _News:
    """Claim the subjects that were not told before, or long enough ago; the row decides, in races too."""
    is_sqlite = session.get_bind().dialect.name == "sqlite"
    insert = sqlite.insert if is_sqlite else postgresql.insert
    spans: dict[timedelta | None, set[tuple[int, str]]] = {}
    for fact in facts:
        if fact.subject:
            spans.setdefault(fact.again_after, set()).add((fact.member_id, fact.subject))
    claimed: set[tuple[int, str]] = set()
    for span, names in spans.items():
        told_at = sa.literal(now, _marks.c.told_at.type)
        subjects = (_from_json if is_sqlite else _from_arrays)(sorted(names))
        claim = insert(_marks).from_select(
            ["member_id", "subject", "told_at"],
            # Without a condition SQLite would read ON CONFLICT as a part of the query.
            sa.select(*subjects, told_at).where(sa.true()),
        )
        key = [_marks.c.member_id, _marks.c.subject]
        if span is None:
            statement = claim.on_conflict_do_nothing(index_elements=key)
        else:
            long_ago = _marks.c.told_at <= now - span
            statement = claim.on_conflict_do_update(
                index_elements=key, set_={"told_at": claim.excluded.told_at}, where=long_ago
            )
        rows = session.connection().execute(statement.returning(*key))
        claimed.update((member_id, subject) for member_id, subject in rows)
    return _News(claimed)


def _from_json(names: Sequence[tuple[int, str]]) -> tuple[sa.ColumnElement[Any], ...]:
    """Hand subjects to SQLite in one parameter."""
    pair = sa.func.json_each(json.dumps(names)).table_valued("value").c.value
    return sa.func.json_extract(pair, "$[0]"), sa.func.json_extract(pair, "$[1]")


def _from_arrays(names: Sequence[tuple[int, str]]) -> tuple[sa.ColumnElement[Any], ...]:
    """Hand subjects to PostgreSQL in one parameter for each column."""
    members = sa.literal([who for who, _ in names], postgresql.ARRAY(sa.BigInteger))
    subjects = sa.literal([subject for _, subject in names], postgresql.ARRAY(sa.String))
    pairs = sa.func.unnest(members, subjects).table_valued("member_id", "subject").render_derived()
    return pairs.c.member_id, pairs.c.subject
