"""Every handler a socket can reach is guarded, and does nothing for nobody and for the wrong role."""

import inspect
from typing import Any

import pytest
import reflex as rx
from reflex_base.registry import RegistrationContext
from sqlalchemy.engine import Engine

from p2p_reflex import database as house
from p2p_reflex.domain.vocabulary import Role
from p2p_reflex.models import metadata
from p2p_reflex.services.days import opening
from p2p_reflex.state.base import ScreenState, guard_of, public
from p2p_reflex.state.handlers import NEEDED_BY_REFLEX, close_unguarded_handlers
from p2p_reflex.state.login import LoginState
from tests.builders import TODAY
from tests.state.sessions import a_session_of
from tests.state.wire import Tab, name_of, registered_as_before


class OpenState(ScreenState, rx.State):
    """A screen whose author forgot a guard."""

    shown: str = ""

    @rx.event
    @public
    async def wave(self) -> None:
        self.shown = "hello"

    @rx.event
    async def forgotten(self) -> None:
        self.shown = "reached"


def guarded_handlers() -> list[tuple[str, Any]]:
    """List the app's own handlers with their guards."""
    return [
        (name, guard_of(registered.handler.fn))
        for name, registered in sorted(RegistrationContext.get().event_handlers.items())
        if name.startswith("reflex___state____state.p2p_reflex") and guard_of(registered.handler.fn)
    ]


GUARDED = [(name, guard) for name, guard in guarded_handlers() if not guard.is_public]


def test_only_guarded_handlers_and_reflexs_own_stay_open() -> None:
    with registered_as_before():
        close_unguarded_handlers()

        open_and_unguarded = {
            name
            for name, registered in RegistrationContext.get().event_handlers.items()
            if guard_of(registered.handler.fn) is None
        }

    assert open_and_unguarded == NEEDED_BY_REFLEX


def test_what_the_authors_forgot_and_what_sets_vars_is_closed() -> None:
    with registered_as_before():
        closed = close_unguarded_handlers()

    assert name_of(OpenState.forgotten) in closed
    assert f"{OpenState.get_full_name()}.setvar" in closed
    assert name_of(OpenState.wave) not in closed


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_closed_handler_answers_nothing(database: Engine) -> None:
    house.run(opening.open_market, business_on=TODAY)
    tab = Tab()

    with registered_as_before():
        close_unguarded_handlers()
        answers = [
            tab.send(f"{OpenState.get_full_name()}.setvar", var_name="shown", value="mine"),
            tab.send(f"{LoginState.get_full_name()}.setvar", var_name="notice", value="mine"),
            tab.send(name_of(OpenState.forgotten)),
        ]
        seen = tab.send(OpenState.wave)

    assert [answer.changed for answer in answers] == [{}, {}, {}]
    assert seen.shown(LoginState, "notice") == ""


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize(("name", "guard"), GUARDED)
def test_nobody_and_the_wrong_role_change_nothing(database: Engine, name: str, guard: Any) -> None:
    house.run(opening.open_market, business_on=TODAY)
    wrong_roles = [role for role in Role if guard.roles and role not in guard.roles]
    tabs = [Tab(), Tab(cookie="made-up"), *(Tab(cookie=a_session_of(role)) for role in wrong_roles)]
    payload = arguments_of(name)
    before = contents()

    answers = [tab.send(name, **payload) for tab in tabs]

    assert contents() == before
    assert all(turned_away(answer.toasts) for answer in answers)


def turned_away(told: str) -> bool:
    """Tell whether the answer was a redirect or the one sentence for the wrong role."""
    return any(word in told for word in ("/login", "_redirect", "not open to your kind of account"))


def arguments_of(name: str) -> dict[str, Any]:
    """Make plausible arguments for a handler."""
    samples: dict[Any, Any] = {str: "1", int: 1, bool: True, float: 1.0, dict: {}, list: []}
    handler = RegistrationContext.get().event_handlers[name].handler.fn
    parameters = list(inspect.signature(handler).parameters.values())[1:]
    return {
        each.name: samples.get(getattr(each.annotation, "__origin__", each.annotation), "1")
        for each in parameters
        if each.default is inspect.Parameter.empty
    }


def contents() -> dict[str, list[Any]]:
    """Read every row of every table but the notes of who was seen when."""
    with house.reading() as session:
        return {
            table.name: [tuple(row) for row in session.execute(table.select())]
            for table in metadata.sorted_tables
            if table.name != "sign_in_session"
        }
