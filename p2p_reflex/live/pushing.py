"""Owns the way from the hub to a browser: which sockets are open, and a screen's fresh look at itself."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from typing import Any, Protocol, cast

import reflex as rx

from p2p_reflex import database
from p2p_reflex.live.hub import Hub, NotNow, Tab
from p2p_reflex.live.leaving import Leaving
from p2p_reflex.live.turns import share_time

MOST_UNSENT = 8


class LiveScreen(Protocol):
    """What the hub asks of a screen's state; private, so that no socket can call it."""

    async def _hear(self, topics: frozenset[str]) -> None:
        """Show what changed, as far as the person may still see it."""


def follow_sockets(namespace: Any, hub: Hub, leaving: Leaving) -> None:
    """Let the hub know of every socket that opens or closes."""
    connect, disconnect = namespace.on_connect, namespace.on_disconnect

    async def on_connect(sid: str, environ: dict[str, Any], auth: Any = None) -> None:
        hub.connect(sid)
        try:
            await connect(sid, environ, auth)
        except BaseException:
            hub.disconnect(sid)
            raise

    def on_disconnect(sid: str, *reason: Any) -> Any:
        hub.disconnect(sid)
        token = namespace.sid_to_token.get(sid)
        if token is not None:
            leaving.leave(token)
        return disconnect(sid, *reason)

    namespace.on_connect, namespace.on_disconnect = on_connect, on_disconnect


@contextlib.asynccontextmanager
async def pushing(app: rx.App, hub: Hub, leaving: Leaving) -> AsyncIterator[None]:
    """Push what is committed anywhere in this program, for as long as the server runs."""

    async def deliver(tab: Tab, told: Mapping[type, frozenset[str]]) -> None:
        await show(app, tab, told)

    running = (
        asyncio.create_task(hub.serve(deliver), name="live push"),
        asyncio.create_task(leaving.watch(app), name="closed tabs"),
    )
    stop_listening = database.on_commit(hub.publish)
    share_time()
    try:
        yield
    finally:
        stop_listening()
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


async def show(app: rx.App, tab: Tab, told: Mapping[type, frozenset[str]]) -> None:
    """Let the screens of one tab look anew and send what differs; a tab that is gone stays gone."""
    if not _is_there(app, tab):
        return
    if _unsent_count(app, tab) > MOST_UNSENT:
        raise NotNow
    async with app.modify_state(rx.BaseStateToken(ident=tab.token, cls=rx.State)) as root:
        if not _is_there(app, tab):
            return
        for screen, topics in told.items():
            if screen in tab.watches:
                substate = cast(LiveScreen, await root.get_state(cast(type[rx.State], screen)))
                await substate._hear(topics)


def _is_there(app: rx.App, tab: Tab) -> bool:
    namespace = app.event_namespace
    return namespace is not None and namespace.sid_to_token.get(tab.sid) == tab.token


def _unsent_count(app: rx.App, tab: Tab) -> int:
    """Count the messages that a slow connection has not taken yet."""
    sio = app.sio
    if sio is None:
        return 0
    socket = sio.eio.sockets.get(sio.manager.eio_sid_from_sid(tab.sid, "/_event"))
    return int(socket.queue.qsize()) if socket is not None else 0
