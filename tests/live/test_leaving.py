"""A closed tab's state is dropped after a grace; one that came back keeps it."""

import asyncio

import reflex as rx
from reflex.istate.manager.memory import StateManagerMemory

import p2p_reflex.p2p_reflex  # noqa: F401 - opens the app whose states a tab has
from p2p_reflex.live.leaving import Leaving


def states_kept_of(*tokens: str) -> StateManagerMemory:
    manager = StateManagerMemory()

    async def fill() -> None:
        for token in tokens:
            await manager.get_state(rx.BaseStateToken(ident=token, cls=rx.State))
        await manager.close()

    asyncio.run(fill())
    return manager


def test_a_closed_tab_is_forgotten_and_an_open_one_kept() -> None:
    manager, leaving = states_kept_of("closed", "back"), Leaving(grace=0)
    leaving.leave("closed")
    leaving.leave("back")

    leaving.drop_due(manager, is_open=lambda token: token == "back")

    assert [key.partition("_")[0] for key in manager.states] == ["back"]
    assert len(leaving) == 0


def test_within_the_grace_nothing_is_forgotten() -> None:
    manager, leaving = states_kept_of("closed"), Leaving(grace=60)
    leaving.leave("closed")

    leaving.drop_due(manager, is_open=lambda _: False)

    assert len(manager.states) == 1
