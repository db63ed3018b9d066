"""Owns who hears of what: the tabs that are open, the topics their screens show, and when each is told.

Everything but `publish` and `shared` runs in the event loop's own thread. One tab is one entry here, gone
with its socket; there is no task per tab, only while it is being told something.
"""

import asyncio
import heapq
import itertools
import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field

from p2p_reflex.live.changes import Changes
from p2p_reflex.live.shared import SharedAnswers

logger = logging.getLogger(__name__)

WINDOW_SECONDS = 0.05
"""What happens within this time of the last news is told together."""
FIRST_SECONDS = 0.01
"""A tab at rest hears of the first news at once, and of what comes right after it within the window."""
TABS_AT_ONCE = 4
CROWD = 16
BREATH_SECONDS = 0.001
SLOW_SECONDS = 1.0
FIRST_RETRY_SECONDS = 0.25
LONGEST_RETRY_SECONDS = 4.0
REST = 4


class NotNow(Exception):
    """A tab cannot take anything at this moment; it is tried again like one that failed."""


@dataclass(frozen=True, slots=True)
class Watch:
    """What one screen of a tab shows, and the seconds to leave between two looks at it."""

    topics: frozenset[str]
    gap: float


@dataclass(slots=True, eq=False)
class Tab:
    """One open tab: its socket, the token its state is kept under, and what it waits to be told."""

    sid: str
    token: str = ""
    path: str = ""
    watches: dict[type, Watch] = field(default_factory=dict)
    pending: dict[type, set[str]] = field(default_factory=dict)
    is_waiting: bool = False
    is_busy: bool = False
    rests_until: float = 0.0
    failures: int = 0


Deliver = Callable[[Tab, Mapping[type, frozenset[str]]], Awaitable[None]]


class Hub:
    """Tell tabs of changes: what happens within a window is told at once, and nobody waits for a slow tab."""

    def __init__(self, *, window: float = WINDOW_SECONDS, at_once: int = TABS_AT_ONCE) -> None:
        self.changes = Changes()
        self.shared = SharedAnswers(self.changes)
        self._window, self._at_once = window, at_once
        self._tabs: dict[str, Tab] = {}
        self._by_topic: dict[str, set[Tab]] = defaultdict(set)
        self._queue: list[tuple[float, int, Tab]] = []
        self._order = itertools.count()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._wake = asyncio.Event()
        self._running: set[asyncio.Task[None]] = set()
        self._slow: set[asyncio.Task[None]] = set()

    def connect(self, sid: str) -> None:
        """Take in a socket that just opened."""
        self._tabs[sid] = Tab(sid)

    def disconnect(self, sid: str) -> None:
        """Forget a socket that closed, and everything it waited for."""
        tab = self._tabs.pop(sid, None)
        if tab is not None:
            self._forget_watches(tab)

    def watch(
        self, *, sid: str, token: str, path: str, screen: type, topics: Iterable[str], gap: float = 0.0
    ) -> None:
        """Let a screen of an open tab hear of topics from now on; on another path the old ones are over."""
        tab = self._tabs.get(sid)
        if tab is None:
            return
        if (tab.token, tab.path) != (token, path):
            self._forget_watches(tab)
            tab.token, tab.path = token, path
        known = tab.watches.get(screen)
        wanted = Watch(frozenset(topics), gap)
        if known == wanted:
            return
        tab.watches[screen] = wanted
        for topic in wanted.topics:
            self._by_topic[topic].add(tab)
        self._unlink(tab, known.topics - wanted.topics if known else ())

    def ignore(self, *, sid: str, screen: type) -> None:
        """Let a screen hear of nothing any more."""
        tab = self._tabs.get(sid)
        if tab is not None and screen in tab.watches:
            gone = tab.watches.pop(screen)
            tab.pending.pop(screen, None)
            self._unlink(tab, gone.topics)

    def publish(self, topics: frozenset[str]) -> None:
        """Tell, from any thread, that something has changed for good."""
        self.changes.note(topics)
        loop = self._loop
        if loop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(self._arrive, topics)

    async def serve(self, deliver: Deliver) -> None:
        """Tell the tabs until cancelled; everything is forgotten then."""
        self._loop = asyncio.get_running_loop()
        self._wake = asyncio.Event()
        self.shared.is_on = True
        try:
            while True:
                await self._next_is_due()
                tab = heapq.heappop(self._queue)[2]
                tab.is_waiting = False
                if self._tabs.get(tab.sid) is tab and tab.pending:
                    self._start(tab, deliver)
                # With many in line the loop is left to others in between; a press of a button comes first.
                await asyncio.sleep(BREATH_SECONDS if len(self._queue) >= CROWD else 0)
        finally:
            self._loop = None
            self.shared.is_on = False
            self.shared.clear()
            for task in tuple(self._running):
                task.cancel()
            self._queue.clear()

    def counts(self) -> dict[str, int]:
        """Count what is kept, for health and for tests."""
        return {
            "tabs": len(self._tabs),
            "topics": len(self._by_topic),
            "waiting": len(self._queue),
            "running": len(self._running),
            "answers": len(self.shared),
        }

    def _arrive(self, topics: frozenset[str]) -> None:
        """Note for each tab that shows one of these topics what it has to hear."""
        for topic in topics & self._by_topic.keys():
            for tab in self._by_topic[topic]:
                for screen, watch in tab.watches.items():
                    if topic in watch.topics:
                        tab.pending.setdefault(screen, set()).add(topic)
                self._line_up(tab)

    def _line_up(self, tab: Tab) -> None:
        if tab.is_waiting or tab.is_busy or self._loop is None:
            return
        tab.is_waiting = True
        due = max(self._loop.time() + min(FIRST_SECONDS, self._window), tab.rests_until)
        heapq.heappush(self._queue, (due, next(self._order), tab))
        self._wake.set()

    async def _next_is_due(self) -> None:
        """Wait until the first tab in line is due and there is room to tell it."""
        loop = asyncio.get_running_loop()
        while True:
            self._wake.clear()
            if len(self._running) - len(self._slow) >= self._at_once or not self._queue:
                await self._wake.wait()
                continue
            delay = self._queue[0][0] - loop.time()
            if delay <= 0:
                return
            timer = loop.call_later(delay, self._wake.set)
            await self._wake.wait()
            timer.cancel()

    def _start(self, tab: Tab, deliver: Deliver) -> None:
        loop = asyncio.get_running_loop()
        tab.is_busy = True
        task = loop.create_task(self._tell(tab, deliver))
        self._running.add(task)
        timer = loop.call_later(SLOW_SECONDS, self._step_aside, task)
        task.add_done_callback(lambda done: self._finish(tab, done, timer))

    def _step_aside(self, task: asyncio.Task[None]) -> None:
        """Let others be told beside a tab that takes long."""
        self._slow.add(task)
        self._wake.set()

    def _finish(self, tab: Tab, task: asyncio.Task[None], timer: asyncio.TimerHandle) -> None:
        timer.cancel()
        self._running.discard(task)
        self._slow.discard(task)
        tab.is_busy = False
        if tab.pending and self._tabs.get(tab.sid) is tab:
            self._line_up(tab)
        self._wake.set()

    async def _tell(self, tab: Tab, deliver: Deliver) -> None:
        """Tell one tab what it waits for; where that fails, the same and what came since once more later."""
        loop = asyncio.get_running_loop()
        pending, tab.pending = tab.pending, {}
        told = {screen: frozenset(topics) for screen, topics in pending.items()}
        started = loop.time()
        try:
            await deliver(tab, told)
            tab.failures = 0
            gap = max((tab.watches[screen].gap for screen in told if screen in tab.watches), default=0.0)
            now = loop.time()
            tab.rests_until = now + max(gap, self._window, REST * (now - started))
        except Exception as error:
            self._postpone(tab, told, error)

    def _postpone(self, tab: Tab, told: Mapping[type, frozenset[str]], error: Exception) -> None:
        """Put back what could not be told, and wait longer each time it fails."""
        if tab.failures == 0 and not isinstance(error, NotNow):
            logger.warning("A tab could not be told of a change, and will be: %s", error, exc_info=error)
        delay = min(FIRST_RETRY_SECONDS * 2**tab.failures, LONGEST_RETRY_SECONDS)
        tab.failures = min(tab.failures + 1, 16)
        tab.rests_until = asyncio.get_running_loop().time() + delay
        for screen, topics in told.items():
            if screen in tab.watches:
                tab.pending.setdefault(screen, set()).update(topics)

    def _forget_watches(self, tab: Tab) -> None:
        topics = {topic for watch in tab.watches.values() for topic in watch.topics}
        tab.watches.clear()
        tab.pending.clear()
        self._unlink(tab, topics)

    def _unlink(self, tab: Tab, topics: Iterable[str]) -> None:
        """Take a tab from the lists of topics that none of its screens shows."""
        for topic in topics:
            if any(topic in watch.topics for watch in tab.watches.values()):
                continue
            tabs = self._by_topic.get(topic)
            if tabs is not None:
                tabs.discard(tab)
                if not tabs:
                    del self._by_topic[topic]


hub = Hub()
