"""Owns small makers of what bots see."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from bots.base import BookView, ListingFacts, Market, OwnBid
from p2p_reflex.domain.order_book import OpenBid, rank_key
from p2p_reflex.domain.vocabulary import Grade, Purpose

OWN_LENDER = 77


def a_sight(**changes: Any) -> ListingFacts:
    """Show a good listing of $8,000 that anybody would lend on."""
    facts = ListingFacts(
        listing_id=1,
        borrower_id=9,
        grade=Grade.A,
        credit_score=810,
        debt_to_income=Decimal("0.15"),
        purpose=Purpose.CAR,
        term_months=36,
        amount_cents=8_000_00,
        floor_rate=Decimal("0.059"),
        highest_rate=Decimal("0.12"),
        expected_loss_rate=Decimal("0.0171"),
        minutes_open=300,
        kept_cents=0,
    )
    return facts._replace(**changes)


def a_rival(bid_id: int, dollars: int, rate: str, *, is_bot: bool = False) -> OpenBid:
    """Let somebody else bid."""
    return OpenBid(bid_id, 100 + bid_id, dollars * 100, Decimal(rate), is_bot, bid_id)


def a_market(
    *listings: ListingFacts,
    capital_cents: int = 500_000_00,
    cash_cents: int | None = None,
    bids: Mapping[int, Sequence[OpenBid]] | None = None,
    own_bids: Mapping[int, OwnBid] | None = None,
    by_borrower: Mapping[int, int] | None = None,
    by_grade: Mapping[Grade, int] | None = None,
    seed: int = 7,
) -> Market:
    """Show a market; a listing without bids has an empty book."""
    shown = listings or (a_sight(),)
    books = {}
    for listing in shown:
        ranked = tuple(sorted((bids or {}).get(listing.listing_id, ()), key=rank_key))
        books[listing.listing_id] = BookView(
            ranked,
            sum(bid.amount_cents for bid in ranked),
            sum(bid.amount_cents for bid in ranked if bid.is_bot),
        )
    return Market(
        business_on=date(2026, 11, 20),
        seed=seed,
        capital_cents=capital_cents,
        cash_cents=capital_cents if cash_cents is None else cash_cents,
        listings=shown,
        books=books,
        own_bids=own_bids or {},
        borrower_exposure_cents=by_borrower or {},
        grade_exposure_cents=by_grade or {},
    )
