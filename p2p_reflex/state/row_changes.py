"""Owns which rows of a list light up: those that are new or differ from what the browser shows."""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import replace
from typing import Any, TypeVar

R = TypeVar("R")

FADE_SECONDS = 2.0
NEXT = {"": "once", "once": "again", "again": "once"}
"""A row that changes twice lights up twice, because the word in its attribute changes too."""


def light(
    rows: Sequence[R],
    shown: Sequence[R],
    *,
    key: Callable[[R], Hashable],
    figures: Callable[[R], object],
    is_fading: bool,
) -> tuple[list[R], bool]:
    """Return the rows, `changed` set on those that are new or differ in a figure, and whether there are any.

    A row is a dataclass or a dict. While others are still fading, their mark stays.
    """
    known = {key(row): row for row in shown}
    lit, has_news = [], False
    for row in rows:
        old = known.get(key(row))
        before = _changed(old) if old is not None else ""
        if old is not None and figures(old) == figures(row):
            lit.append(_with(row, before if is_fading else ""))
        else:
            lit.append(_with(row, NEXT[before]))
            has_news = True
    return lit, has_news


def _changed(row: Any) -> str:
    return str(row["changed"] if isinstance(row, dict) else row.changed)


def _with(row: Any, changed: str) -> Any:
    if _changed(row) == changed:
        return row
    return {**row, "changed": changed} if isinstance(row, dict) else replace(row, changed=changed)
