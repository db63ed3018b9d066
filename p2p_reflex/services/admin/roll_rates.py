"""Owns roll rates: of the loans in each stage at one month's end, how many were in a worse one at the next.

Worked out from due dates, payments and pauses, so the past is known from the first loan on.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from p2p_reflex.domain.dates import add_months
from p2p_reflex.domain.delinquency import bucket
from p2p_reflex.domain.loan_standing import days_late
from p2p_reflex.domain.vocabulary import LoanStage, LoanState
from p2p_reflex.models import Installment, Loan, table_of
from p2p_reflex.services.loans.loan_positions import CHUNK, pauses_of
from p2p_reflex.services.people.authority import check_admin

ROLL_MONTHS = 6
ROLLING = (
    LoanStage.CURRENT,
    LoanStage.GRACE,
    LoanStage.LATE_16_30,
    LoanStage.LATE_31_120,
    LoanStage.DEFAULT,
)
WORSE = {stage: place for place, stage in enumerate((*ROLLING, LoanStage.CHARGED_OFF))}

_installments = table_of(Installment)
_loans = table_of(Loan)


@dataclass(frozen=True, slots=True)
class RollRate:
    """Of the loans in a stage at the beginning of a month, how many ended it worse, alike or better.

    Paid off counts as better.
    """

    stage: LoanStage
    loan_count: int
    worse_count: int
    better_count: int

    @property
    def worse_share(self) -> Decimal | None:
        """Give the share that rolled into a worse stage; nothing where there were no loans."""
        return Decimal(self.worse_count) / self.loan_count if self.loan_count else None


@dataclass(frozen=True, slots=True)
class MonthRolls:
    """What rolled from the close of one day to the close of another; the running month ends today."""

    since: date
    until: date
    rates: tuple[RollRate, ...]


@dataclass(frozen=True, slots=True)
class _Book:
    """What is known of the loans that were ever late in the time, and how many ran on each day."""

    loans: Mapping[int, Any]
    owed: Mapping[int, Sequence[Any]]
    pauses: Mapping[int, Sequence[Any]]


def roll_rates(session: Session, *, admin_id: int, business_on: date) -> tuple[MonthRolls, ...]:
    """Return the roll rates of the last months, the newest first. Raises UnknownError.

    Law: better, alike and worse loans of a stage sum to its loans.
    """
    check_admin(session, admin_id=admin_id)
    days = _month_ends(business_on)
    book = _book(session, days[0], days[-1])
    stages = [_stages(book, on) for on in days]
    months = []
    for place in range(len(days) - 1):
        since, until = days[place], days[place + 1]
        running_count = _running_count(session, since)
        paid_off_ids = _paid_off_between(session, since, until)
        months.append(
            MonthRolls(
                since,
                until,
                _rates(book, stages[place], stages[place + 1], running_count, paid_off_ids, since),
            )
        )
    return tuple(month for month in reversed(months) if any(rate.loan_count for rate in month.rates))


def _month_ends(business_on: date) -> list[date]:
    """Give the last days of the months before, the oldest first, and today."""
    first = business_on.replace(day=1)
    ends = [add_months(first, -back) - timedelta(days=1) for back in range(ROLL_MONTHS - 1, -1, -1)]
    return [*ends, business_on]


def _rates(
    book: _Book,
    before: Mapping[int, LoanStage],
    after: Mapping[int, LoanStage],
    running_count: int,
    paid_off_ids: frozenset[int],
    since: date,
) -> tuple[RollRate, ...]:
    """Compare where loans were; those in neither map were current at both ends, or paid off."""
    counts, worse, better = Counter[LoanStage](), Counter[LoanStage](), Counter[LoanStage]()
    for loan_id, stage in before.items():
        if stage not in ROLLING:
            continue
        counts[stage] += 1
        now = after.get(loan_id, LoanStage.CURRENT)
        if loan_id in paid_off_ids or WORSE[now] < WORSE[stage]:
            better[stage] += 1
        elif WORSE[now] > WORSE[stage]:
            worse[stage] += 1
    counts[LoanStage.CURRENT] = running_count - sum(counts.values())
    worse[LoanStage.CURRENT] = sum(
        1
        for loan_id, stage in after.items()
        if loan_id not in before
        and book.loans[loan_id].disbursed_on <= since
        and stage is not LoanStage.CURRENT
    )
    better[LoanStage.CURRENT] = len(paid_off_ids - before.keys())
    return tuple(RollRate(stage, counts[stage], worse[stage], better[stage]) for stage in ROLLING)


def _book(session: Session, since: date, until: date) -> _Book:
    """Read the loans with an installment that was late on any of the days, or that were charged off."""
    late = session.execute(
        sa.select(_installments.c.loan_id, _installments.c.due_on, _installments.c.paid_on)
        .where(
            _installments.c.due_on < until,
            sa.or_(
                _installments.c.paid_on.is_(None),
                sa.and_(_installments.c.paid_on > _installments.c.due_on, _installments.c.paid_on > since),
            ),
        )
        .order_by(_installments.c.loan_id, _installments.c.due_on)
    ).all()
    owed: dict[int, list[Any]] = defaultdict(list)
    for row in late:
        owed[row.loan_id].append(row)
    ids = list(owed)
    loans: dict[int, Any] = {}
    for start in range(0, len(ids), CHUNK):
        of_these = _loans.c.id.in_(ids[start : start + CHUNK])
        loans |= {row.id: row for row in session.execute(_standing().where(of_these))}
    return _Book(loans, owed, pauses_of(session, loan_ids=ids))


def _standing() -> sa.Select[Any]:
    return sa.select(
        _loans.c.id,
        _loans.c.state,
        _loans.c.disbursed_on,
        _loans.c.ended_on,
        _loans.c.defaulted_on,
        _loans.c.charged_off_on,
    )


def _stages(book: _Book, on: date) -> dict[int, LoanStage]:
    """Say in which stage the loans that were not current were at the close of a day."""
    found = {}
    for loan_id, rows in book.owed.items():
        loan = book.loans[loan_id]
        if loan.charged_off_on is not None and loan.charged_off_on <= on:
            found[loan_id] = LoanStage.CHARGED_OFF
            continue
        if loan.ended_on is not None and loan.ended_on <= on:
            continue
        if loan.defaulted_on is not None and loan.defaulted_on <= on:
            found[loan_id] = LoanStage.DEFAULT
            continue
        due_on = next((row.due_on for row in rows if row.due_on < on and _unpaid(row, on)), None)
        if due_on is None:
            continue
        days = days_late(due_on=due_on, on=on, pauses=book.pauses.get(loan_id, ()))
        stage = LoanStage(bucket(days).value)
        if stage is not LoanStage.CURRENT:
            found[loan_id] = stage
    return found


def _unpaid(row: Any, on: date) -> bool:
    return row.paid_on is None or row.paid_on > on


def _running_count(session: Session, on: date) -> int:
    """Count the loans that ran at the close of a day."""
    return int(
        session.execute(
            sa.select(sa.func.count())
            .select_from(_loans)
            .where(
                _loans.c.disbursed_on <= on,
                sa.or_(_loans.c.ended_on.is_(None), _loans.c.ended_on > on),
                sa.or_(_loans.c.charged_off_on.is_(None), _loans.c.charged_off_on > on),
            )
        ).scalar_one()
    )


def _paid_off_between(session: Session, since: date, until: date) -> frozenset[int]:
    """Name the loans that were paid off after one day and by another, and had been made by the first."""
    rows = session.execute(
        sa.select(_loans.c.id).where(
            _loans.c.state == LoanState.PAID_OFF,
            _loans.c.charged_off_on.is_(None),
            _loans.c.disbursed_on <= since,
            _loans.c.ended_on > since,
            _loans.c.ended_on <= until,
        )
    )
    return frozenset(row.id for row in rows)
