"""Owns QuickCash Solutions: small loans, many of them, first to bid."""

from dataclasses import dataclass
from decimal import Decimal

from bots.base import Bot
from p2p_reflex.domain.vocabulary import Grade


@dataclass(frozen=True, kw_only=True)
class QuickCash(Bot):
    """Lend fast: a small part of every small loan, before anybody else has looked."""

    name: str = "QuickCash Solutions"
    way: str = "Fast: small loans, many of them, first to bid"
    capital_cents: int = 200_000_00
    turn: int = 10
    lowest_score: int = 600
    highest_debt_to_income: Decimal = Decimal("0.42")
    lowest_grade: Grade = Grade.E
    longest_term_months: int = 48
    largest_listing_cents: int = 15_000_00
    margin_rate: Decimal = Decimal("0.022")
    minimum_return_rate: Decimal = Decimal("0.055")
    step_rate: Decimal = Decimal("0.0025")
    bid_share: Decimal = Decimal("0.15")
    loan_share: Decimal = Decimal("0.005")
    borrower_share: Decimal = Decimal("0.0075")
    grade_share: Decimal = Decimal("0.40")
