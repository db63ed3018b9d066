"""Owns the level installment: the exact annuity in whole numbers, and its smoothing."""

from collections.abc import Sequence
from decimal import Decimal
from math import gcd

from p2p_reflex.domain.money import divide_half_even
from p2p_reflex.domain.rates import MILLION, to_millionths

SMOOTHING_ROUNDS = 3
_SCALE_BITS = 256
_SCALE = 1 << _SCALE_BITS
_GUARD_BITS = 64
_HALF = 1 << (_GUARD_BITS - 1)


def monthly_factor(annual_rate: Decimal) -> tuple[int, int]:
    """Give rate / 12 as a reduced fraction of two whole numbers; a negative rate raises ValueError."""
    millionths = to_millionths(annual_rate)
    if millionths < 0:
        raise ValueError("A rate cannot be negative.")
    common = gcd(millionths, 12 * MILLION)
    return millionths // common, 12 * MILLION // common


def annuity_cents(principal_cents: int, numerator: int, denominator: int, term_months: int) -> int:
    """Round A = P·i / (1 − (1+i)^−n) half-even to the cent, with i = numerator / denominator.

    The power is taken in 256-bit fixed point; where that cannot decide a half cent, exactly.
    """
    if numerator == 0:
        return divide_half_even(principal_cents, term_months)
    growth = _fixed_power(((denominator + numerator) << _SCALE_BITS) // denominator, term_months)
    scaled = ((principal_cents * numerator * growth) << _GUARD_BITS) // (denominator * (growth - _SCALE))
    if abs((scaled & (2 * _HALF - 1)) - _HALF) > 2:
        return (scaled + _HALF) >> _GUARD_BITS
    grown = (denominator + numerator) ** term_months
    return divide_half_even(
        principal_cents * numerator * grown, denominator * (grown - denominator**term_months)
    )


def uneven_annuity_cents(principal_cents: int, numerators: Sequence[int], denominator: int) -> int:
    """Round A = P·Π(1+f_k) / Σ_k Π_{j>k}(1+f_j) half-even to the cent.

    f_k = numerator_k / denominator is what period k earns on one unit of principal.
    """
    product = 1
    total = 0
    power = 1
    for numerator in numerators:
        product *= denominator + numerator
        power *= denominator
        total = total * (denominator + numerator) + power
    return divide_half_even(principal_cents * product, total)


def is_hopeless(
    balance_cents: int,
    installment_cents: int,
    numerator: int,
    denominator: int,
    months: int,
    gap_cents: int,
) -> bool:
    """Tell whether running a balance down must end further from zero than the gap already known.

    Without rounding it ends at b·v − A·(v − 1)/i with v = (1+i)^months; rounding each month's interest by
    at most half a cent moves that by at most (v − 1)/2i. One cent more covers the fixed point.
    """
    if numerator == 0:
        return False
    growth = _fixed_power(((denominator + numerator) << _SCALE_BITS) // denominator, months)
    grown = denominator * (growth - _SCALE)
    end = abs(balance_cents * numerator * growth - installment_cents * grown)
    return end - grown // 2 >= (abs(gap_cents) + 1) * numerator << _SCALE_BITS


def smoothed(installment_cents: int, gap_cents: int, term_months: int) -> int:
    """Give the next installment to try: A + (last − A) / n, half-even to the cent."""
    return installment_cents + divide_half_even(gap_cents, term_months)


def needs_smoothing(gap_cents: int, term_months: int) -> bool:
    """Tell whether the last installment is too far from the others: |last − A| in cents > ⌊n/2⌋."""
    return abs(gap_cents) > term_months // 2


def _fixed_power(base: int, exponent: int) -> int:
    result = _SCALE
    while True:
        if exponent & 1:
            result = (result * base) >> _SCALE_BITS
        exponent >>= 1
        if not exponent:
            return result
        base = (base * base) >> _SCALE_BITS
