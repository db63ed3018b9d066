"""The end of a window: accepted by itself, left to decide, or expired."""

from datetime import date, timedelta
from typing import Any

import pytest
from sqlmodel import select

from p2p_reflex import database as house
from p2p_reflex.domain.vocabulary import BidState, ListingState
from p2p_reflex.models import Bid, Listing, Loan
from p2p_reflex.services.bidding import bidding
from p2p_reflex.services.listings import closing
from p2p_reflex.services.listings.closing import ClosingOutcome
from p2p_reflex.services.money import ledger
from tests.builders import NOW, TODAY, a_form_key, a_lender, a_listing, broken_laws, in_threads

DEADLINE = TODAY + timedelta(days=7)

pytestmark = pytest.mark.usefixtures("database")


def _a_listing_with(amount: str, **how: Any) -> tuple[int, int]:
    lender_id = house.run(a_lender, cash_cents=1_000_00)
    listing_id = house.run(a_listing, amount_cents=1_000_00, **how)
    house.run(
        bidding.place_bid,
        lender_id=lender_id,
        listing_id=listing_id,
        amount=amount,
        rate="11",
        form_key=a_form_key(),
        business_on=TODAY,
        now=NOW,
    )
    return listing_id, lender_id


def _close(on: date) -> ClosingOutcome:
    return house.run(closing.close_listings, business_on=on, now=NOW)


def _listing(listing_id: int) -> Listing:
    return house.run(lambda session: session.get_one(Listing, listing_id))


def test_nothing_closes_before_the_last_day_of_its_window_ends() -> None:
    listing_id, _ = _a_listing_with("1000", accepts_automatically=True)

    outcome = _close(DEADLINE - timedelta(days=1))

    assert outcome == ClosingOutcome()
    assert _listing(listing_id).state is ListingState.OPEN


def test_a_covered_listing_that_accepts_automatically_becomes_a_loan_at_its_deadline() -> None:
    listing_id, lender_id = _a_listing_with("1000", accepts_automatically=True)

    outcome = _close(DEADLINE)

    (loan,) = house.run(lambda session: session.exec(select(Loan)).all())
    assert outcome.loan_ids == (loan.id,)
    assert (loan.listing_id, loan.disbursed_on) == (listing_id, DEADLINE)
    assert _listing(listing_id).state is ListingState.ACCEPTED
    assert house.read(ledger.balances, member_id=lender_id) == (0, 0)
    assert house.read(broken_laws) == []


@pytest.mark.parametrize(
    ("amount", "how"),
    [
        ("1000", {}),
        ("700", {"smallest_share_percent": 70}),
        ("700", {"smallest_share_percent": 70, "accepts_automatically": True}),
    ],
)
def test_what_covers_the_share_is_left_to_the_borrower_and_stays_held(
    amount: str, how: dict[str, Any]
) -> None:
    listing_id, lender_id = _a_listing_with(amount, **how)

    outcome = _close(DEADLINE)

    assert outcome.deciding_ids == (listing_id,)
    assert _listing(listing_id).state is ListingState.DECIDING
    assert house.read(ledger.balances, member_id=lender_id)[1] == int(amount) * 100
    assert house.read(broken_laws) == []


def test_what_covers_too_little_expires_and_is_released() -> None:
    listing_id, lender_id = _a_listing_with("999")
    empty_id = house.run(a_listing)

    outcome = _close(DEADLINE)

    assert outcome.expired_ids == (listing_id, empty_id)
    assert house.read(ledger.balances, member_id=lender_id) == (1_000_00, 0)
    (bid,) = house.run(lambda session: session.exec(select(Bid)).all())
    assert (bid.state, bid.ended_on) == (BidState.REJECTED, DEADLINE)
    assert _listing(listing_id).ended_on == DEADLINE
    assert house.read(broken_laws) == []


def test_a_borrower_has_two_days_to_decide_and_then_the_listing_expires() -> None:
    listing_id, lender_id = _a_listing_with("1000")
    _close(DEADLINE)

    still = _close(DEADLINE + timedelta(days=1))
    outcome = _close(DEADLINE + timedelta(days=2))

    assert still == ClosingOutcome()
    assert outcome.expired_ids == (listing_id,)
    assert house.read(ledger.balances, member_id=lender_id) == (1_000_00, 0)
    assert house.read(broken_laws) == []


def test_closing_again_or_twice_at_once_changes_nothing_more() -> None:
    for _ in range(3):
        _a_listing_with("1000", accepts_automatically=True)
        _a_listing_with("500")

    results = in_threads([lambda: _close(DEADLINE) for _ in range(4)])

    assert sum(len(result.loan_ids) for result in results) == 3
    assert sum(len(result.expired_ids) for result in results) == 3
    assert _close(DEADLINE) == ClosingOutcome()
    assert house.read(broken_laws) == []
