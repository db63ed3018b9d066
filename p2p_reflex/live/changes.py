"""Owns the memory of which topics changed when, so that an answer can be told to be of before or after."""

import threading
from collections import OrderedDict
from collections.abc import Iterable

MOST_TOPICS = 10_000


class Changes:
    """Number every change; asked from any thread.

    A topic that was forgotten, because so many others changed since, counts as changed when the newest
    forgotten one did: an answer may be taken for older than it is, never for newer.
    """

    def __init__(self, most_topics: int = MOST_TOPICS) -> None:
        self._most = most_topics
        self._lock = threading.Lock()
        self._changed_at: OrderedDict[str, int] = OrderedDict()
        self._forgotten_at = 0
        self.now = 0

    def note(self, topics: Iterable[str]) -> None:
        """Remember that these topics have changed."""
        with self._lock:
            self.now += 1
            for topic in topics:
                self._changed_at[topic] = self.now
                self._changed_at.move_to_end(topic)
            while len(self._changed_at) > self._most:
                self._forgotten_at = self._changed_at.popitem(last=False)[1]

    def any_since(self, moment: int, topics: Iterable[str]) -> bool:
        """Tell whether one of these topics changed after a moment, which was `now` once."""
        with self._lock:
            return any(self._changed_at.get(topic, self._forgotten_at) > moment for topic in topics)
