"""Owns GrowthMax Lending: higher risk for higher return, broad."""

from dataclasses import dataclass
from decimal import Decimal

from bots.base import Bot
from p2p_reflex.domain.vocabulary import Grade


@dataclass(frozen=True, kw_only=True)
class GrowthMax(Bot):
    """Lend aggressively: almost anybody, for a good return."""

    name: str = "GrowthMax Lending"
    way: str = "Aggressive: higher risk for higher return, broad"
    capital_cents: int = 300_000_00
    turn: int = 20
    lowest_score: int = 650
    highest_debt_to_income: Decimal = Decimal("0.45")
    lowest_grade: Grade = Grade.F
    margin_rate: Decimal = Decimal("0.026")
    minimum_return_rate: Decimal = Decimal("0.065")
    step_rate: Decimal = Decimal("0.002")
    bid_share: Decimal = Decimal("0.45")
    loan_share: Decimal = Decimal("0.02")
    borrower_share: Decimal = Decimal("0.03")
    grade_share: Decimal = Decimal("0.35")
