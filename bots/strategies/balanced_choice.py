"""Owns BalancedChoice Finance: the market's rate, spread over many loans."""

from dataclasses import dataclass
from decimal import Decimal

from bots.base import Bot, ListingFacts, Market
from p2p_reflex.domain.order_book import RATE_TICK
from p2p_reflex.domain.vocabulary import Grade


@dataclass(frozen=True, kw_only=True)
class BalancedChoice(Bot):
    """Lend at what the market says: its own price and the book's average count the same."""

    name: str = "BalancedChoice Finance"
    way: str = "Balanced: market rate, diversified"
    capital_cents: int = 400_000_00
    turn: int = 40
    lowest_score: int = 700
    highest_debt_to_income: Decimal = Decimal("0.36")
    lowest_grade: Grade = Grade.D
    margin_rate: Decimal = Decimal("0.016")
    minimum_return_rate: Decimal = Decimal("0.05")
    bid_share: Decimal = Decimal("0.35")
    loan_share: Decimal = Decimal("0.01")
    borrower_share: Decimal = Decimal("0.015")
    grade_share: Decimal = Decimal("0.30")

    def target_rate(self, listing: ListingFacts, market: Market) -> Decimal:
        """Meet the market half way, in whole ticks."""
        own = Bot.target_rate(self, listing, market)
        average = market.books[listing.listing_id].average_rate
        return own if average is None else (own + average) / 2 // RATE_TICK * RATE_TICK
