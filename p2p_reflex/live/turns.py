"""Owns how the interpreter shares its time, so that nobody's press waits for what others are told."""

import gc
import sys

THREAD_TURN_SECONDS = 0.001
"""Threads that work for the database give way to the event loop five times as often as by default."""

COLLECT_AFTER = (50_000, 20, 50)
"""A thousand open tabs are millions of objects, and one look at all of them takes half a second. Collecting
the young less often lets most of them die first, so that a look at all is rarely due."""


def share_time() -> None:
    """Take shorter turns, and collect garbage later."""
    sys.setswitchinterval(THREAD_TURN_SECONDS)
    gc.set_threshold(*COLLECT_AFTER)
