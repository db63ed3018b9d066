"""Owns the figures of a business day: how the market stood when it closed, and what moved on it."""

from datetime import date
from typing import Any, cast

import sqlalchemy as sa
from sqlmodel import Session

from p2p_reflex.domain.vocabulary import AccountKind, ListingState, LoanStage, TransactionKind
from p2p_reflex.models import (
    Bid,
    DailyFigures,
    JournalEntry,
    JournalTransaction,
    LedgerAccount,
    Listing,
    Loan,
    Payment,
)
from p2p_reflex.services import delinquency_days

_accounts = cast(sa.Table, LedgerAccount.__table__)  # type: ignore[attr-defined]
_bids = cast(sa.Table, Bid.__table__)  # type: ignore[attr-defined]
_entries = cast(sa.Table, JournalEntry.__table__)  # type: ignore[attr-defined]
_figures = cast(sa.Table, DailyFigures.__table__)  # type: ignore[attr-defined]
_listings = cast(sa.Table, Listing.__table__)  # type: ignore[attr-defined]
_loans = cast(sa.Table, Loan.__table__)  # type: ignore[attr-defined]
_payments = cast(sa.Table, Payment.__table__)  # type: ignore[attr-defined]
_transactions = cast(sa.Table, JournalTransaction.__table__)  # type: ignore[attr-defined]

_ACCOUNTS = {
    AccountKind.WALLET: "wallets_cents",
    AccountKind.HELD: "held_cents",
    AccountKind.RESERVE_FUND: "reserve_fund_cents",
    AccountKind.FEE_INCOME: "income_cents",
}


def record(session: Session, *, business_on: date) -> None:
    """Write the figures of a day that closes; a day that has its figures keeps them."""
    connection = session.connection()
    mine = _figures.c.business_on == business_on
    if connection.execute(sa.select(_figures.c.business_on).where(mine)).first() is not None:
        return
    figures: dict[str, Any] = {"business_on": business_on}
    figures |= _market(session, business_on)
    figures |= _payments_of(session, business_on)
    figures |= _moved(session, business_on)
    for stage in delinquency_days.figures(session, business_on=business_on):
        if stage.stage is not LoanStage.PAID_OFF:
            figures[f"{stage.stage.value}_count"] = stage.loan_count
            figures[f"{stage.stage.value}_cents"] = stage.outstanding_cents
    balances = sa.select(_accounts.c.kind, _sum(_accounts.c.balance_cents)).group_by(_accounts.c.kind)
    found = {AccountKind(kind): cents for kind, cents in connection.execute(balances)}
    figures |= {name: found.get(kind, 0) for kind, name in _ACCOUNTS.items()}
    connection.execute(sa.insert(_figures).values(**figures))


def _market(session: Session, business_on: date) -> dict[str, int]:
    """Count what is open, what was bid and what was lent."""
    connection = session.connection()
    open_count, asked, covered = connection.execute(
        sa.select(sa.func.count(), _sum(_listings.c.amount_cents), _sum(_listings.c.covered_cents)).where(
            _listings.c.state == ListingState.OPEN
        )
    ).one()
    bids = sa.select(_bids.c.is_bot, sa.func.count()).where(_bids.c.placed_on == business_on)
    by_bots = {bool(is_bot): count for is_bot, count in connection.execute(bids.group_by(_bids.c.is_bot))}
    lent_count, lent_cents = connection.execute(
        sa.select(sa.func.count(), _sum(_loans.c.principal_cents)).where(_loans.c.disbursed_on == business_on)
    ).one()
    return {
        "open_listing_count": open_count,
        "asked_cents": asked,
        "covered_cents": covered,
        "person_bid_count": by_bots.get(False, 0),
        "bot_bid_count": by_bots.get(True, 0),
        "lent_count": lent_count,
        "lent_cents": lent_cents,
    }


def _payments_of(session: Session, business_on: date) -> dict[str, int]:
    """Add up the payments that the day's journal has; a reversal later does not change the day."""
    columns = ("principal_cents", "interest_cents", "late_fee_cents", "servicing_fee_cents")
    query = (
        sa.select(sa.func.count(), *(_sum(_payments.c[name]) for name in columns))
        .select_from(_transactions.join(_payments, _payments.c.transaction_id == _transactions.c.id))
        .where(_transactions.c.business_on == business_on)
    )
    names = ("principal_paid_cents", "interest_paid_cents", "late_fees_paid_cents", "servicing_fees_cents")
    added = session.connection().execute(query).one()
    return dict(zip(("payment_count", *names), added, strict=True))


def _moved(session: Session, business_on: date) -> dict[str, int]:
    """Add up what came in from outside and what went out."""
    of_day = sa.and_(
        _transactions.c.business_on == business_on,
        sa.cast(_transactions.c.kind, sa.String).in_((TransactionKind.DEPOSIT, TransactionKind.WITHDRAWAL)),
        _accounts.c.kind == AccountKind.BANK,
    )
    query = (
        sa.select(_transactions.c.kind, _sum(_entries.c.amount_cents))
        .select_from(
            _transactions.join(_entries, _entries.c.transaction_id == _transactions.c.id).join(
                _accounts, _accounts.c.id == _entries.c.account_id
            )
        )
        .where(of_day)
        .group_by(_transactions.c.kind)
    )
    moved = {TransactionKind(kind): abs(cents) for kind, cents in session.connection().execute(query)}
    return {
        "deposited_cents": moved.get(TransactionKind.DEPOSIT, 0),
        "withdrawn_cents": moved.get(TransactionKind.WITHDRAWAL, 0),
    }


def _sum(column: sa.ColumnElement[Any]) -> sa.ColumnElement[int]:
    """Add up cents; of nothing, zero."""
    return sa.cast(sa.func.coalesce(sa.func.sum(column), 0), sa.BigInteger)
