"""What holds for every bot in the registry, whoever wrote it."""

import random
from decimal import Decimal

import pytest

from bots import pricing, registry
from bots.base import Bot, ListingFacts
from p2p_reflex.domain.money import portion_cents
from p2p_reflex.domain.order_book import fill
from p2p_reflex.domain.returns import expected_return_rate
from p2p_reflex.domain.scorecard import expected_loss_rate, floor_rate
from p2p_reflex.domain.vocabulary import Grade, Purpose
from tests.bots.markets import a_market, a_rival, a_sight

BOTS = tuple(registry.load().bots.values())
every_bot = pytest.mark.parametrize("bot", BOTS, ids=lambda bot: bot.name)


def _listings(count: int = 300) -> list[ListingFacts]:
    luck = random.Random(3)
    made = []
    for number in range(1, count + 1):
        grade, term_months = luck.choice(list(Grade)), luck.choice((12, 24, 36, 48, 60))
        made.append(
            a_sight(
                listing_id=number,
                borrower_id=number // 3,
                grade=grade,
                credit_score=luck.randrange(560, 850),
                debt_to_income=Decimal(luck.randrange(500, 5000)) / 10_000,
                purpose=luck.choice(list(Purpose)),
                term_months=term_months,
                amount_cents=luck.randrange(1_000_00, 30_000_00, 100_00),
                floor_rate=floor_rate(grade),
                highest_rate=floor_rate(grade) + Decimal(luck.randrange(0, 60)) / 1000,
                expected_loss_rate=expected_loss_rate(grade, term_months),
            )
        )
    return made


@every_bot
def test_a_bot_says_the_same_under_the_same_seed(bot: Bot) -> None:
    market = a_market(*_listings(), capital_cents=bot.capital_cents)

    assert list(bot.choose_bids(market)) == list(bot.choose_bids(market))


@every_bot
def test_luck_moves_a_rate_by_a_tenth_of_a_percent_at_most(bot: Bot) -> None:
    listing = a_sight(credit_score=850, debt_to_income=Decimal("0.08"), highest_rate=Decimal("0.36"))

    rates = {bot.target_rate(listing, a_market(listing, seed=seed)) for seed in range(60)}

    assert len(rates) > 1
    assert max(rates) - min(rates) <= Decimal("0.002")


@every_bot
def test_a_bot_answers_every_listing_with_one_sentence(bot: Bot) -> None:
    listings = _listings()

    choices = bot.choose_bids(a_market(*listings, capital_cents=bot.capital_cents))

    assert [choice.listing_id for choice in choices] == [listing.listing_id for listing in listings]
    assert all(choice.reason.endswith(".") and len(choice.reason) < 120 for choice in choices)
    assert {choice.is_pass for choice in choices} == {True, False}


@every_bot
def test_a_bot_bids_between_floor_and_highest_and_expects_to_earn(bot: Bot) -> None:
    listings = {listing.listing_id: listing for listing in _listings()}
    bids = {number: [a_rival(number, 30_000, "0.10")] for number in listings if number % 2}

    choices = bot.choose_bids(a_market(*listings.values(), capital_cents=bot.capital_cents, bids=bids))

    for choice in choices:
        if choice.rate is None:
            continue
        listing = listings[choice.listing_id]
        assert listing.floor_rate <= choice.rate <= listing.highest_rate
        left = expected_return_rate(rate=choice.rate, grade=listing.grade, term_months=listing.term_months)
        assert left >= bot.minimum_return_rate - Decimal("0.00001")
        assert left > 0
        assert choice.amount_cents % 100 == 0
        assert 25_00 <= choice.amount_cents <= listing.amount_cents


@every_bot
def test_a_bot_keeps_its_caps_and_its_capital(bot: Bot) -> None:
    listings = {listing.listing_id: listing for listing in _listings()}

    choices = bot.choose_bids(a_market(*listings.values(), capital_cents=bot.capital_cents))

    by_borrower: dict[int, int] = {}
    by_grade: dict[Grade, int] = {}
    for choice in choices:
        listing = listings[choice.listing_id]
        by_borrower[listing.borrower_id] = by_borrower.get(listing.borrower_id, 0) + choice.amount_cents
        by_grade[listing.grade] = by_grade.get(listing.grade, 0) + choice.amount_cents
    assert max(c.amount_cents for c in choices) <= portion_cents(bot.capital_cents, bot.loan_share)
    assert max(by_borrower.values()) <= portion_cents(bot.capital_cents, bot.borrower_share)
    assert max(by_grade.values()) <= portion_cents(bot.capital_cents, bot.grade_share)
    assert sum(choice.amount_cents for choice in choices) <= bot.capital_cents


@every_bot
def test_a_bot_stops_when_its_capital_is_out(bot: Bot) -> None:
    market = a_market(*_listings(), capital_cents=bot.capital_cents, cash_cents=24_00)

    choices = bot.choose_bids(market)

    assert all(choice.is_pass for choice in choices)


@every_bot
def test_a_bot_lends_to_nobody_under_its_lowest_score(bot: Bot) -> None:
    listing = a_sight(credit_score=bot.lowest_score - 1)

    (choice,) = bot.choose_bids(a_market(listing, capital_cents=bot.capital_cents))

    assert choice.reason == f"Credit score {bot.lowest_score - 1} is under our {bot.lowest_score}."


@every_bot
def test_a_bot_says_when_there_is_too_much_debt(bot: Bot) -> None:
    listing = a_sight(credit_score=840, debt_to_income=Decimal("0.47"))
    most = f"{bot.highest_debt_to_income * 100:f}".rstrip("0").rstrip(".")

    (choice,) = bot.choose_bids(a_market(listing, capital_cents=bot.capital_cents))

    assert choice.reason == f"Debt-to-income 47 % is over our {most} %."


@every_bot
def test_bidding_down_comes_to_an_end(bot: Bot) -> None:
    listing = a_sight(credit_score=840, debt_to_income=Decimal("0.10"), amount_cents=2_000_00)
    rate, bids = Decimal("0.12"), 0

    while True:
        rival = a_rival(1, 2_000, str(rate))
        (choice,) = bot.choose_bids(a_market(listing, capital_cents=bot.capital_cents, bids={1: [rival]}))
        if choice.rate is None:
            break
        assert choice.rate < rate
        rate, bids = choice.rate, bids + 1

    lowest = pricing.lowest_rate(listing.expected_loss_rate, 36, bot.minimum_return_rate)
    assert bids < 150
    assert rate >= max(listing.floor_rate, lowest)
    assert choice.reason.startswith("To lead here takes less than")


@every_bot
def test_a_bid_over_a_rival_leads_in_full(bot: Bot) -> None:
    listing = a_sight(credit_score=840, debt_to_income=Decimal("0.10"), amount_cents=9_000_00)
    rivals = [a_rival(1, 6_000, "0.118"), a_rival(2, 6_000, "0.119", is_bot=True)]

    (choice,) = bot.choose_bids(a_market(listing, capital_cents=bot.capital_cents, bids={1: rivals}))

    assert choice.rate is not None
    own = a_rival(50, choice.amount_cents // 100, str(choice.rate), is_bot=True)
    lead = next(
        each for each in fill(asked_cents=9_000_00, bids=[*rivals, own]).leads if each.bid.bid_id == 50
    )
    assert lead.leading_cents == choice.amount_cents
