"""Owns what a bot asks for a loan, and the lowest rate at which it still expects to earn.

Every figure comes from 42,535 LendingClub loans of 2007 to 2011 (`lendingclub_outcomes_by_grade.csv`); how is
told in `docs/bots.md`, and a test works each of them out again.
"""

from decimal import ROUND_CEILING, Decimal
from functools import lru_cache
from zlib import crc32

from p2p_reflex.domain.fees import SERVICING_FEE_RATE
from p2p_reflex.domain.money import round_half_even
from p2p_reflex.domain.order_book import RATE_TICK
from p2p_reflex.domain.returns import servicing_cost_rate
from p2p_reflex.domain.vocabulary import Purpose

POINT_RATE = Decimal("0.0015")
"""What one point on the scorecard was worth: the average rates of the grades lie on a line this steep."""

BASE_RATE = Decimal("0.062")
"""What that line asks for the best score, debt and purpose, with three quarters of the other points."""

TERM_RATE = Decimal("0.00026")
"""What a month more than 36 was worth: 60-month loans paid 0.63 points more than 36-month ones."""

BEST_SCORE_POINTS = 50
POINTS_FROM_SCORE = 579
SCORE_PER_POINT = 4
LOWEST_SCORE_POINTS = -20
FREE_DEBT_PERCENT = 11
MOST_DEBT_POINTS = 42
USUAL_TERM_MONTHS = 36

PURPOSE_POINTS = {
    Purpose.SMALL_BUSINESS: 8,
    Purpose.MOVING: 4,
    Purpose.VACATION: 4,
    Purpose.MEDICAL: 3,
    Purpose.OTHER: 3,
    Purpose.MAJOR_PURCHASE: 2,
    Purpose.WEDDING: 2,
    Purpose.EDUCATION: 2,
}
"""Points the published scorecard takes off for a purpose; the others cost nothing."""

_FINE = Decimal("0.0001")
_COARSE = Decimal("0.0025")


@lru_cache(maxsize=16_384)
def risk_rate(score: int, debt_to_income: Decimal, purpose: Purpose, term_months: int) -> Decimal:
    """Price what a borrower lacks: 0.15 percent for each point short of the best, and the term."""
    scored = max(LOWEST_SCORE_POINTS, min(BEST_SCORE_POINTS, (score - POINTS_FROM_SCORE) // SCORE_PER_POINT))
    debt_points = min(max(round_half_even(debt_to_income * 100) - FREE_DEBT_PERCENT, 0), MOST_DEBT_POINTS)
    lost_points = BEST_SCORE_POINTS - scored + debt_points + PURPOSE_POINTS.get(purpose, 0)
    return POINT_RATE * lost_points + TERM_RATE * (term_months - USUAL_TERM_MONTHS)


def asking_rate(*, risk: Decimal, margin_rate: Decimal, luck: int) -> Decimal:
    """Add up a bot's opening rate in whole ticks: base + risk + margin, and a few ticks of luck."""
    return (BASE_RATE + risk + margin_rate) // RATE_TICK * RATE_TICK + RATE_TICK * luck


@lru_cache(maxsize=16_384)
def lowest_rate(expected_loss_rate: Decimal, term_months: int, minimum_return_rate: Decimal) -> Decimal:
    """Find the rate under which less than the minimum return is left after expected loss and servicing.

    Rounded up to a hundredth of a percent, so that never less than the minimum is expected.
    """
    wanted = expected_loss_rate + minimum_return_rate
    exact = (wanted + _principal_fee(wanted // _COARSE * _COARSE, term_months)) / (1 - SERVICING_FEE_RATE)
    return exact.quantize(_FINE, rounding=ROUND_CEILING)


def expected_return(rate: Decimal, expected_loss_rate: Decimal, term_months: int) -> Decimal:
    """Expect a yearly return: rate less servicing less expected loss, good to a hundredth of a percent."""
    principal_fee = _principal_fee(rate // _COARSE * _COARSE, term_months)
    return rate - SERVICING_FEE_RATE * rate - principal_fee - expected_loss_rate


def luck_of(seed: int, name: str, listing_id: int, most: int = 2) -> int:
    """Throw the same dice for the same seed, bot and listing: a whole number from −most to most."""
    return crc32(f"{seed}:{name}:{listing_id}".encode()) % (2 * most + 1) - most


@lru_cache(maxsize=16_384)
def _principal_fee(rate: Decimal, term_months: int) -> Decimal:
    """Give the part of the servicing cost taken from returned principal; it hardly moves with the rate."""
    return servicing_cost_rate(rate=rate, term_months=term_months) - SERVICING_FEE_RATE * rate
