"""Owns the answer to whether the platform is well."""

import asyncio

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from p2p_reflex import database
from p2p_reflex.settings import application_version


async def health(_request: Request) -> JSONResponse:
    """Tell the state of the application and its database: 200 if all is well, 503 if not."""
    reachable = await asyncio.to_thread(database.is_reachable)
    return JSONResponse(
        {
            "status": "ok" if reachable else "unavailable",
            "database": "ok" if reachable else "unreachable",
            "application": {"name": "p2p-reflex", "version": application_version()},
        },
        status_code=200 if reachable else 503,
        headers={"Cache-Control": "no-store"},
    )


ROUTES = [Route("/health", health, methods=["GET"])]
