"""Owns FlexiLend Partners: asks for more the less of its capital is left."""

from dataclasses import dataclass
from decimal import Decimal

from bots.base import Bot, ListingFacts, Market
from p2p_reflex.domain.vocabulary import Grade

SCORE_STEP = 10
TERM_STEP_MONTHS = 6


@dataclass(frozen=True, kw_only=True)
class FlexiLend(Bot):
    """Lend flexibly: with each fifth of its capital lent, it wants a better score and a shorter term."""

    name: str = "FlexiLend Partners"
    way: str = "Flexible: adapts terms and criteria"
    capital_cents: int = 350_000_00
    turn: int = 50
    lowest_score: int = 680
    highest_debt_to_income: Decimal = Decimal("0.38")
    lowest_grade: Grade = Grade.E
    margin_rate: Decimal = Decimal("0.018")
    minimum_return_rate: Decimal = Decimal("0.055")
    step_rate: Decimal = Decimal("0.0015")
    bid_share: Decimal = Decimal("0.40")
    loan_share: Decimal = Decimal("0.015")
    borrower_share: Decimal = Decimal("0.02")
    grade_share: Decimal = Decimal("0.40")

    def objection(self, listing: ListingFacts, market: Market) -> str | None:
        """Object as every bot does, and to what is not good enough for the capital that is left."""
        against = Bot.objection(self, listing, market)
        if against is not None:
            return against
        fifths = int((1 - min(market.idle_share, Decimal(1))) * 5)
        score = self.lowest_score + fifths * SCORE_STEP
        term_months = self.longest_term_months - fifths * TERM_STEP_MONTHS
        if listing.credit_score < score:
            return f"With so much lent, credit score {listing.credit_score} is under our {score}."
        if listing.term_months > term_months:
            return f"With so much lent, {listing.term_months} months is longer than our {term_months}."
        return None
