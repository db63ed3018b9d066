"""Owns what a route answers when a rule says no, and when something broke."""

import logging
import secrets

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from p2p_reflex.domain.errors import LendingError, UnknownError

logger = logging.getLogger(__name__)


async def refuse(_request: Request, refused: Exception) -> Response:
    """Answer a refusal with its own sentence."""
    status = 404 if isinstance(refused, UnknownError) else 400
    return JSONResponse({"error": str(refused)}, status_code=status)


async def apologize(_request: Request, exception: Exception) -> Response:
    """Answer anything else in one neutral sentence; the traceback is in the log under the reference."""
    reference = secrets.token_hex(3).upper()
    logger.error("A route broke, reference %s", reference, exc_info=exception)
    sentence = f"This did not work. Nothing was changed. Try again, or quote {reference}."
    return JSONResponse({"error": sentence}, status_code=500)


HANDLERS = {LendingError: refuse, Exception: apologize}
