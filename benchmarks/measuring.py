"""Owns how two ways of doing the same thing are timed against each other."""

import gc
import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True, slots=True)
class Comparison:
    """How fast we and a peer did the same, in things per second, and how many times faster we mean to be."""

    what: str
    ours_per_second: float
    peer: str
    peer_per_second: float
    goal: float

    @property
    def ratio(self) -> float:
        """Tell how many times as fast as the peer we were."""
        return self.ours_per_second / self.peer_per_second

    @property
    def is_reached(self) -> bool:
        """Tell whether the goal was reached in this run."""
        return self.ratio >= self.goal

    def cells(self) -> tuple[str, ...]:
        """Write the row of the table."""
        mark = "reached" if self.is_reached else "MISSED"
        return (
            self.what,
            f"{self.ours_per_second:,.0f}/s",
            self.peer,
            f"{self.peer_per_second:,.0f}/s",
            f"{self.ratio:.2f}x",
            f"{self.goal:g}x {mark}",
        )


@dataclass(frozen=True, slots=True)
class Limit:
    """A figure that was measured, and the most it may be."""

    what: str
    figure: float
    most: float

    @property
    def is_reached(self) -> bool:
        """Tell whether the figure stayed within its limit in this run."""
        return self.figure <= self.most

    def cells(self) -> tuple[str, ...]:
        """Write the row of the table."""
        mark = "reached" if self.is_reached else "MISSED"
        return self.what, f"{self.figure:,.1f}", "", "", "", f"at most {self.most:g} {mark}"


def alternate(
    ours: Callable[[], object], peer: Callable[[], object], *, rounds: int = 15, things: int = 1
) -> tuple[float, float]:
    """Time two calls turn by turn, so that the machine's moods hit both, and give medians per second."""
    ours()
    peer()
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds):
        for place, call in enumerate((ours, peer)):
            gc.collect()
            started = time.perf_counter()
            call()
            times[place].append(time.perf_counter() - started)
    return things / median(times[0]), things / median(times[1])
