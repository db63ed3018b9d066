"""Owns the answer of the bots to what people do: at once, for the listings concerned, never to themselves.

A bot that an admin starts or changes looks at the whole market, at once too.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextvars import ContextVar
from datetime import UTC, datetime

from p2p_reflex import database
from p2p_reflex.services.bots import bot_runs
from p2p_reflex.services.days import business_date
from p2p_reflex.services.touched import BOTS, STEERED, listing_ids_in
from p2p_reflex.settings import settings

logger = logging.getLogger(__name__)

WAIT_SECONDS = 0.15
FIRST_RETRY_SECONDS = 0.5
LONGEST_RETRY_SECONDS = 8.0
MOST_LISTINGS = 100

_is_reacting: ContextVar[bool] = ContextVar("is_reacting", default=False)

React = Callable[[Sequence[int] | None], None]


class Reaction:
    """Gather the listings that people changed, and react to them together (none: to all), in a thread."""

    def __init__(self, react: React, *, wait: float = WAIT_SECONDS) -> None:
        self._react, self._wait = react, wait
        self._waiting: set[int] = set()
        self._all_wait = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._wake = asyncio.Event()

    def hear(self, topics: frozenset[str]) -> None:
        """Take note of a commit, from any thread; what the bots did themselves is not answered."""
        listing_ids = set() if BOTS in topics else listing_ids_in(topics)
        is_steered = STEERED in topics
        loop = self._loop
        if not (listing_ids or is_steered) or _is_reacting.get() or loop is None or loop.is_closed():
            return
        loop.call_soon_threadsafe(self._gather, listing_ids, is_steered)

    async def serve(self) -> None:
        """React until cancelled; what fails is tried again, together with what came since."""
        self._loop, self._wake = asyncio.get_running_loop(), asyncio.Event()
        failures = 0
        try:
            while True:
                await self._wake.wait()
                await asyncio.sleep(self._wait)
                listing_ids = self._next()
                try:
                    await asyncio.to_thread(self._react_quietly, listing_ids)
                    failures = 0
                except Exception as error:
                    if not failures:
                        logger.warning("The bots could not answer, and will: %s", error, exc_info=error)
                    await asyncio.sleep(min(FIRST_RETRY_SECONDS * 2**failures, LONGEST_RETRY_SECONDS))
                    failures = min(failures + 1, 8)
                    self._gather(set(listing_ids or ()), listing_ids is None)
        finally:
            self._loop = None

    def _gather(self, listing_ids: set[int], all_wait: bool) -> None:
        self._waiting |= listing_ids
        self._all_wait = self._all_wait or all_wait
        self._wake.set()

    def _next(self) -> list[int] | None:
        """Take what is next in line; where the whole market is, that is all there is."""
        listing_ids = None if self._all_wait else sorted(self._waiting)[:MOST_LISTINGS]
        if listing_ids is None:
            self._waiting.clear()
        else:
            self._waiting.difference_update(listing_ids)
        self._all_wait = False
        if not self._waiting:
            self._wake.clear()
        return listing_ids

    def _react_quietly(self, listing_ids: Sequence[int] | None) -> None:
        """React so that what it commits is not heard as something that people did."""
        _is_reacting.set(True)
        self._react(listing_ids)


def let_bots_answer(listing_ids: Sequence[int] | None) -> None:
    """Let every running bot look at these listings, as far as they are open, or at the whole market."""
    now, seed = datetime.now(UTC), settings().demo_seed
    if listing_ids is None:
        bot_runs.look_around(database.run, now=now, seed=seed)
        return
    business_on = database.run(business_date.today)
    bot_runs.look(database.run, listing_ids=listing_ids, business_on=business_on, now=now, seed=seed)


@contextlib.asynccontextmanager
async def reacting(react: React = let_bots_answer) -> AsyncIterator[None]:
    """React to what is committed anywhere in this program, for as long as the server runs."""
    reaction = Reaction(react)
    serving = asyncio.create_task(reaction.serve(), name="bots' answers")
    stop_listening = database.on_commit(reaction.hear)
    try:
        yield
    finally:
        stop_listening()
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)
