"""Owns the close of business days: one or many, in order, each with its own date, however often it is asked.

`close_day` does a day within the caller's transaction, as the demo's history needs it; `close_until` and
`advance` do it for real, a transaction for each piece of work, and both leave the same books.
"""

import time
import uuid
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Concatenate, ParamSpec, Protocol, TypeVar

from sqlalchemy.exc import DataError, DBAPIError, IntegrityError
from sqlmodel import Session, select

from p2p_reflex.domain import formats
from p2p_reflex.domain.dates import add_months
from p2p_reflex.domain.errors import LendingError
from p2p_reflex.models import BusinessClock, StepState
from p2p_reflex.services.days import business_date, business_runs, leases, step_rows
from p2p_reflex.services.days.business_runs import LEASE, Attempt, Clock, NoLoanError, OvertakenError, Worked
from p2p_reflex.services.days.step_rows import StepRow
from p2p_reflex.services.paying.autopay import CHUNK_LOANS

MOST_DAYS_AT_ONCE = 400
PATIENCE_SECONDS = 90.0
CATCH_UP_SECONDS = 10.0
LOOK_AGAIN_SECONDS = 0.05
NARROWER = 10
ONE_DAY = timedelta(days=1)

_LOCKED_CLOCK = select(BusinessClock).with_for_update().execution_options(populate_existing=True)

_untold: deque[tuple[date, StepRow]] = deque(maxlen=100)

P = ParamSpec("P")
R = TypeVar("R")


class Run(Protocol):
    """Run one service in a transaction of its own, as `database.run` does."""

    def __call__(
        self, service: Callable[Concatenate[Session, P], R], /, *args: P.args, **kwargs: P.kwargs
    ) -> R:
        """Give what the service gives."""


class DayStoppedError(LendingError):
    """A business day could not be closed; what was done of it is done, the next run goes on from there."""

    def __init__(self, *, business_on: date, step: str) -> None:
        day = formats.long_date(business_on)
        super().__init__(
            f"Closing {day} stopped at “{step}”. Nothing is half done; the reason is under Jobs."
        )
        self.business_on = business_on
        self.step = step


class BehindError(LendingError):
    """The market is behind the calendar, and nobody acts on a day that is long over."""

    def __init__(self) -> None:
        super().__init__(
            "The market is catching up on the days it missed. Try again in a few minutes; nothing was done."
        )


@dataclass(frozen=True, slots=True)
class DayOutcome:
    """What closing one business day did: what each step counted."""

    closed_on: date
    next_on: date
    counts: Mapping[str, Mapping[str, int]]


def close_day(session: Session, *, business_on: date, now: datetime) -> DayOutcome | None:
    """Close a business day and open the next, all in this transaction; of a closed day nothing is returned.

    Two at once: the second waits at the clock, then finds the day closed.
    Raises ValueError for a day that is not open yet, because no day is ever skipped.
    """
    clock = session.exec(_LOCKED_CLOCK).one()
    if business_on < clock.business_on:
        return None
    if business_on > clock.business_on:
        raise ValueError(f"{business_on} cannot be closed: {clock.business_on} is still open.")
    counts: dict[str, Mapping[str, int]] = {}
    attempt = Attempt(business_on, Clock(now))
    is_over = False
    while not is_over:
        worked = business_runs.work(session, attempt)
        counts |= worked.counts
        is_over = worked.is_over
    return _outcome(business_on, counts)


def close_until(
    run: Run,
    *,
    until: date,
    now: datetime,
    tell: Callable[[date], None] | None = None,
    live: Callable[[date], object] | None = None,
    patience_seconds: float = PATIENCE_SECONDS,
) -> tuple[DayOutcome, ...]:
    """Close the days before `until` in order; give the days that this runner closed.

    Of several runners one acts at a time; the others wait, at most so long, and take over where it stops.
    `tell` hears each day before it closes; `live` lets a demo's people live through it first, and then they
    hear of every day, where after an outage they hear of all of them at the close of the last one.
    Raises DayStoppedError where a step breaks.
    """
    outcomes: list[DayOutcome] = []
    clock, holder = Clock(now), uuid.uuid4().hex
    tell_failures(run)
    gives_up_at = time.monotonic() + patience_seconds
    try:
        while (open_on := run(business_date.today)) < until and len(outcomes) < MOST_DAYS_AT_ONCE:
            people_hear = live is not None or open_on + ONE_DAY >= until
            if tell is not None:
                tell(open_on)
            try:
                if live is not None and run(_begin, business_on=open_on, holder=holder, clock=clock):
                    live(open_on)
                outcome = _run_day(run, Attempt(open_on, clock, people_hear=people_hear, holder=holder))
            except OvertakenError:
                if time.monotonic() >= gives_up_at:
                    break
                time.sleep(LOOK_AGAIN_SECONDS)
                continue
            if outcome is not None:
                outcomes.append(outcome)
    finally:
        with suppress(DBAPIError):
            run(leases.release, name=LEASE, holder=holder)
    return tuple(outcomes)


def catch_up(run: Run, *, now: datetime) -> None:
    """Close the days that are over by the calendar, because somebody is about to act. Raises BehindError."""
    with suppress(DayStoppedError):
        close_until(run, until=now.date(), now=now, patience_seconds=CATCH_UP_SECONDS)
    if run(business_date.today) < now.date():
        raise BehindError


def advance(
    run: Run,
    *,
    days: int,
    now: datetime,
    tell: Callable[[date], None] | None = None,
    live: Callable[[date], object] | None = None,
) -> tuple[DayOutcome, ...]:
    """Move the market on by some days."""
    until = run(business_date.today) + timedelta(days=days)
    return close_until(run, until=until, now=now, tell=tell, live=live)


def advance_month(
    run: Run,
    *,
    now: datetime,
    tell: Callable[[date], None] | None = None,
    live: Callable[[date], object] | None = None,
) -> tuple[DayOutcome, ...]:
    """Move the market on to the same day of the next month, or its last day."""
    until = add_months(run(business_date.today), 1)
    return close_until(run, until=until, now=now, tell=tell, live=live)


def _begin(session: Session, *, business_on: date, holder: str, clock: Clock) -> bool:
    """Take the lease, and tell whether nothing of the day was done yet."""
    seconds = business_runs.LEASE_SECONDS
    if not leases.acquire(session, name=LEASE, holder=holder, now=clock(), seconds=seconds):
        raise OvertakenError
    before = step_rows.progress(session, business_on=business_on)
    return not before.done and not before.chunks and business_date.today(session) == business_on


def _run_day(run: Run, attempt: Attempt) -> DayOutcome | None:
    """Run a day to its end; nothing is returned where somebody else ended it."""
    counts: dict[str, Mapping[str, int]] = {}
    while True:
        try:
            worked: Worked = run(business_runs.work, attempt)
        except OvertakenError:
            raise
        except Exception as error:
            _make_easier(run, attempt, error)
            continue
        counts |= worked.counts
        if worked.is_over:
            return _outcome(attempt.business_on, counts) if worked.counts else None
        attempt.skip_because = ""
        if attempt.limit is not None:
            wider = attempt.limit * NARROWER
            attempt.limit = wider if wider < CHUNK_LOANS else None


def _make_easier(run: Run, attempt: Attempt, error: Exception) -> None:
    """Try less at a time after a failure, down to the loan that breaks a step, which is then left out.

    Raises DayStoppedError where nothing easier is left, or the database itself fails.
    """
    step = attempt.step
    if step is None:
        raise error
    reason = (
        f"{type(error).__name__}: {str(error).strip().splitlines()[0] if str(error).strip() else 'no reason'}"
    )
    if isinstance(error, NoLoanError):
        reason = attempt.skip_because
    is_rule = not isinstance(error, DBAPIError) or isinstance(error, IntegrityError | DataError)
    if is_rule and attempt.enough:
        attempt.enough = 0
    elif is_rule and step.peek is not None and attempt.limit != 1:
        attempt.limit = max(1, (attempt.limit or CHUNK_LOANS) // NARROWER)
    elif is_rule and step.peek is not None and not attempt.skip_because:
        attempt.skip_because = reason
    else:
        now = attempt.clock()
        row = StepRow(step.key, 0, attempt.started_at or now, now, state=StepState.FAILED, error=reason)
        _untold.append((attempt.business_on, row))
        with suppress(DBAPIError):
            tell_failures(run)
        raise DayStoppedError(business_on=attempt.business_on, step=step.title) from error


def tell_failures(run: Run) -> None:
    """Write down the failures that are not written yet, because the database itself was away."""
    while _untold:
        business_on, row = _untold[0]
        run(step_rows.write_failure, row, business_on=business_on)
        _untold.popleft()


def _outcome(business_on: date, counts: Mapping[str, Mapping[str, int]]) -> DayOutcome:
    return DayOutcome(business_on, business_on + timedelta(days=1), counts)
