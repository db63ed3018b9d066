"""Owns what a person is told when a rule says no, and when something broke."""

import logging
import secrets

import reflex as rx
from reflex.event import EventSpec

from p2p_reflex.domain.errors import LendingError

logger = logging.getLogger(__name__)

LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"
LONGEST_REPORT = 2_000


def toast_of(refused: LendingError) -> EventSpec:
    """Say a refusal in a toast that stays until it is closed."""
    return rx.toast.error(refused.message, duration=2**31 - 1, close_button=True)


def reference() -> str:
    """Make a reference a person can read out, like K7-204."""
    return f"{secrets.choice(LETTERS)}{secrets.randbelow(10)}-{secrets.randbelow(900) + 100}"


def tell_what_broke(exception: Exception) -> EventSpec:
    """Answer an exception no handler expected: a refusal as it stands, all else in one neutral sentence."""
    if isinstance(exception, LendingError):
        return toast_of(exception)
    quoted = reference()
    logger.error("Something broke, reference %s", quoted, exc_info=exception)
    return rx.toast.error(
        f"This did not work. Nothing was changed. Try again, or quote {quoted}.",
        duration=2**31 - 1,
        close_button=True,
    )


def log_what_broke_in_the_browser(exception: Exception) -> None:
    """Keep a report from a browser: it is a stranger's text, so short and on one line."""
    logger.warning("A browser reported: %s", ascii(str(exception))[:LONGEST_REPORT])
