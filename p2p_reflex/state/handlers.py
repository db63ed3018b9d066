"""Owns which event handlers a socket may reach: guarded ones, and the few that Reflex itself needs."""

from reflex_base.registry import RegistrationContext

from p2p_reflex.state.base import guard_of

_ROOT = "reflex___state____state"
NEEDED_BY_REFLEX = frozenset(
    {
        f"{_ROOT}.hydrate",
        f"{_ROOT}.hydrate_and_load",
        f"{_ROOT}.reflex___state____on_load_internal_state.on_load_internal",
        f"{_ROOT}.reflex___state____on_load_internal_state.set_is_hydrated",
        f"{_ROOT}.reflex___state____frontend_event_exception_state.handle_frontend_exception",
    }
)


def close_unguarded_handlers() -> list[str]:
    """Unregister every handler without a guard, `setvar` and the setters first of all; return their names."""
    handlers = RegistrationContext.get().event_handlers
    closed = [
        name
        for name, registered in handlers.items()
        if name not in NEEDED_BY_REFLEX and guard_of(registered.handler.fn) is None
    ]
    for name in closed:
        del handlers[name]
    return closed


def is_open(name: object) -> bool:
    """Tell whether an event of this name would reach a handler.

    Events of any other name must not even be queued: Reflex keeps each of them in memory for good.
    """
    return isinstance(name, str) and name in RegistrationContext.get().event_handlers
