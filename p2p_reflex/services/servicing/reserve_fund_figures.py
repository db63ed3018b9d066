"""Owns how far the reserve fund reaches: its two published ratios and its history. Neither is a guarantee.

Expected losses are those of the book as it stands. Of current loans: the yearly loss of their grade over the
dollar-years to come; a dollar that is evenly repaid over n more months stays lent (n + 1) / 24 years. Of late
loans: the share that notes so late lose. Future income is what the fund's own notes should still bring, and
its part of the fees of listings that are covered now.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction

import sqlalchemy as sa
from sqlmodel import Session

from p2p_reflex.domain.fees import origination_fee_cents, reserve_contribution_cents
from p2p_reflex.domain.money import round_half_even
from p2p_reflex.domain.returns import STATUS_LOSS_RATES
from p2p_reflex.domain.scorecard import expected_loss_rate
from p2p_reflex.domain.vocabulary import (
    AccountKind,
    DelinquencyBucket,
    Grade,
    ListingState,
    LoanStage,
    LoanState,
    TransactionKind,
)
from p2p_reflex.models import (
    LedgerAccount,
    Listing,
    Loan,
    Note,
    ReserveFundDay,
    table_of,
)
from p2p_reflex.services.days import day_totals
from p2p_reflex.services.days.day_totals import DayTotals, Moved
from p2p_reflex.services.servicing import loan_totals
from p2p_reflex.services.servicing.loan_totals import LoanTotals

_accounts = table_of(LedgerAccount)
_days = table_of(ReserveFundDay)
_listings = table_of(Listing)
_loans = table_of(Loan)
_notes = table_of(Note)

_BALANCE = sa.select(_accounts.c.balance_cents).where(_accounts.c.kind == AccountKind.RESERVE_FUND)
_REMOVE = sa.delete(_days).where(_days.c.business_on == sa.bindparam("on"))
_ADD = sa.insert(_days)
_OWN_NOTES = (
    sa.select(_loans.c.state, sa.cast(sa.func.sum(_notes.c.outstanding_cents), sa.BigInteger))
    .join(_loans, _loans.c.id == _notes.c.loan_id)
    .where(_notes.c.lender_id.is_(None), _notes.c.outstanding_cents > 0)
    .group_by(_loans.c.state)
)
_COVERED = sa.select(_listings.c.grade, _listings.c.covered_cents).where(
    _listings.c.state.in_([ListingState.OPEN, ListingState.DECIDING]),
    _listings.c.covered_cents >= _listings.c.amount_cents,
)
_LATE_BUCKETS = tuple(each for each in DelinquencyBucket if each is not DelinquencyBucket.CURRENT)


@dataclass(frozen=True, slots=True)
class FundFigures:
    """What the fund has, holds and may expect, against what the book is expected to lose."""

    balance_cents: int
    held_cents: int
    expected_loss_cents: int
    future_income_cents: int

    @property
    def ratio(self) -> Decimal | None:
        """Give fund ÷ expected losses; none where none are expected."""
        return _ratio(self.balance_cents, self.expected_loss_cents)

    @property
    def ratio_with_income(self) -> Decimal | None:
        """Give (fund + future income) ÷ expected losses; none where none are expected."""
        return _ratio(self.balance_cents + self.future_income_cents, self.expected_loss_cents)


@dataclass(frozen=True, slots=True)
class FundDay:
    """The fund at the close of a day, and what moved it: fees came in, notes were bought, money came back."""

    on: date
    contributed_cents: int
    bought_cents: int
    returned_cents: int
    figures: FundFigures


def figures(session: Session, *, business_on: date) -> FundFigures:
    """Work out the fund's figures on a day."""
    balance_cents = int(session.connection().execute(_BALANCE).scalar_one())
    return _figures(session, loan_totals.read(session, business_on=business_on), balance_cents)


def record_day(
    session: Session, *, business_on: date, now: datetime, totals: DayTotals | None = None
) -> FundFigures:
    """Write down the fund at the close of a day; run again, it writes the same row anew."""
    totals = totals or day_totals.read(session, business_on=business_on)
    today = _figures(session, totals.loans, totals.balance_cents[AccountKind.RESERVE_FUND])
    connection = session.connection()
    connection.execute(_REMOVE, {"on": business_on})
    values = {
        "business_on": business_on,
        "balance_cents": today.balance_cents,
        "held_cents": today.held_cents,
        "expected_loss_cents": today.expected_loss_cents,
        "future_income_cents": today.future_income_cents,
    }
    connection.execute(_ADD, values | _moved(totals.moved))
    return today


def history(session: Session, *, since: date, until: date) -> tuple[FundDay, ...]:
    """Give the fund's days in order; anybody may read them."""
    query = sa.select(_days).where(_days.c.business_on.between(since, until)).order_by(_days.c.business_on)
    return tuple(
        FundDay(
            on=row.business_on,
            contributed_cents=row.contributed_cents,
            bought_cents=row.bought_cents,
            returned_cents=row.returned_cents,
            figures=FundFigures(
                row.balance_cents, row.held_cents, row.expected_loss_cents, row.future_income_cents
            ),
        )
        for row in session.connection().execute(query)
    )


def _figures(session: Session, loans: LoanTotals, balance_cents: int) -> FundFigures:
    held_cents, worth_cents = _own_notes(session)
    return FundFigures(
        balance_cents=balance_cents,
        held_cents=held_cents,
        expected_loss_cents=_expected_loss(loans),
        future_income_cents=worth_cents + _coming_contributions(session),
    )


def _expected_loss(loans: LoanTotals) -> int:
    """Expect losses of lenders' notes: current loans by grade and time, late ones by how late they are."""
    cent_months: dict[tuple[Grade, int], int] = defaultdict(int)
    for (grade, term_months, months), cents in loans.current_cents.items():
        cent_months[grade, term_months] += cents * (months + 2)
    loss = Fraction(0)
    for (grade, term_months), weight in cent_months.items():
        loss += Fraction(weight, 24) * Fraction(expected_loss_rate(grade, term_months))
    for bucket in _LATE_BUCKETS:
        loss += loans.owed_cents(LoanStage(bucket.value)) * Fraction(STATUS_LOSS_RATES[bucket])
    return round_half_even(loss)


def _own_notes(session: Session) -> tuple[int, int]:
    """Give what the fund's notes are still owed, and what of it should come back."""
    held = worth = 0
    kept = 1 - Fraction(STATUS_LOSS_RATES[DelinquencyBucket.DEFAULT])
    for state, cents in session.connection().execute(_OWN_NOTES):
        held += int(cents)
        worth += int(cents) if state is LoanState.ACTIVE else round_half_even(int(cents) * kept)
    return held, worth


def _coming_contributions(session: Session) -> int:
    """Add up the fund's part of the fees of listings that are covered and only wait to be accepted."""
    return sum(
        reserve_contribution_cents(fee_cents=origination_fee_cents(principal_cents=cents, grade=grade))
        for grade, cents in session.connection().execute(_COVERED)
    )


def _moved(moved: Iterable[Moved]) -> dict[str, int]:
    """Add up what came into the fund and went out of it on a day, by why."""
    sums: dict[TransactionKind, int] = defaultdict(int)
    for each in moved:
        if each.account is AccountKind.RESERVE_FUND:
            sums[each.reversed_kind or each.kind] += each.cents
    contributed = sums.pop(TransactionKind.ORIGINATION, 0)
    bought = -sums.pop(TransactionKind.FUND_PURCHASE, 0)
    return {
        "contributed_cents": contributed,
        "bought_cents": bought,
        "returned_cents": sum(sums.values()),
    }


def _ratio(cents: int, loss_cents: int) -> Decimal | None:
    return (Decimal(cents) / loss_cents).quantize(Decimal("0.0001")) if loss_cents > 0 else None
