"""Owns the admin's look at risk: how late the book is and was, and how far the reserve fund reaches."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from p2p_reflex.domain.dates import add_months
from p2p_reflex.domain.vocabulary import LoanStage
from p2p_reflex.models import DailyFigures, table_of
from p2p_reflex.services.people.authority import check_admin
from p2p_reflex.services.servicing import delinquency_days, reserve_fund_figures
from p2p_reflex.services.servicing.loan_totals import StageFigures
from p2p_reflex.services.servicing.reserve_fund_figures import FundDay, FundFigures

HISTORY_MONTHS = 12
RUNNING_STAGES = ("current", "grace", "late_16_30", "late_31_120", "default")

_days = table_of(DailyFigures)


@dataclass(frozen=True, slots=True)
class LatePoint:
    """How much of the principal of running loans was late at the close of a day."""

    on: date
    late_share: Decimal
    late_30_share: Decimal


@dataclass(frozen=True, slots=True)
class FundYear:
    """The reserve fund now, and what moved it in the last twelve months; never a guarantee."""

    now: FundFigures
    days: tuple[FundDay, ...]

    @property
    def contributed_cents(self) -> int:
        """Give what came in from origination fees."""
        return sum(day.contributed_cents for day in self.days)

    @property
    def bought_cents(self) -> int:
        """Give what was paid to lenders at defaults."""
        return sum(day.bought_cents for day in self.days)

    @property
    def returned_cents(self) -> int:
        """Give what came back from borrowers."""
        return sum(day.returned_cents for day in self.days)


@dataclass(frozen=True, slots=True)
class Risk:
    """The risk in the book on a business date."""

    business_on: date
    stages: tuple[StageFigures, ...]
    late_history: tuple[LatePoint, ...]
    fund: FundYear

    @property
    def running_cents(self) -> int:
        """Give the principal owed on running loans."""
        return sum(each.outstanding_cents for each in self.stages if each.stage is not LoanStage.CHARGED_OFF)

    @property
    def late_30_cents(self) -> int:
        """Give the principal of running loans that are over 30 days late."""
        late = (LoanStage.LATE_31_120, LoanStage.DEFAULT)
        return sum(each.outstanding_cents for each in self.stages if each.stage in late)


def risk(session: Session, *, admin_id: int, business_on: date) -> Risk:
    """Return how late the book is, how late it was, and the reserve fund. Raises UnknownError."""
    check_admin(session, admin_id=admin_id)
    since = add_months(business_on, -HISTORY_MONTHS)
    return Risk(
        business_on=business_on,
        stages=delinquency_days.figures(session, business_on=business_on),
        late_history=_late_history(session, since, business_on),
        fund=FundYear(
            now=reserve_fund_figures.figures(session, business_on=business_on),
            days=reserve_fund_figures.history(session, since=since, until=business_on),
        ),
    )


def _late_history(session: Session, since: date, until: date) -> tuple[LatePoint, ...]:
    rows = session.execute(
        sa.select(_days).where(_days.c.business_on.between(since, until)).order_by(_days.c.business_on)
    )
    points = [_late_point(row) for row in rows]
    return tuple(point for point in points if point)


def _late_point(row: Any) -> LatePoint | None:
    cents = [int(row._mapping[f"{stage}_cents"]) for stage in RUNNING_STAGES]
    whole_cents = sum(cents)
    if not whole_cents:
        return None
    return LatePoint(
        row.business_on,
        Decimal(whole_cents - cents[0]) / whole_cents,
        Decimal(cents[3] + cents[4]) / whole_cents,
    )
