"""What a bid would do, said beforehand, and the winners of published quotes."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.engine import Engine

from p2p_reflex import database as house
from p2p_reflex.services.bidding import book_rows
from tests import bidders
from tests.bidders import make
from tests.builders import a_borrower, a_lender, a_listing

ZOPA = Path(__file__).resolve().parents[4] / "shared" / "data" / "zopa_quote_cases.json"

pytestmark = pytest.mark.usefixtures("database")


def test_a_quote_says_what_would_happen_and_then_it_does() -> None:
    bot = make(a_lender, cash_cents=1_000_00, is_bot=True, full_name="GrowthMax Lending")
    lender_id = make(a_lender, cash_cents=500_00)
    listing_id = make(a_listing, amount_cents=1_000_00)
    bidders.bid(bot, listing_id, "1000", "11.6")

    quote = bidders.quote(lender_id, listing_id, "400", "11.55")

    assert quote.is_placeable
    assert (quote.position, quote.of_count, quote.leading_cents) == (1, 2, 400_00)
    (displaced,) = quote.displaced
    assert (displaced.name, displaced.before_cents, displaced.after_cents) == (
        "GrowthMax Lending",
        1_000_00,
        600_00,
    )
    assert (quote.additional_hold_cents, quote.available_cents) == (400_00, 500_00)
    assert quote.lead_in_full_rate == Decimal("0.116")
    assert quote.rate is not None
    assert quote.servicing_cost_rate is not None
    assert quote.expected_return_rate == quote.rate - quote.servicing_cost_rate - Decimal("0.0331")
    outcome = bidders.bid(lender_id, listing_id, "400", "11.55")
    assert (outcome.position, outcome.leading_cents) == (quote.position, quote.leading_cents)


def test_a_bid_placed_again_on_the_same_terms_keeps_its_place_among_its_equals() -> None:
    first, second = make(a_lender, cash_cents=500_00), make(a_lender, cash_cents=500_00)
    listing_id = make(a_listing, amount_cents=1_000_00)
    bidders.bid(first, listing_id, "400", "11.55")
    bidders.bid(second, listing_id, "400", "11.55")

    as_it_stands = bidders.quote(first, listing_id, "400", "11.55")
    changed = bidders.quote(first, listing_id, "450", "11.55")
    outcome = bidders.bid(first, listing_id, "400", "11.55")

    assert (as_it_stands.position, changed.position) == (1, 2)
    assert (as_it_stands.additional_hold_cents, as_it_stands.displaced) == (0, ())
    assert (outcome.position, outcome.leading_cents) == (1, 400_00)


def test_a_quote_tells_each_field_apart_and_changes_nothing() -> None:
    lender_id, listing_id = make(a_lender, cash_cents=100_00), make(a_listing)

    quote = bidders.quote(lender_id, listing_id, "150", "99")

    assert quote.amount_error is None
    assert quote.rate_error == "The rate must be between 6.00 % and 20.00 %."
    assert quote.position is None
    assert quote.lead_in_full_rate == Decimal("0.20")
    assert bidders.quote(lender_id, listing_id, "150", "10").amount_error == "You have $100.00 available."
    assert bidders.listing_row(listing_id).version == 0


def test_a_quote_tells_who_cannot_bid() -> None:
    borrower_id = make(a_borrower)
    listing_id = make(a_listing, borrower_id=borrower_id)

    quote = bidders.quote(borrower_id, listing_id, "150", "10")

    assert quote.refusal is not None
    assert not quote.is_placeable


def _zopa_cases() -> list[Any]:
    if not ZOPA.exists():
        return [pytest.param(None, marks=pytest.mark.skip("the shared quote cases are not here"))]
    return list(json.loads(ZOPA.read_text())["cases"])


@pytest.mark.parametrize("case", _zopa_cases())
def test_published_quotes_have_the_same_winners_and_rate(database: Engine, case: dict[str, Any]) -> None:
    scale = 10
    names = {}
    listing_id = make(a_listing, amount_cents=case["request"] * scale * 100, floor_rate="0.05")
    for name, rate, amount in case["offers"]:
        names[name] = make(a_lender, cash_cents=amount * scale * 100)
        bidders.bid(names[name], listing_id, str(amount * scale), str(Decimal(str(rate)) * 100))

    listing = bidders.listing_row(listing_id)

    expected = case["expected"]
    if expected is None:
        assert listing.covered_cents < listing.amount_cents
        return
    assert listing.average_rate is not None
    assert round(listing.average_rate * 100, 1) == Decimal(str(expected["rate_pct_1dp"]))
    for name, amount in expected.get("winners", {}).items():
        assert bidders.balances(names[name])[1] == amount * scale * 100
    if "winners" in expected:
        with house.reading() as session:
            leading = [
                bid
                for bid in book_rows.live_bids(session, listing_ids=[listing_id])[listing_id]
                if bid.leading_cents
            ]
        assert {bid.lender_id for bid in leading} == {names[name] for name in expected["winners"]}
