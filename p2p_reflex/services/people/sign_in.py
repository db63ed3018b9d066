"""Owns who is signed in: checking passwords, single-use tickets, sessions, and slowing down guessers."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col, select

from p2p_reflex.domain.errors import FieldError, LendingError, UnknownError
from p2p_reflex.domain.vocabulary import Role
from p2p_reflex.models import Member, SignInSession, SignInThrottle, SignInTicket, table_of
from p2p_reflex.services.people.members import password_matches

TICKET_LIFE = timedelta(seconds=60)
IDLE_LIMIT = timedelta(days=3)
ABSOLUTE_LIMIT = timedelta(days=30)
LIMITS = (
    (5, timedelta(minutes=15)),
    (20, timedelta(minutes=15)),
    (50, timedelta(minutes=1)),
)
"""Free tries and the longest wait: for an account from one address, for the address, for the account.

Whoever guesses from elsewhere never makes the owner wait more than a minute.
"""
FORGET_FAILURES_AFTER = timedelta(hours=24)
SEEN_EVERY = timedelta(minutes=1)

_sessions = table_of(SignInSession)
_throttles = table_of(SignInThrottle)
_tickets = table_of(SignInTicket)


class WrongPasswordError(FieldError):
    """One answer for a wrong password and for an address nobody has."""

    def __init__(self) -> None:
        super().__init__("password", "The email and the password do not belong together.")


class SlowDownError(LendingError):
    """Too many failed tries; waiting helps, and nobody is locked out for good."""

    def __init__(self, wait: timedelta) -> None:
        minutes = max(1, -(-int(wait.total_seconds()) // 60))
        unit = "minute" if minutes == 1 else "minutes"
        super().__init__(f"Too many tries. Wait {minutes} {unit} and try again.")


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a request speaks for."""

    member_id: int
    role: Role
    full_name: str
    is_demo: bool


@dataclass(frozen=True, slots=True)
class PasswordCheck:
    """What is needed to check a password outside of any transaction, and to give its try back."""

    member_id: int | None
    password_hash: str | None
    role: Role | None = None
    tried_at: datetime | None = None


def count_try(session: Session, *, email: object, address: str, now: datetime) -> PasswordCheck:
    """Count a try against the account and the address, and find the hash to check the password against.

    It counts before the password is checked, so that guesses at the same instant see each other; the right
    password gives it back. Raises SlowDownError while one of the subjects has to wait, and counts nothing.
    """
    normal = _normal(email)
    throttles = [throttle_of(session, subject=subject, now=now) for subject in _subjects(normal, address)]
    waits = [each.blocked_until_at for each in throttles if each.blocked_until_at is not None]
    if waits and max(waits) > now:
        raise SlowDownError(max(waits) - now)
    for throttle, (free, longest) in zip(throttles, LIMITS, strict=True):
        if now - throttle.failed_at > FORGET_FAILURES_AFTER:
            throttle.failure_count = 0
        throttle.failure_count += 1
        throttle.failed_at = now
        over = throttle.failure_count - free
        if over >= 0:
            throttle.blocked_until_at = now + min(timedelta(seconds=15 * 2 ** min(over, 10)), longest)
        session.add(throttle)
    session.flush()
    found = session.exec(select(Member).where(Member.email == normal, col(Member.is_bot).is_(False))).first()
    if found is None:
        return PasswordCheck(member_id=None, password_hash=None, tried_at=now)
    return PasswordCheck(found.id, found.password_hash, found.role, tried_at=now)


def matches(check: PasswordCheck, password: object) -> bool:
    """Check the password; slow on purpose, so it runs outside of any transaction."""
    text = password if isinstance(password, str) and len(password) <= 128 else ""
    return password_matches(text, check.password_hash) and check.member_id is not None


def issue_ticket(
    session: Session,
    *,
    member_id: int,
    address: str,
    user_agent: str,
    now: datetime,
    tried_at: datetime | None = None,
) -> str:
    """Hand out a single-use ticket for the cookie route, and forget the account's failures.

    `tried_at` is when the right password was tried: that try is given back to the network address.
    """
    member = session.get(Member, member_id)
    if member is None or member.is_bot:
        raise UnknownError("account")
    pair, network, account = _subjects(member.email, address)
    connection = session.connection()
    connection.execute(sa.delete(_throttles).where(_throttles.c.subject == pair))
    if tried_at is not None:
        _give_back(session, network, tried_at)
    connection.execute(sa.delete(_throttles).where(_throttles.c.subject == account))
    ticket = secrets.token_urlsafe(32)
    session.add(
        SignInTicket(
            member_id=member_id,
            ticket_hash=_hash(ticket),
            address=address[:64],
            user_agent=user_agent[:200],
            created_at=now,
        )
    )
    session.flush()
    return ticket


def _give_back(session: Session, subject: str, tried_at: datetime) -> None:
    """Take one try off a count, and the wait that this very try began."""
    began_here = _throttles.c.failed_at == tried_at  # while one waits, no later try is counted
    connection, mine = session.connection(), _throttles.c.subject == subject
    connection.execute(sa.delete(_throttles).where(mine, _throttles.c.failure_count <= 1))
    connection.execute(
        sa.update(_throttles)
        .where(mine)
        .values(
            failure_count=_throttles.c.failure_count - 1,
            blocked_until_at=sa.case((began_here, None), else_=_throttles.c.blocked_until_at),
        )
    )


def demo_ticket(session: Session, *, role: str, address: str, user_agent: str, now: datetime) -> str:
    """Hand out a ticket for the demo's first member of a role. Raises UnknownError without a demo."""
    member = next((each for each in demo_members(session) if each.role == role), None)
    if member is None:
        raise UnknownError("demo account")
    return issue_ticket(session, member_id=member.member_id, address=address, user_agent=user_agent, now=now)


def demo_members(session: Session) -> tuple[Identity, ...]:
    """Return whom the demo lets in with one click: its first borrower, lender and admin, if it has them."""
    first = (
        select(sa.func.min(Member.id))
        .where(col(Member.is_demo).is_(True), col(Member.is_bot).is_(False))
        .group_by(col(Member.role))
    )
    found = session.exec(select(Member).where(col(Member.id).in_(first))).all()
    order = list(Role)
    return tuple(
        Identity(member_id=member.id, role=member.role, full_name=member.full_name, is_demo=True)
        for member in sorted(found, key=lambda member: order.index(member.role))
    )


def redeem_ticket(session: Session, *, ticket: str, now: datetime) -> str:
    """Turn a fresh ticket into a session and return its token; a ticket works once.

    Raises UnknownError.
    """
    used = session.connection().execute(
        sa.update(_tickets)
        .where(
            _tickets.c.ticket_hash == _hash(ticket),
            _tickets.c.used_at.is_(None),
            _tickets.c.created_at > now - TICKET_LIFE,
        )
        .values(used_at=now)
        .returning(_tickets.c.member_id, _tickets.c.address, _tickets.c.user_agent)
    )
    row = used.first()
    if row is None:
        raise UnknownError("sign-in")
    token = secrets.token_urlsafe(32)
    session.add(
        SignInSession(
            member_id=row.member_id,
            token_hash=_hash(token),
            address=row.address,
            user_agent=row.user_agent,
            created_at=now,
            seen_at=now,
        )
    )
    session.flush()
    return token


def identify(session: Session, *, token: str, now: datetime) -> Identity | None:
    """Say who a session token speaks for, or nobody where it has ended, idled out or never was."""
    row = session.exec(
        select(SignInSession, Member)
        .join(Member, col(Member.id) == SignInSession.member_id)
        .where(
            SignInSession.token_hash == _hash(token),
            col(SignInSession.ended_at).is_(None),
            SignInSession.seen_at > now - IDLE_LIMIT,
            SignInSession.created_at > now - ABSOLUTE_LIMIT,
        )
    ).first()
    if row is None:
        return None
    member = row[1]
    return Identity(member_id=member.id, role=member.role, full_name=member.full_name, is_demo=member.is_demo)


def touch(session: Session, *, token: str, now: datetime) -> None:
    """Note that a session is in use, at most once a minute."""
    session.connection().execute(
        sa.update(_sessions)
        .where(_sessions.c.token_hash == _hash(token), _sessions.c.seen_at < now - SEEN_EVERY)
        .values(seen_at=now)
    )


def sign_out(session: Session, *, token: str, now: datetime) -> None:
    """End a session; ending one that has ended changes nothing."""
    session.connection().execute(
        sa.update(_sessions)
        .where(_sessions.c.token_hash == _hash(token), _sessions.c.ended_at.is_(None))
        .values(ended_at=now)
    )


def throttle_of(session: Session, *, subject: str, now: datetime) -> SignInThrottle:
    """Return the locked count of a subject's tries, opened where it is missing, also by two at once."""
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    opened = insert(_throttles).values(subject=subject, failure_count=0, failed_at=now)
    session.connection().execute(opened.on_conflict_do_nothing())
    return session.get_one(SignInThrottle, subject, with_for_update=True, populate_existing=True)


def subject_of(kind: str, name: str) -> str:
    """Name something whose tries are counted, without keeping the name itself."""
    return f"{kind}:{_hash(name)[:48]}"


def _hash(secret: str) -> str:
    """Keep only hashes of what opens a door."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


def _normal(email: object) -> str:
    """Compare e-mail addresses without case; whatever is not text is nobody's."""
    return email.strip().lower()[:254] if isinstance(email, str) else ""


def _subjects(email: str, address: str) -> tuple[str, str, str]:
    """Name what failures are counted for: the account from this address, the address, and the account."""
    return (
        subject_of("pair", f"{email} {address}"),
        subject_of("address", address),
        subject_of("account", email),
    )
