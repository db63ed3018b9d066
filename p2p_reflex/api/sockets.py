"""Owns what one browser tab and one network address may take of the server through sockets."""

import asyncio
import hashlib
import time
from collections import Counter
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlencode

from starlette.types import ASGIApp, Receive, Scope, Send

from p2p_reflex.settings import Settings

MOST_WAITING_EVENTS = 100
LOOK_AGAIN_SECONDS = 0.05
TRY_LATER = 1013


class TokenBucket:
    """Let a burst pass at once, and after it so many a second."""

    __slots__ = ("burst", "filled_at", "left", "per_second")

    def __init__(self, per_second: float, burst: int, now: float) -> None:
        self.per_second, self.burst = per_second, burst
        self.left, self.filled_at = float(burst), now

    def wait_for_one(self, now: float) -> float:
        """Take one and return how many seconds to wait before it may be used."""
        self.left = min(self.burst, self.left + (now - self.filled_at) * self.per_second) - 1
        self.filled_at = now
        return max(0.0, -self.left / self.per_second)


def limit_events(
    namespace: Any,
    chosen: Settings,
    *,
    is_open: Callable[[object], bool],
    waiting_count: Callable[[str], int],
) -> None:
    """Slow down a socket that sends faster than a person can, and tie its state to its own cookie.

    An event over the limit is not lost: the socket's receiving waits, so a flood stays in the sender's
    own network buffers and the server's memory stays flat. `waiting_count` tells how many events of a
    socket are not done yet; an event whose name is not open is dropped.
    """
    buckets: dict[str, TokenBucket] = {}
    connect, take_event, disconnect = namespace.on_connect, namespace.on_event, namespace.on_disconnect
    ping, browser_error = namespace.on_ping, namespace.on_client_error

    async def wait_for_turn(sid: str) -> None:
        bucket = buckets.get(sid)
        if bucket is None:
            return
        delay = bucket.wait_for_one(time.monotonic())
        if delay > 0:
            await asyncio.sleep(delay)
        while sid in buckets and waiting_count(sid) >= MOST_WAITING_EVENTS:
            await asyncio.sleep(LOOK_AGAIN_SECONDS)

    async def on_connect(sid: str, environ: dict[str, Any], auth: Any = None) -> None:
        bind_to_cookie(environ, chosen.cookie_name)
        buckets[sid] = TokenBucket(chosen.socket_events_per_second, chosen.socket_burst, time.monotonic())
        try:
            await connect(sid, environ, auth)
        except BaseException:
            buckets.pop(sid, None)
            raise

    async def on_event(sid: str, sent: Any) -> None:
        await wait_for_turn(sid)
        if isinstance(sent, dict) and is_open(sent.get("name")):
            await take_event(sid, sent)

    async def on_ping(sid: str) -> None:
        await wait_for_turn(sid)
        await ping(sid)

    async def on_client_error(sid: str, sent: Any = None) -> None:
        await wait_for_turn(sid)
        await browser_error(sid, sent)

    def on_disconnect(sid: str, *reason: Any) -> Any:
        buckets.pop(sid, None)
        return disconnect(sid)

    namespace.on_connect, namespace.on_event, namespace.on_disconnect = on_connect, on_event, on_disconnect
    namespace.on_ping, namespace.on_client_error = on_ping, on_client_error


def bind_to_cookie(environ: dict[str, Any], cookie_name: str) -> None:
    """Make the tab's own token worth nothing without the session cookie it was used with.

    The browser chooses the token its state is kept under; hashed together with the cookie, a token seen
    by somebody else opens an empty state and not its owner's.
    """
    query = dict(parse_qsl(environ.get("QUERY_STRING", "")))
    if not query.get("token"):
        return
    session = ""
    for pair in environ.get("HTTP_COOKIE", "").split(";"):
        name, _, value = pair.strip().partition("=")
        if name == cookie_name:
            session = value.strip()
            break
    bound = hashlib.sha256(f"{query['token']}\n{session}".encode(errors="replace")).hexdigest()
    environ["QUERY_STRING"] = urlencode({**query, "token": bound})


class SocketsPerAddress:
    """Refuse a network address more than its share of open sockets."""

    def __init__(self, app: ASGIApp, chosen: Settings) -> None:
        self.app = app
        self.most = chosen.sockets_per_address
        self.trusted_proxies = chosen.trusted_proxies
        self.open: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Count a socket for as long as it is open; everything else passes."""
        if scope["type"] != "websocket":
            await self.app(scope, receive, send)
            return
        address = client_address(scope, self.trusted_proxies)
        if self.open[address] >= self.most:
            await receive()
            await send({"type": "websocket.close", "code": TRY_LATER})
            return
        self.open[address] += 1
        try:
            await self.app(scope, receive, send)
        finally:
            self.open[address] -= 1
            if not self.open[address]:
                del self.open[address]


def client_address(scope: Scope, trusted_proxies: int) -> str:
    """Tell a client's network address; what a proxy adds counts only from the trusted ones."""
    if trusted_proxies:
        forwarded = [
            part.strip()
            for name, value in scope["headers"]
            if name == b"x-forwarded-for"
            for part in value.decode("latin-1").split(",")
            if part.strip()
        ]
        if len(forwarded) >= trusted_proxies:
            return forwarded[-trusted_proxies]
    client = scope.get("client")
    return client[0] if client else ""
