"""Owns deposits and withdrawals that an admin confirms: asked, cancelled, confirmed or refused, once.

A deposit moves no money until it is confirmed. A withdrawal is held in the ledger at once, so that what waits
cannot be spent again; it goes out when it is confirmed, and is free again when it is refused or cancelled.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from p2p_reflex.domain.errors import LendingError, UnknownError
from p2p_reflex.domain.vocabulary import AccountKind, MoneyRequestKind, MoneyRequestState, TransactionKind
from p2p_reflex.models import MoneyRequest, table_of
from p2p_reflex.services import idempotency
from p2p_reflex.services.bidding.book_rows import is_id
from p2p_reflex.services.conversations import conversation
from p2p_reflex.services.desk.approval_requests import limit_cents
from p2p_reflex.services.money import ledger
from p2p_reflex.services.money.ledger import Leg, Movement
from p2p_reflex.services.notices import money_notices
from p2p_reflex.services.people.authority import check_admin
from p2p_reflex.services.touched import member_topic, touch

MOST_WAITING = 20
MONEY_WAITS = "money waits"
"""A deposit or withdrawal waits, or does not any more."""

_requests = table_of(MoneyRequest)

_ENDED_WORDS = {
    MoneyRequestState.CONFIRMED: "was confirmed",
    MoneyRequestState.REFUSED: "was refused",
    MoneyRequestState.CANCELLED: "was cancelled",
}


class EndedAlreadyError(LendingError):
    """What waited was decided a moment ago, by somebody else or in another tab."""

    def __init__(self, state: MoneyRequestState) -> None:
        super().__init__(f"This {_ENDED_WORDS[state]} already. Nothing was changed.")


class SecondAdminNeededError(LendingError):
    """A large withdrawal is confirmed by two different admins."""

    def __init__(self) -> None:
        super().__init__("You have confirmed this already. Another admin has to confirm it, too.")


class EnoughWaitsError(LendingError):
    """One member asks for so much at a time and no more."""

    def __init__(self) -> None:
        super().__init__(f"{MOST_WAITING} of your requests are waiting. Wait for an admin, or cancel some.")


@dataclass(frozen=True, slots=True)
class RequestOutcome:
    """What became of a request; one that still waits needs a second admin."""

    request_id: int
    state: MoneyRequestState
    amount_cents: int


def needs_second_admin(kind: MoneyRequestKind, amount_cents: int) -> bool:
    """Tell whether two admins have to confirm it."""
    return kind is MoneyRequestKind.WITHDRAWAL and amount_cents > limit_cents()


def ask(
    session: Session,
    *,
    member_id: int,
    kind: MoneyRequestKind,
    amount_cents: int,
    business_on: date,
    now: datetime,
) -> int:
    """Let a deposit or withdrawal wait for an admin, and return its id; a withdrawal is held at once.

    The caller has checked the member and the amount, and acts once for a form.
    Raises EnoughWaitsError, InsufficientFundsError.
    """
    member = conversation.writer(session, member_id=member_id)
    waits = sa.and_(_requests.c.member_id == member_id, _requests.c.state == MoneyRequestState.WAITING)
    if conversation.count_of(session, _requests, waits) >= MOST_WAITING:
        raise EnoughWaitsError
    request = MoneyRequest(
        member_id=member_id, kind=kind, amount_cents=amount_cents, requested_on=business_on, requested_at=now
    )
    session.add(request)
    session.flush()
    if kind is MoneyRequestKind.WITHDRAWAL:
        held = _held(session, request, amount_cents, "Held for a withdrawal", "hold", member_id)
        ledger.post(session, [held], business_on=business_on, recorded_at=now)
    _touch(session, request)
    money_notices.tell_waits(session, request, by=member.full_name, business_on=business_on, now=now)
    return request.id


def confirm(
    session: Session, *, admin_id: int, request_id: int, form_key: str, business_on: date, now: datetime
) -> RequestOutcome:
    """Confirm that money came in or may go out, and post it; a large withdrawal waits for a second admin.

    Raises UnknownError, EndedAlreadyError, SecondAdminNeededError.
    """
    check_admin(session, admin_id=admin_id)

    def act() -> dict[str, Any]:
        request = _waiting(session, request_id)
        first_id = request.first_confirmed_by_id
        if needs_second_admin(request.kind, request.amount_cents):
            if first_id == admin_id:
                raise SecondAdminNeededError
            if first_id is None:
                _change(session, request, first_confirmed_by_id=admin_id, first_confirmed_at=now)
                money_notices.tell_second(
                    session, request, admin_id=admin_id, business_on=business_on, now=now
                )
                return _answer(request, MoneyRequestState.WAITING)
        elif first_id == admin_id:  # the limit was raised since: one admin is enough, and it is this one
            _change(session, request, first_confirmed_by_id=None, first_confirmed_at=None)
        *_, posted_id = ledger.post(
            session, _confirmed(session, request, admin_id), business_on=business_on, recorded_at=now
        )
        state = MoneyRequestState.CONFIRMED
        _change(
            session, request, state=state, decided_by_id=admin_id, decided_at=now, transaction_id=posted_id
        )
        money_notices.tell_decided(session, request, reason="", business_on=business_on, now=now)
        return _answer(request, state)

    return _once(session, admin_id, form_key, "confirm_money", {"request_id": request_id}, now, act)


def refuse(
    session: Session,
    *,
    admin_id: int,
    request_id: int,
    reason: str,
    form_key: str,
    business_on: date,
    now: datetime,
) -> RequestOutcome:
    """Refuse what waits, for a reason that its member reads; what was held is free again.

    Raises FieldError on "reason", UnknownError, EndedAlreadyError.
    """
    check_admin(session, admin_id=admin_id)
    given = conversation.read_reason(reason).rstrip(".")

    def act() -> dict[str, Any]:
        request = _waiting(session, request_id)
        _end(session, request, MoneyRequestState.REFUSED, admin_id, given, business_on, now)
        money_notices.tell_decided(session, request, reason=given, business_on=business_on, now=now)
        return _answer(request, MoneyRequestState.REFUSED)

    body = {"request_id": request_id, "reason": given}
    return _once(session, admin_id, form_key, "refuse_money", body, now, act)


def cancel(
    session: Session, *, member_id: int, request_id: int, form_key: str, business_on: date, now: datetime
) -> RequestOutcome:
    """Let a member take back what waits; what was held is free again.

    Raises UnknownError, EndedAlreadyError.
    """

    def act() -> dict[str, Any]:
        request = _waiting(session, request_id, member_id=member_id)
        _end(session, request, MoneyRequestState.CANCELLED, member_id, "", business_on, now)
        return _answer(request, MoneyRequestState.CANCELLED)

    return _once(session, member_id, form_key, "cancel_money", {"request_id": request_id}, now, act)


def _waiting(session: Session, request_id: int, *, member_id: int | None = None) -> MoneyRequest:
    """Lock a request that waits, as it stands now; a member finds their own only.

    Raises UnknownError, EndedAlreadyError.
    """
    if not is_id(request_id):
        raise UnknownError("request")
    request = session.get(MoneyRequest, request_id, with_for_update=True, populate_existing=True)
    if request is None or member_id not in (None, request.member_id):
        raise UnknownError("request")
    if request.state is not MoneyRequestState.WAITING:
        raise EndedAlreadyError(request.state)
    return request


def _end(
    session: Session,
    request: MoneyRequest,
    state: MoneyRequestState,
    actor_id: int,
    reason: str,
    business_on: date,
    now: datetime,
) -> None:
    """End a request without its money going anywhere."""
    if request.kind is MoneyRequestKind.WITHDRAWAL:
        memo = f"Withdrawal {state.value}"
        released = _held(session, request, -request.amount_cents, memo, "release", actor_id)
        ledger.post(session, [released], business_on=business_on, recorded_at=now)
    _change(session, request, state=state, decided_by_id=actor_id, decided_at=now, reason=reason)


def _confirmed(session: Session, request: MoneyRequest, admin_id: int) -> list[Movement]:
    """Move the money of a confirmed request; what was held passes through the wallet, as any withdrawal."""
    bank_id = ledger.house_accounts(session)[AccountKind.BANK]
    wallet_id = ledger.member_accounts(session, member_ids=[request.member_id])[request.member_id].wallet_id
    is_deposit = request.kind is MoneyRequestKind.DEPOSIT
    cents = request.amount_cents if is_deposit else -request.amount_cents
    outside = Movement(
        kind=TransactionKind.DEPOSIT if is_deposit else TransactionKind.WITHDRAWAL,
        memo="Money added" if is_deposit else "Money withdrawn",
        legs=(Leg(bank_id, -cents), Leg(wallet_id, cents)),
        key=_key(request, "confirmed"),
        actor_id=admin_id,
    )
    if is_deposit:
        return [outside]
    return [_held(session, request, cents, "Withdrawal confirmed", "release", admin_id), outside]


def _held(
    session: Session, request: MoneyRequest, cents: int, memo: str, name: str, actor_id: int
) -> Movement:
    """Hold money of a wallet for a withdrawal, or below zero release it."""
    own = ledger.member_accounts(session, member_ids=[request.member_id])[request.member_id]
    return Movement(
        kind=TransactionKind.HOLD if cents > 0 else TransactionKind.RELEASE,
        memo=memo,
        legs=(Leg(own.wallet_id, -cents), Leg(own.held_id, cents)),
        key=_key(request, name),
        actor_id=actor_id,
    )


def _key(request: MoneyRequest, name: str) -> str:
    """Name a movement of a request; the journal takes each name once."""
    return f"money-request:{request.id}:{name}"


def _change(session: Session, request: MoneyRequest, **values: object) -> None:
    """Change a request that still waits; of two callers one succeeds. Raises EndedAlreadyError."""
    waits = sa.and_(_requests.c.id == request.id, _requests.c.state == MoneyRequestState.WAITING)
    changed = session.connection().execute(sa.update(_requests).where(waits).values(**values))
    session.refresh(request)
    if changed.rowcount != 1:
        raise EndedAlreadyError(request.state)
    _touch(session, request)


def _touch(session: Session, request: MoneyRequest) -> None:
    touch(session, member_topic(request.member_id), MONEY_WAITS)


def _answer(request: MoneyRequest, state: MoneyRequestState) -> dict[str, Any]:
    return {"request_id": request.id, "state": state.value, "amount_cents": request.amount_cents}


def _once(
    session: Session,
    actor_id: int,
    form_key: str,
    action: str,
    body: dict[str, Any],
    now: datetime,
    act: Callable[[], dict[str, Any]],
) -> RequestOutcome:
    answer = idempotency.once(
        session, member_id=actor_id, key=form_key, action=action, body=body, now=now, act=act
    )
    state = MoneyRequestState(answer["state"])
    return RequestOutcome(int(answer["request_id"]), state, int(answer["amount_cents"]))
