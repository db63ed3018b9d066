"""Owns the look over the books that visitors share: however many come, it is taken twice a minute."""

import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime

from p2p_reflex import database
from p2p_reflex.services.money.published_books import PublishedBooks, published_books

REMEMBERED_SECONDS = 30.0

_one_at_a_time = threading.Lock()
_remembered: "tuple[float, Look] | None" = None


@dataclass(frozen=True, slots=True)
class Look:
    """What the books showed, and when they were checked."""

    books: PublishedBooks
    checked_at: datetime


def look() -> Look:
    """Check the books, or give what they showed a moment ago; never two checks at once."""
    global _remembered
    with _one_at_a_time:
        if _remembered is not None and _remembered[0] > time.monotonic():
            return _remembered[1]
        found = Look(books=database.read(published_books), checked_at=datetime.now(UTC))
        _remembered = (time.monotonic() + REMEMBERED_SECONDS, found)
        return found


def forget() -> None:
    """Let the next visitor's look be a fresh one."""
    global _remembered
    _remembered = None
