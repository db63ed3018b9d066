"""A bot stands by what leads, goes lower when outbid, and never against itself."""

from dataclasses import replace
from decimal import Decimal

from bots.base import OwnBid
from bots.strategies.balanced_choice import BalancedChoice
from bots.strategies.flexi_lend import FlexiLend
from bots.strategies.quick_cash import QuickCash
from bots.strategies.safety_first import SafetyFirst
from p2p_reflex.domain.order_book import OpenBid
from p2p_reflex.domain.vocabulary import Grade, Purpose
from tests.bots.markets import OWN_LENDER, a_market, a_rival, a_sight

BOT = SafetyFirst()


def _own(dollars: int, rate: str) -> OpenBid:
    return OpenBid(5, OWN_LENDER, dollars * 100, Decimal(rate), True, 5)


def test_a_bid_that_leads_stays_as_it_is() -> None:
    own = OwnBid(5, 1_000_00, 1_000_00, Decimal("0.09"))

    (choice,) = BOT.choose_bids(a_market(bids={1: [_own(1_000, "0.09")]}, own_bids={1: own}))

    assert choice.is_pass
    assert choice.reason == "Our bid leads in full."


def test_an_outbid_bot_goes_lower_than_its_own_bid() -> None:
    own = OwnBid(5, 2_400_00, 0, Decimal("0.0765"))
    bids = [_own(2_400, "0.0765"), a_rival(6, 8_000, "0.0750")]

    (choice,) = BOT.choose_bids(a_market(bids={1: bids}, own_bids={1: own}))

    assert choice.rate == Decimal("0.0740")
    assert choice.reason == (
        "Outbid, we go down to 7.40 % and still expect 4.99 % a year after losses and fees."
    )


def test_an_outbid_bot_at_its_lowest_rate_lets_go() -> None:
    own = OwnBid(5, 2_400_00, 0, Decimal("0.0592"))
    bids = [_own(2_400, "0.0592"), a_rival(6, 8_000, "0.059")]

    (choice,) = BOT.choose_bids(a_market(bids={1: bids}, own_bids={1: own}))

    assert choice.is_pass
    assert choice.reason.startswith("We are outbid, and 5.9")


def test_at_the_floor_a_bot_is_behind_a_person_and_passes() -> None:
    person = a_rival(6, 8_000, "0.059")

    (choice,) = QuickCash(minimum_return_rate=Decimal("0.01")).choose_bids(a_market(bids={1: [person]}))

    assert choice.is_pass
    assert choice.reason == "To lead here takes less than 5.90 %, the lowest we go."


def test_what_is_kept_for_people_is_not_bid_for() -> None:
    listing = a_sight(kept_cents=800_00, minutes_open=5)
    others = [a_rival(6, 7_100, "0.11", is_bot=True)]

    (choice,) = BOT.choose_bids(a_market(listing, bids={1: others}))
    (cut,) = BOT.choose_bids(a_market(listing, bids={1: [a_rival(6, 6_100, "0.11")]}))

    assert choice.amount_cents == 100_00
    assert cut.amount_cents == 1_100_00


def test_nothing_is_left_of_the_first_hour_once_bots_have_their_share() -> None:
    listing = a_sight(kept_cents=800_00, minutes_open=5)

    (choice,) = BOT.choose_bids(a_market(listing, bids={1: [a_rival(6, 7_200, "0.11", is_bot=True)]}))

    assert choice.reason == "What is left of this listing is for people in its first hour."


def test_each_cap_says_which_it_is() -> None:
    one_borrower = a_market(by_borrower={9: 15_000_00})
    one_grade = a_market(by_grade={Grade.A: 350_000_00})
    no_cash = a_market(cash_cents=10_00)

    reasons = [BOT.choose_bids(market)[0].reason for market in (one_borrower, one_grade, no_cash)]

    assert reasons == [
        "This borrower has all that we lend to one borrower.",
        "Grade A has the 70 % of our capital that we allow one grade.",
        "Our capital is out.",
    ]


def test_each_criterion_says_what_it_found() -> None:
    listings = (
        a_sight(listing_id=1, grade=Grade.C),
        a_sight(listing_id=2, purpose=Purpose.SMALL_BUSINESS),
        a_sight(listing_id=3, term_months=60),
        a_sight(listing_id=4, highest_rate=Decimal("0.0591")),
    )
    fussy = SafetyFirst(minimum_return_rate=Decimal("0.06"))

    reasons = [choice.reason for choice in fussy.choose_bids(a_market(*listings))]

    assert reasons == [
        "Grade C is below our B.",
        "Small business is not a purpose we lend for.",
        "60 months is longer than our 48.",
        "The borrower pays at most 5.91 %, and we need 8.43 %.",
    ]


def test_quick_cash_lends_on_small_listings_only() -> None:
    (choice,) = QuickCash().choose_bids(a_market(a_sight(amount_cents=20_000_00)))

    assert choice.reason == "$20,000 is a larger loan than our $15,000."


def test_flexi_lend_wants_more_the_less_is_left() -> None:
    listing = a_sight(credit_score=695)
    bot = FlexiLend()

    (early,) = bot.choose_bids(a_market(listing, capital_cents=350_000_00))
    (late,) = bot.choose_bids(a_market(listing, capital_cents=350_000_00, cash_cents=100_000_00))

    assert not early.is_pass
    assert late.reason == "With so much lent, credit score 695 is under our 710."


def test_balanced_choice_meets_the_market_half_way() -> None:
    listing = a_sight(amount_cents=8_000_00)
    alone = a_market(listing)
    book = alone.books[1]._replace(average_rate=Decimal("0.07"))
    beside = replace(alone, books={1: book})
    bot = BalancedChoice()

    own, met = bot.target_rate(listing, alone), bot.target_rate(listing, beside)

    assert met == (own + Decimal("0.07")) / 2 // Decimal("0.0005") * Decimal("0.0005")
