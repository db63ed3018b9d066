"""Owns every movement of money: double entry, append-only, guarded balances, holds, reversals.

Amounts are credit-positive: what an account is owed grows with a positive amount. The bank is the one
account that runs negative, by exactly what the house holds for everybody else, so the book sums to zero.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from operator import attrgetter
from typing import Any, NamedTuple, cast

import numpy as np
import sqlalchemy as sa
from sqlmodel import Session

from p2p_reflex.domain import formats
from p2p_reflex.domain.errors import LendingError, UnknownError
from p2p_reflex.domain.vocabulary import AccountKind, TransactionKind
from p2p_reflex.models import JournalEntry, JournalTransaction, LedgerAccount, table_of
from p2p_reflex.services.bulk import batch_columns, batch_rows
from p2p_reflex.services.money import ledger_columns
from p2p_reflex.services.money.ledger_columns import MovementColumns
from p2p_reflex.services.touched import BOOKS, member_topic, touch

MAX_CENTS = 10**15
FEW_ACCOUNTS = 3

_accounts = table_of(LedgerAccount)
_transactions = table_of(JournalTransaction)
_entries = table_of(JournalEntry)

_ENDING = "SELECT id, balance_cents, member_id FROM ledger_account WHERE id = ANY(:ids)"
_ADD_TRANSACTION = sa.insert(_transactions)
_ADD_ENTRIES = sa.insert(_entries)
_OF_MOVEMENT = ("kind", "memo", "key", "listing_id", "loan_id", "reverses_id", "actor_id")
_OF_EACH = attrgetter(*_OF_MOVEMENT)
_OF_ENTRY = ("transaction_id", "account_id", "amount_cents", "balance_after_cents")


class InsufficientFundsError(LendingError):
    """Somebody would have spent what they do not have."""

    def __init__(self, *, account_id: int, member_id: int | None, available_cents: int) -> None:
        super().__init__(f"You have {formats.money(available_cents)} available.")
        self.account_id = account_id
        self.member_id = member_id
        self.available_cents = available_cents


class AlreadyReversedError(LendingError):
    """A transaction can be reversed once."""

    def __init__(self) -> None:
        super().__init__("This was already reversed.")


class DaySealedError(LendingError):
    """The business date moved on between the look at it and the entry."""

    def __init__(self) -> None:
        super().__init__("The business day has just ended. Look again on the new day; nothing was changed.")


class BalanceMovedError(Exception):
    """Ask for another try: the account that was short has been filled since (PostgreSQL only)."""


class Leg(NamedTuple):
    """One side of a movement: what it adds to an account, in cents, credit-positive."""

    account_id: int
    amount_cents: int


class Movement(NamedTuple):
    """One money event to be journalled; its legs sum to zero and name each account once."""

    kind: TransactionKind
    memo: str
    legs: tuple[Leg, ...]
    key: str | None = None
    listing_id: int | None = None
    loan_id: int | None = None
    reverses_id: int | None = None
    actor_id: int | None = None


@dataclass(frozen=True, slots=True)
class MemberAccounts:
    """A member's two accounts."""

    wallet_id: int
    held_id: int


def open_member_accounts(session: Session, *, member_id: int) -> MemberAccounts:
    """Open a new member's wallet and held accounts."""
    wallet = LedgerAccount(kind=AccountKind.WALLET, member_id=member_id)
    held = LedgerAccount(kind=AccountKind.HELD, member_id=member_id)
    session.add_all([wallet, held])
    session.flush()
    return MemberAccounts(wallet_id=wallet.id, held_id=held.id)


def house_accounts(session: Session) -> dict[AccountKind, int]:
    """Return the ids of the platform's own accounts by kind."""
    rows = session.execute(sa.select(_accounts.c.kind, _accounts.c.id).where(_accounts.c.member_id.is_(None)))
    return {AccountKind(kind): account_id for kind, account_id in rows}


def member_accounts(session: Session, *, member_ids: Sequence[int]) -> dict[int, MemberAccounts]:
    """Return the accounts of several members with one query."""
    found: dict[int, dict[AccountKind, int]] = defaultdict(dict)
    rows = session.execute(
        sa.select(_accounts.c.member_id, _accounts.c.kind, _accounts.c.id).where(
            _accounts.c.member_id.in_(sorted(set(member_ids)))
        )
    )
    for member_id, kind, account_id in rows:
        found[member_id][AccountKind(kind)] = account_id
    return {
        member_id: MemberAccounts(wallet_id=kinds[AccountKind.WALLET], held_id=kinds[AccountKind.HELD])
        for member_id, kinds in found.items()
    }


def balances(session: Session, *, member_id: int) -> tuple[int, int]:
    """Return what a member has available and what is held for their bids, in cents."""
    rows = session.execute(
        sa.select(_accounts.c.kind, _accounts.c.balance_cents).where(_accounts.c.member_id == member_id)
    )
    by_kind = {AccountKind(kind): balance for kind, balance in rows}
    return by_kind.get(AccountKind.WALLET, 0), by_kind.get(AccountKind.HELD, 0)


def post(
    session: Session, movements: Sequence[Movement], *, business_on: date, recorded_at: datetime
) -> tuple[int, ...]:
    """Journal movements together and return their transaction ids; all of them happen, or none.

    Balances are moved by guarded statements in the order of account ids, so that two callers can
    neither overdraw an account between a read and a write nor wait for each other in a circle.

    Raises InsufficientFundsError, or ValueError for legs that do not balance.
    """
    if not movements:
        return ()
    net: dict[int, int] = defaultdict(int)
    for movement in movements:
        _check(movement)
        for leg in movement.legs:
            net[leg.account_id] += leg.amount_cents
    ending = _move_balances(session, net)
    with _unsealed():
        ids = _insert_transactions(session, movements, business_on=business_on, recorded_at=recorded_at)
        _insert_entries(session, movements, ids, ending=ending, net=net)
    return ids


def post_many(
    session: Session, movements: MovementColumns, *, business_on: date, recorded_at: datetime
) -> tuple[int, ...]:
    """Journal thousands of movements as columns, under the same rules as `post`, and return their ids.

    Raises InsufficientFundsError, or ValueError for legs that do not balance.
    """
    if not movements.leg_counts.size:
        return ()
    movements.check(most_cents=MAX_CENTS)
    running = ledger_columns.run_up(movements.leg_accounts, movements.leg_cents)
    accounts, deltas = running.accounts.tolist(), running.net_cents.tolist()
    ending = _move_all(session, dict(zip(accounts, deltas, strict=True)))
    after = running.balances_after(np.array([ending[account_id] for account_id in accounts]))
    with _unsealed():
        ids = batch_columns.insert_numbered(
            session,
            _transactions,
            columns={
                "memo": movements.memos,
                "listing_id": movements.listing_ids,
                "loan_id": movements.loan_ids,
                "actor_id": movements.actor_ids,
            },
            same={"kind": movements.kind, "business_on": business_on, "recorded_at": recorded_at},
        )
        batch_columns.insert_numbered(
            session,
            _entries,
            columns={
                "transaction_id": np.repeat(np.array(ids), movements.leg_counts).tolist(),
                "account_id": movements.leg_accounts.tolist(),
                "amount_cents": movements.leg_cents.tolist(),
                "balance_after_cents": after.tolist(),
            },
            same={},
        )
    return ids


def reverse(
    session: Session,
    *,
    transaction_id: int,
    memo: str,
    actor_id: int | None,
    business_on: date,
    recorded_at: datetime,
) -> int:
    """Journal the equal and opposite of a transaction, at most once, and return the new one's id.

    Raises UnknownError, AlreadyReversedError, or InsufficientFundsError where the money has moved on.
    """
    original = session.get(JournalTransaction, transaction_id)
    if original is None or original.reverses_id is not None:
        raise UnknownError("transaction")
    legs = tuple(
        Leg(account_id, -amount)
        for account_id, amount in session.execute(
            sa.select(_entries.c.account_id, _entries.c.amount_cents).where(
                _entries.c.transaction_id == transaction_id
            )
        )
    )
    # Of two reversals at once the unique reverses_id lets one through; this look only spares a common retry.
    taken = session.execute(
        sa.select(_transactions.c.id).where(_transactions.c.reverses_id == transaction_id)
    ).first()
    if taken is not None:
        raise AlreadyReversedError
    movement = Movement(
        kind=TransactionKind.REVERSAL,
        memo=memo,
        legs=legs,
        reverses_id=transaction_id,
        listing_id=original.listing_id,
        loan_id=original.loan_id,
        actor_id=actor_id,
    )
    try:
        (reversal_id,) = post(session, [movement], business_on=business_on, recorded_at=recorded_at)
    except sa.exc.IntegrityError as error:
        raise AlreadyReversedError from error
    return reversal_id


def _check(movement: Movement) -> None:
    """Refuse a movement that is not a balanced transaction."""
    amounts = [leg.amount_cents for leg in movement.legs]
    if any(type(amount) is not int or amount == 0 or abs(amount) > MAX_CENTS for amount in amounts):
        raise ValueError("Every leg moves a sane, whole, non-zero number of cents.")
    if len(amounts) < 2 or sum(amounts) != 0:
        raise ValueError("The legs of a transaction sum to zero.")
    if len({leg.account_id for leg in movement.legs}) != len(amounts):
        raise ValueError("A transaction names each account once.")


def _move_balances(session: Session, net: dict[int, int]) -> dict[int, int]:
    """Add the net changes to the cached balances, each guarded in SQL; return the balances after."""
    if len(net) > FEW_ACCOUNTS:
        return _move_all(session, net)
    connection = session.connection()
    ending: dict[int, int] = {}
    members: set[int | None] = set()
    for account_id in sorted(net):
        moved = ledger_columns.move_one(connection, account_id=account_id, delta=net[account_id])
        if moved is None:
            raise _shortage(session, net)
        ending[account_id], member_id = moved
        members.add(member_id)
    _touch_members(session, members)
    return ending


def _move_all(session: Session, net: dict[int, int]) -> dict[int, int]:
    """Move many balances with one statement, and read them with another."""
    accounts = sorted(net)
    moved = ledger_columns.move_guarded(session, accounts=accounts, deltas=[net[each] for each in accounts])
    if moved != len(accounts):
        raise _shortage(session, net)
    rows = batch_columns.read(session, _ENDING, ids=accounts)
    _touch_members(session, {member_id for _, _, member_id in rows})
    return {account_id: balance_cents for account_id, balance_cents, _ in rows}


@contextmanager
def _unsealed() -> Iterator[None]:
    """Say it in a sentence where the database refuses entries of a sealed day."""
    try:
        yield
    except sa.exc.DBAPIError as refused:
        if ledger_columns.sealed_refusal(refused):
            raise DaySealedError from refused
        raise


def _touch_members(session: Session, members: set[int | None]) -> None:
    """Let everybody hear whose money moved."""
    touch(session, BOOKS, *(member_topic(member_id) for member_id in members if member_id is not None))


def _shortage(session: Session, net: dict[int, int]) -> Exception:
    """Find which account could not pay, after the guard refused; the transaction is rolled back next.

    Some of the cached balances have moved already, so the journal says what each account had before.
    """
    for account_id in sorted(net):
        member = session.execute(sa.select(_accounts.c.member_id).where(_accounts.c.id == account_id)).first()
        if member is None:
            return UnknownError("account")
        last = sa.select(_entries.c.balance_after_cents).where(_entries.c.account_id == account_id)
        before = session.execute(last.order_by(_entries.c.id.desc()).limit(1)).scalar() or 0
        if net[account_id] < 0 and before + net[account_id] < 0:
            return InsufficientFundsError(
                account_id=account_id, member_id=member.member_id, available_cents=before
            )
    return BalanceMovedError()


def _insert_transactions(
    session: Session, movements: Sequence[Movement], *, business_on: date, recorded_at: datetime
) -> tuple[int, ...]:
    """Append the transactions and return their ids in order."""
    same = {"business_on": business_on, "recorded_at": recorded_at}
    if len(movements) == 1:
        row = {name: getattr(movements[0], name) for name in _OF_MOVEMENT} | same
        added = session.connection().execute(_ADD_TRANSACTION, row)
        return (cast(Any, added.inserted_primary_key)[0],)
    rows = zip(*map(_OF_EACH, movements), strict=True)
    columns = batch_rows.typed(session, _transactions, dict(zip(_OF_MOVEMENT, rows, strict=True)))
    return batch_columns.insert_numbered(session, _transactions, columns=columns, same=same)


def _insert_entries(
    session: Session,
    movements: Sequence[Movement],
    ids: Sequence[int],
    *,
    ending: dict[int, int],
    net: dict[int, int],
) -> None:
    """Append the entries, each with its account's balance after it."""
    running = {account_id: ending[account_id] - net[account_id] for account_id in net}
    rows: list[tuple[int, int, int, int]] = []
    for transaction_id, movement in zip(ids, movements, strict=True):
        for leg in movement.legs:
            after_cents = running[leg.account_id] + leg.amount_cents
            running[leg.account_id] = after_cents
            rows.append((transaction_id, leg.account_id, leg.amount_cents, after_cents))
    if len(rows) <= FEW_ACCOUNTS:
        session.connection().execute(_ADD_ENTRIES, [dict(zip(_OF_ENTRY, row, strict=True)) for row in rows])
        return
    columns = batch_rows.typed(session, _entries, dict(zip(_OF_ENTRY, zip(*rows, strict=True), strict=True)))
    batch_columns.insert(session, _entries, columns=columns, same={})
