"""The scheduler only rings: what is to do stands in the database, and one failing job stops no other."""

import logging
import threading
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.engine import Engine

from p2p_reflex import database as house
from p2p_reflex import scheduler
from p2p_reflex.scheduler import Job
from p2p_reflex.services.days import business_date, opening


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_real_market_follows_the_calendar_after_an_outage(database: Engine) -> None:
    house.run(opening.open_market, business_on=datetime.now(UTC).date() - timedelta(days=45))

    scheduler.follow_calendar()

    assert datetime.now(UTC).date() - house.read(business_date.today) <= timedelta(days=1)


def test_a_job_that_fails_is_logged_and_the_others_run(caplog: pytest.LogCaptureFixture) -> None:
    rang = threading.Event()
    jobs = (
        Job("A broken bell", every_seconds=3600, work=lambda: 1 // 0),
        Job("A good bell", every_seconds=3600, work=rang.set),
    )

    with caplog.at_level(logging.ERROR), scheduler.running(jobs) as running:
        for job in running.get_jobs():
            job.func()

    assert rang.is_set()
    assert "A broken bell" in caplog.text
