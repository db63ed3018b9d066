"""Owns rates: nominal annual rates as Decimal fractions (0.0712 is 7.12 %) of at most six decimals."""

from collections.abc import Iterable
from decimal import Decimal

from p2p_reflex.domain.money import divide_half_even

MILLION = 1_000_000
_SIX_PLACES = -6


def to_millionths(rate: Decimal) -> int:
    """Turn a rate into whole millionths; what does not fit into six decimals raises ValueError."""
    numerator, denominator = rate.as_integer_ratio()
    millionths, rest = divmod(numerator * MILLION, denominator)
    if rest:
        raise ValueError("A rate has at most six decimals.")
    return millionths


def from_millionths(millionths: int) -> Decimal:
    """Turn whole millionths into a rate, always written with six decimals."""
    return Decimal(millionths).scaleb(_SIX_PLACES)


def weighted_average_rate(parts: Iterable[tuple[int, Decimal]]) -> Decimal | None:
    """Average rates by their amounts in cents, half-even to six decimals; None where there is no amount."""
    total_cents = 0
    weighted = 0
    for amount_cents, rate in parts:
        total_cents += amount_cents
        weighted += amount_cents * to_millionths(rate)
    if total_cents <= 0:
        return None
    return from_millionths(divide_half_even(weighted, total_cents))
