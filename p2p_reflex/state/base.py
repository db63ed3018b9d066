"""Owns what every screen's state shares: who is asking, the guard on handlers, the way to the services.

A screen's state reads like this::

    class WalletState(ScreenState, rx.State):
        available: str = ""

        @rx.event
        @loads("borrower", "lender")
        async def load(self):
            person = await self.who()
            wallet = await self.ask(wallets.wallet, member_id=person.member_id)
            self.available = dollars(wallet.available_cents)

        @rx.event
        @requires("borrower", "lender")
        async def add_money(self, form: dict[str, Any]):
            person = await self.who()
            await self.act(
                wallets.deposit,
                member_id=person.member_id,
                amount=text_in(form, "amount"),
                idempotency_key=key_in(form),
            )
            return [rx.toast.success("The money is in your wallet."), WalletState.load]

and its page shows `WalletState.errors["amount"]` beside the field, carries the key in a hidden field
(`rx.el.input(type="hidden", name="form_key", value=WalletState.form_key)`), and loads with
`@rx.page(route="/wallet", title="Wallet", on_load=[FrameState.load, WalletState.load])`.

A `FieldError` lands in `errors`, any other `LendingError` in a toast, an `UnknownError` while loading in
`missing`. After `act` succeeds, `errors` is empty and `form_key` is new.

What changes elsewhere reaches a screen in three lines: `load` says what it shows before it reads,
`self._watch(member_topic(person.member_id), DAY)`, and `_on_push(topics)` reads again, without touching
what a person types. It is private, so that no socket can call it, and it runs only while the guard of `load`
lets the person in.
"""

import asyncio
import functools
import inspect
import math
import re
import time
import types
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import Any, Concatenate, ParamSpec, TypeVar, Union, get_args, get_origin, get_type_hints
from urllib.parse import quote

import reflex as rx
from reflex.event import EventSpec
from reflex.istate.proxy import StateProxy
from sqlmodel import Session

from p2p_reflex import database
from p2p_reflex.domain.errors import FieldError, LendingError, UnknownError
from p2p_reflex.domain.vocabulary import Role
from p2p_reflex.live.hub import hub
from p2p_reflex.services.people.sign_in import Identity
from p2p_reflex.state.refusals import tell_what_broke, toast_of
from p2p_reflex.state.row_changes import FADE_SECONDS, light
from p2p_reflex.state.visitors import identity_behind

P = ParamSpec("P")
R = TypeVar("R")
Row = TypeVar("Row")

GUARD = "_guard"
HOMES = {Role.BORROWER: "/borrow", Role.LENDER: "/portfolio", Role.ADMIN: "/admin"}
LONGEST_TEXT = 20_000
LARGEST_NUMBER = 2**53
PLAIN = (str, int, type(None))


class Asking:
    """Give a state its person and its services; plain, so that none of this is an event handler."""

    router: Any
    errors: dict[str, str]
    form_key: str

    async def who(self) -> Identity:
        """Return the person whose session this tab carries; refuse where there is none."""
        person = await self.who_if_anyone()
        if person is None:
            raise LendingError("Please sign in first.")
        return person

    async def who_if_anyone(self) -> Identity | None:
        """Return the person whose session this tab carries, if there is one."""
        return await identity_behind(self.router.headers.cookie)

    async def ask(
        self, service: Callable[Concatenate[Session, P], R], /, *args: P.args, **kwargs: P.kwargs
    ) -> R:
        """Run a service that only reads, off the event loop, in a transaction of its own."""
        return await asyncio.to_thread(database.read, service, *args, **kwargs)

    async def act(
        self, service: Callable[Concatenate[Session, P], R], /, *args: P.args, **kwargs: P.kwargs
    ) -> R:
        """Run a service that changes something, off the event loop, in a transaction of its own.

        Once it has succeeded the form is fresh again: no errors, and a new key for the next press.
        """
        outcome = await asyncio.to_thread(database.run, service, *args, **kwargs)
        if not isinstance(self, StateProxy):
            self._freshen_form()
        return outcome

    def _freshen_form(self) -> None:
        if self.errors:
            self.errors = {}
        self.form_key = uuid.uuid4().hex


class ScreenState(Asking, rx.State, mixin=True):
    """Hold what every screen shows: display-ready text only, for all of it goes to the browser."""

    errors: dict[str, str] = {}
    form_key: str = ""
    missing: str = ""
    loaded: bool = False

    _lit_at: float = 0.0

    def _watch(self, *topics: str, gap: float = 0.0) -> None:
        """Hear from now on when something of these topics has changed; `gap` seconds apart at least."""
        session = self.router.session
        hub.watch(
            sid=session.session_id,
            token=session.client_token,
            path=self.router.url.path,
            screen=type(self),
            topics=topics,
            gap=gap,
        )

    def _light(
        self,
        rows: list[Row],
        shown: list[Row],
        *,
        key: Callable[[Row], Hashable],
        figures: Callable[[Row], object],
    ) -> list[Row]:
        """Let rows that are new, or have other figures than those shown, light up and fade."""
        is_fading = time.monotonic() - self._lit_at < FADE_SECONDS
        lit, has_news = light(rows, shown, key=key, figures=figures, is_fading=is_fading)
        if has_news:
            self._lit_at = time.monotonic()
        return lit

    async def _on_push(self, topics: frozenset[str]) -> None:
        """Look anew after a change; leave alone what a person types or has opened."""

    async def _hear(self, topics: frozenset[str]) -> None:
        """Show what changed to a person who may still see it, and send only what differs."""
        guard = guard_of(type(self).event_handlers["load"].fn)
        if guard is None or await _admit(self, guard) is not None:
            hub.ignore(sid=self.router.session.session_id, screen=type(self))
            return
        unsent = set(self.dirty_vars)
        before = {name: self.get_value(name) for name in type(self).base_vars}
        try:
            await self._on_push(topics)
        except UnknownError as gone:
            self.missing = gone.message
        except LendingError:
            return
        for name in self.dirty_vars & before.keys() - unsent:
            now = self.get_value(name)
            if now == before[name] and (now is not before[name] or isinstance(now, PLAIN)):
                self.dirty_vars.discard(name)


@dataclass(frozen=True)
class Guard:
    """Say who may call a handler; no roles means anyone signed in."""

    roles: frozenset[Role] = frozenset()
    is_public: bool = False
    is_load: bool = False


Handler = Callable[..., Any]


def requires(*roles: str) -> Callable[[Handler], Handler]:
    """Let only these roles call the handler below; without roles, anyone signed in."""
    return functools.partial(_guarded, guard=Guard(roles=frozenset(map(Role, roles))))


def loads(*roles: str) -> Callable[[Handler], Handler]:
    """Guard a handler that fills a screen: strangers go to /login, the wrong role to its own home."""
    return functools.partial(_guarded, guard=Guard(roles=frozenset(map(Role, roles)), is_load=True))


def public(handler: Handler) -> Handler:
    """Let anyone call the handler below, signed in or not."""
    return _guarded(handler, guard=Guard(is_public=True))


def loads_for_all(handler: Handler) -> Handler:
    """Guard a handler that fills a screen anyone may see."""
    return _guarded(handler, guard=Guard(is_public=True, is_load=True))


def guard_of(handler: Handler) -> Guard | None:
    """Return a handler's guard; none where it was never guarded."""
    return getattr(handler, GUARD, None)


def home_of(role: Role) -> str:
    """Name the screen a role starts from."""
    return HOMES[role]


def text_in(form: Mapping[str, Any], field: str) -> str:
    """Take a field of a submitted form as text; whatever is not text counts as empty."""
    value = form.get(field, "")
    return value[:LONGEST_TEXT] if isinstance(value, str) else ""


def key_in(form: Mapping[str, Any]) -> str:
    """Take the key made when the form opened; with it a button pressed twice acts once."""
    key = text_in(form, "form_key")
    if not re.fullmatch("[0-9a-f]{32}", key):
        raise LendingError("This page is out of date. Reload it and try again.")
    return key


def _guarded(handler: Handler, guard: Guard) -> Handler:
    """Wrap a handler of any kind so that admission, arguments and refusals are seen to before and after."""
    signature = inspect.signature(handler)

    if inspect.isgeneratorfunction(handler) or inspect.isasyncgenfunction(handler):

        @functools.wraps(handler)
        async def guarded_steps(self: Any, *args: Any, **kwargs: Any) -> AsyncIterator[Any]:
            refusal = await _admit(self, guard)
            if refusal is not None:
                yield refusal
                return
            try:
                _check_arguments(handler, signature, (self, *args), kwargs)
                async for step in _steps(handler(self, *args, **kwargs)):
                    yield step
                await _mark_loaded(self, guard)
            except LendingError as refused:
                yield await _tell(self, guard, refused)
            except Exception as broken:  # told here, so that what the handler set right again is shown too
                yield tell_what_broke(broken)

        setattr(guarded_steps, GUARD, guard)
        return guarded_steps

    @functools.wraps(handler)
    async def guarded(self: Any, *args: Any, **kwargs: Any) -> Any:
        refusal = await _admit(self, guard)
        if refusal is not None:
            return refusal
        try:
            _check_arguments(handler, signature, (self, *args), kwargs)
            outcome = handler(self, *args, **kwargs)
            if isinstance(outcome, Awaitable):
                outcome = await outcome
            await _mark_loaded(self, guard)
        except LendingError as refused:
            return await _tell(self, guard, refused)
        except Exception as broken:
            return tell_what_broke(broken)
        return outcome

    setattr(guarded, GUARD, guard)
    return guarded


async def _steps(steps: Any) -> AsyncIterator[Any]:
    """Walk a generator of either kind; what a plain one returns is its last step."""
    if inspect.isasyncgen(steps):
        async for step in steps:
            yield step
        return
    while True:
        try:
            step = next(steps)
        except StopIteration as end:
            if end.value is not None:
                yield end.value
            return
        yield step


async def _admit(self: Any, guard: Guard) -> EventSpec | None:
    """Return what happens to somebody who may not call the handler; nothing where they may."""
    if guard.is_public:
        return None
    person = await identity_behind(self.router.headers.cookie)
    if person is None:
        return sign_in_redirect(self.router.url.path if guard.is_load else "")
    if guard.roles and person.role not in guard.roles:
        if guard.is_load:
            return rx.redirect(home_of(person.role), replace=True)
        return rx.toast.error("This is not open to your kind of account.")
    return None


def sign_in_redirect(wanted: str = "") -> EventSpec:
    """Send the tab to /login by a full page load, so that its socket carries the cookie of today."""
    path = f"/login?next={quote(wanted)}" if wanted.startswith("/") and wanted != "/" else "/login"
    return rx.call_script(f"window.location.assign('{path}')")


async def _mark_loaded(self: Any, guard: Guard) -> None:
    """Note that a screen is filled, and open its form with a key."""
    if not guard.is_load or not isinstance(self, ScreenState):
        return
    async with self:
        self.loaded = True
        if self.missing:
            self.missing = ""
        if not self.form_key:
            self.form_key = uuid.uuid4().hex


async def _tell(self: Any, guard: Guard, refused: LendingError) -> EventSpec | None:
    """Put a refusal where it belongs: beside its field, in the place of the screen, or in a toast."""
    if isinstance(refused, FieldError) and isinstance(self, ScreenState):
        async with self:
            self.errors = {refused.field: refused.message}
        return None
    if isinstance(refused, UnknownError) and guard.is_load and isinstance(self, ScreenState):
        async with self:
            self.missing, self.loaded = refused.message, True
        return None
    return toast_of(refused)


def _check_arguments(
    handler: Handler, signature: inspect.Signature, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> None:
    """Refuse arguments the signature does not promise; Reflex passes on whatever the socket sent."""
    try:
        arguments = signature.bind(*args, **kwargs).arguments
    except TypeError:
        raise LendingError("This request was not understood. Nothing was changed.") from None
    hints = _hints(handler)
    for name, value in list(arguments.items())[1:]:
        if not _fits(value, hints.get(name, Any)):
            raise LendingError("This request was not understood. Nothing was changed.")


@functools.cache
def _hints(handler: Handler) -> dict[str, Any]:
    return get_type_hints(handler)


def _fits(value: Any, hint: Any) -> bool:
    """Tell whether a value from the wire is of the promised kind and of a sane size."""
    origin = get_origin(hint) or hint
    if origin in (Union, types.UnionType):
        return any(_fits(value, option) for option in get_args(hint))
    if origin is type(None):
        return value is None
    if origin is str:
        return isinstance(value, str) and len(value) <= LONGEST_TEXT
    if origin is bool:
        return isinstance(value, bool)
    if origin is int:
        return type(value) is int and abs(value) <= LARGEST_NUMBER
    if origin is float:
        return type(value) in (int, float) and math.isfinite(value) and abs(value) <= LARGEST_NUMBER
    if origin is dict:
        return isinstance(value, dict) and all(isinstance(key, str) for key in value)
    if origin is list:
        inner = get_args(hint)
        return isinstance(value, list) and all(_fits(item, inner[0] if inner else Any) for item in value)
    return True
