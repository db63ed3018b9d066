"""The admin's desk of the bots: what it shows, what it changes, and for an admin only."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy.engine import Engine
from sqlmodel import col, select

from p2p_reflex import database as house
from p2p_reflex.domain.vocabulary import Role
from p2p_reflex.models import Bot
from p2p_reflex.services.bots import bot_rows, bot_runs
from p2p_reflex.services.days import opening
from p2p_reflex.state import visitors
from p2p_reflex.state.admin_bots import AdminBotsState
from p2p_reflex.state.bot_lines import BotLine
from p2p_reflex.state.listing_bots import ListingBotsState
from tests.builders import NOW, TODAY, a_listing, broken_laws
from tests.state.sessions import a_session_of
from tests.state.wire import Answer, Tab

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture(autouse=True)
def _open_market(database: Engine) -> None:
    house.run(opening.open_market, business_on=TODAY)
    visitors._remembered.clear()


@pytest.fixture
def bots(database: Engine) -> None:
    house.run(bot_runs.enroll_bots, business_on=TODAY, now=NOW)


@pytest.fixture
def tab(database: Engine, bots: None) -> Tab:
    return Tab(cookie=a_session_of(Role.ADMIN, "Sam Whitfield"), path="/admin/bots")


def _a_round() -> int:
    listing_id = house.run(a_listing, amount_cents=4_000_00, floor_rate="0.094", highest_rate="0.15")
    house.run(bot_runs.run_round, listing_ids=None, business_on=TODAY, now=NOW, seed=7)
    return listing_id


def _bot(answer: Answer, name: str) -> BotLine:
    return next(bot for bot in answer.shown(AdminBotsState, "bots") if bot.name == name)


def _number(key: str) -> int:
    return house.read(lambda session: session.exec(select(Bot.id).where(col(Bot.key) == key)).one())


def _form(**fields: str) -> dict[str, Any]:
    return {"form_key": uuid.uuid4().hex, **fields}


def test_an_admin_sees_every_bot_with_its_money_and_its_last_word(tab: Tab) -> None:
    listing_id = _a_round()

    answer = tab.send(AdminBotsState.load)

    assert answer.shown(AdminBotsState, "strip").running == "6 of 6"
    quick, premium = _bot(answer, "QuickCash Solutions"), _bot(answer, "PremiumRate Investors")
    assert (quick.capital, quick.held, quick.free) == ("$200,000", "$600.00", "$199,400.00")
    assert (quick.bids, quick.win_rate, quick.realised) == ("1", "none yet", "not known yet")
    assert quick.last.did.startswith("bid $600 at ")
    assert (premium.last.did, premium.last.href) == ("passed on", f"/listings/{listing_id}")
    assert premium.last.reason == "Credit score 731 is under our 780."
    assert answer.shown(AdminBotsState, "has_bids")
    assert answer.shown(AdminBotsState, "has_grades")


def test_the_decisions_are_filtered_by_bot_and_kind(tab: Tab) -> None:
    _a_round()
    tab.send(AdminBotsState.load)

    passes = tab.send(AdminBotsState.filter_verdict, verdict="pass").shown(AdminBotsState, "decisions")
    one = tab.send(AdminBotsState.filter_bot, bot=str(_number("premium_rate")))

    assert {line.verdict for line in passes} == {"pass"}
    assert [line.bot_name for line in one.shown(AdminBotsState, "decisions")] == ["PremiumRate Investors"]
    assert one.shown(AdminBotsState, "range_words") == "1 to 1 of 1"


def test_a_switch_stops_one_bot_and_the_buttons_all_of_them(tab: Tab) -> None:
    tab.send(AdminBotsState.load)

    one = tab.send(AdminBotsState.switch, bot_id=_number("growth_max"), wanted=False)
    none = tab.send(AdminBotsState.switch_all, wanted=False)
    every = tab.send(AdminBotsState.switch_all, wanted=True)

    stopped = _bot(one, "GrowthMax Lending")
    assert (stopped.is_running, stopped.badge, stopped.stopped_by) == (False, "Stopped", "")
    running = [answer.shown(AdminBotsState, "strip").running for answer in (one, none, every)]
    assert running == ["5 of 6", "0 of 6", "6 of 6"]


def test_a_bot_that_an_error_stopped_shows_its_reason_and_starts_again(tab: Tab) -> None:
    bot_id = _number("flexi_lend")
    house.run(bot_rows.stop, bot_id=bot_id, reason="ZeroDivisionError: division by zero", now=NOW)

    broken = tab.send(AdminBotsState.load)
    started = tab.send(AdminBotsState.switch, bot_id=bot_id, wanted=True)

    shown = _bot(broken, "FlexiLend Partners")
    assert (shown.badge, shown.stopped_by) == ("Stopped by an error", "ZeroDivisionError: division by zero.")
    assert broken.shown(AdminBotsState, "strip").running_note == "1 stopped by an error"
    assert _bot(started, "FlexiLend Partners").badge == "Running"


def test_capital_is_changed_once_and_refused_beside_its_field(tab: Tab) -> None:
    tab.send(AdminBotsState.load)
    tab.send(AdminBotsState.open_settings, bot_id=_number("quick_cash"))
    form = _form(capital="250,000")

    refused = tab.send(AdminBotsState.change_capital, form=_form(capital="12.50"))
    changed = tab.send(AdminBotsState.change_capital, form=form)
    tab.send(AdminBotsState.open_settings, bot_id=_number("quick_cash"))
    again = tab.send(AdminBotsState.change_capital, form=form)

    assert list(refused.shown(AdminBotsState, "errors")) == ["capital"]
    assert _bot(changed, "QuickCash Solutions").capital == "$250,000"
    assert changed.shown(AdminBotsState, "dialog") == ""
    assert "has $250,000 to lend" in again.toasts
    assert house.read(broken_laws) == []


def test_only_what_was_typed_over_is_set(tab: Tab) -> None:
    tab.send(AdminBotsState.load)
    opened = tab.send(AdminBotsState.open_settings, bot_id=_number("safety_first"))
    shown = {line.field: line.value for line in opened.shown(AdminBotsState, "parameters")}

    refused = tab.send(AdminBotsState.change_parameters, form=_form(**{**shown, "lowest_score": "499"}))
    tab.send(AdminBotsState.change_parameters, form=_form(**{**shown, "lowest_score": "700"}))

    assert shown["lowest_score"] == "750"
    assert list(refused.shown(AdminBotsState, "errors")) == ["lowest_score"]
    assert _stored("safety_first") == {"lowest_score": "700"}


def test_who_changed_a_bot_and_why_stands_in_its_history_and_in_its_row(tab: Tab) -> None:
    tab.send(AdminBotsState.load)
    tab.send(AdminBotsState.open_settings, bot_id=_number("quick_cash"))
    tab.send(AdminBotsState.write_reason, reason="It bids too low.")

    stopped = tab.send(AdminBotsState.switch_with_reason, wanted=False)
    tab.send(AdminBotsState.change_capital, form=_form(capital="250,000"))
    opened = tab.send(AdminBotsState.open_settings, bot_id=_number("quick_cash"))

    assert not stopped.shown(AdminBotsState, "settings").is_running
    row = _bot(stopped, "QuickCash Solutions")
    assert row.last_change.startswith("Stopped by Sam Whitfield, ")
    assert row.last_change.endswith(": It bids too low.")
    history = opened.shown(AdminBotsState, "history")
    assert [(line.what, line.who, line.reason) for line in history] == [
        ("Capital raised from $200,000 to $250,000", "Sam Whitfield", "It bids too low."),
        ("Stopped", "Sam Whitfield", "It bids too low."),
        ("Enrolled with $200,000", "The platform", ""),
    ]
    assert opened.shown(AdminBotsState, "reason") == ""


def test_changed_parameters_are_written_as_a_person_would_type_them(tab: Tab) -> None:
    tab.send(AdminBotsState.load)
    opened = tab.send(AdminBotsState.open_settings, bot_id=_number("safety_first"))
    shown = {line.field: line.value for line in opened.shown(AdminBotsState, "parameters")}

    form = _form(**{**shown, "lowest_score": "700", "margin_rate": "1.15"})
    tab.send(AdminBotsState.change_parameters, form=form)
    changed = tab.send(AdminBotsState.open_settings, bot_id=_number("safety_first"))

    history = changed.shown(AdminBotsState, "history")
    assert {line.what for line in history[:2]} == {
        "Lowest credit score set from 750 to 700",
        "Margin set from 0.9\N{NO-BREAK SPACE}% to 1.15\N{NO-BREAK SPACE}%",
    }


def test_a_reset_asks_first_and_then_withdraws_every_open_bid(tab: Tab) -> None:
    _a_round()
    tab.send(AdminBotsState.load)

    asked = tab.send(AdminBotsState.ask_reset)
    done = tab.send(AdminBotsState.withdraw_bids, form_key=uuid.uuid4().hex)
    again = tab.send(AdminBotsState.ask_reset)

    question = asked.shown(AdminBotsState, "reset_shown")
    assert asked.shown(AdminBotsState, "dialog") == "reset"
    assert question.confirm == f"Withdraw {question.bids} bids"
    assert {bot.held for bot in done.shown(AdminBotsState, "bots")} == {"$0.00"}
    assert f"{question.bids} bids withdrawn" in done.toasts
    assert "nothing to withdraw" in again.toasts
    assert house.read(broken_laws) == []


def test_one_bot_is_reset_alone(tab: Tab) -> None:
    _a_round()
    tab.send(AdminBotsState.load)
    tab.send(AdminBotsState.open_settings, bot_id=_number("quick_cash"))

    asked = tab.send(AdminBotsState.ask_reset_of_one)
    done = tab.send(AdminBotsState.withdraw_bids, form_key=uuid.uuid4().hex)

    assert asked.shown(AdminBotsState, "reset_shown").title == "Reset QuickCash Solutions"
    assert _bot(done, "QuickCash Solutions").held == "$0.00"
    assert _bot(done, "GrowthMax Lending").held != "$0.00"


def test_without_bots_an_admin_enrolls_them(database: Engine) -> None:
    tab = Tab(cookie=a_session_of(Role.ADMIN, "Sam Whitfield"), path="/admin/bots")

    empty = tab.send(AdminBotsState.load)
    asked = tab.send(AdminBotsState.show_enroll, is_open=True)
    done = tab.send(AdminBotsState.enroll, form_key=uuid.uuid4().hex)

    waiting = empty.shown(AdminBotsState, "waiting")
    assert (waiting.press, waiting.confirm) == ("Enroll 6 bots", "Enroll and pay in $2,500,000")
    assert asked.shown(AdminBotsState, "dialog") == "enroll"
    assert done.shown(AdminBotsState, "strip").running == "6 of 6"
    assert done.shown(AdminBotsState, "dialog") == ""
    assert house.read(broken_laws) == []


@pytest.mark.parametrize("role", [None, Role.BORROWER, Role.LENDER])
def test_nobody_else_sees_or_steers_the_bots(bots: None, role: Role | None) -> None:
    stranger = Tab(cookie=a_session_of(role) if role else "", path="/admin/bots")
    attempts: list[Callable[[], Answer]] = [
        lambda: stranger.send(AdminBotsState.load),
        lambda: stranger.send(AdminBotsState.switch, bot_id=_number("quick_cash"), wanted=False),
        lambda: stranger.send(AdminBotsState.switch_all, wanted=False),
        lambda: stranger.send(AdminBotsState.open_settings, bot_id=_number("quick_cash")),
        lambda: stranger.send(AdminBotsState.change_capital, form=_form(capital="1000")),
        lambda: stranger.send(AdminBotsState.withdraw_bids, form_key=uuid.uuid4().hex),
        lambda: stranger.send(AdminBotsState.enroll, form_key=uuid.uuid4().hex),
    ]

    answers = [attempt() for attempt in attempts]

    assert not any(answer.shown(AdminBotsState, "bots") for answer in answers)
    running = house.read(lambda session: session.exec(select(Bot.is_running)).all())
    assert list(running) == [True] * 6


@pytest.mark.parametrize(("role", "sees"), [(Role.LENDER, True), (Role.ADMIN, True), (None, False)])
def test_a_listing_says_which_bots_passed_to_those_who_may_read_it(
    bots: None, role: Role | None, sees: bool
) -> None:
    listing_id = _a_round()
    viewer = Tab(cookie=a_session_of(role) if role else "", path=f"/listings/{listing_id}")

    answer = viewer.send(ListingBotsState.load)

    passes = answer.shown(ListingBotsState, "passes") or []
    assert ("credit score 731 is under our 780." in [line.reason for line in passes]) is sees


def _stored(key: str) -> dict[str, Any]:
    return house.read(lambda session: session.exec(select(Bot.parameters).where(col(Bot.key) == key)).one())
