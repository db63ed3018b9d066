"""Owns the short texts in a bot's reasons; the same few figures come up again and again, so they are kept."""

from decimal import Decimal
from functools import lru_cache

from p2p_reflex.domain import formats


@lru_cache(maxsize=4096)
def percent(share: Decimal) -> str:
    """Write a share with as many decimals as it takes, at most two: 47 %, 40.3 %."""
    shown = format((share * 100).quantize(Decimal("0.01")), "f").rstrip("0").rstrip(".")
    return f"{shown} %"


@lru_cache(maxsize=4096)
def rate(value: Decimal) -> str:
    """Write a rate: 10.45 %."""
    return formats.rate(value)


@lru_cache(maxsize=1024)
def dollars(cents: int) -> str:
    """Write an amount in whole dollars."""
    return formats.whole_money(cents)
