"""Owns the live figures that a visitor sees before joining."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from p2p_reflex.domain import returns
from p2p_reflex.domain.money import divide_half_even
from p2p_reflex.domain.rates import from_millionths
from p2p_reflex.domain.vocabulary import DelinquencyBucket, Grade, ListingState, LoanState
from p2p_reflex.models import Listing, Loan, table_of
from p2p_reflex.services.listings import listing_view
from p2p_reflex.services.listings.listing_book import BookRow
from p2p_reflex.services.listings.market_summary import MarketSummary, summary
from p2p_reflex.services.servicing import late_days

RECENT = timedelta(days=90)

_listings = table_of(Listing)
_loans = table_of(Loan)


@dataclass(frozen=True, slots=True)
class GradeFigures:
    """What money cost and is expected to earn in one grade, by the loans of the last 90 days."""

    grade: Grade
    loan_count: int
    average_rate: Decimal
    servicing_cost_rate: Decimal
    expected_loss_rate: Decimal
    expected_return_rate: Decimal


@dataclass(frozen=True, slots=True)
class FeaturedListing:
    """One open listing with its book, as anybody may see it."""

    listing_id: int
    title: str
    grade: Grade
    amount_cents: int
    covered_cents: int
    offered_cents: int
    average_rate: Decimal | None
    is_covered: bool
    leading_count: int
    rows: tuple[BookRow, ...]


@dataclass(frozen=True, slots=True)
class PublicFigures:
    """The market in figures; loans up to date are running ones with nothing overdue.

    `grades` leaves out a grade in which nothing was lent in the last 90 days; `expected_return_rate` is
    the average of the others by amount, none where nothing was lent.
    """

    lent_cents: int
    loan_count: int
    first_loan_on: date | None
    running_loan_count: int
    up_to_date_loan_count: int
    market: MarketSummary
    grades: tuple[GradeFigures, ...]
    expected_return_rate: Decimal | None
    featured: FeaturedListing | None


def figures(session: Session, *, business_on: date) -> PublicFigures:
    """Gather the figures of the landing page."""
    lent = session.execute(
        sa.select(
            sa.func.coalesce(sa.func.sum(sa.type_coerce(_loans.c.principal_cents, sa.BigInteger)), 0),
            sa.func.count(),
            sa.func.min(_loans.c.disbursed_on),
        ).select_from(_loans)
    ).one()
    running = session.execute(
        sa.select(
            sa.func.count(),
            sa.func.count().filter(
                late_days.read(session, business_on=business_on).in_bucket(DelinquencyBucket.CURRENT)
            ),
        )
        .select_from(_loans)
        .where(_loans.c.state.in_([LoanState.ACTIVE, LoanState.DEFAULTED]))
    ).one()
    grades, expected = _grades(session, business_on)
    return PublicFigures(
        lent_cents=int(lent[0]),
        loan_count=lent[1],
        first_loan_on=lent[2],
        running_loan_count=running[0],
        up_to_date_loan_count=running[1],
        market=summary(session, business_on=business_on),
        grades=grades,
        expected_return_rate=expected,
        featured=_featured(session),
    )


def _grades(session: Session, business_on: date) -> tuple[tuple[GradeFigures, ...], Decimal | None]:
    """Average the loans of the last 90 days by grade, weighted by amount."""
    amount = sa.type_coerce(_loans.c.principal_cents, sa.BigInteger)
    statement = (
        sa.select(
            _loans.c.grade,
            sa.func.count().label("loan_count"),
            sa.func.sum(amount).label("amount"),
            sa.func.sum(amount * sa.type_coerce(_loans.c.annual_rate, sa.BigInteger)).label("rate"),
            sa.func.sum(amount * _loans.c.term_months).label("months"),
            sa.func.sum(amount * sa.type_coerce(_listings.c.expected_loss_rate, sa.BigInteger)).label("loss"),
        )
        .select_from(_loans.join(_listings, _listings.c.id == _loans.c.listing_id))
        .where(_loans.c.disbursed_on > business_on - RECENT)
        .group_by(_loans.c.grade)
        .order_by(_loans.c.grade)
    )
    rows = session.execute(statement).all()
    grades = tuple(_grade(row) for row in rows)
    amounts = [int(row.amount) for row in rows]
    if not amounts:
        return (), None
    weighted = sum(
        cents * int(each.expected_return_rate * 1_000_000)
        for cents, each in zip(amounts, grades, strict=True)
    )
    return grades, from_millionths(divide_half_even(weighted, sum(amounts)))


def _grade(row: sa.Row[Any]) -> GradeFigures:
    amount = int(row.amount)
    rate = from_millionths(divide_half_even(int(row.rate), amount))
    loss = from_millionths(divide_half_even(int(row.loss), amount))
    months = divide_half_even(int(row.months), amount)
    cost = returns.servicing_cost_rate(rate=rate, term_months=months)
    return GradeFigures(
        grade=row.grade,
        loan_count=row.loan_count,
        average_rate=rate,
        servicing_cost_rate=cost,
        expected_loss_rate=loss,
        expected_return_rate=rate - cost - loss,
    )


def _featured(session: Session) -> FeaturedListing | None:
    """Pick the open listing with the liveliest book."""
    listing = session.exec(
        select(Listing)
        .where(Listing.state == ListingState.OPEN, Listing.bid_count > 0)
        .order_by(col(Listing.bid_count).desc(), col(Listing.id).desc())
        .limit(1)
    ).first()
    if listing is None:
        return None
    book, rows = listing_view.featured(session, listing=listing)
    return FeaturedListing(
        listing_id=listing.id,
        title=listing.title,
        grade=listing.grade,
        amount_cents=listing.amount_cents,
        covered_cents=book.covered_cents,
        offered_cents=book.offered_cents,
        average_rate=book.average_rate,
        is_covered=book.is_covered,
        leading_count=len(book.leading),
        rows=rows,
    )
