"""Bidding: what a bid would do, its place, replacing, being outbid, declining and withdrawing."""

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.engine import Engine
from sqlmodel import SQLModel, func, select

from p2p_reflex import database as house
from p2p_reflex.domain.errors import FieldError, LendingError, UnknownError
from p2p_reflex.domain.vocabulary import BidState, ListingState
from p2p_reflex.models import Bid, Hold, Listing
from p2p_reflex.services import bidding, book, book_rows, ledger, wallets
from p2p_reflex.services.book import BookChange
from p2p_reflex.services.book_rows import NewBid
from p2p_reflex.services.idempotency import FormReusedError
from tests.builders import NOW, TODAY, a_borrower, a_form_key, a_lender, a_listing, broken_laws

ZOPA = Path(__file__).resolve().parents[3] / "shared" / "data" / "zopa_quote_cases.json"

pytestmark = pytest.mark.usefixtures("database")


def _make(maker: Callable[..., int], **how: Any) -> int:
    return house.run(maker, **how)


def _bid(lender_id: int, listing_id: int, amount: str, rate: str, **how: Any) -> bidding.BidOutcome:
    asked: dict[str, Any] = {"message": "", "form_key": a_form_key(), "business_on": TODAY, "now": NOW}
    return house.run(
        bidding.place_bid, lender_id=lender_id, listing_id=listing_id, amount=amount, rate=rate, **asked | how
    )


def _withdraw(lender_id: int, bid_id: int, **how: Any) -> bidding.EndedBid:
    asked: dict[str, Any] = {"form_key": a_form_key(), "business_on": TODAY, "now": NOW}
    return house.run(bidding.withdraw_bid, lender_id=lender_id, bid_id=bid_id, **asked | how)


def _decline(borrower_id: int, bid_id: int) -> bidding.EndedBid:
    return house.run(
        bidding.decline_bid,
        borrower_id=borrower_id,
        bid_id=bid_id,
        form_key=a_form_key(),
        business_on=TODAY,
        now=NOW,
    )


def _quote(lender_id: int, listing_id: int, amount: str, rate: str) -> bidding.BidQuote:
    return house.read(
        bidding.quote,
        lender_id=lender_id,
        listing_id=listing_id,
        amount=amount,
        rate=rate,
        business_on=TODAY,
    )


def _balances(member_id: int) -> tuple[int, int]:
    return house.read(ledger.balances, member_id=member_id)


def _bid_row(bid_id: int) -> Bid:
    return house.run(lambda session: session.get_one(Bid, bid_id))


def _listing_row(listing_id: int) -> Listing:
    return house.run(lambda session: session.get_one(Listing, listing_id))


def _row_count(table: type[SQLModel]) -> int:
    return house.run(lambda session: session.exec(select(func.count()).select_from(table)).one())


def _books_hold() -> bool:
    assert house.read(broken_laws) == []
    return True


def test_a_bid_leads_and_exactly_its_cash_is_held() -> None:
    lender_id = _make(a_lender, cash_cents=2_310_00)
    listing_id = _make(a_listing, amount_cents=1_000_00)

    outcome = _bid(lender_id, listing_id, "400", "10.25", message="Good luck with the van")

    assert (outcome.position, outcome.of_count, outcome.leading_cents) == (1, 1, 400_00)
    assert _balances(lender_id) == (1_910_00, 400_00)
    listing = _listing_row(listing_id)
    assert (listing.covered_cents, listing.offered_cents, listing.bid_count) == (400_00, 400_00, 1)
    assert listing.average_rate == Decimal("0.1025")
    assert _bid_row(outcome.bid_id).message == "Good luck with the van"
    assert _books_hold()


def test_a_better_bid_displaces_the_worst_and_its_cash_is_free_at_once() -> None:
    first, second = _make(a_lender, cash_cents=1_000_00), _make(a_lender, cash_cents=1_000_00)
    listing_id = _make(a_listing, amount_cents=1_000_00)
    outbid = _bid(first, listing_id, "1000", "12")

    outcome = _bid(second, listing_id, "600", "11.5")

    assert outcome.displaced_lender_ids == (first,)
    assert _balances(first) == (600_00, 400_00)
    assert _balances(second) == (400_00, 600_00)
    assert _bid_row(outbid.bid_id).leading_cents == 400_00
    assert _listing_row(listing_id).average_rate == Decimal("0.117")
    assert _books_hold()


def test_a_bot_ranks_behind_every_person_at_the_same_rate() -> None:
    bot, person = _make(a_lender, cash_cents=1_000_00, is_bot=True), _make(a_lender, cash_cents=1_000_00)
    listing_id = _make(a_listing, amount_cents=1_000_00)
    _bid(bot, listing_id, "1000", "10")

    outcome = _bid(person, listing_id, "1000", "10")

    assert (outcome.position, outcome.leading_cents) == (1, 1_000_00)
    assert _balances(bot) == (1_000_00, 0)


def test_a_bid_may_wait_outbid_without_any_cash() -> None:
    leader, poor = _make(a_lender, cash_cents=1_000_00), _make(a_lender)
    listing_id = _make(a_listing, amount_cents=1_000_00)
    _bid(leader, listing_id, "1000", "9")

    outcome = _bid(poor, listing_id, "500", "10")

    assert (outcome.position, outcome.leading_cents) == (2, 0)
    assert _books_hold()


def test_a_bid_that_would_lead_without_cash_is_refused_with_the_figure() -> None:
    lender_id = _make(a_lender, cash_cents=2_310_00)
    listing_id = _make(a_listing, amount_cents=5_000_00)

    with pytest.raises(FieldError) as refused:
        _bid(lender_id, listing_id, "2311", "10")

    assert (refused.value.field, refused.value.message) == ("amount", "You have $2,310.00 available.")
    assert _balances(lender_id) == (2_310_00, 0)
    assert _listing_row(listing_id).bid_count == 0


def test_placing_again_replaces_the_bid_and_only_the_difference_is_held() -> None:
    lender_id = _make(a_lender, cash_cents=1_000_00)
    listing_id = _make(a_listing, amount_cents=1_000_00)
    old = _bid(lender_id, listing_id, "600", "12")

    new = _bid(lender_id, listing_id, "1000", "11")

    assert _bid_row(old.bid_id).state is BidState.REPLACED
    assert _bid_row(old.bid_id).ended_on == TODAY
    assert (new.position, new.of_count, new.leading_cents) == (1, 1, 1_000_00)
    assert _balances(lender_id) == (0, 1_000_00)
    assert _row_count(Hold) == 1
    assert _books_hold()


@pytest.mark.parametrize(("amount", "rate", "field"), [("599", "12", "amount"), ("600", "12.01", "rate")])
def test_what_leads_cannot_be_replaced_by_less_for_the_borrower(amount: str, rate: str, field: str) -> None:
    lender_id = _make(a_lender, cash_cents=1_000_00)
    listing_id = _make(a_listing)
    _bid(lender_id, listing_id, "600", "12")

    with pytest.raises(FieldError, match="binding") as refused:
        _bid(lender_id, listing_id, amount, rate)

    assert refused.value.field == field
    assert _balances(lender_id) == (400_00, 600_00)


def test_an_outbid_bid_may_be_replaced_by_any_other() -> None:
    leader, lender_id = _make(a_lender, cash_cents=1_000_00), _make(a_lender, cash_cents=1_000_00)
    listing_id = _make(a_listing, amount_cents=1_000_00)
    _bid(leader, listing_id, "1000", "9")
    _bid(lender_id, listing_id, "500", "10")

    outcome = _bid(lender_id, listing_id, "100", "15")

    assert outcome.position == 2
    assert _books_hold()


def test_bidding_the_same_again_gives_up_the_place_in_time() -> None:
    first, second = _make(a_lender, cash_cents=1_000_00), _make(a_lender, cash_cents=1_000_00)
    listing_id = _make(a_listing, amount_cents=1_000_00)
    _bid(first, listing_id, "1000", "10")
    _bid(second, listing_id, "1000", "10")

    outcome = _bid(first, listing_id, "1000", "10")

    assert (outcome.position, outcome.leading_cents) == (2, 0)
    assert _balances(second) == (0, 1_000_00)
    assert _books_hold()


@pytest.mark.parametrize(
    "amount",
    ["", "24", "1001", "100.50", "-100", "NaN", "Infinity", "1e3", "1_00", "١٠٠", "9" * 30, "0.001", "−0"],
)
def test_an_odd_amount_is_refused_beside_its_field(amount: str) -> None:
    lender_id, listing_id = _make(a_lender, cash_cents=1_000_00), _make(a_listing)

    with pytest.raises(FieldError) as refused:
        _bid(lender_id, listing_id, amount, "10")

    assert refused.value.field == "amount"
    assert _quote(lender_id, listing_id, amount, "10").amount_error == refused.value.message


@pytest.mark.parametrize("rate", ["", "5.99", "20.01", "NaN", "1e1", "-10", "10.12345", "10,5", "१०"])
def test_an_odd_rate_is_refused_beside_its_field(rate: str) -> None:
    lender_id, listing_id = _make(a_lender, cash_cents=1_000_00), _make(a_listing)

    with pytest.raises(FieldError) as refused:
        _bid(lender_id, listing_id, "100", rate)

    assert refused.value.field == "rate"
    assert _quote(lender_id, listing_id, "100", rate).rate_error == refused.value.message


@pytest.mark.parametrize("message", ["x" * 281, "turn\u202eround", "nul\x00", "lone \ud800"])
def test_an_odd_message_is_refused_beside_its_field(message: str) -> None:
    lender_id, listing_id = _make(a_lender, cash_cents=1_000_00), _make(a_listing)

    with pytest.raises(FieldError) as refused:
        _bid(lender_id, listing_id, "100", "10", message=message)

    assert refused.value.field == "message"


def test_only_lenders_bid_and_nobody_on_a_listing_that_has_ended() -> None:
    borrower_id, lender_id = _make(a_borrower), _make(a_lender, cash_cents=1_000_00)
    listing_id = _make(a_listing, borrower_id=borrower_id)
    closed_id = _make(a_listing, window_days=0)

    with pytest.raises(bidding.NotALenderError):
        _bid(borrower_id, listing_id, "100", "10")
    with pytest.raises(bidding.BiddingClosedError):
        _bid(lender_id, closed_id, "100", "10", business_on=TODAY.replace(day=21))
    for unknown in (0, -1, 99_999, 2**63, 2**70):
        with pytest.raises(UnknownError):
            _bid(lender_id, unknown, "100", "10")


def test_the_same_form_sent_twice_bids_once_and_gives_the_same_answer() -> None:
    lender_id, listing_id = _make(a_lender, cash_cents=1_000_00), _make(a_listing)
    form_key = a_form_key()
    first = _bid(lender_id, listing_id, "100", "10", form_key=form_key)

    again = _bid(lender_id, listing_id, "100", "10", form_key=form_key)

    assert again == first
    assert _balances(lender_id) == (900_00, 100_00)
    with pytest.raises(FormReusedError):
        _bid(lender_id, listing_id, "200", "10", form_key=form_key)
    assert _row_count(Bid) == 1


def test_a_leading_bid_is_binding_and_an_outbid_one_can_be_taken_back() -> None:
    first, second = _make(a_lender, cash_cents=1_000_00), _make(a_lender, cash_cents=1_000_00)
    listing_id = _make(a_listing, amount_cents=1_000_00)
    mine = _bid(first, listing_id, "1000", "12")
    with pytest.raises(bidding.BindingBidError):
        _withdraw(first, mine.bid_id)
    _bid(second, listing_id, "1000", "11")

    _withdraw(first, mine.bid_id)

    assert _bid_row(mine.bid_id).state is BidState.WITHDRAWN
    with pytest.raises(bidding.BidEndedError):
        _withdraw(first, mine.bid_id)
    assert _books_hold()


def test_an_admin_may_take_back_a_leading_bid() -> None:
    bot, listing_id = _make(a_lender, cash_cents=1_000_00, is_bot=True), _make(a_listing)
    placed = _bid(bot, listing_id, "1000", "12")

    ended = _withdraw(bot, placed.bid_id, by_admin=True)

    assert ended.released_cents == 1_000_00
    assert _balances(bot) == (1_000_00, 0)
    assert _listing_row(listing_id).average_rate is None
    assert _books_hold()


def test_a_stranger_can_neither_withdraw_nor_decline_a_bid() -> None:
    lender_id, stranger = _make(a_lender, cash_cents=1_000_00), _make(a_lender)
    other_borrower = _make(a_borrower)
    placed = _bid(lender_id, _make(a_listing), "100", "10")

    for act in (lambda: _withdraw(stranger, placed.bid_id), lambda: _decline(other_borrower, placed.bid_id)):
        with pytest.raises(UnknownError):
            act()
    with pytest.raises(UnknownError):
        _withdraw(stranger, 2**65)


def test_a_declined_bid_frees_its_cash_and_the_next_one_leads_again() -> None:
    borrower_id = _make(a_borrower)
    first, second = _make(a_lender, cash_cents=1_000_00), _make(a_lender, cash_cents=1_000_00)
    listing_id = _make(a_listing, borrower_id=borrower_id, amount_cents=1_000_00)
    _bid(first, listing_id, "800", "12")
    best = _bid(second, listing_id, "1000", "11")

    ended = _decline(borrower_id, best.bid_id)

    assert (ended.released_cents, ended.promoted_lender_ids) == (1_000_00, (first,))
    assert _balances(first) == (200_00, 800_00)
    assert _balances(second) == (1_000_00, 0)
    assert _bid_row(best.bid_id).state is BidState.DECLINED
    assert _books_hold()


def test_a_bid_that_would_lead_again_without_cash_lapses_and_the_next_one_steps_in() -> None:
    borrower_id = _make(a_borrower)
    best, spent, third = (_make(a_lender, cash_cents=1_000_00) for _ in range(3))
    listing_id = _make(a_listing, borrower_id=borrower_id, amount_cents=1_000_00)
    waiting = _bid(spent, listing_id, "1000", "12")
    leading = _bid(best, listing_id, "1000", "11")
    later = _bid(third, listing_id, "700", "13")
    house.run(
        wallets.withdraw, member_id=spent, amount="500", form_key=a_form_key(), business_on=TODAY, now=NOW
    )

    _decline(borrower_id, leading.bid_id)

    assert _bid_row(waiting.bid_id).state is BidState.LAPSED
    assert _balances(spent) == (500_00, 0)
    assert _bid_row(later.bid_id).leading_cents == 700_00
    assert _listing_row(listing_id).covered_cents == 700_00
    assert _books_hold()


def test_of_a_bid_that_leads_in_part_that_part_stays_where_its_lender_cannot_pay_for_more() -> None:
    borrower_id = _make(a_borrower)
    best, marginal = _make(a_lender, cash_cents=1_000_00), _make(a_lender, cash_cents=1_000_00)
    listing_id = _make(a_listing, borrower_id=borrower_id, amount_cents=1_000_00)
    waiting = _bid(marginal, listing_id, "1000", "12")
    leading = _bid(best, listing_id, "600", "11")
    house.run(
        wallets.withdraw, member_id=marginal, amount="600", form_key=a_form_key(), business_on=TODAY, now=NOW
    )

    _decline(borrower_id, leading.bid_id)

    row = _bid_row(waiting.bid_id)
    assert (row.state, row.amount_cents, row.leading_cents) == (BidState.LIVE, 400_00, 400_00)
    assert _balances(marginal) == (0, 400_00)
    assert _books_hold()


def test_a_quote_says_what_would_happen_and_then_it_does() -> None:
    bot = _make(a_lender, cash_cents=1_000_00, is_bot=True, full_name="GrowthMax Lending")
    lender_id = _make(a_lender, cash_cents=500_00)
    listing_id = _make(a_listing, amount_cents=1_000_00)
    _bid(bot, listing_id, "1000", "11.6")

    quote = _quote(lender_id, listing_id, "400", "11.55")

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
    outcome = _bid(lender_id, listing_id, "400", "11.55")
    assert (outcome.position, outcome.leading_cents) == (quote.position, quote.leading_cents)


def test_a_quote_tells_each_field_apart_and_changes_nothing() -> None:
    lender_id, listing_id = _make(a_lender, cash_cents=100_00), _make(a_listing)

    quote = _quote(lender_id, listing_id, "150", "99")

    assert quote.amount_error is None
    assert quote.rate_error == "The rate must be between 6.00 % and 20.00 %."
    assert quote.position is None
    assert quote.lead_in_full_rate == Decimal("0.20")
    assert _quote(lender_id, listing_id, "150", "10").amount_error == "You have $100.00 available."
    assert _listing_row(listing_id).version == 0


def test_a_quote_tells_who_cannot_bid() -> None:
    borrower_id = _make(a_borrower)
    listing_id = _make(a_listing, borrower_id=borrower_id)

    quote = _quote(borrower_id, listing_id, "150", "10")

    assert quote.refusal is not None
    assert not quote.is_placeable


def test_a_batch_fills_many_books_like_single_bids_and_stops_where_the_cash_ends() -> None:
    bot, person = _make(a_lender, cash_cents=1_500_00, is_bot=True), _make(a_lender, cash_cents=5_000_00)
    listing_ids = [_make(a_listing, amount_cents=1_000_00) for _ in range(3)]
    _bid(person, listing_ids[0], "1000", "12")

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
    assert _balances(bot) == (500_00, 1_000_00)
    assert _balances(person) == (5_000_00, 0)
    assert _books_hold()


def test_a_released_book_frees_every_cent() -> None:
    lenders = [_make(a_lender, cash_cents=1_000_00) for _ in range(3)]
    listing_id = _make(a_listing, amount_cents=1_000_00)
    for number, lender_id in enumerate(lenders):
        _bid(lender_id, listing_id, "400", f"{10 + number}")

    def release(session: Any) -> int:
        listing = book.lock_listing(session, listing_id=listing_id)
        ended = book.release_book(
            session, listing=listing, state=BidState.REJECTED, memo="Withdrawn", business_on=TODAY, now=NOW
        )
        listing.state = ListingState.WITHDRAWN
        return ended

    assert house.run(release) == 3
    assert [_balances(lender_id) for lender_id in lenders] == [(1_000_00, 0)] * 3
    assert _books_hold()


def _zopa_cases() -> list[Any]:
    if not ZOPA.exists():
        return [pytest.param(None, marks=pytest.mark.skip("the shared quote cases are not here"))]
    return list(json.loads(ZOPA.read_text())["cases"])


@pytest.mark.parametrize("case", _zopa_cases())
def test_published_quotes_have_the_same_winners_and_rate(database: Engine, case: dict[str, Any]) -> None:
    scale = 10
    names = {}
    listing_id = _make(a_listing, amount_cents=case["request"] * scale * 100, floor_rate="0.05")
    for name, rate, amount in case["offers"]:
        names[name] = _make(a_lender, cash_cents=amount * scale * 100)
        _bid(names[name], listing_id, str(amount * scale), str(Decimal(str(rate)) * 100))

    listing = _listing_row(listing_id)

    expected = case["expected"]
    if expected is None:
        assert listing.covered_cents < listing.amount_cents
        return
    assert listing.average_rate is not None
    assert round(listing.average_rate * 100, 1) == Decimal(str(expected["rate_pct_1dp"]))
    for name, amount in expected.get("winners", {}).items():
        assert _balances(names[name])[1] == amount * scale * 100
    if "winners" in expected:
        with house.reading() as session:
            leading = [
                bid
                for bid in book_rows.live_bids(session, listing_ids=[listing_id])[listing_id]
                if bid.leading_cents
            ]
        assert {bid.lender_id for bid in leading} == {names[name] for name in expected["winners"]}


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
