"""Owns what is written down of a business day's run: a row for each step and each chunk, done or failed."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from p2p_reflex.models import BusinessStep, StepState, table_of
from p2p_reflex.services.bulk import batch_rows
from p2p_reflex.services.touched import touch

BUSINESS_DAY = "business_day"
"""The topic of whoever watches a run."""
LONGEST_ERROR = 500
TOLD_THROUGH = "told_through"
"""The count of a step that says through which day people were told; a day caught up silently has none."""

_steps = table_of(BusinessStep)


@dataclass(slots=True)
class StepRow:
    """A step (chunk 0) or a chunk of it, as it is about to be written."""

    step: str
    chunk: int
    started_at: datetime
    ended_at: datetime
    item_count: int = 0
    counts: Mapping[str, int] = field(default_factory=dict)
    through_id: int = 0
    state: StepState = StepState.DONE
    error: str = ""

    @property
    def duration_ms(self) -> int:
        """Give how long it took."""
        return round((self.ended_at - self.started_at).total_seconds() * 1000)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a day has come: its steps that are done, and the chunks of the others."""

    done: frozenset[str]
    failed_attempts: Mapping[str, int]
    chunks: Mapping[str, list[Any]]

    def place(self, step: str) -> tuple[int, int]:
        """Give the number of a step's last chunk and the last loan it dealt with."""
        rows = self.chunks.get(step, [])
        return len(rows), max((row.through_id for row in rows), default=0)


def progress(session: Session, *, business_on: date) -> Progress:
    """Read what of a day is done already."""
    rows = session.connection().execute(
        sa.select(_steps).where(_steps.c.business_on == business_on).order_by(_steps.c.chunk)
    )
    done: set[str] = set()
    failed: dict[str, int] = {}
    chunks: dict[str, list[Any]] = defaultdict(list)
    for row in rows:
        if row.chunk:
            chunks[row.step].append(row)
        elif row.state is StepState.DONE:
            done.add(row.step)
        else:
            failed[row.step] = row.attempt_count
    return Progress(frozenset(done), failed, chunks)


def told_through(session: Session, *, step: str, since: date) -> date | None:
    """Find the last day through which a step told people, as far back as it matters."""
    told = _steps.c.counts[TOLD_THROUGH].as_integer()
    last = session.connection().execute(
        sa.select(sa.func.max(told)).where(
            _steps.c.business_on >= since, _steps.c.step == step, _steps.c.chunk == 0
        )
    )
    ordinal = last.scalar()
    return date.fromordinal(ordinal) if ordinal else None


def write(session: Session, rows: Sequence[StepRow], *, business_on: date, before: Progress) -> None:
    """Write rows, in the transaction that did the work; a step that failed before was tried once more."""
    again = [row.step for row in rows if not row.chunk and row.step in before.failed_attempts]
    if again:
        session.connection().execute(
            sa.delete(_steps).where(
                _steps.c.business_on == business_on, _steps.c.chunk == 0, _steps.c.step.in_(again)
            )
        )
    batch_rows.insert(session, _steps, [_values(row, business_on, before) for row in rows])
    if rows:
        touch(session, BUSINESS_DAY)


def write_failure(session: Session, row: StepRow, *, business_on: date) -> None:
    """Write down that a step broke, and why; a step that is done by now stays done."""
    before = progress(session, business_on=business_on)
    if row.step not in before.done:
        write(session, [row], business_on=business_on, before=before)


def _values(row: StepRow, business_on: date, before: Progress) -> dict[str, Any]:
    attempts = 1 if row.chunk else before.failed_attempts.get(row.step, 0) + 1
    return {
        "business_on": business_on,
        "step": row.step,
        "chunk": row.chunk,
        "state": row.state,
        "through_id": row.through_id,
        "item_count": row.item_count,
        "counts": dict(row.counts),
        "duration_ms": row.duration_ms,
        "attempt_count": attempts,
        "error": row.error[:LONGEST_ERROR],
        "started_at": row.started_at,
        "ended_at": row.ended_at,
    }
