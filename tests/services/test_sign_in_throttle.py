"""Guessing passwords is slowed down, and never at the owner's cost."""

from datetime import timedelta

import pytest
from sqlalchemy.engine import Engine

from p2p_reflex.database import read, run
from p2p_reflex.services import sign_in
from p2p_reflex.services.sign_in import SlowDownError
from tests.builders import NOW

OWNER, STRANGER = "192.0.2.1", "198.51.100.7"
EMAIL = "rosa@example.org"


def fail(times: int, address: str) -> None:
    """Try wrong passwords."""
    for _ in range(times):
        run(sign_in.record_failure, email=EMAIL, address=address, now=NOW)


def test_after_five_failures_the_next_try_from_there_waits(database: Engine) -> None:
    fail(4, STRANGER)
    read(sign_in.look_up, email=EMAIL, address=STRANGER, now=NOW)

    fail(1, STRANGER)

    with pytest.raises(SlowDownError, match="Wait 1 minute and try again"):
        read(sign_in.look_up, email=EMAIL, address=STRANGER, now=NOW)
    read(sign_in.look_up, email=EMAIL, address=STRANGER, now=NOW + timedelta(minutes=15))


def test_a_stranger_who_guesses_does_not_keep_the_owner_out(database: Engine) -> None:
    fail(19, STRANGER)

    read(sign_in.look_up, email=EMAIL, address=OWNER, now=NOW)


def test_however_many_guess_the_owner_waits_a_minute_at_most(database: Engine) -> None:
    for number in range(70):
        fail(1, f"203.0.113.{number}")

    with pytest.raises(SlowDownError):
        read(sign_in.look_up, email=EMAIL, address=OWNER, now=NOW)
    read(sign_in.look_up, email=EMAIL, address=OWNER, now=NOW + timedelta(seconds=61))
