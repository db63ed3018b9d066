"""The admin's overview screen: every law by name, and for an admin only."""

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from p2p_reflex import database as house
from p2p_reflex.domain.vocabulary import Role
from p2p_reflex.services.days import business_date, opening
from p2p_reflex.settings import settings
from p2p_reflex.state import visitors
from p2p_reflex.state.admin_overview import AdminOverviewState, OverviewShown
from p2p_reflex.state.frame import FrameState
from tests.builders import TODAY, a_lender, a_loan
from tests.state.sessions import a_session_of
from tests.state.wire import Tab

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture(autouse=True)
def _open_market(database: Engine) -> None:
    house.run(opening.open_market, business_on=TODAY)
    visitors._remembered.clear()


@pytest.fixture
def tab(database: Engine) -> Tab:
    return Tab(cookie=a_session_of(Role.ADMIN, "Sam Whitfield"), path="/admin")


def test_an_admin_sees_the_money_every_law_and_every_bucket(tab: Tab) -> None:
    house.run(a_loan, principal_cents=1_000_00)

    answer = tab.send(AdminOverviewState.load)

    shown = answer.shown(AdminOverviewState, "shown")
    assert (shown.bank, shown.difference, shown.laws_word) == ("$1,000.00", "$0.00", "11 of 11 laws hold")
    assert [law["number"] for law in answer.shown(AdminOverviewState, "laws")] == [
        f"{n}." for n in range(1, 12)
    ]
    assert [bucket["loan_count"] for bucket in answer.shown(AdminOverviewState, "buckets")] == list("10000")
    assert answer.shown(AdminOverviewState, "day") == "Friday, 20 Nov 2026."


def test_a_broken_law_is_named_with_what_breaks_it(tab: Tab) -> None:
    house.run(a_lender, cash_cents=5_00)
    with house.transaction() as session:
        session.execute(sa.text("UPDATE ledger_account SET balance_cents = 1 WHERE kind = 'wallet'"))

    answer = tab.send(AdminOverviewState.load)

    assert answer.shown(AdminOverviewState, "shown").laws_word == "8 of 11 laws hold"
    broken = [law for law in answer.shown(AdminOverviewState, "laws") if not law["holds"]]
    assert [law["number"] for law in broken] == ["1.", "2.", "9."]
    assert all(law["violations"] for law in broken)


@pytest.mark.parametrize("role", [None, Role.BORROWER, Role.LENDER])
def test_nobody_else_sees_it(database: Engine, role: Role | None) -> None:
    stranger = Tab(cookie=a_session_of(role) if role else "", path="/admin")

    answer = stranger.send(AdminOverviewState.load)

    assert answer.shown(AdminOverviewState, "shown") in (None, OverviewShown())
    assert not answer.shown(AdminOverviewState, "laws")


@pytest.mark.parametrize(
    ("handler", "opens"), [("advance_day", "2026-11-21"), ("advance_month", "2026-12-20")]
)
def test_the_demos_clock_is_moved_from_the_frame(
    tab: Tab, monkeypatch: pytest.MonkeyPatch, handler: str, opens: str
) -> None:
    monkeypatch.setenv("P2P_DEMO", "true")
    settings.cache_clear()

    answer = tab.send(getattr(FrameState, handler))

    assert house.read(business_date.today).isoformat() == opens
    assert answer.shown(FrameState, "advancing") == ""


def test_the_clock_stands_still_without_a_demo_and_for_strangers(
    tab: Tab, monkeypatch: pytest.MonkeyPatch
) -> None:
    Tab(path="/market").send(FrameState.advance_day)
    monkeypatch.setenv("P2P_DEMO", "false")
    settings.cache_clear()
    refused = tab.send(FrameState.advance_day)

    assert "in the demo only" in refused.toasts
    assert house.read(business_date.today) == TODAY
