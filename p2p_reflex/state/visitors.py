"""Owns who is behind a browser tab: derived from the session cookie each time, never from a var."""

import asyncio
import hashlib
import time
from collections import OrderedDict
from datetime import UTC, datetime

from p2p_reflex import database
from p2p_reflex.services.sign_in import Identity, identify
from p2p_reflex.settings import settings

REMEMBERED_SECONDS = 3.0
REMEMBERED_COUNT = 10_000

_remembered: OrderedDict[str, tuple[float, Identity]] = OrderedDict()


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
    identity = await asyncio.to_thread(database.read, identify, token=token, now=datetime.now(UTC))
    if identity is None:
        _remembered.pop(key, None)
        return None
    _remembered[key] = (time.monotonic() + REMEMBERED_SECONDS, identity)
    _remembered.move_to_end(key)
    while len(_remembered) > REMEMBERED_COUNT:
        _remembered.popitem(last=False)
    return identity


def forget(token: str) -> None:
    """Forget a session at once, as signing out must."""
    _remembered.pop(_key(token), None)


def _key(token: str) -> str:
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()
