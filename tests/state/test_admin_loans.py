"""The admin's screens of loans and risk: for admins only, and what is chosen there is what is shown."""

from datetime import timedelta

import pytest
from sqlalchemy.engine import Engine

from p2p_reflex import database as house
from p2p_reflex.domain.vocabulary import Role
from p2p_reflex.services.days import opening
from p2p_reflex.state import visitors
from p2p_reflex.state.admin_loans import AdminLoansState
from p2p_reflex.state.admin_risk import AdminRiskState
from p2p_reflex.state.risk_lines import share_of
from tests.builders import TODAY
from tests.loan_lives import a_shared_loan
from tests.state.sessions import a_session_of
from tests.state.wire import Answer, Tab

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture(autouse=True)
def _open_market(database: Engine) -> None:
    house.run(opening.open_market, business_on=TODAY)
    visitors._remembered.clear()


@pytest.fixture
def tab(database: Engine) -> Tab:
    return Tab(cookie=a_session_of(Role.ADMIN, "Sam Whitfield"), path="/admin/loans")


def shown(answer: Answer, var: str) -> object:
    return answer.shown(AdminLoansState, var)


def test_an_admin_sees_what_to_act_on_and_every_loan(tab: Tab) -> None:
    late_id = a_shared_loan(disbursed_on=TODAY - timedelta(days=80))
    a_shared_loan(disbursed_on=TODAY)

    answer = tab.send(AdminLoansState.load)

    (act,) = shown(answer, "acts")  # type: ignore[misc]
    assert (act.href, act.fact, act.tone) == (f"/loans/{late_id}", "50 days late", "red")
    assert act.detail.endswith("$12,000.00 owed. Default in 71 days if nothing is paid.")
    assert [(line.state, line.kind) for line in shown(answer, "lines")] == [  # type: ignore[attr-defined]
        ("50 days late", "late"),
        ("Current", "good"),
    ]
    assert shown(answer, "total_words") == "2 loans, $24,000.00 owed"


def test_what_is_chosen_is_what_is_shown(tab: Tab) -> None:
    a_shared_loan(disbursed_on=TODAY - timedelta(days=80))
    a_shared_loan(disbursed_on=TODAY)
    tab.send(AdminLoansState.load)

    by_bucket = tab.send(AdminLoansState.choose_bucket, bucket="late_31_120")
    by_state = tab.send(AdminLoansState.choose_state, state="paid_off")
    nonsense = tab.send(AdminLoansState.choose_state, state="'; DROP TABLE loan")
    sorted_ = tab.send(AdminLoansState.sort_by, key="owed")
    tab.send(AdminLoansState.sort_by, key="nonsense")

    assert shown(by_bucket, "range_words") == "1 to 1 of 1 loan"
    assert shown(by_state, "lines") == []
    assert shown(nonsense, "state_choice") == ""
    assert (shown(sorted_, "sort"), tab.send(AdminLoansState.turn_page, step=1).told) == ("owed", [])


def test_the_screen_of_risk_shows_stages_rolls_and_a_fund_that_is_no_guarantee(tab: Tab) -> None:
    a_shared_loan(disbursed_on=TODAY - timedelta(days=80))
    tab.path = "/admin/risk"

    answer = tab.send(AdminRiskState.load)

    assert [line.loan_count for line in answer.shown(AdminRiskState, "stages")] == list("00010")
    assert answer.shown(AdminRiskState, "shown").late_30 == "100.0 %"
    this_month, last_month = answer.shown(AdminRiskState, "rolls")[:2]
    assert (this_month.month, this_month.grace_of) == ("Nov 2026, so far", "no loans")
    assert last_month.month == "Oct 2026"
    fund = answer.shown(AdminRiskState, "fund")
    assert (fund.balance, fund.coverage) == ("$60.00", "0.01")


@pytest.mark.parametrize("role", [None, Role.BORROWER, Role.LENDER])
def test_nobody_else_sees_either(database: Engine, role: Role | None) -> None:
    a_shared_loan(disbursed_on=TODAY - timedelta(days=80))
    stranger = Tab(cookie=a_session_of(role) if role else "", path="/admin/loans")

    answers = [
        stranger.send(AdminLoansState.load),
        stranger.send(AdminLoansState.search_for, text="roof"),
        stranger.send(AdminRiskState.load),
    ]

    assert not any(answer.shown(AdminLoansState, "lines") for answer in answers)
    assert not any(answer.shown(AdminRiskState, "stages") for answer in answers)


@pytest.mark.parametrize(
    ("part_cents", "whole_cents", "words"),
    [(91_796_63, 1_281_448_50, "7.2 %"), (0, 100, "0.0 %"), (100, 100, "100.0 %"), (0, 0, "0 %")],
)
def test_a_share_of_the_book_is_rounded_to_a_tenth(part_cents: int, whole_cents: int, words: str) -> None:
    assert share_of(part_cents, whole_cents) == words
