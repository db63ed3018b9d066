"""Owns who is behind a browser tab: derived from the session cookie each time, never from a var."""

import asyncio
import hashlib
import math
import time
from collections import OrderedDict
from datetime import UTC, datetime
from typing import TypeVar

from p2p_reflex import database
from p2p_reflex.services.people.sign_in import Identity, identify, touch
from p2p_reflex.settings import settings

V = TypeVar("V")

REMEMBERED_SECONDS = 3.0
REMEMBERED_COUNT = 10_000
TOUCHED_EVERY_SECONDS = 60.0

_remembered: OrderedDict[str, tuple[float, Identity]] = OrderedDict()
_touched: OrderedDict[str, float] = OrderedDict()


def session_token(cookie_header: str) -> str:
    """Take the session token out of a Cookie header; empty where there is none."""
    wanted = settings().cookie_name
    for pair in cookie_header.split(";"):
        name, _, value = pair.strip().partition("=")
        if name == wanted:
            return value.strip()
    return ""


async def identity_behind(cookie_header: str) -> Identity | None:
    """Tell whose session the cookie opens; remembered for three seconds, by the token's hash."""
    token = session_token(cookie_header)
    if not token:
        return None
    key = _key(token)
    known = _remembered.get(key)
    if known is not None and known[0] > time.monotonic():
        return known[1]
    identity = await asyncio.to_thread(_look_up, token, key)
    if identity is None:
        _remembered.pop(key, None)
        return None
    _keep(_remembered, key, (time.monotonic() + REMEMBERED_SECONDS, identity))
    return identity


def forget(token: str) -> None:
    """Forget a session at once, as signing out must."""
    _remembered.pop(_key(token), None)


def _look_up(token: str, key: str) -> Identity | None:
    """Ask the database, and once a minute note there that the session is in use."""
    now = datetime.now(UTC)
    identity = database.read(identify, token=token, now=now)
    if identity is not None and _touched.get(key, -math.inf) < time.monotonic() - TOUCHED_EVERY_SECONDS:
        _keep(_touched, key, time.monotonic())
        database.run(touch, token=token, now=now)
    return identity


def _keep(remembered: OrderedDict[str, V], key: str, value: V) -> None:
    """Remember the newest, and no more than a bounded number."""
    remembered[key] = value
    remembered.move_to_end(key)
    while len(remembered) > REMEMBERED_COUNT:
        remembered.popitem(last=False)


def _key(token: str) -> str:
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()
