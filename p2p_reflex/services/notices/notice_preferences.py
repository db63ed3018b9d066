"""Owns how each member wants to hear of each kind of notice: in the app, by e-mail, both or not at all."""

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session

from p2p_reflex.domain.errors import UnknownError
from p2p_reflex.domain.notice_kinds import NOT_MAILED_BY_DEFAULT, NoticeKind
from p2p_reflex.domain.vocabulary import Role
from p2p_reflex.models import Member, NoticePreference, table_of
from p2p_reflex.services.touched import member_topic, touch

CHANNELS = ("in_app", "by_email")

KINDS_OF = {
    Role.BORROWER: (
        NoticeKind.FIRST_BID,
        NoticeKind.COVERED,
        NoticeKind.CLOSING_SOON,
        NoticeKind.FUNDED,
        NoticeKind.QUESTION,
        NoticeKind.LETTER,
        NoticeKind.MONEY,
        NoticeKind.REMINDER,
        NoticeKind.LATE,
        NoticeKind.CHANGE,
        NoticeKind.SYSTEM,
    ),
    Role.LENDER: (
        NoticeKind.OUTBID,
        NoticeKind.ACCEPTED,
        NoticeKind.REJECTED,
        NoticeKind.FUNDED,
        NoticeKind.CLOSING_SOON,
        NoticeKind.QUESTION,
        NoticeKind.LETTER,
        NoticeKind.MONEY,
        NoticeKind.LATE,
        NoticeKind.CHANGE,
        NoticeKind.SYSTEM,
    ),
    Role.ADMIN: (NoticeKind.LATE, NoticeKind.CHANGE, NoticeKind.SYSTEM),
}
"""What each kind of member is ever told of."""

_preferences = table_of(NoticePreference)


@dataclass(frozen=True, slots=True)
class PreferenceRow:
    """How a member hears of one kind."""

    kind: NoticeKind
    in_app: bool
    by_email: bool


def preferences(session: Session, *, member_id: int) -> tuple[PreferenceRow, ...]:
    """List how a member hears of each kind that concerns them. Raises UnknownError."""
    found = session.execute(sa.select(_preferences).where(_preferences.c.member_id == member_id))
    chosen = {row.kind: (row.in_app, row.by_email) for row in found}
    return tuple(
        PreferenceRow(kind, *chosen.get(kind, (True, kind not in NOT_MAILED_BY_DEFAULT)))
        for kind in KINDS_OF[_role(session, member_id)]
    )


def choose(session: Session, *, member_id: int, kind: str, channel: str, wanted: bool) -> None:
    """Switch one channel of one kind on or off; saying it twice is fine. Raises UnknownError."""
    known = {row.kind.value: row for row in preferences(session, member_id=member_id)}
    if kind not in known or channel not in CHANNELS:
        raise UnknownError("choice")
    row = known[kind]
    values = {"in_app": row.in_app, "by_email": row.by_email, channel: bool(wanted)}
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    session.connection().execute(
        insert(_preferences)
        .values(member_id=member_id, kind=row.kind, **values)
        .on_conflict_do_update(
            index_elements=[_preferences.c.member_id, _preferences.c.kind], set_={channel: bool(wanted)}
        )
    )
    touch(session, member_topic(member_id))


def _role(session: Session, member_id: int) -> Role:
    member = session.get(Member, member_id)
    if member is None or member.is_bot:
        raise UnknownError("member")
    return member.role
