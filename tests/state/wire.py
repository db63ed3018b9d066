"""Owns a browser tab for tests: events go through Reflex's own pipeline, without a server."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from reflex.event import Event
from reflex.istate.manager.memory import StateManagerMemory
from reflex_base.event.processor import BaseStateEventProcessor

import p2p_reflex.p2p_reflex  # noqa: F401 - opens the app whose handlers and pages the pipeline looks up
from p2p_reflex.settings import settings
from p2p_reflex.state.handlers import is_open
from p2p_reflex.state.refusals import tell_what_broke


@dataclass
class Answer:
    """What a tab received: the vars that changed, by state, and the events for the browser to do."""

    changed: dict[str, dict[str, Any]] = field(default_factory=dict)
    told: list[Event] = field(default_factory=list)

    @property
    def toasts(self) -> str:
        """Return everything the browser was told to do, as one text to search in."""
        return " ".join(f"{event.name} {event.payload}" for event in self.told)

    def shown(self, state: type, var: str) -> Any:
        """Return the last value a var was shown with, or None where it did not change."""
        return self.changed.get(state.get_full_name(), {}).get(f"{var}_rx_state_")


class Tab:
    """One browser tab; `cookie` is the session token it carries, as the browser would send it."""

    def __init__(self, *, cookie: str = "", path: str = "/") -> None:
        self.cookie, self.path = cookie, path
        self.states = StateManagerMemory()

    def send(self, handler: Any, **payload: Any) -> Answer:
        """Send one event of a handler, or of a raw name, and everything it sets off."""
        name = handler if isinstance(handler, str) else name_of(handler)
        return asyncio.run(self._send(name, payload))

    async def _send(self, name: str, payload: dict[str, Any]) -> Answer:
        answer = Answer()
        if not is_open(name):
            return answer
        processor = BaseStateEventProcessor(backend_exception_handler=tell_what_broke)
        processor.configure(state_manager=self.states, event_namespace=_Listener(answer))
        async with processor:
            event = Event(name=name, payload=payload, router_data=self._router())
            future = await processor.enqueue("tab", event)
            try:
                await future.wait_all()
            except Exception:  # what the handler raised has gone to the exception handler
                while processor._tasks:
                    await asyncio.sleep(0)
        return answer

    def _router(self) -> dict[str, Any]:
        headers = {"user-agent": "a test", "origin": settings().origins[0]}
        if self.cookie:
            headers["cookie"] = f"other=1; {settings().cookie_name}={self.cookie}"
        path, _, query = self.path.partition("?")
        return {
            "headers": headers,
            "ip": "203.0.113.7",
            "sid": "socket",
            "token": "tab",
            "pathname": path,
            "asPath": self.path,
            "query": dict(pair.split("=") for pair in query.split("&") if pair),
        }


class _Listener:
    """Stand where the socket would be and keep what is sent."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer

    async def emit_update(self, update: Any, token: str) -> None:
        for state, changed in update.delta.items():
            self.answer.changed.setdefault(state, {}).update(changed)
        self.answer.told.extend(update.events)


def name_of(handler: Any) -> str:
    """Return the name a handler has on the wire."""
    return f"{handler.state.get_full_name()}.{handler.fn.__name__}"


@contextmanager
def registered_as_before() -> Iterator[None]:
    """Leave no trace of handlers and states that a test registers or closes."""
    from reflex_base.registry import RegistrationContext

    handlers = RegistrationContext.get().event_handlers
    before = dict(handlers)
    yield
    handlers.clear()
    handlers.update(before)
