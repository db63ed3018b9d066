"""Bids at the same instant: never over, never below zero, never twice."""

import random
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from sqlmodel import Session, func, select

from p2p_reflex import database as house
from p2p_reflex.domain.errors import LendingError
from p2p_reflex.domain.vocabulary import ListingState
from p2p_reflex.models import Bid, Listing, Loan
from p2p_reflex.services.bidding import acceptance, bidding
from p2p_reflex.services.bidding.bidding import BidOutcome
from p2p_reflex.services.idempotency import FormReusedError
from p2p_reflex.services.money import ledger, wallets
from tests.builders import NOW, TODAY, a_borrower, a_form_key, a_lender, a_listing, broken_laws, in_threads

pytestmark = pytest.mark.usefixtures("database")


def _bid(lender_id: int, listing_id: int, amount: str, rate: str, form_key: str = "") -> BidOutcome:
    return house.run(
        bidding.place_bid,
        lender_id=lender_id,
        listing_id=listing_id,
        amount=amount,
        rate=rate,
        form_key=form_key or a_form_key(),
        business_on=TODAY,
        now=NOW,
    )


def _lenders(session: Session, *, count: int, cash_cents: int) -> list[int]:
    return [a_lender(session, cash_cents=cash_cents) for _ in range(count)]


def _accept(borrower_id: int, listing_id: int, covered_cents: int) -> int:
    return house.run(
        acceptance.accept,
        borrower_id=borrower_id,
        listing_id=listing_id,
        seen_average_rate=_listing(listing_id).average_rate,
        seen_covered_cents=covered_cents,
        form_key=a_form_key(),
        business_on=TODAY,
        now=NOW,
    )


def _listing(listing_id: int) -> Listing:
    return house.run(lambda session: session.get_one(Listing, listing_id))


def _failures(results: list[Any]) -> list[Exception]:
    return [result for result in results if isinstance(result, Exception)]


def test_fifty_lenders_into_the_last_thousand_dollars_never_overfund_it() -> None:
    listing_id = house.run(a_listing, amount_cents=5_000_00)
    early = house.run(a_lender, cash_cents=4_000_00)
    lenders = house.run(_lenders, count=50, cash_cents=100_00)
    _bid(early, listing_id, "4000", "9")

    outcomes = in_threads([lambda who=who: _bid(who, listing_id, "100", "10") for who in lenders])

    assert _failures(outcomes) == []
    assert Counter(outcome.leading_cents for outcome in outcomes) == {100_00: 10, 0: 40}
    held = [house.read(ledger.balances, member_id=who)[1] for who in lenders]
    assert sorted(held) == [0] * 40 + [100_00] * 10
    listing = _listing(listing_id)
    assert (listing.covered_cents, listing.offered_cents, listing.bid_count) == (5_000_00, 9_000_00, 51)
    assert house.read(broken_laws) == []


def test_what_is_accepted_while_bids_rush_in_is_never_more_than_was_asked() -> None:
    borrower_id = house.run(a_borrower)
    listing_id = house.run(a_listing, borrower_id=borrower_id, amount_cents=1_000_00)
    first = house.run(a_lender, cash_cents=1_000_00)
    lenders = house.run(_lenders, count=12, cash_cents=300_00)
    _bid(first, listing_id, "1000", "15")
    calls: list[Callable[[], Any]] = [
        lambda who=who, rate=rate: _bid(who, listing_id, "300", f"{rate}")
        for rate, who in enumerate(lenders, start=7)
    ]
    calls.insert(4, lambda: _accept(borrower_id, listing_id, 1_000_00))

    results = in_threads(calls)

    (loan_id,) = [result for result in results if isinstance(result, int)]
    loan = house.run(lambda session: session.get_one(Loan, loan_id))
    assert loan.principal_cents == 1_000_00
    assert all(isinstance(failure, bidding.BiddingClosedError) for failure in _failures(results))
    assert _listing(listing_id).state is ListingState.ACCEPTED
    assert sum(house.read(ledger.balances, member_id=who)[1] for who in [first, *lenders]) == 0
    assert house.read(broken_laws) == []


def test_one_form_sent_ten_times_at_once_bids_once() -> None:
    lender_id = house.run(a_lender, cash_cents=1_000_00)
    listing_id = house.run(a_listing)
    form_key = a_form_key()

    outcomes = in_threads([lambda: _bid(lender_id, listing_id, "250", "10", form_key) for _ in range(10)])

    assert _failures(outcomes) == []
    assert len(set(outcomes)) == 1
    assert house.read(ledger.balances, member_id=lender_id) == (750_00, 250_00)
    assert house.run(lambda session: session.exec(select(func.count()).select_from(Bid)).one()) == 1


def test_one_form_sent_at_once_with_two_bodies_acts_on_one_of_them() -> None:
    lender_id = house.run(a_lender, cash_cents=1_000_00)
    listing_id = house.run(a_listing)
    form_key = a_form_key()

    results = in_threads(
        [
            lambda: _bid(lender_id, listing_id, "250", "10", form_key),
            lambda: _bid(lender_id, listing_id, "400", "10", form_key),
        ]
    )

    (failure,) = _failures(results)
    assert isinstance(failure, FormReusedError)
    assert house.read(ledger.balances, member_id=lender_id)[1] in (250_00, 400_00)
    assert house.read(broken_laws) == []


def test_one_wallet_bidding_everywhere_at_once_spends_what_it_has_and_no_more() -> None:
    lender_id = house.run(a_lender, cash_cents=1_000_00)
    listing_ids = [house.run(a_listing, amount_cents=1_000_00) for _ in range(10)]

    results = in_threads([lambda where=where: _bid(lender_id, where, "300", "10") for where in listing_ids])

    assert sum(isinstance(result, BidOutcome) for result in results) == 3
    assert {str(failure) for failure in _failures(results)} <= {
        "You have $100.00 available.",
        "You have $400.00 available.",
    }
    assert house.read(ledger.balances, member_id=lender_id) == (100_00, 900_00)
    assert house.read(broken_laws) == []


def test_a_thousand_random_withdrawals_declines_and_bids_take_no_wallet_below_zero() -> None:
    lenders = house.run(_lenders, count=6, cash_cents=1_000_00)
    borrowers = [house.run(a_borrower) for _ in range(3)]
    listing_ids = [
        house.run(a_listing, borrower_id=borrower_id, amount_cents=1_000_00) for borrower_id in borrowers
    ]

    results = in_threads(
        [lambda seed=seed: _wander(seed, lenders, listing_ids, borrowers) for seed in range(8)]
    )

    assert _failures(results) == []
    assert 100 < sum(results) < 900
    for lender_id in lenders:
        assert min(house.read(ledger.balances, member_id=lender_id)) >= 0
    assert house.read(broken_laws) == []


def _wander(seed: int, lenders: list[int], listing_ids: list[int], borrowers: list[int]) -> int:
    """Bid, withdraw money and decline at random; a refusal is an answer, anything else is a failure."""
    dice = random.Random(seed)
    refused = 0
    for _ in range(125):
        lender_id, place = dice.choice(lenders), dice.randrange(len(listing_ids))
        try:
            match dice.randrange(5):
                case 0:
                    house.run(
                        wallets.withdraw,
                        member_id=lender_id,
                        amount=str(dice.randrange(1, 400)),
                        form_key=a_form_key(),
                        business_on=TODAY,
                        now=NOW,
                    )
                case 1:
                    _decline_any(dice, borrowers[place], listing_ids[place])
                case _:
                    amount, rate = dice.randrange(25, 700), dice.randrange(600, 2000) / 100
                    _bid(lender_id, listing_ids[place], str(amount), f"{rate:.2f}")
        except LendingError:
            refused += 1
    return refused


def _decline_any(dice: random.Random, borrower_id: int, listing_id: int) -> None:
    bid_ids = house.run(
        lambda session: session.exec(select(Bid.id).where(Bid.listing_id == listing_id)).all()
    )
    if bid_ids:
        house.run(
            bidding.decline_bid,
            borrower_id=borrower_id,
            bid_id=dice.choice(bid_ids),
            form_key=a_form_key(),
            business_on=TODAY,
            now=NOW,
        )
