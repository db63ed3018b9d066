"""Owns the ledger's arithmetic on columns: thousands of movements checked and added up at once."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import sqlalchemy as sa
from sqlmodel import Session

from p2p_reflex.domain.vocabulary import TransactionKind

Numbers = npt.NDArray[np.int64]

LARGEST_SUM = 1 << 62

_MOVE_ONE_ON_SQLITE = (
    "UPDATE ledger_account SET balance_cents = balance_cents + ?1"
    " WHERE id = ?2 AND (may_be_negative OR balance_cents + ?1 >= 0) RETURNING balance_cents, member_id"
)
_MOVE_ONE_ON_POSTGRESQL = (
    "UPDATE ledger_account SET balance_cents = balance_cents + %(delta)s::bigint WHERE id = %(id)s::bigint"
    " AND (may_be_negative OR balance_cents + %(delta)s::bigint >= 0) RETURNING balance_cents, member_id"
)
_MOVE_ON_SQLITE = (
    "UPDATE ledger_account SET balance_cents = balance_cents + ?1"
    " WHERE id = ?2 AND (may_be_negative OR balance_cents + ?1 >= 0)"
)
_LOCK = "SELECT id FROM ledger_account WHERE id = ANY(%(ids)s::bigint[]) ORDER BY id FOR UPDATE"
_MOVE_ON_POSTGRESQL = (
    "UPDATE ledger_account a SET balance_cents = a.balance_cents + r.delta"
    " FROM unnest(%(ids)s::bigint[], %(deltas)s::bigint[]) AS r(id, delta)"
    " WHERE a.id = r.id AND (a.may_be_negative OR a.balance_cents + r.delta >= 0)"
)


@dataclass(frozen=True, slots=True)
class MovementColumns:
    """Many movements of one kind on loans; the legs of one movement stand side by side, in its order.

    The first four are as long as there are movements, and so is `leg_counts`; the last two are as long as
    there are legs. As in a single movement the legs sum to zero and name each account once.
    """

    kind: TransactionKind
    memos: Sequence[str]
    listing_ids: Sequence[int]
    loan_ids: Sequence[int]
    actor_ids: Sequence[int]
    leg_counts: Numbers
    leg_accounts: Numbers
    leg_cents: Numbers

    def check(self, *, most_cents: int) -> None:
        """Refuse what is not balanced transactions. Raises ValueError."""
        cents, counts = self.leg_cents, self.leg_counts
        if cents.dtype != np.int64 or (cents == 0).any() or (np.abs(cents) > most_cents).any():
            raise ValueError("Every leg moves a sane, whole, non-zero number of cents.")
        if np.abs(cents).astype(np.float64).sum() >= LARGEST_SUM:
            raise ValueError("These movements are too large to be made at once.")
        if (counts < 2).any() or np.add.reduceat(cents, self.starts).any():
            raise ValueError("The legs of a transaction sum to zero.")
        order = np.lexsort((self.leg_accounts, self.movement_of_leg))
        same_account = np.diff(self.leg_accounts[order]) == 0
        if (same_account & (np.diff(self.movement_of_leg[order]) == 0)).any():
            raise ValueError("A transaction names each account once.")

    @property
    def starts(self) -> Numbers:
        """Give the place of each movement's first leg."""
        return np.concatenate(([0], np.cumsum(self.leg_counts)[:-1]))

    @property
    def movement_of_leg(self) -> Numbers:
        """Give each leg's movement."""
        return np.repeat(np.arange(self.leg_counts.size), self.leg_counts)


@dataclass(frozen=True, slots=True)
class Running:
    """What a list of legs does to its accounts: the net change of each, and the change up to each leg."""

    accounts: Numbers
    net_cents: Numbers
    account_of_leg: Numbers
    change_up_to_leg: Numbers

    def balances_after(self, ending_cents: Numbers) -> Numbers:
        """Give the balance after each leg, from the balances after all of them."""
        return (ending_cents - self.net_cents)[self.account_of_leg] + self.change_up_to_leg


def run_up(leg_accounts: Numbers, leg_cents: Numbers) -> Running:
    """Add the legs up, account by account and in their order."""
    order = np.argsort(leg_accounts, kind="stable")
    accounts, cents = leg_accounts[order], leg_cents[order]
    firsts = np.flatnonzero(np.concatenate(([True], np.diff(accounts) != 0)))
    sizes = np.diff(np.append(firsts, accounts.size))
    group = np.repeat(np.arange(firsts.size), sizes)
    total = np.cumsum(cents)
    before = (total - cents)[firsts]
    running, place = np.empty_like(cents), np.empty_like(group)
    running[order] = total - before[group]
    place[order] = group
    return Running(accounts[firsts], np.add.reduceat(cents, firsts), place, running)


def move_one(connection: sa.Connection, *, account_id: int, delta: int) -> tuple[int, int | None] | None:
    """Add to one cached balance, guarded in SQL; return it with whose it is, or none where it is short."""
    if connection.dialect.name == "postgresql":
        moved = connection.exec_driver_sql(_MOVE_ONE_ON_POSTGRESQL, {"id": account_id, "delta": delta})
    else:
        moved = connection.exec_driver_sql(_MOVE_ONE_ON_SQLITE, (delta, account_id))
    row = moved.first()
    return None if row is None else (row[0], row[1])


def move_guarded(session: Session, *, accounts: Sequence[int], deltas: Sequence[int]) -> int:
    """Add to cached balances, each guarded in SQL; return how many let it happen. Accounts come in order."""
    connection = session.connection()
    if connection.dialect.name == "postgresql":
        values = {"ids": list(accounts), "deltas": list(deltas)}
        connection.exec_driver_sql(_LOCK, values)
        return connection.exec_driver_sql(_MOVE_ON_POSTGRESQL, values).rowcount
    return connection.exec_driver_sql(_MOVE_ON_SQLITE, list(zip(deltas, accounts, strict=True))).rowcount


def sealed_refusal(error: sa.exc.DBAPIError) -> bool:
    """Tell whether the database refused entries because their business day is sealed."""
    return "business day is sealed" in str(error.orig)
