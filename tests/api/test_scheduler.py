"""The bell rings late rather than never, once for all it missed, and one broken job stops no other."""

import threading

from p2p_reflex.scheduler import LATE_SECONDS, Job, make_scheduler, running


def test_a_late_bell_still_rings_and_missed_bells_ring_once() -> None:
    scheduler = make_scheduler((Job("close the day", 60, lambda: None),))

    scheduler.start(paused=True)
    job = scheduler.get_job("close the day")
    scheduler.shutdown()

    assert (job.misfire_grace_time, job.coalesce, job.max_instances) == (LATE_SECONDS, True, 1)


def test_a_broken_job_stops_no_other() -> None:
    rung = threading.Event()

    def break_down() -> None:
        raise ZeroDivisionError

    with running((Job("broken", 1, break_down), Job("well", 1, rung.set))) as scheduler:
        for job in scheduler.get_jobs():
            job.func()

    assert rung.is_set()
