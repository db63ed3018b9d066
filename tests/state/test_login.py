"""Registering, signing in and out: what is told, what is kept, and where one is led."""

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy.engine import Engine

from p2p_reflex import database as house
from p2p_reflex.domain.vocabulary import Role
from p2p_reflex.services.days import opening
from p2p_reflex.services.people import sign_in
from p2p_reflex.state import visitors
from p2p_reflex.state.cookies import safe_path
from p2p_reflex.state.frame import FrameState
from p2p_reflex.state.login import LoginState
from p2p_reflex.state.register import RegisterState
from tests.builders import TODAY
from tests.state.sessions import a_session_of
from tests.state.wire import Answer, Tab

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)

PASSWORD = "correct horse battery staple"
LENDER = {"full_name": "Maya Reed", "email": "maya@example.org", "password": PASSWORD}
FINANCES = {
    "credit_score": "720",
    "annual_income": "68,000",
    "monthly_debt": "450",
    "years_employed": "6",
    "home_ownership": "rent",
}


@pytest.fixture(autouse=True)
def _open_market(database: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("P2P_BCRYPT_COST", "4")
    house.run(opening.open_market, business_on=TODAY)
    visitors._remembered.clear()


def registered(role: str, form: dict[str, str]) -> Answer:
    """Choose a side and send the form."""
    tab = Tab(path="/register")
    tab.send(RegisterState.choose_role, role=role)
    return tab.send(RegisterState.create_account, form=form)


def signed_in(form: dict[str, Any], path: str = "/login") -> Answer:
    """Open the sign-in screen and send the form."""
    tab = Tab(path=path)
    tab.send(LoginState.load)
    return tab.send(LoginState.sign_in, form=form)


def test_a_lender_registers_and_is_led_home_with_a_ticket() -> None:
    answer = registered("lender", LENDER)

    assert "/api/session" in answer.toasts
    assert "/portfolio" in answer.toasts
    assert PASSWORD not in f"{answer.changed}{answer.toasts}"


def test_a_borrower_registers_with_their_finances() -> None:
    answer = registered("borrower", LENDER | FINANCES)

    assert "/borrow" in answer.toasts


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("password", "short"),
        ("email", "nobody"),
        ("full_name", " "),
        ("credit_score", "٧٢٠"),
        ("annual_income", "NaN"),
    ],
)
def test_a_refused_field_is_named_and_the_form_can_be_sent_again(field: str, typed: str) -> None:
    answer = registered("borrower", LENDER | FINANCES | {field: typed})

    assert list(answer.shown(RegisterState, "errors")) == [field]
    assert answer.shown(RegisterState, "busy") is False
    assert "/api/session" not in answer.toasts


def test_the_right_password_leads_to_the_screen_one_wanted() -> None:
    registered("lender", LENDER)

    answer = signed_in({"email": "MAYA@example.org ", "password": PASSWORD}, "/login?next=/wallet")

    assert "/api/session" in answer.toasts
    assert "/wallet" in answer.toasts


def test_a_wrong_password_and_an_unknown_email_get_the_same_answer() -> None:
    registered("lender", LENDER)

    wrong = signed_in({"email": LENDER["email"], "password": "wrong horse battery staple"})
    unknown = signed_in({"email": "nobody@example.org", "password": PASSWORD})

    assert wrong.shown(LoginState, "errors") == unknown.shown(LoginState, "errors")
    assert list(wrong.shown(LoginState, "errors")) == ["password"]


def test_guessing_is_slowed_down() -> None:
    registered("lender", LENDER)

    answers = [signed_in({"email": LENDER["email"], "password": f"guess number {n}"}) for n in range(7)]

    assert "Too many tries. Wait" in answers[-1].toasts


def test_demo_accounts_are_closed_outside_of_the_demo(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("P2P_DEMO", "false")

    answer = Tab().send(LoginState.enter_demo, role="admin")

    assert "Demo accounts are not open here." in answer.toasts


def test_the_frame_shows_who_is_signed_in_and_their_money() -> None:
    answer = Tab(cookie=a_session_of(Role.LENDER, "Maya Reed")).send(FrameState.load)

    shown = {
        name: answer.shown(FrameState, name)
        for name in ("full_name", "initials", "money_label", "money", "home")
    }
    assert shown == {
        "full_name": "Maya Reed",
        "initials": "MR",
        "money_label": "Available",
        "money": "$0.00",
        "home": "/portfolio",
    }


def test_signing_out_ends_the_session_at_once() -> None:
    token = a_session_of(Role.LENDER)
    tab = Tab(cookie=token)
    tab.send(FrameState.load)

    answer = tab.send(FrameState.sign_out)

    assert "/api/session/end" in answer.toasts
    assert house.read(sign_in.identify, token=token, now=datetime.now(UTC)) is None
    assert tab.send(FrameState.load).shown(FrameState, "is_signed_in") is False


@pytest.mark.parametrize(
    ("wanted", "led_to"),
    [
        ("/wallet", "/wallet"),
        ("/listings/12?tab=book", "/listings/12?tab=book"),
        ("", "/home"),
        ("https://elsewhere.example", "/home"),
        ("//elsewhere.example", "/home"),
        ("/\\elsewhere.example", "/home"),
        ("javascript:alert(1)", "/home"),
        ("/login?next=/login", "/home"),
        ("/\n/elsewhere.example", "/home"),
    ],
)
def test_one_is_led_only_within_this_site(wanted: str, led_to: str) -> None:
    assert safe_path(wanted, "/home") == led_to
