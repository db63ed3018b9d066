"""What one tab and one address may take of the server through sockets."""

import asyncio
from typing import Any
from urllib.parse import parse_qs

import pytest

from p2p_reflex.api import sockets
from p2p_reflex.api.sockets import (
    SocketsPerAddress,
    TokenBucket,
    bind_to_cookie,
    client_address,
    limit_events,
)
from p2p_reflex.settings import Settings


class Namespace:
    """Stand where Reflex's namespace of events would be."""

    def __init__(self) -> None:
        self.taken: list[Any] = []

    async def on_connect(self, sid: str, environ: dict[str, Any], auth: Any = None) -> None:
        self.environ = environ

    async def on_event(self, sid: str, sent: Any) -> None:
        self.taken.append(sent)

    async def on_ping(self, sid: str) -> None:
        self.taken.append("ping")

    async def on_client_error(self, sid: str, sent: Any = None) -> None:
        self.taken.append("error")

    def on_disconnect(self, sid: str) -> None:
        self.taken.append("gone")


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Collect the pauses instead of sleeping through them."""
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    monkeypatch.setattr(sockets.asyncio, "sleep", sleep)
    monkeypatch.setattr(sockets.time, "monotonic", lambda: 1000.0)
    return slept


def limited(chosen: Settings, waiting: list[int] | None = None) -> Namespace:
    """Make a namespace with its limits on."""
    namespace = Namespace()
    counts = iter(waiting or [])
    limit_events(
        namespace, chosen, is_open=lambda name: name == "open", waiting_count=lambda _sid: next(counts, 0)
    )
    return namespace


def test_a_burst_passes_and_what_comes_after_waits_its_turn() -> None:
    bucket = TokenBucket(per_second=10, burst=3, now=0.0)

    delays = [bucket.wait_for_one(now) for now in (0.0, 0.0, 0.0, 0.0, 0.0, 100.0)]

    assert delays == pytest.approx([0, 0, 0, 0.1, 0.2, 0])


def test_a_flood_is_slowed_down_and_nothing_of_it_is_lost(waits: list[float]) -> None:
    namespace = limited(Settings(socket_burst=10, socket_events_per_second=10))

    async def flood() -> None:
        await namespace.on_connect("a", {"QUERY_STRING": "token=t"})
        for number in range(15):
            await namespace.on_event("a", {"name": "open", "number": number})

    asyncio.run(flood())

    assert len(namespace.taken) == 15
    assert waits == pytest.approx([0.1, 0.2, 0.3, 0.4, 0.5])


def test_a_tab_with_a_hundred_unfinished_events_waits_for_them(waits: list[float]) -> None:
    namespace = limited(Settings(), waiting=[100, 100, 99])

    async def one_more() -> None:
        await namespace.on_connect("a", {"QUERY_STRING": "token=t"})
        await namespace.on_event("a", {"name": "open"})

    asyncio.run(one_more())

    assert waits == [sockets.LOOK_AGAIN_SECONDS] * 2
    assert len(namespace.taken) == 1


@pytest.mark.parametrize("sent", ["text", None, 5, [], {}, {"name": "closed"}, {"name": ["open"]}])
def test_an_event_that_no_handler_is_open_for_is_not_kept(waits: list[float], sent: Any) -> None:
    namespace = limited(Settings())

    async def one() -> None:
        await namespace.on_connect("a", {"QUERY_STRING": "token=t"})
        await namespace.on_event("a", sent)

    asyncio.run(one())

    assert namespace.taken == []


def bound_token(token: str, cookie: str) -> str:
    """Return the token the state is kept under."""
    environ = {"QUERY_STRING": f"token={token}&EIO=4&transport=websocket", "HTTP_COOKIE": cookie}
    bind_to_cookie(environ, "p2p_session")
    return parse_qs(environ["QUERY_STRING"])["token"][0]


def test_a_tabs_token_is_worth_nothing_without_the_cookie_it_was_used_with() -> None:
    own = bound_token("tab-1", "a=1; p2p_session=secret; b=2")

    assert own == bound_token("tab-1", "p2p_session=secret")
    assert own not in {
        bound_token("tab-1", ""),
        bound_token("tab-1", "p2p_session=other"),
        bound_token("tab-2", "p2p_session=secret"),
        bound_token(own, ""),
    }


def test_an_address_has_only_its_share_of_open_sockets() -> None:
    sent: list[dict[str, Any]] = []
    release = asyncio.Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await release.wait()

    async def receive() -> dict[str, Any]:
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:
        sent.append(dict(message))

    async def three_sockets() -> tuple[int, int]:
        guard = SocketsPerAddress(app, Settings(sockets_per_address=2))
        scope = {"type": "websocket", "client": ("203.0.113.7", 1), "headers": []}
        opened = [asyncio.create_task(guard(scope, receive, send)) for _ in range(3)]
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        refused = len(sent)
        release.set()
        await asyncio.gather(*opened)
        return refused, len(guard.open)

    refused, left = asyncio.run(three_sockets())

    assert (refused, left) == (1, 0)
    assert sent == [{"type": "websocket.close", "code": sockets.TRY_LATER}]


@pytest.mark.parametrize(
    ("trusted_proxies", "address"),
    [(0, "10.0.0.1"), (1, "198.51.100.2"), (2, "203.0.113.7"), (3, "10.0.0.1")],
)
def test_only_trusted_proxies_tell_the_clients_address(trusted_proxies: int, address: str) -> None:
    scope = {"client": ("10.0.0.1", 1), "headers": [(b"x-forwarded-for", b"203.0.113.7, 198.51.100.2")]}

    told = client_address(scope, trusted_proxies)

    assert told == address
