"""Owns the journal as a file that another program can judge: beancount's own format."""

import re
from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import groupby
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from p2p_reflex.domain.vocabulary import AccountKind
from p2p_reflex.models import JournalEntry, JournalTransaction, LedgerAccount, table_of

_HOUSE_NAMES = {
    AccountKind.BANK: "Assets:Bank",
    AccountKind.RESERVE_FUND: "Liabilities:ReserveFund",
    AccountKind.FEE_INCOME: "Income:Fees",
    AccountKind.RECEIVABLE: "Assets:Receivable",
}
_MEMBER_NAMES = {AccountKind.WALLET: "Liabilities:Wallet", AccountKind.HELD: "Liabilities:Held"}
_CHUNK = 2_000

_accounts = table_of(LedgerAccount)
_transactions = table_of(JournalTransaction)
_entries = table_of(JournalEntry)


def beancount_lines(session: Session, *, currency: str = "USD", title: str = "Journal") -> Iterator[str]:
    """Write the whole journal: accounts opened, every transaction in order, every balance asserted.

    Beancount counts what an account is owed as negative, this ledger as positive: every sign turns. The
    balances asserted at the end are the cached ones, so that the other program checks them, too.
    """
    named = _named_accounts(session)
    first_on, last_on = session.execute(
        sa.select(sa.func.min(_transactions.c.business_on), sa.func.max(_transactions.c.business_on))
    ).one()
    yield f'option "title" "{_quoted(title)}"'
    yield f'option "operating_currency" "{currency}"'
    if first_on is None:
        return
    yield ""
    for name, _ in named.values():
        yield f"{first_on} open {name} {currency}"
    for transaction, legs in _journal(session):
        yield ""
        yield f'{transaction.business_on} * "{_quoted(transaction.kind.value)}" "{_quoted(transaction.memo)}"'
        yield f"  transaction: {transaction.transaction_id}"
        if transaction.reverses_id is not None:
            yield f"  reverses: {transaction.reverses_id}"
        for leg in legs:
            yield f"  {named[leg.account_id][0]}  {_amount(-leg.amount_cents)} {currency}"
    yield ""
    # A balance directive holds at the beginning of its day, so it stands on the day after the last.
    after_on = last_on + timedelta(days=1)
    for name, balance_cents in named.values():
        yield f"{after_on} balance {name}  {_amount(-balance_cents)} {currency}"


def _named_accounts(session: Session) -> dict[int, tuple[str, int]]:
    """Name every account in beancount's way, and give its cached balance."""
    rows = session.execute(sa.select(_accounts).order_by(_accounts.c.member_id, _accounts.c.id))
    return {row.id: (_name(row), row.balance_cents) for row in rows}


def _name(account: sa.Row[Any]) -> str:
    if account.member_id is None:
        return _HOUSE_NAMES[account.kind]
    return f"{_MEMBER_NAMES[account.kind]}:M{account.member_id:06d}"


def _journal(session: Session) -> Iterator[tuple[sa.Row[Any], Sequence[sa.Row[Any]]]]:
    """Read the transactions in order with their entries, a few thousand rows at a time."""
    rows = session.execute(
        sa.select(
            _entries.c.transaction_id,
            _entries.c.account_id,
            _entries.c.amount_cents,
            _transactions.c.business_on,
            _transactions.c.kind,
            _transactions.c.memo,
            _transactions.c.reverses_id,
        )
        .join(_transactions, _transactions.c.id == _entries.c.transaction_id)
        .order_by(_transactions.c.business_on, _transactions.c.id, _entries.c.id)
        .execution_options(yield_per=_CHUNK)
    )
    for _, legs in groupby(rows, key=lambda row: row.transaction_id):
        together = list(legs)
        yield together[0], together


def _quoted(text: str) -> str:
    """Keep text inside its quotes and on its line."""
    return re.sub(r"\s+", " ", text).replace("\\", "\\\\").replace('"', '\\"')


def _amount(cents: int) -> str:
    """Write cents as a plain decimal number."""
    whole, rest = divmod(abs(cents), 100)
    return f"{'-' if cents < 0 else ''}{whole}.{rest:02d}"
