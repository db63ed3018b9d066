"""The guard on handlers, the way to the services, and where refusals land."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import reflex as rx
from sqlalchemy.engine import Engine
from sqlmodel import Session

from p2p_reflex import database as house
from p2p_reflex.domain.errors import FieldError, LendingError, UnknownError
from p2p_reflex.domain.vocabulary import Role
from p2p_reflex.services.days import opening
from p2p_reflex.services.people import sign_in
from p2p_reflex.state import visitors
from p2p_reflex.state.base import ScreenState, key_in, loads, public, requires, text_in
from tests.builders import TODAY
from tests.state.sessions import a_session_of
from tests.state.wire import Tab

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


class SampleState(ScreenState, rx.State):
    """A screen as its author would write it."""

    shown: str = ""
    _calls: int = 0

    @rx.event
    @loads("lender")
    async def load(self) -> None:
        person = await self.who()
        self.shown = f"{person.full_name} may see this"

    @rx.event
    @loads()
    async def load_missing(self) -> None:
        raise UnknownError("listing")

    @rx.event
    @requires("lender")
    async def bid(self, form: dict[str, Any]) -> Any:
        await self.act(_refuse_small, amount=text_in(form, "amount"))
        self.shown = f"bid {text_in(form, 'amount')} under {key_in(form)}"
        return rx.toast.success("Your bid stands.")

    @rx.event
    @requires()
    def count_to(self, number: int) -> Iterator[None]:
        for step in range(number):
            self.shown = str(step + 1)
            yield

    @rx.event
    @public
    async def wave(self) -> None:
        self.shown = "hello"

    @rx.event
    @requires()
    async def break_down(self) -> None:
        raise ZeroDivisionError("the inner workings")


def _refuse_small(session: Session, *, amount: str) -> None:
    if amount == "1":
        raise FieldError("amount", "A bid is $25 or more.")
    if amount == "2":
        raise LendingError("You have $2,310.00 available.")


@pytest.fixture(autouse=True)
def _open_market(database: Engine) -> None:
    house.run(opening.open_market, business_on=TODAY)
    visitors._remembered.clear()


def test_a_screen_loads_for_the_right_role() -> None:
    tab = Tab(cookie=a_session_of(Role.LENDER))

    answer = tab.send(SampleState.load)

    assert answer.shown(SampleState, "shown") == "Maya Reed may see this"
    assert answer.shown(SampleState, "loaded") is True
    assert len(answer.shown(SampleState, "form_key")) == 32


def test_a_stranger_who_opens_a_screen_is_sent_to_sign_in_and_back() -> None:
    tab = Tab(path="/auto-invest")

    answer = tab.send(SampleState.load)

    assert "/login?next=/auto-invest" in answer.toasts
    assert answer.shown(SampleState, "shown") is not None  # the first event shows the whole, empty screen
    assert answer.shown(SampleState, "shown") == ""


def test_the_wrong_role_who_opens_a_screen_goes_home() -> None:
    tab = Tab(cookie=a_session_of(Role.BORROWER))

    answer = tab.send(SampleState.load)

    assert "'/borrow'" in answer.toasts
    assert answer.shown(SampleState, "shown") == ""


def test_the_wrong_role_who_calls_an_action_is_told_and_nothing_happens() -> None:
    tab = Tab(cookie=a_session_of(Role.BORROWER))

    answer = tab.send(SampleState.bid, form={"amount": "30", "form_key": "a" * 32})

    assert "not open to your kind of account" in answer.toasts
    assert answer.shown(SampleState, "shown") == ""


def test_a_made_up_session_is_nobody() -> None:
    tab = Tab(cookie="made-up")

    answer = tab.send(SampleState.bid, form={"amount": "30", "form_key": "a" * 32})

    assert "/login" in answer.toasts
    assert answer.shown(SampleState, "shown") == ""


def test_a_refused_field_is_told_beside_the_field_and_the_next_success_clears_it() -> None:
    tab = Tab(cookie=a_session_of(Role.LENDER))
    key = tab.send(SampleState.load).shown(SampleState, "form_key")

    refused = tab.send(SampleState.bid, form={"amount": "1", "form_key": key})
    accepted = tab.send(SampleState.bid, form={"amount": "30", "form_key": key})

    assert refused.shown(SampleState, "errors") == {"amount": "A bid is $25 or more."}
    assert accepted.shown(SampleState, "errors") == {}
    assert accepted.shown(SampleState, "shown") == f"bid 30 under {key}"
    assert accepted.shown(SampleState, "form_key") not in ("", key)


def test_any_other_refusal_is_a_toast_with_its_own_sentence() -> None:
    tab = Tab(cookie=a_session_of(Role.LENDER))

    answer = tab.send(SampleState.bid, form={"amount": "2", "form_key": "a" * 32})

    assert "You have $2,310.00 available." in answer.toasts


def test_what_does_not_exist_is_said_in_the_place_of_the_screen() -> None:
    tab = Tab(cookie=a_session_of(Role.LENDER))

    answer = tab.send(SampleState.load_missing)

    assert answer.shown(SampleState, "missing") == "This listing does not exist, or it is not yours to see."


def test_whatever_breaks_is_told_in_a_neutral_sentence_with_a_reference(
    caplog: pytest.LogCaptureFixture,
) -> None:
    tab = Tab(cookie=a_session_of(Role.LENDER))

    answer = tab.send(SampleState.break_down)

    assert "This did not work. Nothing was changed. Try again, or quote" in answer.toasts
    assert "inner workings" not in answer.toasts
    assert "the inner workings" in caplog.text


@pytest.mark.parametrize(
    "payload",
    [
        {"number": 0.5},
        {"number": "three"},
        {"number": True},
        {"number": -(10**30)},
        {"number": float("nan")},
        {"number": {"a": 1}},
        {"number": None},
        {},
        {"number": 1, "extra": 2},
    ],
)
def test_arguments_the_signature_does_not_promise_are_refused(payload: dict[str, Any]) -> None:
    tab = Tab(cookie=a_session_of(Role.LENDER))

    answer = tab.send(SampleState.count_to, **payload)

    assert "This request was not understood. Nothing was changed." in answer.toasts
    assert answer.shown(SampleState, "shown") == ""


def test_a_handler_may_show_steps_on_its_way() -> None:
    tab = Tab(cookie=a_session_of(Role.LENDER))

    answer = tab.send(SampleState.count_to, number=3)

    assert answer.shown(SampleState, "shown") == "3"


def test_a_public_handler_serves_anyone() -> None:
    answer = Tab().send(SampleState.wave)

    assert answer.shown(SampleState, "shown") == "hello"


def test_a_session_ended_elsewhere_is_nobody_once_it_is_forgotten() -> None:
    token = a_session_of(Role.LENDER)
    tab = Tab(cookie=token)
    tab.send(SampleState.load)

    house.run(sign_in.sign_out, token=token, now=datetime.now(UTC))
    visitors.forget(token)
    answer = tab.send(SampleState.bid, form={"amount": "30", "form_key": "a" * 32})

    assert "/login" in answer.toasts


def test_a_form_without_its_key_is_out_of_date() -> None:
    with pytest.raises(LendingError, match="out of date"):
        key_in({"form_key": "guess"})
