"""Owns the tables of the ledger: accounts, the append-only journal, holds, and answers already given."""

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import CheckConstraint, Index
from sqlmodel import Field, SQLModel

from p2p_reflex.domain.vocabulary import AccountKind, HoldState, TransactionKind
from p2p_reflex.models.columns import cents, key, link, moment, word


class LedgerAccount(SQLModel, table=True):
    """A place money lies; the balance is cached and guarded, the journal is the truth."""

    __tablename__ = "ledger_account"
    __table_args__ = (
        CheckConstraint("may_be_negative OR balance_cents >= 0", name="never_negative"),
        Index(
            "uq_ledger_account_member_kind",
            "member_id",
            "kind",
            unique=True,
            sqlite_where=sa.text("member_id IS NOT NULL"),
            postgresql_where=sa.text("member_id IS NOT NULL"),
        ),
        Index(
            "uq_ledger_account_house_kind",
            "kind",
            unique=True,
            sqlite_where=sa.text("member_id IS NULL"),
            postgresql_where=sa.text("member_id IS NULL"),
        ),
    )

    id: int = key()
    kind: AccountKind = word(AccountKind)
    member_id: int | None = link("member.id", nullable=True, index=False)
    balance_cents: int = cents(default=0)
    may_be_negative: bool = False


def _sparse_index(column: str, *, unique: bool = False) -> Index:
    """Index the journal's rows that have a value in a column."""
    given = sa.text(f"{column} IS NOT NULL")
    name = f"{'uq' if unique else 'ix'}_journal_transaction_{column}"
    return Index(name, column, unique=unique, sqlite_where=given, postgresql_where=given)


class JournalTransaction(SQLModel, table=True):
    """One money event; its entries sum to zero. Never changed, never removed, reversed at most once."""

    __tablename__ = "journal_transaction"
    __table_args__ = (
        # Most transactions have only some of these; an index of the others' nothings would cost every write.
        _sparse_index("key", unique=True),
        _sparse_index("reverses_id", unique=True),
        _sparse_index("listing_id"),
        _sparse_index("loan_id"),
    )

    id: int = key()
    kind: TransactionKind = word(TransactionKind)
    business_on: date = Field(index=True)
    recorded_at: datetime = moment()
    memo: str = Field(max_length=200)
    key: str | None = Field(default=None, max_length=120)
    listing_id: int | None = link("listing.id", nullable=True, index=False)
    loan_id: int | None = link("loan.id", nullable=True, index=False)
    reverses_id: int | None = link("journal_transaction.id", nullable=True, index=False)
    actor_id: int | None = link("member.id", nullable=True, index=False)


class JournalEntry(SQLModel, table=True):
    """One leg of a transaction: what it added to an account (credit-positive), and the balance after."""

    __tablename__ = "journal_entry"
    __table_args__ = (
        CheckConstraint("amount_cents <> 0", name="moves_something"),
        Index("ix_journal_entry_account_id_id", "account_id", "id"),
    )

    id: int = key()
    transaction_id: int = link("journal_transaction.id")
    account_id: int = link("ledger_account.id", index=False)
    amount_cents: int = cents()
    balance_after_cents: int = cents()


class Hold(SQLModel, table=True):
    """Cash set aside for a bid: active with what leads, then posted or released exactly once."""

    __tablename__ = "hold"
    __table_args__ = (
        CheckConstraint("amount_cents >= 0", name="not_negative"),
        CheckConstraint("state <> 'active' OR amount_cents > 0", name="active_holds_something"),
    )

    id: int = key()
    member_id: int = link("member.id")
    listing_id: int = link("listing.id")
    amount_cents: int = cents()
    state: HoldState = word(HoldState, default=HoldState.ACTIVE)
    opened_at: datetime = moment()
    ended_at: datetime | None = moment(nullable=True)


class IdempotencyRecord(SQLModel, table=True):
    """An action already done for a form: the same form gets the same answer, and acts once."""

    __tablename__ = "idempotency_record"

    member_id: int = Field(
        sa_column=sa.Column(
            sa.BigInteger(), sa.ForeignKey("member.id"), primary_key=True, autoincrement=False
        )
    )
    key: str = Field(sa_column=sa.Column(sa.String(64), primary_key=True))
    action: str = Field(max_length=40)
    body_hash: str = Field(max_length=64)
    answer: dict[str, Any] | None = Field(default=None, sa_column=sa.Column(sa.JSON))
    created_at: datetime = moment()
