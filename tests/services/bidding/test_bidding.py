"""Placing bids: their place, replacing, being outbid, odd input, batches."""

from decimal import Decimal
from typing import Any

import pytest

from p2p_reflex import database as house
from p2p_reflex.domain.errors import FieldError, LendingError, UnknownError
from p2p_reflex.domain.vocabulary import BidState
from p2p_reflex.models import Bid, Hold
from p2p_reflex.services.bidding import bidding, book
from p2p_reflex.services.bidding.book import BookChange
from p2p_reflex.services.bidding.book_rows import NewBid
from p2p_reflex.services.idempotency import FormReusedError
from tests import bidders
from tests.bidders import make
from tests.builders import NOW, TODAY, a_borrower, a_form_key, a_lender, a_listing

pytestmark = pytest.mark.usefixtures("database")


def test_a_bid_leads_and_exactly_its_cash_is_held() -> None:
    lender_id = make(a_lender, cash_cents=2_310_00)
    listing_id = make(a_listing, amount_cents=1_000_00)

    outcome = bidders.bid(lender_id, listing_id, "400", "10.25", message="Good luck with the van")

    assert (outcome.position, outcome.of_count, outcome.leading_cents) == (1, 1, 400_00)
    assert bidders.balances(lender_id) == (1_910_00, 400_00)
    listing = bidders.listing_row(listing_id)
    assert (listing.covered_cents, listing.offered_cents, listing.bid_count) == (400_00, 400_00, 1)
    assert listing.average_rate == Decimal("0.1025")
    assert bidders.bid_row(outcome.bid_id).message == "Good luck with the van"
    assert bidders.books_hold()


def test_a_better_bid_displaces_the_worst_and_its_cash_is_free_at_once() -> None:
    first, second = make(a_lender, cash_cents=1_000_00), make(a_lender, cash_cents=1_000_00)
    listing_id = make(a_listing, amount_cents=1_000_00)
    outbid = bidders.bid(first, listing_id, "1000", "12")

    outcome = bidders.bid(second, listing_id, "600", "11.5")

    assert outcome.displaced_lender_ids == (first,)
    assert bidders.balances(first) == (600_00, 400_00)
    assert bidders.balances(second) == (400_00, 600_00)
    assert bidders.bid_row(outbid.bid_id).leading_cents == 400_00
    assert bidders.listing_row(listing_id).average_rate == Decimal("0.117")
    assert bidders.books_hold()


def test_a_bot_ranks_behind_every_person_at_the_same_rate() -> None:
    bot, person = (
        make(a_lender, cash_cents=1_000_00, is_bot=True),
        make(a_lender, cash_cents=1_000_00),
    )
    listing_id = make(a_listing, amount_cents=1_000_00)
    bidders.bid(bot, listing_id, "1000", "10")

    outcome = bidders.bid(person, listing_id, "1000", "10")

    assert (outcome.position, outcome.leading_cents) == (1, 1_000_00)
    assert bidders.balances(bot) == (1_000_00, 0)


def test_a_bid_may_wait_outbid_without_any_cash() -> None:
    leader, poor = make(a_lender, cash_cents=1_000_00), make(a_lender)
    listing_id = make(a_listing, amount_cents=1_000_00)
    bidders.bid(leader, listing_id, "1000", "9")

    outcome = bidders.bid(poor, listing_id, "500", "10")

    assert (outcome.position, outcome.leading_cents) == (2, 0)
    assert bidders.books_hold()


def test_a_bid_that_would_lead_without_cash_is_refused_with_the_figure() -> None:
    lender_id = make(a_lender, cash_cents=2_310_00)
    listing_id = make(a_listing, amount_cents=5_000_00)

    with pytest.raises(FieldError) as refused:
        bidders.bid(lender_id, listing_id, "2311", "10")

    assert (refused.value.field, refused.value.message) == ("amount", "You have $2,310.00 available.")
    assert bidders.balances(lender_id) == (2_310_00, 0)
    assert bidders.listing_row(listing_id).bid_count == 0


def test_placing_again_replaces_the_bid_and_only_the_difference_is_held() -> None:
    lender_id = make(a_lender, cash_cents=1_000_00)
    listing_id = make(a_listing, amount_cents=1_000_00)
    old = bidders.bid(lender_id, listing_id, "600", "12")

    new = bidders.bid(lender_id, listing_id, "1000", "11")

    assert bidders.bid_row(old.bid_id).state is BidState.REPLACED
    assert bidders.bid_row(old.bid_id).ended_on == TODAY
    assert (new.position, new.of_count, new.leading_cents) == (1, 1, 1_000_00)
    assert bidders.balances(lender_id) == (0, 1_000_00)
    assert bidders.row_count(Hold) == 1
    assert bidders.books_hold()


@pytest.mark.parametrize(("amount", "rate", "field"), [("599", "12", "amount"), ("600", "12.01", "rate")])
def test_what_leads_cannot_be_replaced_by_less_for_the_borrower(amount: str, rate: str, field: str) -> None:
    lender_id = make(a_lender, cash_cents=1_000_00)
    listing_id = make(a_listing)
    bidders.bid(lender_id, listing_id, "600", "12")

    with pytest.raises(FieldError, match="binding") as refused:
        bidders.bid(lender_id, listing_id, amount, rate)

    assert refused.value.field == field
    assert bidders.balances(lender_id) == (400_00, 600_00)


def test_an_outbid_bid_may_be_replaced_by_any_other() -> None:
    leader, lender_id = (
        make(a_lender, cash_cents=1_000_00),
        make(a_lender, cash_cents=1_000_00),
    )
    listing_id = make(a_listing, amount_cents=1_000_00)
    bidders.bid(leader, listing_id, "1000", "9")
    bidders.bid(lender_id, listing_id, "500", "10")

    outcome = bidders.bid(lender_id, listing_id, "100", "15")

    assert outcome.position == 2
    assert bidders.books_hold()


def test_another_amount_at_the_same_rate_gives_up_the_place_in_time() -> None:
    first, second = make(a_lender, cash_cents=1_000_00), make(a_lender, cash_cents=1_000_00)
    listing_id = make(a_listing, amount_cents=1_000_00)
    bidders.bid(first, listing_id, "400", "10")
    bidders.bid(second, listing_id, "600", "10")

    outcome = bidders.bid(first, listing_id, "450", "10")

    assert (outcome.position, outcome.leading_cents) == (2, 400_00)
    assert bidders.balances(second) == (400_00, 600_00)
    assert bidders.books_hold()


def test_the_same_bid_again_keeps_its_place_and_changes_only_its_message() -> None:
    first, second = make(a_lender, cash_cents=1_000_00), make(a_lender, cash_cents=1_000_00)
    listing_id = make(a_listing, amount_cents=1_000_00)
    old = bidders.bid(first, listing_id, "1000", "10")
    bidders.bid(second, listing_id, "1000", "10")

    again = bidders.bid(first, listing_id, "1,000", "10.00", message="We bake with you.")

    assert (again.bid_id, again.position, again.leading_cents) == (old.bid_id, 1, 1_000_00)
    assert bidders.bid_row(old.bid_id).message == "We bake with you."
    assert bidders.balances(first) == (0, 1_000_00)
    assert bidders.balances(second) == (1_000_00, 0)
    assert bidders.books_hold()


@pytest.mark.parametrize(
    "amount",
    ["", "24", "1001", "100.50", "-100", "NaN", "Infinity", "1e3", "1_00", "١٠٠", "9" * 30, "0.001", "−0"],
)
def test_an_odd_amount_is_refused_beside_its_field(amount: str) -> None:
    lender_id, listing_id = make(a_lender, cash_cents=1_000_00), make(a_listing)

    with pytest.raises(FieldError) as refused:
        bidders.bid(lender_id, listing_id, amount, "10")

    assert refused.value.field == "amount"
    assert bidders.quote(lender_id, listing_id, amount, "10").amount_error == refused.value.message


@pytest.mark.parametrize("rate", ["", "5.99", "20.01", "NaN", "1e1", "-10", "10.12345", "10,5", "१०"])
def test_an_odd_rate_is_refused_beside_its_field(rate: str) -> None:
    lender_id, listing_id = make(a_lender, cash_cents=1_000_00), make(a_listing)

    with pytest.raises(FieldError) as refused:
        bidders.bid(lender_id, listing_id, "100", rate)

    assert refused.value.field == "rate"
    assert bidders.quote(lender_id, listing_id, "100", rate).rate_error == refused.value.message


@pytest.mark.parametrize("message", ["x" * 281, "turn\u202eround", "nul\x00", "lone \ud800"])
def test_an_odd_message_is_refused_beside_its_field(message: str) -> None:
    lender_id, listing_id = make(a_lender, cash_cents=1_000_00), make(a_listing)

    with pytest.raises(FieldError) as refused:
        bidders.bid(lender_id, listing_id, "100", "10", message=message)

    assert refused.value.field == "message"


def test_only_lenders_bid_and_nobody_on_a_listing_that_has_ended() -> None:
    borrower_id, lender_id = make(a_borrower), make(a_lender, cash_cents=1_000_00)
    listing_id = make(a_listing, borrower_id=borrower_id)
    closed_id = make(a_listing, window_days=0)

    with pytest.raises(bidding.NotALenderError):
        bidders.bid(borrower_id, listing_id, "100", "10")
    with pytest.raises(bidding.BiddingClosedError):
        bidders.bid(lender_id, closed_id, "100", "10", business_on=TODAY.replace(day=21))
    for unknown in (0, -1, 99_999, 2**63, 2**70):
        with pytest.raises(UnknownError):
            bidders.bid(lender_id, unknown, "100", "10")


def test_the_same_form_sent_twice_bids_once_and_gives_the_same_answer() -> None:
    lender_id, listing_id = make(a_lender, cash_cents=1_000_00), make(a_listing)
    form_key = a_form_key()
    first = bidders.bid(lender_id, listing_id, "100", "10", form_key=form_key)

    again = bidders.bid(lender_id, listing_id, "100", "10", form_key=form_key)

    assert again == first
    assert bidders.balances(lender_id) == (900_00, 100_00)
    with pytest.raises(FormReusedError):
        bidders.bid(lender_id, listing_id, "200", "10", form_key=form_key)
    assert bidders.row_count(Bid) == 1


def test_a_batch_fills_many_books_like_single_bids_and_stops_where_the_cash_ends() -> None:
    bot, person = (
        make(a_lender, cash_cents=1_500_00, is_bot=True),
        make(a_lender, cash_cents=5_000_00),
    )
    listing_ids = [make(a_listing, amount_cents=1_000_00) for _ in range(3)]
    bidders.bid(person, listing_ids[0], "1000", "12")

    def batch(session: Any) -> tuple[book.Repriced, ...]:
        return book.reprice_many(
            session,
            changes=[
                BookChange(listing, (NewBid(bot, True, 1_000_00, Decimal("0.11")),))
                for listing in book.lock_listings(session, listing_ids=listing_ids)
            ],
            business_on=TODAY,
            now=NOW,
        )

    first, second, third = house.run(batch)

    assert [move.lender_id for move in first.displaced] == [person]
    assert first.placed[0].after_cents == 1_000_00
    assert (second.placed, second.refused[0].available_cents) == ((), 500_00)
    assert (third.placed, third.refused[0].lender_id) == ((), bot)
    assert bidders.balances(bot) == (500_00, 1_000_00)
    assert bidders.balances(person) == (5_000_00, 0)
    assert bidders.books_hold()


def test_refusals_are_finished_sentences() -> None:
    for refusal in (
        bidding.NotALenderError(),
        bidding.OwnListingError(),
        bidding.BiddingClosedError(),
        bidding.BindingBidError(1_400_00),
        bidding.BidEndedError(),
    ):
        assert isinstance(refusal, LendingError)
        assert refusal.message.endswith(".")
