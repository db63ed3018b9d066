"""Owns the lists of deposits and withdrawals that wait: a member's own, and all of them for admins."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from p2p_reflex.domain.vocabulary import AccountKind, MoneyRequestKind, MoneyRequestState, Role
from p2p_reflex.models import LedgerAccount, Member, MoneyRequest, table_of
from p2p_reflex.services.money.money_requests import needs_second_admin
from p2p_reflex.services.people.authority import check_admin

FEW_DECIDED = 8
MOST_LISTED = 200

_requests = table_of(MoneyRequest)
_members = table_of(Member)
_accounts = table_of(LedgerAccount)


@dataclass(frozen=True, slots=True)
class OwnRequest:
    """What waits, as its member's wallet shows it."""

    request_id: int
    kind: MoneyRequestKind
    amount_cents: int
    requested_on: date
    needs_second_admin: bool
    is_first_confirmed: bool


@dataclass(frozen=True, slots=True)
class WaitingRequest:
    """What waits, as admins decide it, the oldest first; `available_cents` is what its member can use now."""

    request_id: int
    kind: MoneyRequestKind
    amount_cents: int
    member_name: str
    email: str
    available_cents: int
    requested_on: date
    requested_at: datetime
    needs_second_admin: bool
    first_confirmed_by: str
    is_first_own: bool


@dataclass(frozen=True, slots=True)
class DecidedRequest:
    """What waited once, and what became of it."""

    request_id: int
    kind: MoneyRequestKind
    amount_cents: int
    state: MoneyRequestState
    member_name: str
    first_confirmed_by: str
    decided_by: str
    decided_at: datetime
    reason: str


def of_member(session: Session, *, member_id: int) -> tuple[OwnRequest, ...]:
    """List what of a member's money waits, the oldest first."""
    rows = session.execute(
        sa.select(_requests)
        .where(_requests.c.member_id == member_id, _requests.c.state == MoneyRequestState.WAITING)
        .order_by(_requests.c.id)
    )
    return tuple(
        OwnRequest(
            request_id=row.id,
            kind=row.kind,
            amount_cents=row.amount_cents,
            requested_on=row.requested_on,
            needs_second_admin=needs_second_admin(row.kind, row.amount_cents),
            is_first_confirmed=row.first_confirmed_by_id is not None,
        )
        for row in rows
    )


def for_admin(session: Session, *, admin_id: int) -> tuple[WaitingRequest, ...]:
    """List everything that waits, the oldest first. Raises UnknownError."""
    check_admin(session, admin_id=admin_id)
    wallet = sa.and_(_accounts.c.member_id == _requests.c.member_id, _accounts.c.kind == AccountKind.WALLET)
    rows = session.execute(
        _named(_members.c.email, _accounts.c.balance_cents)
        .join(_accounts, wallet)
        .where(_requests.c.state == MoneyRequestState.WAITING)
        .order_by(_requests.c.id)
        .limit(MOST_LISTED)
    )
    return tuple(
        WaitingRequest(
            request_id=row.id,
            kind=row.kind,
            amount_cents=row.amount_cents,
            member_name=row.member_name,
            email=row.email,
            available_cents=row.balance_cents,
            requested_on=row.requested_on,
            requested_at=row.requested_at,
            needs_second_admin=needs_second_admin(row.kind, row.amount_cents),
            first_confirmed_by=row.first_name or "",
            is_first_own=row.first_confirmed_by_id == admin_id,
        )
        for row in rows
    )


def count_for_admin(session: Session, *, member_id: int) -> int:
    """Count what waits; for anybody but an admin it is nothing."""
    is_admin = sa.exists().where(_members.c.id == member_id, _members.c.role == Role.ADMIN)
    counted = sa.select(sa.func.count()).select_from(_requests)
    waits = counted.where(_requests.c.state == MoneyRequestState.WAITING, is_admin)
    return int(session.execute(waits).scalar_one())


def decided_lately(session: Session, *, admin_id: int) -> tuple[DecidedRequest, ...]:
    """List what was decided or cancelled last, the newest first. Raises UnknownError."""
    check_admin(session, admin_id=admin_id)
    decided = _members.alias("decided")
    rows = session.execute(
        _named(decided.c.full_name.label("decided_by"))
        .join(decided, decided.c.id == _requests.c.decided_by_id)
        .where(_requests.c.state != MoneyRequestState.WAITING)
        .order_by(_requests.c.decided_at.desc(), _requests.c.id.desc())
        .limit(FEW_DECIDED)
    )
    return tuple(
        DecidedRequest(
            request_id=row.id,
            kind=row.kind,
            amount_cents=row.amount_cents,
            state=row.state,
            member_name=row.member_name,
            first_confirmed_by=row.first_name or "",
            decided_by=row.decided_by,
            decided_at=row.decided_at,
            reason=row.reason,
        )
        for row in rows
    )


def _named(*more: sa.ColumnElement[Any]) -> sa.Select[Any]:
    """Read requests with the names of who asked and of who confirmed first."""
    first = _members.alias("first")
    return (
        sa.select(
            _requests,
            _members.c.full_name.label("member_name"),
            first.c.full_name.label("first_name"),
            *more,
        )
        .select_from(_requests.join(_members, _members.c.id == _requests.c.member_id))
        .outerjoin(first, first.c.id == _requests.c.first_confirmed_by_id)
    )
