"""Owns how the steps of a business day are run: resumed where they stopped, a chunk at a time, by one runner.

Each transaction does some work and writes the rows that say so, so a crash anywhere loses what was not
committed and nothing else. The lease is taken anew inside each of these transactions: a runner that was
overtaken commits nothing more.
"""

import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from sqlmodel import Session

from p2p_reflex.models import StepState
from p2p_reflex.services.bulk import row_floods
from p2p_reflex.services.days import business_date, leases, step_rows
from p2p_reflex.services.days.business_steps import STEPS, Ask, Step
from p2p_reflex.services.days.step_rows import Progress, StepRow

LEASE = "business day"
LEASE_SECONDS = 20
ENOUGH_ITEMS = 2_000
"""So much work makes a transaction; less is done together with the next step, for fewer commits."""


class OvertakenError(Exception):
    """Another runner has the lease now."""


class NoLoanError(Exception):
    """A step breaks without any loan that could be left out."""


@dataclass(frozen=True, slots=True)
class Clock:
    """A moment that moves with the work: the one that was given, and what has passed since."""

    now: datetime
    started: float = field(default_factory=time.monotonic)

    def __call__(self) -> datetime:
        """Give the moment."""
        return self.now + timedelta(seconds=time.monotonic() - self.started)


@dataclass(slots=True)
class Attempt:
    """One transaction's try at a day: what it may do, and where it was when it broke."""

    business_on: date
    clock: Clock
    people_hear: bool = True
    holder: str = ""
    enough: int = field(default_factory=lambda: ENOUGH_ITEMS)
    limit: int | None = None
    skip_because: str = ""
    step: Step | None = None
    chunk: int = 0
    after_id: int = 0
    started_at: datetime | None = None
    rows: list[StepRow] = field(default_factory=list)

    @property
    def ask(self) -> Ask:
        """Give what the step at hand is asked."""
        ask = Ask(self.business_on, self.clock.now, self.after_id, people_hear=self.people_hear)
        return ask if self.limit is None else replace(ask, limit=self.limit)


@dataclass(frozen=True, slots=True)
class Worked:
    """How far a transaction came: whether the day is over, and what each step that it finished counted."""

    is_over: bool
    counts: Mapping[str, Mapping[str, int]] = field(default_factory=dict)


def work(session: Session, attempt: Attempt) -> Worked:
    """Go on with a day, until enough is done for one transaction or the next day is open.

    Raises OvertakenError where somebody else has the lease.
    """
    attempt.rows.clear()
    if attempt.holder and not leases.acquire(
        session, name=LEASE, holder=attempt.holder, now=attempt.clock(), seconds=LEASE_SECONDS
    ):
        raise OvertakenError
    if business_date.today(session) > attempt.business_on:
        return Worked(is_over=True)
    before = step_rows.progress(session, business_on=attempt.business_on)
    finished: dict[str, Mapping[str, int]] = {}
    items, is_sealed = 0, False
    for step in STEPS:
        is_enough = bool(attempt.rows) and items >= attempt.enough and not is_sealed
        if is_enough:
            break
        if step.key in before.done:
            continue
        is_sealed = is_sealed or step.seals
        attempt.step = step
        with row_floods.collector_rests():
            did, is_finished = _work_on(session, attempt, step, before)
        items += did
        if not is_finished:
            break
        finished[step.key] = attempt.rows[-1].counts
    step_rows.write(session, attempt.rows, business_on=attempt.business_on, before=before)
    return Worked(STEPS[-1].key in finished, finished)


def _work_on(session: Session, attempt: Attempt, step: Step, before: Progress) -> tuple[int, bool]:
    """Do chunks of a step until it is finished or enough is done; give how much, and if it is finished."""
    attempt.chunk, attempt.after_id = before.place(step.key)
    items = 0
    while True:
        attempt.started_at = attempt.clock()
        if attempt.skip_because and step.peek is not None:
            _skip(session, attempt, step)
            return items, False
        did = step.work(session, attempt.ask)
        items += did.item_count
        row = StepRow(
            step.key, 0, attempt.started_at, attempt.clock(), did.item_count, did.counts, did.through_id or 0
        )
        if did.through_id is None and not attempt.chunk:
            attempt.rows.append(row)
            return items, True
        attempt.chunk += 1
        attempt.rows.append(replace(row, chunk=attempt.chunk))
        if did.through_id is None:
            earlier = before.chunks.get(step.key, [])
            mine = [each for each in attempt.rows if each.step == step.key]
            attempt.rows.append(_whole(step, [*earlier, *mine]))
            return items, True
        attempt.after_id = did.through_id
        if items >= attempt.enough or attempt.limit is not None:
            return items, False


def _skip(session: Session, attempt: Attempt, step: Step) -> None:
    """Leave out the next loan, which breaks the step; its row says why."""
    assert step.peek is not None  # noqa: S101 - the caller looked
    assert attempt.started_at is not None  # noqa: S101
    loan_id = step.peek(session, attempt.ask)
    if loan_id is None:
        raise NoLoanError
    row = StepRow(step.key, attempt.chunk + 1, attempt.started_at, attempt.clock(), through_id=loan_id)
    row.state, row.error = StepState.FAILED, f"Loan {loan_id} was left out: {attempt.skip_because}"
    attempt.rows.append(row)


def _whole(step: Step, chunks: list[StepRow]) -> StepRow:
    """Add the chunks of a step up."""
    counts: Counter[str] = Counter()
    for chunk in chunks:
        counts.update(chunk.counts)
    left_out = sum(chunk.state is StepState.FAILED for chunk in chunks)
    if left_out:
        counts["left_out"] = left_out
    started_at, ended_at = chunks[0].started_at, chunks[-1].ended_at
    spent = sum(chunk.duration_ms for chunk in chunks)
    return StepRow(
        step.key,
        0,
        max(started_at, ended_at - timedelta(milliseconds=spent)),
        ended_at,
        sum(chunk.item_count for chunk in chunks),
        counts,
    )
