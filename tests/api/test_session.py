"""The cookie, who may ask for it, and the answer to whether all is well."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from sqlalchemy.engine import Engine
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from p2p_reflex import database as house
from p2p_reflex.api.failures import HANDLERS
from p2p_reflex.api.headers import SecurityHeaders
from p2p_reflex.api.routes import ROUTES
from p2p_reflex.api.session import identity_of
from p2p_reflex.domain.errors import UnknownError
from p2p_reflex.domain.vocabulary import Role
from p2p_reflex.services.people import sign_in
from p2p_reflex.settings import settings
from tests.builders import a_member

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)

OWN = {"Origin": "http://localhost:3000", "Sec-Fetch-Site": "same-origin"}


async def name_route(request: Request) -> Response:
    """Answer with the name of whoever asks."""
    identity = await identity_of(request)
    return JSONResponse({"name": identity.full_name if identity else None})


async def broken_route(_request: Request) -> Response:
    """Break."""
    raise ZeroDivisionError("the inner workings")


async def refusing_route(_request: Request) -> Response:
    """Refuse."""
    raise UnknownError("statement")


@pytest.fixture
def client(database: Engine) -> Iterator[TestClient]:
    extra = [Route("/name", name_route), Route("/broken", broken_route), Route("/refusing", refusing_route)]
    routes = Starlette(routes=[*ROUTES, *extra], exception_handlers=HANDLERS)
    app = SecurityHeaders(routes, settings())
    with TestClient(app, base_url="http://localhost:3000", raise_server_exceptions=False) as made:
        yield made


@pytest.fixture
def ticket(database: Engine) -> str:
    member_id = house.run(a_member, role=Role.LENDER, full_name="Maya Reed")
    return house.run(
        sign_in.issue_ticket, member_id=member_id, address="", user_agent="", now=datetime.now(UTC)
    )


def test_a_ticket_is_traded_for_a_cookie_no_script_can_read(client: TestClient, ticket: str) -> None:
    answer = client.post("/api/session", json={"ticket": ticket}, headers=OWN)

    cookie = answer.headers["set-cookie"]
    assert answer.status_code == 200
    assert all(part in cookie for part in ("p2p_session=", "HttpOnly", "SameSite=lax", "Path=/"))
    assert client.get("/name").json() == {"name": "Maya Reed"}


def test_a_ticket_works_once(client: TestClient, ticket: str) -> None:
    client.post("/api/session", json={"ticket": ticket}, headers=OWN)

    second = client.post("/api/session", json={"ticket": ticket}, headers=OWN)

    assert second.status_code == 401
    assert "set-cookie" not in second.headers


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "https://elsewhere.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost:3000", "Sec-Fetch-Site": "cross-site"},
    ],
)
def test_another_site_can_neither_sign_in_nor_sign_out(
    client: TestClient, ticket: str, headers: dict[str, str]
) -> None:
    entering = client.post("/api/session", json={"ticket": ticket}, headers=headers)
    leaving = client.post("/api/session/end", headers=headers)

    assert (entering.status_code, leaving.status_code) == (403, 403)
    assert "set-cookie" not in {*entering.headers, *leaving.headers}


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{", b'{"ticket": 5}', b'{"ticket": "\xc3\xa9"}', b"[" * 4000, b"x" * 100_000]
)
def test_a_body_without_a_ticket_is_refused(client: TestClient, body: bytes) -> None:
    answer = client.post("/api/session", content=body, headers=OWN)

    assert answer.status_code == 400


def test_signing_out_ends_the_session_and_takes_the_cookie(client: TestClient, ticket: str) -> None:
    client.post("/api/session", json={"ticket": ticket}, headers=OWN)
    token = client.cookies["p2p_session"]

    client.post("/api/session/end", headers=OWN)

    assert "p2p_session" not in client.cookies
    assert house.read(sign_in.identify, token=token, now=datetime.now(UTC)) is None


def test_signing_in_anew_ends_the_session_before(client: TestClient, ticket: str) -> None:
    client.post("/api/session", json={"ticket": ticket}, headers=OWN)
    before = client.cookies["p2p_session"]
    member_id = house.run(a_member, role=Role.BORROWER)
    another = house.run(
        sign_in.issue_ticket, member_id=member_id, address="", user_agent="", now=datetime.now(UTC)
    )

    client.post("/api/session", json={"ticket": another}, headers=OWN)

    assert client.cookies["p2p_session"] != before
    assert house.read(sign_in.identify, token=before, now=datetime.now(UTC)) is None


def test_health_tells_the_state_of_the_database(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    well = client.get("/health")
    monkeypatch.setattr(house, "is_reachable", lambda: False)
    ill = client.get("/health")

    assert (well.status_code, well.json()["status"], well.json()["database"]) == (200, "ok", "ok")
    assert (ill.status_code, ill.json()["database"]) == (503, "unreachable")


def test_a_broken_route_tells_nothing_of_its_inner_workings(client: TestClient) -> None:
    answer = client.get("/broken")

    assert answer.status_code == 500
    assert "inner workings" not in answer.text
    assert "Nothing was changed." in answer.json()["error"]


def test_a_refusing_route_says_why(client: TestClient) -> None:
    answer = client.get("/refusing")

    assert answer.status_code == 404
    assert answer.json() == {"error": "This statement does not exist, or it is not yours to see."}


def test_every_answer_carries_the_security_headers(client: TestClient) -> None:
    answers = [client.get("/health"), client.get("/nowhere"), client.get("/broken")]

    for answer in answers:
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        assert "ws://localhost:3000" in answer.headers["content-security-policy"]
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "same-origin"
        assert "strict-transport-security" not in answer.headers
