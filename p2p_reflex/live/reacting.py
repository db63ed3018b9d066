"""Owns the answer of the bots to what people do: at once, for the listings concerned, never to themselves."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextvars import ContextVar
from datetime import UTC, datetime

from p2p_reflex import database
from p2p_reflex.services import bot_runs, business_date
from p2p_reflex.services.touched import BOTS, listing_ids_in
from p2p_reflex.settings import settings

logger = logging.getLogger(__name__)

WAIT_SECONDS = 0.15
FIRST_RETRY_SECONDS = 0.5
LONGEST_RETRY_SECONDS = 8.0
MOST_LISTINGS = 100

_is_reacting: ContextVar[bool] = ContextVar("is_reacting", default=False)

React = Callable[[Sequence[int]], None]


class Reaction:
    """Gather the listings that people changed, and react to them together, in a thread."""

    def __init__(self, react: React, *, wait: float = WAIT_SECONDS) -> None:
        self._react, self._wait = react, wait
        self._waiting: set[int] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._wake = asyncio.Event()

    def hear(self, topics: frozenset[str]) -> None:
        """Take note of a commit, from any thread; what the bots did themselves is not answered."""
        listing_ids = listing_ids_in(topics)
        loop = self._loop
        if not listing_ids or BOTS in topics or _is_reacting.get() or loop is None or loop.is_closed():
            return
        loop.call_soon_threadsafe(self._gather, listing_ids)

    async def serve(self) -> None:
        """React until cancelled; what fails is tried again, together with what came since."""
        self._loop, self._wake = asyncio.get_running_loop(), asyncio.Event()
        failures = 0
        try:
            while True:
                await self._wake.wait()
                await asyncio.sleep(self._wait)
                listing_ids = sorted(self._waiting)[:MOST_LISTINGS]
                self._waiting.difference_update(listing_ids)
                if not self._waiting:
                    self._wake.clear()
                try:
                    await asyncio.to_thread(self._react_quietly, listing_ids)
                    failures = 0
                except Exception as error:
                    if not failures:
                        logger.warning("The bots could not answer, and will: %s", error, exc_info=error)
                    await asyncio.sleep(min(FIRST_RETRY_SECONDS * 2**failures, LONGEST_RETRY_SECONDS))
                    failures = min(failures + 1, 8)
                    self._gather(set(listing_ids))
        finally:
            self._loop = None

    def _gather(self, listing_ids: set[int]) -> None:
        self._waiting |= listing_ids
        self._wake.set()

    def _react_quietly(self, listing_ids: Sequence[int]) -> None:
        """React so that what it commits is not heard as something that people did."""
        _is_reacting.set(True)
        self._react(listing_ids)


def let_bots_answer(listing_ids: Sequence[int]) -> None:
    """Let every running bot look at these listings, as far as they are open."""
    database.run(
        bot_runs.run_round,
        listing_ids=listing_ids,
        business_on=database.run(business_date.today),
        now=datetime.now(UTC),
        seed=settings().demo_seed,
    )


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
