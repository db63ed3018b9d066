"""Owns what the figures of a closing day share: the loans, the accounts, what moved through the house."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa
from sqlmodel import Session

from p2p_reflex.domain.vocabulary import AccountKind, TransactionKind
from p2p_reflex.models import JournalEntry, JournalTransaction, LedgerAccount, table_of
from p2p_reflex.services.servicing import loan_totals
from p2p_reflex.services.servicing.loan_totals import LoanTotals

_accounts = table_of(LedgerAccount)
_entries = table_of(JournalEntry)
_transactions = table_of(JournalTransaction)
_reversed = _transactions.alias("reversed")

_BALANCES = sa.select(
    _accounts.c.kind, sa.cast(sa.func.sum(_accounts.c.balance_cents), sa.BigInteger)
).group_by(_accounts.c.kind)
_MOVED = (
    sa.select(
        _accounts.c.kind,
        _transactions.c.kind,
        _reversed.c.kind,
        sa.cast(sa.func.sum(_entries.c.amount_cents), sa.BigInteger),
    )
    .select_from(_transactions)
    .join(_entries, _entries.c.transaction_id == _transactions.c.id)
    .join(_accounts, _accounts.c.id == _entries.c.account_id)
    .outerjoin(_reversed, _reversed.c.id == _transactions.c.reverses_id)
    .where(
        _transactions.c.business_on == sa.bindparam("business_on"),
        _accounts.c.kind.in_([AccountKind.BANK, AccountKind.RESERVE_FUND]),
    )
    .group_by(_accounts.c.kind, _transactions.c.kind, _reversed.c.kind)
)


@dataclass(frozen=True, slots=True)
class Moved:
    """What one kind of transaction moved on an account of the house; a reversal names what it undid."""

    account: AccountKind
    kind: TransactionKind
    reversed_kind: TransactionKind | None
    cents: int


@dataclass(frozen=True, slots=True)
class DayTotals:
    """The loans and the accounts as a day closes, and what moved through the bank and the fund on it."""

    loans: LoanTotals
    balance_cents: Mapping[AccountKind, int]
    moved: tuple[Moved, ...]


def read(session: Session, *, business_on: date) -> DayTotals:
    """Read the totals of a day that closes."""
    connection = session.connection()
    balances = {AccountKind(kind): int(cents) for kind, cents in connection.execute(_BALANCES)}
    moved = tuple(
        Moved(
            AccountKind(account),
            TransactionKind(kind),
            TransactionKind(undone) if undone is not None else None,
            int(cents),
        )
        for account, kind, undone, cents in connection.execute(_MOVED, {"business_on": business_on})
    )
    return DayTotals(loan_totals.read(session, business_on=business_on), balances, moved)
