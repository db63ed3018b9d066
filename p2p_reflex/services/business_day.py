"""Owns the close of a business day: its steps in order, each safe to run again, then the next day opens."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Concatenate, ParamSpec, Protocol, TypeVar

from sqlmodel import Session, select

from p2p_reflex.domain.dates import add_months
from p2p_reflex.models import BusinessClock
from p2p_reflex.services import autopay, business_date, closing, market_notices
from p2p_reflex.services.autopay import AutopayOutcome
from p2p_reflex.services.closing import ClosingOutcome

MOST_DAYS_AT_ONCE = 400

P = ParamSpec("P")
R = TypeVar("R")


class Run(Protocol):
    """Run one service in a transaction of its own, as `database.run` does."""

    def __call__(
        self, service: Callable[Concatenate[Session, P], R], /, *args: P.args, **kwargs: P.kwargs
    ) -> R:
        """Give what the service gives."""


@dataclass(frozen=True, slots=True)
class DayOutcome:
    """What closing one business day did."""

    closed_on: date
    next_on: date
    listings: ClosingOutcome
    payments: AutopayOutcome


def close_day(session: Session, *, business_on: date, now: datetime) -> DayOutcome | None:
    """Close a business day and open the next; a day that is closed already stays so, and nothing is returned.

    Two runners at once: the second waits at the clock, then finds the day closed.
    Raises ValueError for a day that is not open yet, because no day is ever skipped.
    """
    clock = session.exec(select(BusinessClock).with_for_update()).one()
    session.refresh(clock)
    if business_on < clock.business_on:
        return None
    if business_on > clock.business_on:
        raise ValueError(f"{business_on} cannot be closed: {clock.business_on} is still open.")
    listings = closing.close_listings(session, business_on=business_on, now=now)
    payments = autopay.collect(session, business_on=business_on, now=now)
    market_notices.tell_closing_soon(session, business_on=business_on, now=now)
    next_on = business_on + timedelta(days=1)
    business_date.open_day(session, business_on=next_on)
    return DayOutcome(closed_on=business_on, next_on=next_on, listings=listings, payments=payments)


def close_until(run: Run, *, until: date, now: datetime) -> tuple[DayOutcome, ...]:
    """Close the days before `until` in order, each with its own date and in a transaction of its own."""
    outcomes: list[DayOutcome] = []
    open_on = run(business_date.today)
    while open_on < until and len(outcomes) < MOST_DAYS_AT_ONCE:
        outcome = run(close_day, business_on=open_on, now=now)
        if outcome is not None:
            outcomes.append(outcome)
        open_on = run(business_date.today)
    return tuple(outcomes)


def advance(run: Run, *, days: int, now: datetime) -> tuple[DayOutcome, ...]:
    """Move the market on by some days."""
    open_on = run(business_date.today)
    return close_until(run, until=open_on + timedelta(days=days), now=now)


def advance_month(run: Run, *, now: datetime) -> tuple[DayOutcome, ...]:
    """Move the market on to the same day of the next month, or its last day."""
    return close_until(run, until=add_months(run(business_date.today), 1), now=now)
