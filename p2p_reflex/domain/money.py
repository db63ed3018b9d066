"""Owns rounding: the only module in which a fraction of a cent becomes whole cents, half to even."""

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction


def round_half_even(value: Decimal | Fraction) -> int:
    """Round to the nearest whole number, a half to the even neighbour.

    NaN raises ValueError and an infinity OverflowError; neither is ever an amount.
    """
    return round(value)


def divide_half_even(numerator: int, denominator: int) -> int:
    """Round numerator / denominator half to even, in whole numbers only; the denominator is positive."""
    quotient, remainder = divmod(numerator, denominator)
    twice = 2 * remainder
    if twice > denominator or (twice == denominator and quotient & 1):
        quotient += 1
    return quotient


def portion_cents(amount_cents: int, rate: Decimal) -> int:
    """Take a share of an amount; the rate is a fraction (0.01 is 1 %), the result whole cents, half-even."""
    numerator, denominator = rate.as_integer_ratio()
    return divide_half_even(amount_cents * numerator, denominator)


def split_cents(total_cents: int, weights: Sequence[int]) -> list[int]:
    """Split a total by weights: floor first, then the largest remainders, ties by position.

    Law: the parts sum to the total exactly, and each is the floor or the ceiling of its share.
    A negative total or weight, or money with nobody to take it, raises ValueError.
    """
    if total_cents < 0:
        raise ValueError("A total to split cannot be negative.")
    if any(weight < 0 for weight in weights):
        raise ValueError("A weight cannot be negative.")
    whole = sum(weights)
    if whole == 0:
        if total_cents:
            raise ValueError("Nobody has a weight, so there is nobody to take the money.")
        return [0] * len(weights)
    parts = []
    remainders = []
    for weight in weights:
        part, remainder = divmod(total_cents * weight, whole)
        parts.append(part)
        remainders.append(remainder)
    missing = total_cents - sum(parts)
    if missing:
        by_remainder = sorted(range(len(parts)), key=remainders.__getitem__, reverse=True)
        for position in by_remainder[:missing]:
            parts[position] += 1
    return parts
