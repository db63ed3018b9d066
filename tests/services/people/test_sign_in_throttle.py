"""Guessing passwords is slowed down, also by many guesses at once, and never at the owner's cost."""

from datetime import timedelta

import pytest
from sqlalchemy.engine import Engine
from sqlmodel import select

from p2p_reflex.database import reading, run
from p2p_reflex.domain.vocabulary import Role
from p2p_reflex.models import SignInThrottle
from p2p_reflex.services.people import members, sign_in
from p2p_reflex.services.people.sign_in import PasswordCheck, SlowDownError
from tests.builders import NOW, in_threads

OWNER, STRANGER = "192.0.2.1", "198.51.100.7"
EMAIL, PASSWORD = "rosa@example.org", "four words in a row"


def attempt(address: str, email: str = EMAIL, later: timedelta = timedelta()) -> PasswordCheck:
    return run(sign_in.count_try, email=email, address=address, now=NOW + later)


def fail(times: int, address: str) -> None:
    """Try wrong passwords."""
    for _ in range(times):
        attempt(address)


@pytest.fixture
def rosa_id(database: Engine) -> int:
    return run(
        members.create_member,
        role=Role.LENDER,
        full_name="Rosa Marchetti",
        email=EMAIL,
        password_hash=members.hash_password(PASSWORD),
        now=NOW,
    )


def enter(check: PasswordCheck, address: str) -> str:
    assert check.member_id is not None
    return run(
        sign_in.issue_ticket,
        member_id=check.member_id,
        address=address,
        user_agent="",
        now=NOW,
        tried_at=check.tried_at,
    )


def test_after_five_failures_the_next_try_from_there_waits(database: Engine) -> None:
    fail(5, STRANGER)

    with pytest.raises(SlowDownError, match="Wait 1 minute and try again"):
        attempt(STRANGER)
    attempt(STRANGER, later=timedelta(minutes=15))


def test_a_stranger_who_guesses_does_not_keep_the_owner_out(database: Engine) -> None:
    for number in range(4):
        fail(4, f"198.51.100.{number}")

    attempt(OWNER)


def test_however_many_guess_the_owner_waits_a_minute_at_most(database: Engine) -> None:
    for number in range(50):
        fail(1, f"203.0.113.{number}")

    with pytest.raises(SlowDownError):
        attempt(OWNER)
    attempt(OWNER, later=timedelta(seconds=61))


@pytest.mark.parametrize("email", [EMAIL, "nobody@example.org"])
def test_of_many_guesses_at_the_same_instant_five_are_looked_at(rosa_id: int, email: str) -> None:
    results = in_threads([lambda: attempt(STRANGER, email) for _ in range(30)])

    assert sum(isinstance(each, PasswordCheck) for each in results) == 5
    assert sum(isinstance(each, SlowDownError) for each in results) == 25


def test_of_many_guesses_at_many_accounts_at_once_twenty_are_looked_at(database: Engine) -> None:
    results = in_threads(
        [lambda number=number: attempt(STRANGER, f"somebody{number}@example.org") for number in range(32)]
    )

    assert sum(isinstance(each, PasswordCheck) for each in results) == 20
    assert sum(isinstance(each, SlowDownError) for each in results) == 12


def test_a_guess_that_has_to_wait_makes_the_wait_no_longer(database: Engine) -> None:
    fail(5, STRANGER)

    for _ in range(20):
        with pytest.raises(SlowDownError):
            attempt(STRANGER)

    attempt(STRANGER, later=timedelta(seconds=16))


def test_the_right_password_gives_its_try_back(rosa_id: int) -> None:
    for _ in range(40):
        enter(attempt(OWNER), OWNER)

    results = in_threads([lambda: attempt(OWNER, "nobody@example.org") for _ in range(8)])
    assert sum(isinstance(each, PasswordCheck) for each in results) == 5


def test_who_signs_in_at_the_first_try_leaves_no_trace_of_trying(rosa_id: int) -> None:
    enter(attempt(OWNER), OWNER)

    with reading() as session:
        assert session.exec(select(SignInThrottle)).all() == []


def test_the_last_free_try_with_the_right_password_leaves_no_wait(rosa_id: int) -> None:
    for number in range(19):
        attempt(OWNER, f"somebody{number}@example.org")

    enter(attempt(OWNER), OWNER)

    attempt(OWNER, "somebody@example.org")
    with pytest.raises(SlowDownError):
        attempt(OWNER, "somebody.else@example.org")


def test_who_signs_in_now_and_then_gets_no_further_guesses_for_it(rosa_id: int) -> None:
    guesses = 0
    for number in range(30):
        try:
            attempt(STRANGER, f"somebody{number}@example.org")
            guesses += 1
            enter(attempt(STRANGER), STRANGER)
        except SlowDownError:
            break

    assert guesses == 20


def test_an_unknown_email_counts_as_a_known_one_does(rosa_id: int) -> None:
    known, unknown = attempt(STRANGER), attempt(OWNER, "nobody@example.org")

    assert (known.member_id, unknown.member_id) == (rosa_id, None)
    assert sign_in.matches(known, PASSWORD)
    assert not sign_in.matches(unknown, PASSWORD)
    for _ in range(4):
        attempt(STRANGER)
        attempt(OWNER, "nobody@example.org")
    for address, email in ((STRANGER, EMAIL), (OWNER, "nobody@example.org")):
        with pytest.raises(SlowDownError):
            attempt(address, email)
