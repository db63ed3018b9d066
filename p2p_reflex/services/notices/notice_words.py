"""Owns what the sentences of notices are made of: a text with its link, and the words for single facts."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from p2p_reflex.domain import formats
from p2p_reflex.domain.notice_kinds import NoticeEvent

Facts = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class NoticeText:
    """A notice in words: the fact, one line of what it means, and where it leads."""

    title: str
    meaning: str
    path: str
    action: str


Sentences = dict[NoticeEvent, Callable[[Facts], NoticeText]]


def quoted(facts: Facts) -> str:
    """Name the listing or the loan."""
    return f"“{facts['title']}”"


def rate(facts: Facts) -> str:
    """Write the rate."""
    return formats.rate(Decimal(facts["rate"]))


def day(facts: Facts, name: str) -> str:
    """Write one of the dates."""
    return formats.long_date(date.fromisoformat(facts[name]))


def listing_path(facts: Facts) -> str:
    """Lead to the listing."""
    return f"/listings/{facts['listing_id']}"


def loan_path(facts: Facts) -> str:
    """Lead to the loan."""
    return f"/loans/{facts['loan_id']}"
