"""Owns the cash set aside for bids: a hold is active, then posted or released, exactly once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import cast

import sqlalchemy as sa
from sqlmodel import Session

from p2p_reflex.domain.errors import LendingError
from p2p_reflex.domain.vocabulary import HoldState, TransactionKind
from p2p_reflex.models import Hold
from p2p_reflex.services import ledger
from p2p_reflex.services.ledger import Leg, Movement

_holds = cast(sa.Table, Hold.__table__)  # type: ignore[attr-defined]


class HoldEndedError(LendingError):
    """A hold that was posted or released cannot be used again."""

    def __init__(self) -> None:
        super().__init__("The money for this bid was already used or released.")


@dataclass(frozen=True, slots=True)
class HoldChange:
    """What a bid holds now and what it shall hold, in cents; `hold_id` is none where it holds nothing."""

    member_id: int
    listing_id: int
    hold_id: int | None
    from_cents: int
    to_cents: int
    memo: str


def change_holds(
    session: Session, *, changes: Sequence[HoldChange], business_on: date, recorded_at: datetime
) -> tuple[int | None, ...]:
    """Move cash between wallets and held accounts, and return each bid's hold afterwards.

    What falls to zero is released; what rises from zero opens a new hold.
    Raises InsufficientFundsError where a wallet is short, HoldEndedError where a hold is no longer as said.
    """
    accounts = ledger.member_accounts(session, member_ids=[change.member_id for change in changes])
    movements = []
    for change in changes:
        delta = change.to_cents - change.from_cents
        if delta == 0:
            continue
        own = accounts[change.member_id]
        movements.append(
            Movement(
                kind=TransactionKind.HOLD if delta > 0 else TransactionKind.RELEASE,
                memo=change.memo,
                legs=(Leg(own.wallet_id, -delta), Leg(own.held_id, delta)),
                listing_id=change.listing_id,
                actor_id=change.member_id,
            )
        )
    ledger.post(session, movements, business_on=business_on, recorded_at=recorded_at)
    return tuple(_apply(session, change, recorded_at) for change in changes)


def take_holds(session: Session, *, amounts: Sequence[tuple[int, int]], ended_at: datetime) -> None:
    """Mark holds as posted, each with the amount it must still hold; the caller journals the money.

    Raises HoldEndedError where one was posted or released before, or holds another amount.
    """
    for hold_id, amount_cents in amounts:
        _change_row(session, hold_id, amount_cents, {"state": HoldState.POSTED, "ended_at": ended_at})


def _apply(session: Session, change: HoldChange, moment: datetime) -> int | None:
    """Bring one hold's row in line with its money."""
    if change.hold_id is None:
        return _open(session, change, moment) if change.to_cents else None
    if change.to_cents == 0:
        ended = {"state": HoldState.RELEASED, "amount_cents": 0, "ended_at": moment}
        _change_row(session, change.hold_id, change.from_cents, ended)
        return None
    _change_row(session, change.hold_id, change.from_cents, {"amount_cents": change.to_cents})
    return change.hold_id


def _open(session: Session, change: HoldChange, moment: datetime) -> int:
    """Open a hold for a bid that begins to lead."""
    hold = Hold(
        member_id=change.member_id, listing_id=change.listing_id, amount_cents=change.to_cents, opened_at=moment
    )
    session.add(hold)
    session.flush()
    return hold.id


def _change_row(session: Session, hold_id: int, expected_cents: int, values: dict[str, object]) -> None:
    """Change an active hold that still holds what the caller read; of two callers one succeeds."""
    statement = (
        sa.update(_holds)
        .where(
            _holds.c.id == hold_id,
            _holds.c.state == HoldState.ACTIVE,
            _holds.c.amount_cents == expected_cents,
        )
        .values(**values)
    )
    if session.connection().execute(statement).rowcount != 1:
        raise HoldEndedError
