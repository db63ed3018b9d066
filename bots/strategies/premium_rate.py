"""Owns PremiumRate Investors: only the best borrowers, at the lowest rates."""

from dataclasses import dataclass
from decimal import Decimal

from bots.base import Bot
from p2p_reflex.domain.vocabulary import Grade


@dataclass(frozen=True, kw_only=True)
class PremiumRate(Bot):
    """Lend ultra-conservatively: large parts of very good loans."""

    name: str = "PremiumRate Investors"
    way: str = "Ultra-conservative: only the best borrowers"
    capital_cents: int = 750_000_00
    turn: int = 60
    lowest_score: int = 780
    highest_debt_to_income: Decimal = Decimal("0.22")
    lowest_grade: Grade = Grade.A
    margin_rate: Decimal = Decimal("0.004")
    minimum_return_rate: Decimal = Decimal("0.03")
    bid_share: Decimal = Decimal("0.60")
    loan_share: Decimal = Decimal("0.02")
    borrower_share: Decimal = Decimal("0.03")
    grade_share: Decimal = Decimal("1")
