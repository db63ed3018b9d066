"""Owns the figures of a business day: how the market stood when it closed, and what moved on it."""

from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from p2p_reflex.domain.vocabulary import AccountKind, ListingState, TransactionKind
from p2p_reflex.models import (
    Bid,
    DailyFigures,
    JournalTransaction,
    Listing,
    Loan,
    Payment,
    table_of,
)
from p2p_reflex.services.days import day_totals
from p2p_reflex.services.days.day_totals import DayTotals

_bids = table_of(Bid)
_figures = table_of(DailyFigures)
_listings = table_of(Listing)
_loans = table_of(Loan)
_payments = table_of(Payment)
_transactions = table_of(JournalTransaction)

_ACCOUNTS = {
    AccountKind.WALLET: "wallets_cents",
    AccountKind.HELD: "held_cents",
    AccountKind.RESERVE_FUND: "reserve_fund_cents",
    AccountKind.FEE_INCOME: "income_cents",
}


def _sum(column: sa.ColumnElement[Any]) -> sa.ColumnElement[int]:
    """Add up cents; of nothing, zero."""
    return sa.cast(sa.func.coalesce(sa.func.sum(column), 0), sa.BigInteger)


def _bids_by(is_bot: bool) -> sa.ScalarSelect[int]:
    of_day = (_bids.c.placed_on == _ON, _bids.c.is_bot == sa.literal(is_bot))
    return sa.select(sa.func.count()).select_from(_bids).where(*of_day).scalar_subquery()


_ON = sa.bindparam("business_on", type_=sa.Date)
_KNOWN = sa.select(_figures.c.business_on).where(_figures.c.business_on == _ON)
_ADD = sa.insert(_figures)
_OPEN = (
    sa.select(
        sa.func.count().label("open_listing_count"),
        _sum(_listings.c.amount_cents).label("asked_cents"),
        _sum(_listings.c.covered_cents).label("covered_cents"),
    )
    .where(_listings.c.state == ListingState.OPEN)
    .subquery("open")
)
_LENT = (
    sa.select(sa.func.count().label("lent_count"), _sum(_loans.c.principal_cents).label("lent_cents"))
    .where(_loans.c.disbursed_on == _ON)
    .subquery("lent")
)
# By the day's journal: a reversal later does not change the day.
_PAID = (
    sa.select(
        sa.func.count().label("payment_count"),
        _sum(_payments.c.principal_cents).label("principal_paid_cents"),
        _sum(_payments.c.interest_cents).label("interest_paid_cents"),
        _sum(_payments.c.late_fee_cents).label("late_fees_paid_cents"),
        _sum(_payments.c.servicing_fee_cents).label("servicing_fees_cents"),
    )
    .select_from(_transactions.join(_payments, _payments.c.transaction_id == _transactions.c.id))
    .where(_transactions.c.business_on == _ON)
    .subquery("paid")
)
_OF_DAY = sa.select(
    *_OPEN.c,
    *_LENT.c,
    *_PAID.c,
    _bids_by(is_bot=False).label("person_bid_count"),
    _bids_by(is_bot=True).label("bot_bid_count"),
).select_from(_OPEN.join(_LENT, sa.true()).join(_PAID, sa.true()))


def record(session: Session, *, business_on: date, totals: DayTotals | None = None) -> None:
    """Write the figures of a day that closes; a day that has its figures keeps them."""
    connection = session.connection()
    if connection.execute(_KNOWN, {"business_on": business_on}).first() is not None:
        return
    totals = totals or day_totals.read(session, business_on=business_on)
    counted = connection.execute(_OF_DAY, {"business_on": business_on}).one()
    figures: dict[str, Any] = {"business_on": business_on, **counted._mapping, **_moved(totals)}
    for stage in totals.loans.stages:
        figures[f"{stage.stage.value}_count"] = stage.loan_count
        figures[f"{stage.stage.value}_cents"] = stage.outstanding_cents
    figures |= {name: totals.balance_cents.get(kind, 0) for kind, name in _ACCOUNTS.items()}
    connection.execute(_ADD, figures)


def _moved(totals: DayTotals) -> dict[str, int]:
    """Add up what came in from outside and what went out."""
    sums = {
        each.kind: each.cents
        for each in totals.moved
        if each.account is AccountKind.BANK and each.reversed_kind is None
    }
    return {
        "deposited_cents": abs(sums.get(TransactionKind.DEPOSIT, 0)),
        "withdrawn_cents": abs(sums.get(TransactionKind.WITHDRAWAL, 0)),
    }
