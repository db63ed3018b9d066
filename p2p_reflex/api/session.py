"""Owns the session cookie: set for a ticket, taken away at the end, read by every other route."""

import asyncio
import json
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from p2p_reflex import database
from p2p_reflex.domain.errors import LendingError
from p2p_reflex.services.people import sign_in
from p2p_reflex.settings import settings

LONGEST_BODY = 4_096


async def begin_session(request: Request) -> Response:
    """Trade a single-use ticket for the session cookie."""
    if not is_own_page(request):
        return _refuse(403, "Sign in from this site's own page.")
    ticket = _ticket_in(await _short_body(request))
    if not ticket:
        return _refuse(400, "A ticket is needed to sign in.")
    try:
        token = await asyncio.to_thread(
            database.run, sign_in.redeem_ticket, ticket=ticket, now=datetime.now(UTC)
        )
    except LendingError:
        return _refuse(401, "This sign-in has expired. Try again.")
    old = token_of(request)
    if old:
        await asyncio.to_thread(database.run, sign_in.sign_out, token=old, now=datetime.now(UTC))
    answer = _answer({"signed_in": True})
    answer.set_cookie(
        settings().cookie_name,
        token,
        max_age=int(sign_in.ABSOLUTE_LIMIT.total_seconds()),
        path="/",
        httponly=True,
        samesite="lax",
        secure=settings().is_production,
    )
    return answer


async def end_session(request: Request) -> Response:
    """End the session and take its cookie away; without a session there is nothing to do."""
    if not is_own_page(request):
        return _refuse(403, "Sign out from this site's own page.")
    token = token_of(request)
    if token:
        await asyncio.to_thread(database.run, sign_in.sign_out, token=token, now=datetime.now(UTC))
    answer = _answer({"signed_in": False})
    answer.delete_cookie(
        settings().cookie_name, path="/", httponly=True, samesite="lax", secure=settings().is_production
    )
    return answer


def token_of(request: Request) -> str:
    """Take the session token from the request's cookie; empty where there is none."""
    return request.cookies.get(settings().cookie_name, "")


async def identity_of(request: Request) -> sign_in.Identity | None:
    """Tell who a request speaks for, for any route that shows what belongs to somebody."""
    token = token_of(request)
    if not token:
        return None
    return await asyncio.to_thread(database.read, sign_in.identify, token=token, now=datetime.now(UTC))


def is_own_page(request: Request) -> bool:
    """Tell whether a browser sent this from one of this site's own pages, and not from a stranger's."""
    origin = request.headers.get("origin")
    if origin is None or origin not in settings().origins:
        return False
    return request.headers.get("sec-fetch-site", "same-origin") in ("same-origin", "same-site")


async def _short_body(request: Request) -> bytes:
    """Read a small body; a longer one counts as empty and is not kept."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > LONGEST_BODY:
            return b""
    return body


def _ticket_in(body: bytes) -> str:
    try:
        sent: Any = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    ticket = sent.get("ticket") if isinstance(sent, dict) else None
    return ticket if isinstance(ticket, str) and ticket.isascii() and len(ticket) <= 200 else ""


def _answer(body: dict[str, object], status: int = 200) -> JSONResponse:
    return JSONResponse(body, status_code=status, headers={"Cache-Control": "no-store"})


def _refuse(status: int, sentence: str) -> JSONResponse:
    return _answer({"error": sentence}, status)


ROUTES = [
    Route("/api/session", begin_session, methods=["POST"]),
    Route("/api/session/end", end_session, methods=["POST"]),
]
