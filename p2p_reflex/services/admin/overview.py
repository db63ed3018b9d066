"""Owns the admin's look at everything: the market, the money with its laws, the risk, the machine."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

import sqlalchemy as sa
from sqlmodel import Session

from p2p_reflex.domain.dates import add_months
from p2p_reflex.domain.errors import UnknownError
from p2p_reflex.domain.vocabulary import DelinquencyBucket, Grade, ListingState, LoanStage, Role
from p2p_reflex.models import Bid, JournalEntry, JournalTransaction, Listing, Loan, Member, table_of
from p2p_reflex.services.loans.portfolio_history import total_of
from p2p_reflex.services.money import books
from p2p_reflex.services.money.books import BankEquation, LawResult
from p2p_reflex.services.servicing import delinquency_days
from p2p_reflex.settings import application_version

BID_DAYS = 14
LENT_MONTHS = 12

_bids = table_of(Bid)
_listings = table_of(Listing)
_loans = table_of(Loan)
_members = table_of(Member)


@dataclass(frozen=True, slots=True)
class DayBids:
    """How many bids people and bots placed on a day."""

    on: date
    people_count: int
    bot_count: int


@dataclass(frozen=True, slots=True)
class MonthLent:
    """What was lent in a calendar month, by grade."""

    month: date
    cents_by_grade: dict[Grade, int]


@dataclass(frozen=True, slots=True)
class MarketFigures:
    """What the market is doing."""

    open_listing_count: int
    asked_cents: int
    covered_cents: int
    borrower_count: int
    lender_count: int
    bot_count: int
    loan_count: int
    lent_cents: int
    bids_by_day: tuple[DayBids, ...]
    lent_by_month: tuple[MonthLent, ...]

    @property
    def covered_share(self) -> Decimal | None:
        """Give the share of what is asked for that is covered."""
        return Decimal(self.covered_cents) / self.asked_cents if self.asked_cents else None

    @property
    def bids_today_count(self) -> int:
        """Give how many bids were placed on the business date."""
        today = self.bids_by_day[-1]
        return today.people_count + today.bot_count


@dataclass(frozen=True, slots=True)
class BucketFigures:
    """The running loans that are so late, and what they owe."""

    bucket: DelinquencyBucket
    loan_count: int
    outstanding_cents: int
    share: Decimal


@dataclass(frozen=True, slots=True)
class MachineFigures:
    """What runs here, and how much it keeps."""

    version: str
    engine: str
    size_bytes: int
    transaction_count: int
    entry_count: int


@dataclass(frozen=True, slots=True)
class AdminOverview:
    """The market, the money, the risk and the machine on a business date."""

    business_on: date
    market: MarketFigures
    bank: BankEquation
    laws: tuple[LawResult, ...]
    risk: tuple[BucketFigures, ...]
    machine: MachineFigures


def admin_overview(session: Session, *, admin_id: int, business_on: date) -> AdminOverview:
    """Return what an admin sees at a glance. Raises UnknownError for anybody else."""
    member = session.get(Member, admin_id)
    if member is None or member.role is not Role.ADMIN:
        raise UnknownError
    return AdminOverview(
        business_on=business_on,
        market=_market(session, business_on),
        bank=books.bank_equation(session),
        laws=books.check_books(session),
        risk=_risk(session, business_on),
        machine=_machine(session),
    )


def _market(session: Session, business_on: date) -> MarketFigures:
    open_count, asked_cents, covered_cents = session.execute(
        sa.select(
            sa.func.count(), total_of(_listings.c.amount_cents), total_of(_listings.c.covered_cents)
        ).where(_listings.c.state == ListingState.OPEN)
    ).one()
    loan_count, lent_cents = session.execute(
        sa.select(sa.func.count(), total_of(_loans.c.principal_cents))
    ).one()
    people = {
        (Role(role), bool(is_bot)): count
        for role, is_bot, count in session.execute(
            sa.select(_members.c.role, _members.c.is_bot, sa.func.count()).group_by(
                _members.c.role, _members.c.is_bot
            )
        )
    }
    return MarketFigures(
        open_listing_count=open_count,
        asked_cents=asked_cents,
        covered_cents=covered_cents,
        borrower_count=people.get((Role.BORROWER, False), 0),
        lender_count=people.get((Role.LENDER, False), 0),
        bot_count=people.get((Role.LENDER, True), 0),
        loan_count=loan_count,
        lent_cents=lent_cents,
        bids_by_day=_bids_by_day(session, business_on),
        lent_by_month=_lent_by_month(session, business_on),
    )


def _bids_by_day(session: Session, business_on: date) -> tuple[DayBids, ...]:
    """Count the bids of the last two weeks; one put in the place of another counts as a new one."""
    days = [business_on - timedelta(days=back) for back in range(BID_DAYS - 1, -1, -1)]
    rows = session.execute(
        sa.select(_bids.c.placed_on, _bids.c.is_bot, sa.func.count())
        .where(_bids.c.placed_on.between(days[0], days[-1]))
        .group_by(_bids.c.placed_on, _bids.c.is_bot)
    )
    counted = {(on, bool(is_bot)): count for on, is_bot, count in rows}
    return tuple(DayBids(on, counted.get((on, False), 0), counted.get((on, True), 0)) for on in days)


def _lent_by_month(session: Session, business_on: date) -> tuple[MonthLent, ...]:
    """Add up what was lent in the last twelve calendar months; months before the first loan are left out."""
    this_month = business_on.replace(day=1)
    first = add_months(this_month, 1 - LENT_MONTHS)
    year, month = sa.extract("year", _loans.c.disbursed_on), sa.extract("month", _loans.c.disbursed_on)
    rows = session.execute(
        sa.select(year, month, _loans.c.grade, total_of(_loans.c.principal_cents))
        .where(_loans.c.disbursed_on >= first)
        .group_by(year, month, _loans.c.grade)
    )
    lent: dict[date, dict[Grade, int]] = {}
    for in_year, in_month, grade, cents in rows:
        lent.setdefault(date(int(in_year), int(in_month), 1), {})[Grade(grade)] = cents
    months = [add_months(first, number) for number in range(LENT_MONTHS)]
    return tuple(MonthLent(each, lent.get(each, {})) for each in months if lent and each >= min(lent))


def _risk(session: Session, business_on: date) -> tuple[BucketFigures, ...]:
    """Tell how late the running loans are, as the day's figures do; an empty bucket is told too."""
    stages = {each.stage: each for each in delinquency_days.figures(session, business_on=business_on)}
    found = [(bucket, stages[LoanStage(bucket.value)]) for bucket in DelinquencyBucket]
    whole_cents = sum(each.outstanding_cents for _, each in found)
    return tuple(
        BucketFigures(
            bucket,
            each.loan_count,
            each.outstanding_cents,
            Decimal(each.outstanding_cents) / whole_cents if whole_cents else Decimal(0),
        )
        for bucket, each in found
    )


def _machine(session: Session) -> MachineFigures:
    connection = session.connection()
    if connection.dialect.name == "sqlite":
        engine = f"SQLite {connection.execute(sa.text('SELECT sqlite_version()')).scalar_one()}"
        size = sa.text("SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()")
    else:
        engine = f"PostgreSQL {connection.execute(sa.text('SHOW server_version')).scalar_one()}"
        size = sa.text("SELECT pg_database_size(current_database())")
    return MachineFigures(
        version=application_version(),
        engine=engine,
        size_bytes=int(connection.execute(size).scalar_one()),
        transaction_count=session.execute(
            sa.select(sa.func.count()).select_from(JournalTransaction)
        ).scalar_one(),
        entry_count=session.execute(sa.select(sa.func.count()).select_from(JournalEntry)).scalar_one(),
    )
