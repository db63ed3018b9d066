"""Owns the screen of jobs: business days with their steps, how long they took, what failed, trying again."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

import reflex as rx

from p2p_reflex import database
from p2p_reflex.domain import formats
from p2p_reflex.services.days import business_day, jobs
from p2p_reflex.services.days.jobs import DayRun, JobsView, RunState, StepRun
from p2p_reflex.services.days.step_rows import BUSINESS_DAY
from p2p_reflex.services.touched import DAY
from p2p_reflex.state.base import ScreenState, loads, requires

LIVE_GAP_SECONDS = 0.5

STATE_WORDS = {
    RunState.DONE: ("done", "Closed"),
    RunState.RUNNING: ("outline", "Running"),
    RunState.STOPPED: ("bad", "Stopped"),
    RunState.WAITING: ("neutral", "Waiting"),
}

WORDS = {
    "close_listings.loans": ("new loan", "new loans"),
    "close_listings.deciding": ("listing to decide", "listings to decide"),
    "close_listings.expired": ("listing expired", "listings expired"),
    "autopay.paid": ("payment", "payments"),
    "autopay.short": ("short wallet", "short wallets"),
    "late_fees.fees": ("late fee", "late fees"),
    "age_loans.moved": ("move between stages", "moves between stages"),
    "default.defaults": ("default", "defaults"),
    "reserve_fund.loans": ("loan bought", "loans bought"),
    "charge_off.loans": ("charge-off", "charge-offs"),
    "late_notices.notices": ("notice", "notices"),
    "reminders.reminders": ("reminder", "reminders"),
    "seal.entries": ("journal entry", "journal entries"),
    "left_out": ("loan left out", "loans left out"),
}
"""What a step counts, by its key and the count's name, for one and for more."""
SUMMED_UP = ("close_listings", "autopay", "late_fees", "default", "charge_off")
QUIET_WORDS = {"figures": "Written", "open": "Opened"}
"""What is said of a step that counts nothing; of the others, that there was nothing to do."""


@dataclass
class DayShown:
    """One business day in the list."""

    on: str = ""
    name: str = ""
    kind: str = ""
    word: str = ""
    did: str = ""
    took: str = ""
    is_shown: bool = False


@dataclass
class StepShown:
    """One step of the day that is looked at."""

    number: str = ""
    title: str = ""
    kind: str = ""
    word: str = ""
    did: str = ""
    took: str = ""
    tries: str = ""
    errors: list[str] = field(default_factory=list)


class AdminJobsState(ScreenState, rx.State):
    """Show an admin the business days as jobs, and let a day that stopped go on."""

    days: list[DayShown] = []
    steps: list[StepShown] = []
    shown_day: str = ""
    open_day: str = ""
    is_stopped: bool = False
    is_retrying: bool = False

    _shown_on: str = ""

    @rx.event
    @loads("admin")
    async def load(self) -> None:
        """Show the last days and the steps of the newest."""
        self._watch(BUSINESS_DAY, DAY, gap=LIVE_GAP_SECONDS)
        self._shown_on = ""
        await asyncio.to_thread(business_day.tell_failures, database.run)
        await self._look()

    async def _on_push(self, topics: frozenset[str]) -> None:
        await self._look()

    @rx.event
    @requires("admin")
    async def show(self, on: str) -> None:
        """Show the steps of another day."""
        self._shown_on = on
        await self._look()

    @rx.event
    @requires("admin")
    async def retry(self) -> AsyncIterator[Any]:
        """Let the open day go on where it stopped."""
        person = await self.who()
        open_on = await self.ask(jobs.check_retry, admin_id=person.member_id)
        self.is_retrying = True
        yield
        try:
            await asyncio.to_thread(
                business_day.close_until,
                database.run,
                until=open_on + business_day.ONE_DAY,
                now=datetime.now(UTC),
            )
            yield rx.toast.success("The day is closed", description="It went on where it had stopped.")
        finally:
            self.is_retrying = False
            await self._look()

    async def _look(self) -> None:
        person = await self.who()
        seen = await self.ask(
            jobs.view, admin_id=person.member_id, shown_on=_date(self._shown_on), now=datetime.now(UTC)
        )
        self._show(seen)

    def _show(self, seen: JobsView) -> None:
        self.open_day = formats.long_date(seen.open_on)
        self.shown_day = formats.long_date(seen.shown_on) if seen.days else ""
        self.is_stopped = seen.is_stopped
        self.days = [write_day(day, is_shown=day.business_on == seen.shown_on) for day in seen.days]
        self.steps = [write_step(step, number) for number, step in enumerate(seen.steps, start=1)]


def write_day(day: DayRun, *, is_shown: bool) -> DayShown:
    """Write one day of the list."""
    kind, word = STATE_WORDS[day.state]
    if day.left_out_count and day.state is RunState.DONE:
        kind, word = "warning", f"{formats.count(day.left_out_count, 'loan')} left out"
    did = [write_counts(key, day.counts.get(key, {})) for key in SUMMED_UP]
    return DayShown(
        on=day.business_on.isoformat(),
        name=formats.long_date(day.business_on),
        kind=kind,
        word=word,
        did=", ".join(filter(None, did)) or "Nothing to do",
        took=write_duration(day.duration_ms),
        is_shown=is_shown,
    )


def write_step(step: StepRun, number: int) -> StepShown:
    """Write one step."""
    kind, word = STATE_WORDS[step.state]
    did = write_counts(step.key, step.counts)
    if step.chunk_count > 1:
        did = f"{did}, in {step.chunk_count} chunks".lstrip(", ")
    return StepShown(
        number=f"{number}.",
        title=step.title,
        kind=kind,
        word="Done" if step.state is RunState.DONE else word,
        did=did or (QUIET_WORDS.get(step.key, "Nothing to do") if step.state is RunState.DONE else ""),
        took=write_duration(step.duration_ms) if step.state is not RunState.WAITING else "",
        tries=f"{step.attempt_count} tries" if step.attempt_count > 1 else "",
        errors=list(step.errors),
    )


def write_counts(step_key: str, counts: Mapping[str, int]) -> str:
    """Tell what a step counted: 212 payments, 3 short wallets, $114,200.00."""
    told = []
    for name, count in counts.items():
        words = WORDS.get(f"{step_key}.{name}") or WORDS.get(name)
        if count and name == "cents":
            told.append(formats.money(count))
        elif count and words is not None:
            told.append(f"{count:,} {words[count > 1]}")
    return ", ".join(told)


def write_duration(milliseconds: int) -> str:
    """Write how long something took: 12 ms, 1.4 s, 2 min 5 s."""
    if milliseconds < 1000:
        return f"{milliseconds} ms"
    if milliseconds < 60_000:
        return f"{milliseconds / 1000:.1f} s"
    minutes, rest = divmod(milliseconds // 1000, 60)
    return f"{minutes} min {rest} s"


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
