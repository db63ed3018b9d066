"""Bids that leave a book: withdrawn, declined, lapsed, released, and who steps in."""

from typing import Any

import pytest

from p2p_reflex import database as house
from p2p_reflex.domain.errors import UnknownError
from p2p_reflex.domain.vocabulary import BidState, ListingState
from p2p_reflex.services.bidding import bidding, book
from p2p_reflex.services.money import wallets
from tests import bidders
from tests.bidders import make
from tests.builders import NOW, TODAY, a_borrower, a_form_key, a_lender, a_listing

pytestmark = pytest.mark.usefixtures("database")


def test_a_leading_bid_is_binding_and_an_outbid_one_can_be_taken_back() -> None:
    first, second = make(a_lender, cash_cents=1_000_00), make(a_lender, cash_cents=1_000_00)
    listing_id = make(a_listing, amount_cents=1_000_00)
    mine = bidders.bid(first, listing_id, "1000", "12")
    with pytest.raises(bidding.BindingBidError):
        bidders.withdraw(first, mine.bid_id)
    bidders.bid(second, listing_id, "1000", "11")

    bidders.withdraw(first, mine.bid_id)

    assert bidders.bid_row(mine.bid_id).state is BidState.WITHDRAWN
    with pytest.raises(bidding.BidEndedError):
        bidders.withdraw(first, mine.bid_id)
    assert bidders.books_hold()


def test_an_admin_may_take_back_a_leading_bid() -> None:
    bot, listing_id = make(a_lender, cash_cents=1_000_00, is_bot=True), make(a_listing)
    placed = bidders.bid(bot, listing_id, "1000", "12")

    ended = bidders.withdraw(bot, placed.bid_id, by_admin=True)

    assert ended.released_cents == 1_000_00
    assert bidders.balances(bot) == (1_000_00, 0)
    assert bidders.listing_row(listing_id).average_rate is None
    assert bidders.books_hold()


def test_a_stranger_can_neither_withdraw_nor_decline_a_bid() -> None:
    lender_id, stranger = make(a_lender, cash_cents=1_000_00), make(a_lender)
    other_borrower = make(a_borrower)
    placed = bidders.bid(lender_id, make(a_listing), "100", "10")

    for act in (
        lambda: bidders.withdraw(stranger, placed.bid_id),
        lambda: bidders.decline(other_borrower, placed.bid_id),
    ):
        with pytest.raises(UnknownError):
            act()
    with pytest.raises(UnknownError):
        bidders.withdraw(stranger, 2**65)


def test_a_declined_bid_frees_its_cash_and_the_next_one_leads_again() -> None:
    borrower_id = make(a_borrower)
    first, second = make(a_lender, cash_cents=1_000_00), make(a_lender, cash_cents=1_000_00)
    listing_id = make(a_listing, borrower_id=borrower_id, amount_cents=1_000_00)
    bidders.bid(first, listing_id, "800", "12")
    best = bidders.bid(second, listing_id, "1000", "11")

    ended = bidders.decline(borrower_id, best.bid_id)

    assert (ended.released_cents, ended.promoted_lender_ids) == (1_000_00, (first,))
    assert bidders.balances(first) == (200_00, 800_00)
    assert bidders.balances(second) == (1_000_00, 0)
    assert bidders.bid_row(best.bid_id).state is BidState.DECLINED
    assert bidders.books_hold()


def test_a_bid_that_would_lead_again_without_cash_lapses_and_the_next_one_steps_in() -> None:
    borrower_id = make(a_borrower)
    best, spent, third = (make(a_lender, cash_cents=1_000_00) for _ in range(3))
    listing_id = make(a_listing, borrower_id=borrower_id, amount_cents=1_000_00)
    waiting = bidders.bid(spent, listing_id, "1000", "12")
    leading = bidders.bid(best, listing_id, "1000", "11")
    later = bidders.bid(third, listing_id, "700", "13")
    house.run(
        wallets.withdraw, member_id=spent, amount="500", form_key=a_form_key(), business_on=TODAY, now=NOW
    )

    bidders.decline(borrower_id, leading.bid_id)

    assert bidders.bid_row(waiting.bid_id).state is BidState.LAPSED
    assert bidders.balances(spent) == (500_00, 0)
    assert bidders.bid_row(later.bid_id).leading_cents == 700_00
    assert bidders.listing_row(listing_id).covered_cents == 700_00
    assert bidders.books_hold()


def test_of_a_bid_that_leads_in_part_that_part_stays_where_its_lender_cannot_pay_for_more() -> None:
    borrower_id = make(a_borrower)
    best, marginal = make(a_lender, cash_cents=1_000_00), make(a_lender, cash_cents=1_000_00)
    listing_id = make(a_listing, borrower_id=borrower_id, amount_cents=1_000_00)
    waiting = bidders.bid(marginal, listing_id, "1000", "12")
    leading = bidders.bid(best, listing_id, "600", "11")
    house.run(
        wallets.withdraw, member_id=marginal, amount="600", form_key=a_form_key(), business_on=TODAY, now=NOW
    )

    bidders.decline(borrower_id, leading.bid_id)

    row = bidders.bid_row(waiting.bid_id)
    assert (row.state, row.amount_cents, row.leading_cents) == (BidState.LIVE, 400_00, 400_00)
    assert bidders.balances(marginal) == (0, 400_00)
    assert bidders.books_hold()


def test_a_released_book_frees_every_cent() -> None:
    lenders = [make(a_lender, cash_cents=1_000_00) for _ in range(3)]
    listing_id = make(a_listing, amount_cents=1_000_00)
    for number, lender_id in enumerate(lenders):
        bidders.bid(lender_id, listing_id, "400", f"{10 + number}")

    def release(session: Any) -> int:
        listing = book.lock_listing(session, listing_id=listing_id)
        ended = book.release_book(
            session, listing=listing, state=BidState.REJECTED, memo="Withdrawn", business_on=TODAY, now=NOW
        )
        listing.state = ListingState.WITHDRAWN
        return ended

    assert house.run(release) == 3
    assert [bidders.balances(lender_id) for lender_id in lenders] == [(1_000_00, 0)] * 3
    assert bidders.books_hold()
