"""Owns the look at business days as jobs: what each did, how long it took, what failed; for admins."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from p2p_reflex.models import BusinessStep, Lease, StepState, table_of
from p2p_reflex.services.days import business_date
from p2p_reflex.services.days.business_runs import LEASE
from p2p_reflex.services.days.business_steps import STEPS
from p2p_reflex.services.people.authority import check_admin

DAYS_SHOWN = 30

_leases = table_of(Lease)
_steps = table_of(BusinessStep)


class RunState(StrEnum):
    """How a day or a step of it stands."""

    DONE = "done"
    RUNNING = "running"
    STOPPED = "stopped"
    WAITING = "waiting"


@dataclass(frozen=True, slots=True)
class DayRun:
    """One business day as a job; `left_out_count` is how many loans a step could not deal with."""

    business_on: date
    state: RunState
    duration_ms: int
    ended_at: datetime | None
    counts: Mapping[str, Mapping[str, int]]
    left_out_count: int


@dataclass(frozen=True, slots=True)
class StepRun:
    """One step of a day; the errors are those of the step, or of the loans it left out."""

    key: str
    title: str
    state: RunState
    duration_ms: int
    counts: Mapping[str, int]
    chunk_count: int
    attempt_count: int
    errors: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class JobsView:
    """The last business days, newest first, and the steps of one of them."""

    open_on: date
    days: tuple[DayRun, ...]
    shown_on: date
    steps: tuple[StepRun, ...]

    @property
    def is_stopped(self) -> bool:
        """Tell whether the open day waits for somebody to try it again."""
        return any(day.state is RunState.STOPPED for day in self.days)


def view(session: Session, *, admin_id: int, shown_on: date | None, now: datetime) -> JobsView:
    """Show the last days, and the steps of one, by default of the last that began. Raises UnknownError."""
    check_admin(session, admin_id=admin_id)
    open_on = business_date.today(session)
    rows = _rows(session)
    is_running = _is_running(session, now)
    days = tuple(
        _day(on, rows[on], is_open=on >= open_on, is_running=is_running) for on in sorted(rows, reverse=True)
    )
    if shown_on not in rows:
        shown_on = days[0].business_on if days else open_on
    steps = _steps_of(rows.get(shown_on, []), is_running=is_running and shown_on >= open_on)
    return JobsView(open_on, days, shown_on, steps)


def check_retry(session: Session, *, admin_id: int) -> date:
    """Give the day that an admin may try again: the open one. Raises UnknownError."""
    check_admin(session, admin_id=admin_id)
    return business_date.today(session)


def _rows(session: Session) -> dict[date, list[Any]]:
    """Read the steps of the last days on which there were any."""
    last = sa.select(_steps.c.business_on).distinct().order_by(_steps.c.business_on.desc()).limit(DAYS_SHOWN)
    first = session.execute(sa.select(sa.func.min(last.subquery().c.business_on))).scalar()
    found: dict[date, list[Any]] = defaultdict(list)
    if first is not None:
        query = sa.select(_steps).where(_steps.c.business_on >= first).order_by(_steps.c.id)
        for row in session.execute(query):
            found[row.business_on].append(row)
    return found


def _is_running(session: Session, now: datetime) -> bool:
    """Tell whether somebody holds the lease of the day."""
    held = sa.select(_leases.c.name).where(_leases.c.name == LEASE, _leases.c.expires_at > now)
    return session.execute(held).first() is not None


def _day(business_on: date, rows: Sequence[Any], *, is_open: bool, is_running: bool) -> DayRun:
    whole = [row for row in rows if not row.chunk]
    has_failed = any(row.state is StepState.FAILED for row in whole)
    state = RunState.DONE if not is_open else RunState.RUNNING if is_running else RunState.WAITING
    if is_open and has_failed and not is_running:
        state = RunState.STOPPED
    return DayRun(
        business_on=business_on,
        state=state,
        duration_ms=sum(row.duration_ms for row in whole),
        ended_at=max((row.ended_at for row in rows), default=None),
        counts={row.step: row.counts for row in whole},
        left_out_count=sum(row.chunk > 0 and row.state is StepState.FAILED for row in rows),
    )


def _steps_of(rows: Sequence[Any], *, is_running: bool) -> tuple[StepRun, ...]:
    """List all steps in their order, those that have not come yet too."""
    by_step: dict[str, list[Any]] = defaultdict(list)
    for row in rows:
        by_step[row.step].append(row)
    listed: list[StepRun] = []
    for step in STEPS:
        mine = by_step[step.key]
        whole = next((row for row in mine if not row.chunk), None)
        chunks = [row for row in mine if row.chunk]
        state = RunState.WAITING
        if whole is not None:
            state = RunState.DONE if whole.state is StepState.DONE else RunState.STOPPED
        elif is_running and all(each.state is RunState.DONE for each in listed):
            state = RunState.RUNNING
        listed.append(
            StepRun(
                key=step.key,
                title=step.title,
                state=state,
                duration_ms=whole.duration_ms if whole else sum(row.duration_ms for row in chunks),
                counts=whole.counts if whole else {},
                chunk_count=len(chunks),
                attempt_count=whole.attempt_count if whole else 0,
                errors=tuple(row.error for row in mine if row.error),
            )
        )
    return tuple(listed)
