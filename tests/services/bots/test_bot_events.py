"""Who changed a bot, when, from what to what and why: a record that only grows."""

from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlmodel import select

from p2p_reflex import database as house
from p2p_reflex.domain.errors import FieldError
from p2p_reflex.domain.vocabulary import Role
from p2p_reflex.models import BotEvent, BotEventKind, Member
from p2p_reflex.services.bots import bot_events, bot_runs, bot_steering
from p2p_reflex.services.bots.bot_events import PastEvent
from tests.builders import NOW, TODAY, a_form_key, a_member
from tests.scripted_bots import LATER, bots_by_key, good_listing, run_round, script

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def admin_id(database: Any) -> int:
    house.run(bot_runs.enroll_bots, business_on=TODAY, now=NOW)
    return house.run(a_member, role=Role.ADMIN)


def _act(service: Any, admin_id: int, **how: Any) -> Any:
    form_key = how.pop("form_key", a_form_key())
    return house.run(service, admin_id=admin_id, form_key=form_key, business_on=TODAY, now=LATER, **how)


def _history(bot_id: int) -> tuple[PastEvent, ...]:
    return house.read(bot_events.latest)[bot_id]


def _shown(bot_id: int) -> list[tuple[BotEventKind, str, str, str, str]]:
    return [(each.kind, each.field, each.before, each.after, each.reason) for each in _history(bot_id)]


def test_whoever_switches_a_bot_is_written_down_with_the_reason(admin_id: int) -> None:
    bot_id = bots_by_key()["quick_cash"].id

    _act(bot_steering.switch, admin_id, bot_id=bot_id, is_running=False, reason="  It bids too  low. ")
    _act(bot_steering.switch, admin_id, bot_id=bot_id, is_running=True)

    name = house.run(
        lambda session: session.exec(select(Member.full_name).where(Member.id == admin_id)).one()
    )
    assert [(each.kind, each.reason, each.admin_name) for each in _history(bot_id)] == [
        (BotEventKind.STARTED, "", name),
        (BotEventKind.STOPPED, "It bids too low.", name),
        (BotEventKind.ENROLLED, "", None),
    ]
    assert [(each.business_on, each.happened_at) for each in _history(bot_id)[:2]] == [(TODAY, LATER)] * 2


def test_what_changes_nothing_is_not_written_down(admin_id: int) -> None:
    bot_id = bots_by_key()["quick_cash"].id
    form_key = a_form_key()

    _act(bot_steering.switch, admin_id, bot_id=bot_id, is_running=True)
    _act(bot_steering.change_capital, admin_id, bot_id=bot_id, capital="200000")
    _act(bot_steering.change_parameters, admin_id, bot_id=bot_id, typed={"lowest_score": "600"})
    _act(bot_steering.reset, admin_id, bot_id=bot_id)
    for _ in range(2):
        _act(bot_steering.switch_all, admin_id, is_running=False, form_key=form_key)

    assert [each.kind for each in _history(bot_id)] == [BotEventKind.STOPPED, BotEventKind.ENROLLED]


def test_capital_and_parameters_are_written_down_from_what_to_what(admin_id: int) -> None:
    bot_id = bots_by_key()["safety_first"].id

    _act(bot_steering.change_capital, admin_id, bot_id=bot_id, capital="450,000", reason="Quarterly review.")
    typed = {"lowest_score": "700", "highest_debt_to_income": "20", "margin_rate": "0.9"}
    _act(bot_steering.change_parameters, admin_id, bot_id=bot_id, typed=typed, reason="Wider.")

    assert _shown(bot_id)[:3] == [
        (BotEventKind.PARAMETER, "highest_debt_to_income", "0.28", "0.20", "Wider."),
        (BotEventKind.PARAMETER, "lowest_score", "750", "700", "Wider."),
        (BotEventKind.CAPITAL, "", "50000000", "45000000", "Quarterly review."),
    ]


def test_a_reset_of_all_is_written_down_for_those_that_had_bids(admin_id: int) -> None:
    good_listing()
    run_round()
    bots = bots_by_key()

    _act(bot_steering.reset, admin_id, bot_id=None, reason="Demo.")

    assert _shown(bots["quick_cash"].id)[0] == (BotEventKind.RESET, "", "1", "0", "Demo.")
    assert [kind for kind, *_ in _shown(bots["premium_rate"].id)] == [BotEventKind.ENROLLED]


def test_a_fault_that_stops_a_bot_is_in_the_same_record(monkeypatch: pytest.MonkeyPatch) -> None:
    script(monkeypatch, broken=lambda market: 1 / 0)
    good_listing()

    run_round()

    (fault, enrolled) = _history(bots_by_key()["broken"].id)
    assert (fault.kind, fault.admin_name) == (BotEventKind.FAULT, None)
    assert fault.reason == "ZeroDivisionError: division by zero"
    assert enrolled.kind is BotEventKind.ENROLLED


def test_an_admin_who_enrolls_the_bots_is_written_down(database: Any) -> None:
    admin_id = house.run(a_member, role=Role.ADMIN)

    _act(bot_steering.enroll, admin_id)

    assert _history(bots_by_key()["flexi_lend"].id)[0].admin_name is not None


def test_a_reason_that_is_too_long_is_refused_beside_its_field_and_nothing_changes(admin_id: int) -> None:
    bot_id = bots_by_key()["safety_first"].id

    with pytest.raises(FieldError) as refused:
        _act(bot_steering.change_capital, admin_id, bot_id=bot_id, capital="450,000", reason="x" * 201)

    assert refused.value.field == "reason"
    assert bots_by_key()["safety_first"].capital_cents == 500_000_00


@pytest.mark.parametrize("change", ["UPDATE bot_event SET reason = 'x'", "DELETE FROM bot_event"])
def test_the_record_cannot_be_changed(admin_id: int, change: str) -> None:
    with pytest.raises(DBAPIError, match="only grows"):
        house.run(lambda session: session.execute(sa.text(change)))

    assert len(house.run(lambda session: session.exec(select(BotEvent)).all())) == 6
