"""Owns the statement of a member's money: every movement, explained, with what stood there after it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from p2p_reflex.domain.formats import money
from p2p_reflex.domain.vocabulary import TransactionKind
from p2p_reflex.models import (
    JournalEntry,
    JournalTransaction,
    LenderPayment,
    Listing,
    Loan,
    Note,
    Payment,
    table_of,
)
from p2p_reflex.services.money import ledger
from p2p_reflex.services.money.ledger import MemberAccounts

PAGE_SIZE = 12
MOST_A_PAGE = 100

_transactions = table_of(JournalTransaction)
_entries = table_of(JournalEntry)
_listings = table_of(Listing)
_loans = table_of(Loan)
_notes = table_of(Note)
_payments = table_of(Payment)
_lender_payments = table_of(LenderPayment)


class StatementFilter(StrEnum):
    """What of a statement is shown."""

    ALL = "all"
    MONEY = "money"
    BIDS = "bids"
    LOANS = "loans"


_IS_HOLD = _transactions.c.kind.in_((TransactionKind.HOLD, TransactionKind.RELEASE))
_IS_FOR_A_BID = _transactions.c.listing_id.is_not(None)
_SHOWN = {
    StatementFilter.MONEY: sa.or_(
        _transactions.c.kind.in_(
            (TransactionKind.DEPOSIT, TransactionKind.WITHDRAWAL, TransactionKind.CAPITAL)
        ),
        sa.and_(_IS_HOLD, sa.not_(_IS_FOR_A_BID)),
    ),
    StatementFilter.BIDS: sa.and_(_IS_HOLD, _IS_FOR_A_BID),
    StatementFilter.LOANS: _transactions.c.kind.in_(
        (TransactionKind.ORIGINATION, TransactionKind.PAYMENT, TransactionKind.REVERSAL)
    ),
}
"""What each filter lets through; a hold without a listing is for a withdrawal."""


@dataclass(frozen=True, slots=True)
class StatementRow:
    """One movement of a member's money: what changed, what stood there after it, and why, in words."""

    transaction_id: int
    kind: TransactionKind
    business_on: date
    recorded_at: datetime
    words: str
    detail: str
    title: str
    listing_id: int | None
    loan_id: int | None
    available_change_cents: int
    held_change_cents: int
    available_after_cents: int
    held_after_cents: int


@dataclass(frozen=True, slots=True)
class StatementPage:
    """A page of a statement; pages count from 1."""

    rows: tuple[StatementRow, ...]
    row_count: int
    page: int
    page_count: int
    first_number: int


def page_of(
    session: Session, *, member_id: int, page: int, shows: StatementFilter, page_size: int = PAGE_SIZE
) -> StatementPage:
    """Return one page of a member's statement, the newest first; a page beyond the end is the last one."""
    size = min(max(page_size, 1), MOST_A_PAGE)
    accounts = ledger.member_accounts(session, member_ids=[member_id])[member_id]
    touched = _touched(accounts, shows).subquery()
    row_count = session.execute(sa.select(sa.func.count()).select_from(touched)).scalar_one()
    page_count = max(1, -(-row_count // size))
    page = min(max(page, 1), page_count)
    found = session.execute(
        _explained(accounts, shows).order_by(_transactions.c.id.desc()).limit(size).offset((page - 1) * size)
    ).all()
    return StatementPage(
        rows=_rows(session, member_id, found),
        row_count=row_count,
        page=page,
        page_count=page_count,
        first_number=(page - 1) * size + 1 if row_count else 0,
    )


def whole(session: Session, *, member_id: int) -> tuple[StatementRow, ...]:
    """Return all of a member's statement, the oldest first, for a file."""
    accounts = ledger.member_accounts(session, member_ids=[member_id])[member_id]
    found = session.execute(_explained(accounts, StatementFilter.ALL).order_by(_transactions.c.id)).all()
    return _rows(session, member_id, found)


def _touched(accounts: MemberAccounts, shows: StatementFilter) -> sa.Select[Any]:
    """Find the transactions that moved a member's money, with what they changed."""
    amount = _entries.c.amount_cents

    def change_of(account_id: int) -> sa.ColumnElement[int]:
        moved = sa.case((_entries.c.account_id == account_id, amount), else_=0)
        return sa.cast(sa.func.sum(moved), sa.BigInteger)

    question = (
        sa.select(
            _entries.c.transaction_id,
            sa.func.max(_entries.c.id).label("last_entry_id"),
            change_of(accounts.wallet_id).label("available_change_cents"),
            change_of(accounts.held_id).label("held_change_cents"),
        )
        .where(_entries.c.account_id.in_([accounts.wallet_id, accounts.held_id]))
        .group_by(_entries.c.transaction_id)
    )
    if shows in _SHOWN:
        question = question.join(_transactions, _transactions.c.id == _entries.c.transaction_id).where(
            _SHOWN[shows]
        )
    return question


def _explained(accounts: MemberAccounts, shows: StatementFilter) -> sa.Select[Any]:
    """Add to each movement what it was about, and the balances after it."""
    touched = _touched(accounts, shows).subquery("touched")

    def after(account_id: int) -> sa.ScalarSelect[Any]:
        later = _entries.alias()
        return (
            sa.select(later.c.balance_after_cents)
            .where(later.c.account_id == account_id, later.c.id <= touched.c.last_entry_id)
            .order_by(later.c.id.desc())
            .limit(1)
            .scalar_subquery()
        )

    return (
        sa.select(
            _transactions,
            touched.c.available_change_cents,
            touched.c.held_change_cents,
            sa.func.coalesce(after(accounts.wallet_id), 0).label("available_after_cents"),
            sa.func.coalesce(after(accounts.held_id), 0).label("held_after_cents"),
            sa.func.coalesce(_loans.c.title, _listings.c.title, "").label("title"),
            _loans.c.origination_fee_cents,
        )
        .join(touched, touched.c.transaction_id == _transactions.c.id)
        .outerjoin(_loans, _loans.c.id == _transactions.c.loan_id)
        .outerjoin(_listings, _listings.c.id == _transactions.c.listing_id)
    )


def _rows(session: Session, member_id: int, found: Sequence[sa.Row[Any]]) -> tuple[StatementRow, ...]:
    received = _received(session, member_id, found)
    rows = []
    for row in found:
        words, detail = _explain(row, received.get(row.id))
        rows.append(
            StatementRow(
                transaction_id=row.id,
                kind=row.kind,
                business_on=row.business_on,
                recorded_at=row.recorded_at,
                words=words,
                detail=detail,
                title=row.title,
                listing_id=row.listing_id,
                loan_id=row.loan_id,
                available_change_cents=row.available_change_cents,
                held_change_cents=row.held_change_cents,
                available_after_cents=row.available_after_cents,
                held_after_cents=row.held_after_cents,
            )
        )
    return tuple(rows)


def _received(session: Session, member_id: int, found: Sequence[sa.Row[Any]]) -> dict[int, str]:
    """Say what each payment that a lender got a part of was made of."""
    ids = [row.id for row in found if row.kind == TransactionKind.PAYMENT]
    if not ids:
        return {}
    parts = [
        sa.cast(sa.func.sum(column), sa.BigInteger)
        for column in (
            _lender_payments.c.principal_cents,
            _lender_payments.c.interest_cents,
            _lender_payments.c.late_fee_cents,
            _lender_payments.c.servicing_fee_cents,
        )
    ]
    rows = session.execute(
        sa.select(_payments.c.transaction_id, *parts)
        .join(_lender_payments, _lender_payments.c.payment_id == _payments.c.id)
        .join(_notes, _notes.c.id == _lender_payments.c.note_id)
        .where(_notes.c.lender_id == member_id, _payments.c.transaction_id.between(min(ids), max(ids)))
        .group_by(_payments.c.transaction_id)
    )
    names = ("principal", "interest", "late fee")
    explained = {}
    for transaction_id, *got, fee_cents in rows:
        pieces = [f"{money(cents)} {name}" for name, cents in zip(names, got, strict=True) if cents]
        if fee_cents:
            pieces.append(f"less {money(fee_cents)} servicing fee")
        explained[transaction_id] = ", ".join(pieces)
    return explained


def _explain(row: sa.Row[Any], received: str | None) -> tuple[str, str]:
    """Say in words why money moved, and what there is to know beside it."""
    match row.kind:
        case TransactionKind.DEPOSIT:
            return "Money added", ""
        case TransactionKind.WITHDRAWAL:
            return "Money withdrawn", ""
        case TransactionKind.CAPITAL:
            return "Capital", ""
        case TransactionKind.HOLD if row.listing_id is None:
            return "Held for your withdrawal", "until an admin has decided"
        case TransactionKind.RELEASE if row.listing_id is None:
            return row.memo, "no longer held"
        case TransactionKind.HOLD:
            return "Held for your bid", ""
        case TransactionKind.RELEASE:
            return "Released from your bid", ""
        case TransactionKind.ORIGINATION if row.available_change_cents > 0:
            return "Loan paid out", f"after a fee of {money(row.origination_fee_cents or 0)}"
        case TransactionKind.ORIGINATION:
            return "Lent", "from what was held" if row.held_change_cents else ""
        case TransactionKind.PAYMENT if received is not None:
            return "Payment received", received
        case TransactionKind.PAYMENT:
            return "Payment on your loan", ""
        case TransactionKind.REVERSAL:
            return "Correction", row.memo
        case _:
            return row.memo, ""
