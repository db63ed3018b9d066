"""Owns the guess at where a listing's rate will end, and on what it rests."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction

from p2p_reflex.domain.money import round_half_even
from p2p_reflex.domain.rates import from_millionths, to_millionths
from p2p_reflex.domain.vocabulary import Grade

FEWEST_COMPARABLE = 5
COMPARABLE_DAYS = 90
QUARTER_MILLIONTHS = 2_500

AVERAGE_RATES = {
    Grade.A: Decimal("0.0734"),
    Grade.B: Decimal("0.1102"),
    Grade.C: Decimal("0.1355"),
    Grade.D: Decimal("0.1572"),
    Grade.E: Decimal("0.1772"),
    Grade.F: Decimal("0.1976"),
    Grade.G: Decimal("0.2139"),
}
"""What 42,535 LendingClub loans of 2007 to 2011 paid on average, by grade, both terms by their number."""


@dataclass(frozen=True, slots=True)
class LikelyRate:
    """A range of rates with its middle; `comparable_count` is 0 where the grade's average had to do.

    `is_within_reach` says whether the borrower's highest rate lies in the range or above it.
    """

    low_rate: Decimal
    middle_rate: Decimal
    high_rate: Decimal
    comparable_count: int
    is_within_reach: bool = True


def likely_rate(*, grade: Grade, floor_rate: Decimal, comparable_rates: Sequence[Decimal]) -> LikelyRate:
    """Take the middle half of where comparable listings ended; with fewer than five, the grade's average.

    Around the average the range reaches as far up as it does down, half of the way to the floor.
    """
    if len(comparable_rates) >= FEWEST_COMPARABLE:
        ranked = sorted(max(rate, floor_rate) for rate in comparable_rates)
        low, middle, high = (_quantile(ranked, Fraction(part, 4)) for part in (1, 2, 3))
        return LikelyRate(low, middle, high, len(ranked))
    middle = max(AVERAGE_RATES[grade], floor_rate)
    low = _shown((Fraction(floor_rate) + Fraction(middle)) / 2)
    return LikelyRate(low, middle, 2 * middle - low, 0)


def capped(likely: LikelyRate, *, highest_rate: Decimal) -> LikelyRate:
    """Cut a range off at the highest rate the borrower would pay."""
    return replace(
        likely,
        low_rate=min(likely.low_rate, highest_rate),
        middle_rate=min(likely.middle_rate, highest_rate),
        high_rate=min(likely.high_rate, highest_rate),
        is_within_reach=highest_rate >= likely.low_rate,
    )


def suggested_highest_rate(likely: LikelyRate, *, ceiling_rate: Decimal) -> Decimal:
    """Propose a highest rate with some room above the range: a point more, in steps of a quarter."""
    steps = -(-to_millionths(likely.high_rate + Decimal("0.01")) // QUARTER_MILLIONTHS)
    return min(from_millionths(steps * QUARTER_MILLIONTHS), ceiling_rate)


def _quantile(ranked: Sequence[Decimal], part: Fraction) -> Decimal:
    """Read a quantile off ranked rates, on a straight line between neighbours."""
    place = part * (len(ranked) - 1)
    below = int(place)
    above = min(below + 1, len(ranked) - 1)
    lower, upper = Fraction(ranked[below]), Fraction(ranked[above])
    return _shown(lower + (upper - lower) * (place - below))


def _shown(rate: Fraction) -> Decimal:
    """Round a guess to what is shown of it, a hundredth of a percent."""
    return Decimal(round_half_even(rate * 10_000)).scaleb(-4)
