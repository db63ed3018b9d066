"""Owns the cash set aside for bids: a hold is active, then posted or released, exactly once."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import NamedTuple

from sqlmodel import Session

from p2p_reflex.domain.errors import LendingError
from p2p_reflex.domain.vocabulary import HoldState, TransactionKind
from p2p_reflex.models import Hold, table_of
from p2p_reflex.services.bulk import batch_columns, batch_rows
from p2p_reflex.services.money import ledger
from p2p_reflex.services.money.ledger import Leg, Movement

_holds = table_of(Hold)


class HoldEndedError(LendingError):
    """A hold that was posted or released cannot be used again."""

    def __init__(self) -> None:
        super().__init__("The money for this bid was already used or released.")


class HoldChange(NamedTuple):
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
    _change_rows(session, [_changed(change, recorded_at) for change in changes if change.hold_id is not None])
    opening = [change for change in changes if change.hold_id is None and change.to_cents]
    opened = iter(_open(session, opening, recorded_at))
    return tuple(_hold_after(change, opened) for change in changes)


def take_holds(session: Session, *, amounts: Sequence[tuple[int, int]], ended_at: datetime) -> None:
    """Mark holds as posted, each with the amount it must still hold; the caller journals the money.

    Raises HoldEndedError where one was posted or released before, or holds another amount.
    """
    _change_rows(
        session,
        [_Row(hold_id, cents, HoldState.POSTED, cents, ended_at) for hold_id, cents in amounts],
    )


def _hold_after(change: HoldChange, opened: Iterator[int]) -> int | None:
    """Give the hold a bid has now; those just opened come in the order of the changes."""
    if change.to_cents == 0:
        return None
    return next(opened) if change.hold_id is None else change.hold_id


def _open(session: Session, changes: Sequence[HoldChange], moment: datetime) -> Sequence[int]:
    """Open holds for bids that begin to lead, and return their ids in order."""
    columns = {
        "member_id": [change.member_id for change in changes],
        "listing_id": [change.listing_id for change in changes],
        "amount_cents": [change.to_cents for change in changes],
    }
    same = {"state": HoldState.ACTIVE, "opened_at": moment}
    return batch_columns.insert_numbered(session, _holds, columns=columns, same=same)


class _Row(NamedTuple):
    """One hold with what it must hold now, and what it shall be and hold afterwards."""

    hold_id: int
    expected_cents: int
    state: HoldState
    to_cents: int
    ended_at: datetime | None


def _changed(change: HoldChange, moment: datetime) -> _Row:
    """Bring one hold's row in line with its money."""
    assert change.hold_id is not None  # noqa: S101 - the caller looked
    if change.to_cents == 0:
        return _Row(change.hold_id, change.from_cents, HoldState.RELEASED, 0, moment)
    return _Row(change.hold_id, change.from_cents, HoldState.ACTIVE, change.to_cents, None)


def _change_rows(session: Session, rows: Sequence[_Row]) -> None:
    """Change active holds that still hold what the caller read; of two callers one succeeds."""
    if not rows:
        return
    ids, expected_cents, states, to_cents, ended_at = zip(*rows, strict=True)
    changed = batch_columns.update(
        session,
        _holds,
        ids,
        put=batch_rows.typed(
            session, _holds, {"state": states, "amount_cents": to_cents, "ended_at": ended_at}
        ),
        expect=batch_rows.typed(
            session, _holds, {"state": [HoldState.ACTIVE] * len(ids), "amount_cents": expected_cents}
        ),
    )
    if changed != len(rows):
        raise HoldEndedError
