"""Owns a bot's turn to decide: in a thread of its own and by a deadline, whatever its strategy does."""

import contextlib
import ctypes
import threading
from collections.abc import Callable, Sequence
from typing import Any

from p2p_reflex.services.bots.bot_outcomes import told

GRACE_SECONDS = 0.25
"""So long a round waits for a bot with its transaction open; a usual turn takes some thousandths of this."""

DEADLINE_SECONDS = 5.0
TOO_LONG = f"It took longer than {DEADLINE_SECONDS:g} seconds to decide."


class _Abandoned(BaseException):
    """Raised in the thread of a bot that is no longer waited for; no bot catches it by chance."""


class Turn:
    """What one bot decides; it can touch nothing but what it was shown, so it may be left alone at any time.

    Once settled it has either `proposals`, or a `fault` in a sentence.
    """

    def __init__(self, choose: Callable[[], Sequence[Any]]) -> None:
        self.proposals: Sequence[Any] = ()
        self.fault = ""
        self._choose = choose
        self._ending = threading.Lock()
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._decide_alone, name="a bot's turn", daemon=True)
        self._thread.start()

    def is_settled(self, *, within_seconds: float) -> bool:
        """Wait for the bot so long, and tell whether it is done."""
        return self._is_over.wait(within_seconds)

    def settle(self) -> None:
        """Wait for the bot until its deadline; then it is at fault, and its thread is asked to end."""
        if self.is_settled(within_seconds=DEADLINE_SECONDS):
            return
        with self._ending:
            if not self._is_over.is_set():
                self._end(fault=TOO_LONG)
                # Ends a loop in Python at its next step; one in C, or a sleep, once it comes back.
                ident = ctypes.c_ulong(self._thread.ident or 0)
                ctypes.pythonapi.PyThreadState_SetAsyncExc(ident, ctypes.py_object(_Abandoned))

    def _decide_alone(self) -> None:
        with contextlib.suppress(_Abandoned):
            self._decide()

    def _decide(self) -> None:
        proposals: Sequence[Any] = ()
        fault = ""
        try:
            proposals = self._choose()
        except _Abandoned:
            raise
        except BaseException as error:  # whatever breaks in a bot stops that bot and nobody else
            fault = told(error)
        with self._ending:
            if not self._is_over.is_set():
                self._end(proposals, fault)

    def _end(self, proposals: Sequence[Any] = (), fault: str = "") -> None:
        self.proposals, self.fault = proposals, fault
        self._is_over.set()


class SlowBotError(Exception):
    """Ask for another try once a bot's turn is settled: the round was given up, and holds nothing."""

    def __init__(self, bot_id: int, turn: Turn) -> None:
        super().__init__("A bot takes its time.")
        self.bot_id = bot_id
        self.turn = turn
