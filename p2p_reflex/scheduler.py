"""Owns when things run, never what: a thread that rings the bell for services.

What a job has to do stands in the database; a bell that rings late, twice or not at all changes nothing.
"""

import logging
import os
import socket
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from apscheduler.schedulers.background import BackgroundScheduler

from p2p_reflex import database
from p2p_reflex.services.bots import bot_pruning, bot_runs
from p2p_reflex.services.days import business_day
from p2p_reflex.services.notices import notice_mail
from p2p_reflex.settings import settings

logger = logging.getLogger(__name__)

LATE_SECONDS = 3600
_MACHINE = f"{socket.gethostname()[:30]}:{uuid.uuid4().hex}"


@dataclass(frozen=True, slots=True)
class Job:
    """A service's work by name, and how often the bell rings for it."""

    name: str
    every_seconds: int
    work: Callable[[], object]


def follow_calendar() -> None:
    """Close every business day that is over by the calendar in UTC, one at a time and in order.

    Where another server is at it already, this bell has rung for nothing.
    """
    now = datetime.now(UTC)
    business_day.close_until(database.run, until=now.date(), now=now, patience_seconds=0)


def let_bots_look() -> None:
    """Let the bots look at the whole market, if this server is the one that does; events did the rest."""
    holder = f"{_MACHINE}:{os.getpid()}"  # workers of one server are forked, so they share the rest
    bot_runs.sweep(database.run, holder=holder, now=datetime.now(UTC), seed=settings().demo_seed)


def let_bots_forget() -> None:
    """Remove what the bots decided so long ago that no screen needs it."""
    bot_pruning.forget_old(database.run)


def send_mail() -> None:
    """Send the e-mails that are waiting."""
    notice_mail.send_waiting(database.run, now=datetime.now(UTC))


# Real markets follow the calendar; the demo's clock is moved by hand.
CALENDAR_JOBS = (Job(name="Business day", every_seconds=20, work=follow_calendar),)
BOT_JOBS = (
    Job(name="Bots", every_seconds=30, work=let_bots_look),
    Job(name="Old decisions of bots", every_seconds=600, work=let_bots_forget),
)
MAIL_JOBS = (Job(name="E-mail", every_seconds=5, work=send_mail),)


def make_scheduler(jobs: tuple[Job, ...]) -> BackgroundScheduler:
    """Make the thread for these jobs.

    A bell up to an hour late still rings (APScheduler's own limit is one second), and bells missed in a
    row ring once.
    """
    scheduler = BackgroundScheduler(
        timezone="UTC",
        job_defaults={"misfire_grace_time": LATE_SECONDS, "coalesce": True, "max_instances": 1},
    )
    for job in jobs:
        scheduler.add_job(_guarded(job), "interval", seconds=job.every_seconds, id=job.name, name=job.name)
    return scheduler


@contextmanager
def running(jobs: tuple[Job, ...]) -> Iterator[BackgroundScheduler]:
    """Keep the scheduler running for as long as the platform does."""
    scheduler = make_scheduler(jobs)
    scheduler.start()
    try:
        yield scheduler
    finally:
        scheduler.shutdown(wait=True)


def _guarded(job: Job) -> Callable[[], None]:
    """Keep one failing job from stopping the others; what broke is in the log."""

    def ring() -> None:
        try:
            job.work()
        except Exception:
            logger.exception("The job %s failed", job.name)

    return ring
