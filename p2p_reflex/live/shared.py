"""Owns answers that many browsers ask for at once: one query serves all that ask for the same."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from typing import Any, TypeVar

from p2p_reflex.live.changes import Changes

R = TypeVar("R")

MOST_ANSWERS = 2_000
LONGEST_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class _Answer:
    moment: int
    asked_at: float
    topics: tuple[str, ...]
    coming: asyncio.Future[Any]


class SharedAnswers:
    """Keep answers until one of their topics changes, and never longer than a second.

    The second is for changes that another program made in the same database, of which this one does not
    hear. Whoever gets an answer must not change it. Off, every question is asked anew.
    """

    def __init__(
        self, changes: Changes, *, most: int = MOST_ANSWERS, longest: float = LONGEST_SECONDS
    ) -> None:
        self.is_on = False
        self._changes, self._most, self._longest = changes, most, longest
        self._answers: OrderedDict[Hashable, _Answer] = OrderedDict()

    def __len__(self) -> int:
        return len(self._answers)

    async def get(self, key: Hashable, topics: tuple[str, ...], ask: Callable[[], Awaitable[R]]) -> R:
        """Return the answer under a key, asked for now or a moment ago by somebody else."""
        if not self.is_on:
            return await ask()
        known = self._answers.get(key)
        if known is None or not self._is_fresh(known):
            known = self._ask(key, topics, ask)
        # One who gives up waiting must not take the answer from the others.
        return await asyncio.shield(known.coming)

    def clear(self) -> None:
        """Forget everything."""
        self._answers.clear()

    def _ask(self, key: Hashable, topics: tuple[str, ...], ask: Callable[[], Awaitable[R]]) -> _Answer:
        coming = asyncio.ensure_future(ask())
        coming.add_done_callback(lambda done: self._drop_failed(key, done))
        answer = _Answer(self._changes.now, time.monotonic(), topics, coming)
        self._answers[key] = answer
        self._answers.move_to_end(key)
        while len(self._answers) > self._most:
            self._answers.popitem(last=False)
        return answer

    def _is_fresh(self, answer: _Answer) -> bool:
        is_young = time.monotonic() - answer.asked_at < self._longest
        return is_young and not self._changes.any_since(answer.moment, answer.topics)

    def _drop_failed(self, key: Hashable, done: asyncio.Future[Any]) -> None:
        """Ask again next time; those who waited for this one hear of the failure."""
        if done.cancelled() or done.exception() is not None:
            known = self._answers.get(key)
            if known is not None and known.coming is done:
                del self._answers[key]
