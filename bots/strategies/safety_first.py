"""Owns SafetyFirst Capital: safe purposes, low debt, low rates."""

from dataclasses import dataclass
from decimal import Decimal

from bots.base import Bot
from p2p_reflex.domain.vocabulary import Grade, Purpose


@dataclass(frozen=True, kw_only=True)
class SafetyFirst(Bot):
    """Lend conservatively: what it lends for is paid back out of what is there already."""

    name: str = "SafetyFirst Capital"
    way: str = "Conservative: safe purposes, low debt, low rates"
    capital_cents: int = 500_000_00
    turn: int = 30
    lowest_score: int = 750
    highest_debt_to_income: Decimal = Decimal("0.28")
    lowest_grade: Grade = Grade.B
    purposes: frozenset[Purpose] = frozenset(
        {
            Purpose.DEBT_CONSOLIDATION,
            Purpose.CREDIT_CARD,
            Purpose.HOME_IMPROVEMENT,
            Purpose.CAR,
            Purpose.GREEN_ENERGY,
        }
    )
    longest_term_months: int = 48
    margin_rate: Decimal = Decimal("0.009")
    minimum_return_rate: Decimal = Decimal("0.035")
    bid_share: Decimal = Decimal("0.50")
    loan_share: Decimal = Decimal("0.02")
    borrower_share: Decimal = Decimal("0.03")
    grade_share: Decimal = Decimal("0.70")
