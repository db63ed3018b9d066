"""Owns the admin's look at risk: how late the book is and was, and how far the reserve fund reaches."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, cast

import sqlalchemy as sa
from sqlmodel import Session

from p2p_reflex.domain.dates import add_months
from p2p_reflex.domain.vocabulary import AccountKind, LoanStage
from p2p_reflex.models import DailyFigures, LedgerAccount, ReserveFundDay
from p2p_reflex.services import delinquency_days
from p2p_reflex.services.authority import check_admin
from p2p_reflex.services.delinquency_days import StageFigures

HISTORY_MONTHS = 12
RUNNING_STAGES = ("current", "grace", "late_16_30", "late_31_120", "default")

_accounts = cast(sa.Table, LedgerAccount.__table__)  # type: ignore[attr-defined]
_days = cast(sa.Table, DailyFigures.__table__)  # type: ignore[attr-defined]
_fund_days = cast(sa.Table, ReserveFundDay.__table__)  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class LatePoint:
    """How much of the principal of running loans was late at the close of a day."""

    on: date
    late_share: Decimal
    late_30_share: Decimal


@dataclass(frozen=True, slots=True)
class FundPoint:
    """What the reserve fund had at the close of a day, and what it was expected to lose."""

    on: date
    balance_cents: int
    expected_loss_cents: int


@dataclass(frozen=True, slots=True)
class FundFigures:
    """The reserve fund now, and what moved it in the last twelve months; never a guarantee."""

    balance_cents: int
    held_cents: int
    expected_loss_cents: int | None
    future_income_cents: int | None
    contributed_cents: int
    bought_cents: int
    returned_cents: int
    history: tuple[FundPoint, ...]

    @property
    def coverage(self) -> Decimal | None:
        """Give fund ÷ expected losses; unknown before a day was closed, and where no loss is expected."""
        if not self.expected_loss_cents:
            return None
        return Decimal(self.balance_cents) / self.expected_loss_cents

    @property
    def coverage_with_income(self) -> Decimal | None:
        """Give the same with what the fund will get of loans that run."""
        if not self.expected_loss_cents or self.future_income_cents is None:
            return None
        return Decimal(self.balance_cents + self.future_income_cents) / self.expected_loss_cents


@dataclass(frozen=True, slots=True)
class Risk:
    """The risk in the book on a business date."""

    business_on: date
    stages: tuple[StageFigures, ...]
    late_history: tuple[LatePoint, ...]
    fund: FundFigures

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
        fund=_fund(session, since, business_on),
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


def _fund(session: Session, since: date, until: date) -> FundFigures:
    balance_cents = session.execute(
        sa.select(_accounts.c.balance_cents).where(
            _accounts.c.kind == AccountKind.RESERVE_FUND, _accounts.c.member_id.is_(None)
        )
    ).scalar_one()
    days: Sequence[Any] = session.execute(
        sa.select(_fund_days)
        .where(_fund_days.c.business_on.between(since, until))
        .order_by(_fund_days.c.business_on)
    ).all()
    last = days[-1] if days else None
    return FundFigures(
        balance_cents=balance_cents,
        held_cents=last.held_cents if last else 0,
        expected_loss_cents=last.expected_loss_cents if last else None,
        future_income_cents=last.future_income_cents if last else None,
        contributed_cents=sum(day.contributed_cents for day in days),
        bought_cents=sum(day.bought_cents for day in days),
        returned_cents=sum(day.returned_cents for day in days),
        history=tuple(FundPoint(day.business_on, day.balance_cents, day.expected_loss_cents) for day in days),
    )
