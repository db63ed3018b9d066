"""Owns the end of a tab: what it kept is dropped a minute after it closed, unless it came back."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import reflex as rx
from reflex.istate.manager.memory import StateManagerMemory

GRACE_SECONDS = 60.0
LOOK_EVERY_SECONDS = 5.0


class Leaving:
    """Drop the states of closed tabs.

    Reflex keeps a state for an hour after its last event, so that people who come and go would fill the
    memory; a tab that comes back later than the grace is filled anew like one that was just opened.
    """

    def __init__(self, *, grace: float = GRACE_SECONDS) -> None:
        self._grace = grace
        self._left: OrderedDict[str, float] = OrderedDict()

    def __len__(self) -> int:
        return len(self._left)

    def leave(self, token: str) -> None:
        """Note that the tab with this token has closed."""
        self._left[token] = time.monotonic()
        self._left.move_to_end(token)

    def drop_due(self, manager: Any, *, is_open: Callable[[str], bool]) -> None:
        """Drop the states of tabs that closed longer ago than the grace and are not open again."""
        due = time.monotonic() - self._grace
        while self._left and next(iter(self._left.values())) <= due:
            token, _ = self._left.popitem(last=False)
            if is_open(token) or not isinstance(manager, StateManagerMemory):
                continue
            kept = rx.BaseStateToken(ident=token, cls=rx.State)
            lock = manager._states_locks.get(kept.lock_key)
            if lock is not None and lock.locked():
                self.leave(token)
            else:
                manager._purge_token(kept)

    async def watch(self, app: rx.App) -> None:
        """Look every few seconds until cancelled."""

        def is_open(token: str) -> bool:
            namespace = app.event_namespace
            return namespace is not None and token in namespace._token_manager.token_to_socket

        while True:
            await asyncio.sleep(LOOK_EVERY_SECONDS)
            self.drop_due(app.state_manager, is_open=is_open)
