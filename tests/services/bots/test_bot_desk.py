"""The admin's desk of the bots: reading them, switching, resetting, and changing what they have and may."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlmodel import col, select

from bots import registry
from bots.registry import Registry
from p2p_reflex import database as house
from p2p_reflex.domain.errors import FieldError, UnknownError
from p2p_reflex.domain.vocabulary import Role
from p2p_reflex.models import Bot, Listing, Verdict
from p2p_reflex.services.bidding import acceptance
from p2p_reflex.services.bots import bot_desk, bot_figures, bot_runs, bot_steering
from p2p_reflex.services.bots.bot_desk import BotDesk
from p2p_reflex.services.bots.bot_figures import BotCard, DecisionFilter
from p2p_reflex.services.bots.bot_steering import BotUnusableError
from p2p_reflex.services.money import ledger
from tests.builders import NOW, TODAY, a_borrower, a_form_key, a_lender, a_listing, a_member, broken_laws

pytestmark = pytest.mark.usefixtures("database")
LATER = NOW + timedelta(hours=2)


@pytest.fixture
def admin_id(database: Any) -> int:
    house.run(bot_runs.enroll_bots, business_on=TODAY, now=NOW)
    return house.run(a_member, role=Role.ADMIN)


def _desk(admin_id: int) -> BotDesk:
    return house.read(bot_desk.desk, admin_id=admin_id, business_on=TODAY)


def _card(admin_id: int, key: str) -> BotCard:
    return next(card for card in _desk(admin_id).bots if card.key == key)


def _round() -> int:
    outcome = house.run(bot_runs.run_round, listing_ids=None, business_on=TODAY, now=LATER, seed=7)
    return outcome.bid_count


def _listing(**changes: Any) -> int:
    terms: dict[str, Any] = {"amount_cents": 4_000_00, "floor_rate": "0.094", "highest_rate": "0.15"}
    return house.run(a_listing, **terms | changes)


def _switch(admin_id: int, bot_id: int, *, is_running: bool, form_key: str = "") -> bot_steering.BotChange:
    return house.run(
        bot_steering.switch,
        admin_id=admin_id,
        bot_id=bot_id,
        is_running=is_running,
        form_key=form_key or a_form_key(),
        business_on=TODAY,
        now=LATER,
    )


def _set_capital(admin_id: int, bot_id: int, capital: str, form_key: str = "") -> int:
    return house.run(
        bot_steering.change_capital,
        admin_id=admin_id,
        bot_id=bot_id,
        capital=capital,
        form_key=form_key or a_form_key(),
        business_on=TODAY,
        now=LATER,
    )


def _set(admin_id: int, bot_id: int, **typed: str) -> None:
    house.run(
        bot_steering.change_parameters,
        admin_id=admin_id,
        bot_id=bot_id,
        typed=typed,
        form_key=a_form_key(),
        business_on=TODAY,
        now=LATER,
    )


def test_the_desk_shows_six_running_bots_with_their_money(admin_id: int) -> None:
    desk = _desk(admin_id)

    assert desk.running_count == len(desk.bots) == 6
    assert sum(card.available_cents for card in desk.bots) == 2_500_000_00
    assert {card.win_rate for card in desk.bots} == {None}
    assert all(card.way and card.parameters for card in desk.bots)


def test_an_admin_enrolls_the_bots_once_with_their_capital(database: Any) -> None:
    admin_id = house.run(a_member, role=Role.ADMIN)
    before = _desk(admin_id)

    enrolled = [
        house.run(bot_steering.enroll, admin_id=admin_id, form_key=a_form_key(), business_on=TODAY, now=NOW)
        for _ in range(2)
    ]

    after = _desk(admin_id)
    assert (len(before.bots), sum(before.waiting_cents.values())) == (0, 2_500_000_00)
    assert enrolled == [6, 0]
    assert (after.running_count, after.waiting_cents) == (6, {})
    assert house.read(broken_laws) == []


def test_nobody_but_an_admin_sees_or_steers_the_bots(admin_id: int) -> None:
    lender_id = house.run(a_lender)
    bot_id = _card(admin_id, "quick_cash").bot_id

    with pytest.raises(UnknownError):
        _desk(lender_id)
    with pytest.raises(UnknownError):
        _switch(lender_id, bot_id, is_running=False)
    with pytest.raises(UnknownError):
        _set_capital(lender_id, bot_id, "5000")
    with pytest.raises(UnknownError):
        house.run(bot_steering.enroll, admin_id=lender_id, form_key=a_form_key(), business_on=TODAY, now=NOW)
    with pytest.raises(UnknownError):
        house.read(bot_desk.find_decisions, admin_id=lender_id, query=DecisionFilter())


@pytest.mark.parametrize("bot_id", [0, -1, 999, 2**70, "1"])
def test_a_bot_that_does_not_exist_is_unknown(admin_id: int, bot_id: Any) -> None:
    with pytest.raises(UnknownError):
        _switch(admin_id, bot_id, is_running=False)


def test_a_stopped_bot_keeps_its_bids_and_places_no_more(admin_id: int) -> None:
    _listing()
    _round()
    card = _card(admin_id, "quick_cash")

    _switch(admin_id, card.bot_id, is_running=False)
    _listing()
    _round()

    stopped = _card(admin_id, "quick_cash")
    assert (stopped.is_running, stopped.stopped_reason) == (False, "Stopped by an admin.")
    assert (stopped.bid_count, stopped.live_count) == (1, 1)


def test_all_bots_stop_and_start_at_once(admin_id: int) -> None:
    def switch_all(is_running: bool) -> int:
        house.run(
            bot_steering.switch_all,
            admin_id=admin_id,
            is_running=is_running,
            form_key=a_form_key(),
            business_on=TODAY,
            now=LATER,
        )
        return _desk(admin_id).running_count

    assert (switch_all(False), switch_all(True)) == (0, 6)


def test_a_bot_whose_file_is_broken_is_shown_with_the_reason_and_does_not_start(
    admin_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = _card(admin_id, "flexi_lend")
    _switch(admin_id, card.bot_id, is_running=False)
    whole = registry.load()
    rest = {key: bot for key, bot in whole.bots.items() if key != "flexi_lend"}
    monkeypatch.setattr(registry, "load", lambda: Registry(rest, {"flexi_lend": "SyntaxError: bad."}))

    with pytest.raises(BotUnusableError, match=r"cannot be started\. SyntaxError: bad\."):
        _switch(admin_id, card.bot_id, is_running=True)

    assert _card(admin_id, "flexi_lend").way == "SyntaxError: bad."


def test_a_reset_withdraws_open_bids_and_keeps_notes(admin_id: int) -> None:
    borrower_id = house.run(a_borrower)
    won = _listing(borrower_id=borrower_id)
    _round()
    _accept(borrower_id, won)
    still_open = _listing()
    _round()
    before = _card(admin_id, "balanced_choice")

    outcome = house.run(
        bot_steering.reset,
        admin_id=admin_id,
        bot_id=before.bot_id,
        form_key=a_form_key(),
        business_on=TODAY,
        now=LATER,
    )

    after = _card(admin_id, "balanced_choice")
    assert (outcome.bid_count, outcome.listing_ids) == (1, (still_open,))
    assert outcome.released_cents == before.held_cents > 0
    assert (after.live_count, after.held_cents) == (0, 0)
    assert after.deployed_cents == before.deployed_cents > 0
    assert house.read(broken_laws) == []


def test_a_reset_without_a_bot_empties_every_bots_books(admin_id: int) -> None:
    listings = (_listing(), _listing())
    placed = _round()

    outcome = house.run(
        bot_steering.reset,
        admin_id=admin_id,
        bot_id=None,
        form_key=a_form_key(),
        business_on=TODAY,
        now=LATER,
    )

    cards = _desk(admin_id).bots
    assert (outcome.bid_count, outcome.listing_ids) == (placed, listings)
    assert {(card.live_count, card.held_cents) for card in cards} == {(0, 0)}
    assert sum(card.available_cents for card in cards) == 2_500_000_00
    assert house.read(broken_laws) == []


def test_figures_after_a_loan_was_made(admin_id: int) -> None:
    borrower_id = house.run(a_borrower)
    listing_id = _listing(borrower_id=borrower_id)
    _round()
    _accept(borrower_id, listing_id)

    card = _card(admin_id, "quick_cash")

    assert (card.bid_count, card.win_count, card.win_rate) == (1, 1, Decimal(1))
    assert card.deployed_cents == 600_00
    assert card.deployed_cents + card.available_cents + card.held_cents == card.capital_cents
    assert card.average_rate is not None
    assert card.expected_return_rate is not None
    assert Decimal("0.05") < card.expected_return_rate < card.average_rate
    assert card.realised_return_rate is None


def test_charts_show_bids_by_day_and_capital_by_grade(admin_id: int) -> None:
    _listing()
    placed = _round()

    desk = _desk(admin_id)

    assert sum(day.bid_count for day in desk.bids_by_day) == placed == len(desk.bids_by_day)
    assert {(each.grade, each.lent_cents) for each in desk.capital_by_grade} == {("B", 0)}
    assert sum(each.leading_cents for each in desk.capital_by_grade) == sum(c.held_cents for c in desk.bots)


def test_decisions_are_found_by_bot_verdict_and_listing(admin_id: int) -> None:
    first, second = _listing(), _listing()
    _round()
    bot_id = _card(admin_id, "premium_rate").bot_id

    def find(page: int = 1, **query: Any) -> bot_figures.DecisionPage:
        return house.read(
            bot_desk.find_decisions,
            admin_id=admin_id,
            query=DecisionFilter(**query),
            page=page,
            page_size=5,
        )

    assert find().total_count == 12
    assert (find(page=99).page, find().page_count) == (3, 3)
    assert {row.listing_id for row in find(bot_id=bot_id).rows} == {first, second}
    assert {row.verdict for row in find(verdict=Verdict.PASS).rows} == {Verdict.PASS}
    assert find(listing_id=first).total_count == 6
    assert find(bot_id=bot_id).rows[0].reason == "Credit score 731 is under our 780."


def test_more_capital_is_paid_into_the_wallet_once(admin_id: int) -> None:
    bot_id = _card(admin_id, "quick_cash").bot_id
    form_key = a_form_key()

    given = [_set_capital(admin_id, bot_id, "250,000", form_key) for _ in range(2)]

    card = _card(admin_id, "quick_cash")
    assert given == [250_000_00, 250_000_00]
    assert (card.capital_cents, card.available_cents) == (250_000_00, 250_000_00)
    assert house.read(broken_laws) == []


def test_less_capital_is_taken_out_of_what_is_free(admin_id: int) -> None:
    bot_id = _card(admin_id, "quick_cash").bot_id

    _set_capital(admin_id, bot_id, "1000")

    assert house.read(ledger.balances, member_id=_card(admin_id, "quick_cash").member_id) == (1_000_00, 0)
    assert house.read(broken_laws) == []


def test_capital_that_is_lent_cannot_be_taken_out(admin_id: int) -> None:
    for _ in range(6):
        _listing()
    _round()
    card = _card(admin_id, "growth_max")
    _set_capital(admin_id, card.bot_id, str((card.held_cents + 1_000_00) // 100))

    with pytest.raises(FieldError) as refused:
        _set_capital(admin_id, card.bot_id, "1000")

    assert refused.value.field == "capital"
    assert refused.value.message == (
        "Only $1,000.00 of this bot's capital is free: the rest is lent or leads."
    )
    assert _card(admin_id, "growth_max").capital_cents == card.held_cents + 1_000_00


@pytest.mark.parametrize("capital", ["999", "10,000,001", "-5", "NaN", "", "1000.50", "１０００"])
def test_capital_out_of_bounds_is_refused_beside_its_field(admin_id: int, capital: str) -> None:
    bot_id = _card(admin_id, "quick_cash").bot_id

    with pytest.raises(FieldError) as refused:
        _set_capital(admin_id, bot_id, capital)

    assert refused.value.field == "capital"
    assert _card(admin_id, "quick_cash").capital_cents == 200_000_00


def test_parameters_that_were_changed_are_what_the_bot_goes_by(admin_id: int) -> None:
    card = _card(admin_id, "safety_first")

    _set(admin_id, card.bot_id, lowest_score="700", highest_debt_to_income="20")
    _listing()
    _round()

    decision = _card(admin_id, "safety_first").last_decisions[0]
    assert decision.reason == "Debt-to-income 24 % is over our 20 %."
    values = {each.field: each.value for each in _card(admin_id, "safety_first").parameters}
    assert (values["lowest_score"], values["highest_debt_to_income"]) == (Decimal(700), Decimal("0.20"))


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"lowest_score": "499"}, "lowest_score"),
        ({"minimum_return_rate": "0"}, "minimum_return_rate"),
        ({"grade_share": "101"}, "grade_share"),
        ({"margin_rate": "NaN"}, "margin_rate"),
        ({"turn": "1"}, "parameters"),
        ({"capital_cents": "1"}, "parameters"),
    ],
)
def test_a_parameter_out_of_its_bounds_is_refused_beside_its_field(
    admin_id: int, typed: dict[str, str], field: str
) -> None:
    bot_id = _card(admin_id, "safety_first").bot_id

    with pytest.raises(FieldError) as refused:
        _set(admin_id, bot_id, **typed)

    assert refused.value.field == field
    stored = house.run(
        lambda session: session.exec(select(Bot.parameters).where(col(Bot.id) == bot_id)).one()
    )
    assert stored == {}


def _accept(borrower_id: int, listing_id: int) -> None:
    listing = house.run(lambda session: session.get_one(Listing, listing_id))
    house.run(
        acceptance.accept,
        borrower_id=borrower_id,
        listing_id=listing_id,
        seen_average_rate=listing.average_rate,
        seen_covered_cents=listing.covered_cents,
        form_key=a_form_key(),
        business_on=TODAY,
        now=LATER,
    )
