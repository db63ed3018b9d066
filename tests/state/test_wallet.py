"""The wallet screen: money moves once, refusals stand beside the field, a stranger gets nothing."""

import pytest
from sqlalchemy.engine import Engine
from sqlmodel import Session

from p2p_reflex import database as house
from p2p_reflex.domain.vocabulary import Role
from p2p_reflex.services.days import opening
from p2p_reflex.services.money import ledger
from p2p_reflex.state import visitors
from p2p_reflex.state.wallet import WalletState
from tests.builders import TODAY, a_lender
from tests.state.sessions import a_session_of, enter_as
from tests.state.wire import Tab

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture(autouse=True)
def _open_market(database: Engine) -> None:
    house.run(opening.open_market, business_on=TODAY)
    visitors._remembered.clear()


@pytest.fixture
def lender_id() -> int:
    return house.run(a_lender, cash_cents=2_310_00)


def a_tab_of(member_id: int) -> tuple[Tab, str]:
    """Open the wallet, and return the tab with the key its form was opened with."""

    def enter(session: Session) -> str:
        return enter_as(session, member_id=member_id)

    tab = Tab(cookie=house.run(enter), path="/wallet")
    return tab, tab.send(WalletState.load).shown(WalletState, "form_key")


def available(member_id: int) -> int:
    return house.read(ledger.balances, member_id=member_id)[0]


def test_the_screen_opens_with_balances_and_every_movement(lender_id: int) -> None:
    answer = Tab(cookie=house.run(enter_as, member_id=lender_id), path="/wallet").send(WalletState.load)

    assert answer.shown(WalletState, "available") == "$2,310.00"
    assert answer.shown(WalletState, "held") == "$0.00"
    (line,) = answer.shown(WalletState, "lines")
    assert (line["words"], line["amount"], line["available"]) == ("Money added", "+$2,310.00", "$2,310.00")


def test_money_added_shows_at_once(lender_id: int) -> None:
    tab, key = a_tab_of(lender_id)

    answer = tab.send(WalletState.add_money, form={"amount": "1,000.50", "form_key": key})

    assert answer.shown(WalletState, "available") == "$3,310.50"
    assert answer.shown(WalletState, "lines")[0]["amount"] == "+$1,000.50"
    assert answer.shown(WalletState, "form_key") != key
    assert "$1,000.50 added" in answer.toasts
    assert available(lender_id) == 3_310_50


def test_more_than_is_there_is_refused_beside_the_field(lender_id: int) -> None:
    tab, key = a_tab_of(lender_id)

    answer = tab.send(WalletState.withdraw, amount="2310.01", form_key=key)

    assert answer.shown(WalletState, "errors") == {"amount": "You have $2,310.00 available."}
    assert available(lender_id) == 2_310_00


@pytest.mark.parametrize("handler", ["add_money", "withdraw"])
def test_the_same_press_twice_moves_money_once(lender_id: int, handler: str) -> None:
    tab, key = a_tab_of(lender_id)
    form = {"amount": "10", "form_key": key}
    payload = {"form": form} if handler == "add_money" else form
    change = 10_00 if handler == "add_money" else -10_00

    for _ in range(2):
        tab.send(getattr(WalletState, handler), **payload)

    assert available(lender_id) == 2_310_00 + change


def test_a_form_without_its_key_moves_nothing(lender_id: int) -> None:
    tab, _ = a_tab_of(lender_id)

    answer = tab.send(WalletState.withdraw, amount="10", form_key="")

    assert "out of date" in answer.toasts
    assert available(lender_id) == 2_310_00


@pytest.mark.parametrize("amount", [None, 10, 1e308, {"x": 1}, ["10"], True])
def test_an_amount_that_is_not_text_moves_nothing(lender_id: int, amount: object) -> None:
    tab, key = a_tab_of(lender_id)

    tab.send(WalletState.withdraw, amount=amount, form_key=key)
    tab.send(WalletState.add_money, form={"amount": amount, "form_key": key})

    assert available(lender_id) == 2_310_00


def test_nobody_and_an_admin_have_no_wallet_here() -> None:
    for cookie in ("", a_session_of(Role.ADMIN)):
        tab = Tab(cookie=cookie, path="/wallet")
        tab.send(WalletState.load)
        answer = tab.send(WalletState.add_money, form={"amount": "10", "form_key": "0" * 32})
        assert answer.shown(WalletState, "available") is None


def test_the_statement_pages_and_filters(lender_id: int) -> None:
    tab, key = a_tab_of(lender_id)
    for _ in range(12):
        key = tab.send(WalletState.add_money, form={"amount": "1", "form_key": key}).shown(
            WalletState, "form_key"
        )

    older = tab.send(WalletState.turn_page, step=1)
    none = tab.send(WalletState.show_kind, kind="loans")

    assert older.shown(WalletState, "range_words") == "13 to 13 of 13"
    assert [line["amount"] for line in older.shown(WalletState, "lines")] == ["+$2,310.00"]
    assert none.shown(WalletState, "lines") == []
