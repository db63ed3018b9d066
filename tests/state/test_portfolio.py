"""The portfolio screen: figures as text, tables that filter, sort and page, and nothing for strangers."""

from datetime import date

import pytest
from sqlalchemy.engine import Engine
from sqlmodel import Session, select

from p2p_reflex import database as house
from p2p_reflex.domain import formats
from p2p_reflex.domain.vocabulary import Role
from p2p_reflex.models import Loan, Note
from p2p_reflex.services.bidding import bidding
from p2p_reflex.services.days import opening
from p2p_reflex.services.listings import listings
from p2p_reflex.services.loans import portfolio
from p2p_reflex.state import visitors
from p2p_reflex.state.loan_admin import LoanAdminState
from p2p_reflex.state.portfolio import PortfolioState
from p2p_reflex.state.portfolio_lines import PortfolioShown
from tests.builders import NOW, TODAY, a_borrower, a_form_key, a_lender, a_listing_form, a_loan
from tests.loan_deeds import withdraw_all
from tests.loan_lives import a_shared_loan, lenders_of, pay_installment
from tests.state.loan_tabs import admins_tab, first_payment_id, give_help
from tests.state.sessions import a_session_of, enter_as
from tests.state.wire import Tab

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture(autouse=True)
def _open_market(database: Engine) -> None:
    house.run(opening.open_market, business_on=TODAY)
    visitors._remembered.clear()


@pytest.fixture
def tab() -> Tab:
    """Open the portfolio of a lender with two notes and one bid that leads in part."""

    def build(session: Session) -> str:
        loan_ids = [a_loan(session, principal_cents=cents) for cents in (1_000_00, 3_000_00)]
        lender_id = a_lender(session, cash_cents=800_00)
        for note in session.exec(select(Note)):
            note.lender_id = lender_id
        session.get_one(Loan, loan_ids[0]).title = "Second-hand tractor"
        listing_id = listings.publish(
            session,
            borrower_id=a_borrower(session),
            form=a_listing_form(amount="1,000", highest_rate="20"),
            form_key=a_form_key(),
            business_on=TODAY,
            now=NOW,
        )
        for bidder, amount in ((a_lender(session, cash_cents=700_00), "700"), (lender_id, "500")):
            bidding.place_bid(
                session,
                lender_id=bidder,
                listing_id=listing_id,
                amount=amount,
                rate="15",
                form_key=a_form_key(),
                business_on=TODAY,
                now=NOW,
            )
        return enter_as(session, member_id=lender_id)

    return Tab(cookie=house.run(build), path="/portfolio")


def test_the_screen_opens_with_figures_notes_and_when_returns_will_be_known(tab: Tab) -> None:
    answer = tab.send(PortfolioState.load)

    shown = answer.shown(PortfolioState, "shown")
    assert shown.in_notes == "$4,000.00"
    assert (shown.held, shown.available) == ("$300.00", "$500.00")
    assert [each.figure for each in shown.returns] == ["not known yet"] * 3
    assert shown.waiting == "A return shows after 90 days, from 18 Feb 2027."
    assert shown.largest == "is 75.0 % of your notes."
    lines = answer.shown(PortfolioState, "lines")
    assert [line["owed"] for line in lines] == ["$3,000.00", "$1,000.00"]
    assert lines[0]["left"] == "24 of 24"
    assert answer.shown(PortfolioState, "range_words") == "1 to 2 of 2 notes"


def test_a_column_pressed_twice_sorts_the_other_way_round(tab: Tab) -> None:
    tab.send(PortfolioState.load)

    once = tab.send(PortfolioState.sort_by, key="bought").shown(PortfolioState, "lines")
    twice = tab.send(PortfolioState.sort_by, key="bought").shown(PortfolioState, "lines")

    assert once is None or [line["bought"] for line in once] == ["$3,000.00", "$1,000.00"]
    assert [line["bought"] for line in twice] == ["$1,000.00", "$3,000.00"]


def test_a_search_keeps_what_matches_and_odd_wishes_change_nothing(tab: Tab) -> None:
    tab.send(PortfolioState.load)

    found = tab.send(PortfolioState.search_for, text="TRACTOR")

    assert [line["title"] for line in found.shown(PortfolioState, "lines")] == ["Second-hand tractor"]
    for handler, payload in (
        (PortfolioState.sort_by, {"key": "password"}),
        (PortfolioState.choose_tab, {"tab": "__class__"}),
        (PortfolioState.choose_grade, {"grade": "Z"}),
        (PortfolioState.turn_page, {"step": -(10**9)}),
    ):
        assert tab.send(handler, **payload).told == []


def test_active_bids_say_how_much_of_them_leads(tab: Tab) -> None:
    tab.send(PortfolioState.load)

    (bid,) = tab.send(PortfolioState.choose_tab, tab="bids").shown(PortfolioState, "bids")

    assert (bid["amount"], bid["rate"], bid["state"]) == ("$500", "15.00 %", "Leads with $300")


@pytest.mark.parametrize("role", [None, Role.BORROWER, Role.ADMIN])
def test_only_a_lender_sees_a_portfolio(database: Engine, role: Role | None) -> None:
    stranger = Tab(cookie=a_session_of(role) if role else "", path="/portfolio")

    for handler in (PortfolioState.load, PortfolioState.search_for):
        payload = {"text": "a"} if handler is PortfolioState.search_for else {}
        answer = stranger.send(handler, **payload)
        assert answer.shown(PortfolioState, "shown") in (None, PortfolioShown())
        assert not answer.shown(PortfolioState, "lines")


def test_what_was_forgiven_stands_among_what_the_earnings_come_from() -> None:
    loan_id = a_shared_loan(disbursed_on=date(2026, 8, 20))
    lender = Tab(cookie=house.run(enter_as, member_id=lenders_of(loan_id)[0]), path="/portfolio")
    before = lender.send(PortfolioState.load).shown(PortfolioState, "shown")

    give_help(admins_tab(loan_id), "forgive", {"principal": "1000"})
    after = lender.send(PortfolioState.load).shown(PortfolioState, "shown")

    assert before.losses == ""
    assert after.losses.startswith("−$")


def test_what_the_platform_advanced_is_taken_off_what_the_account_is_worth() -> None:
    loan_id = a_shared_loan(disbursed_on=date(2026, 8, 20))
    pay_installment(loan_id, on=date(2026, 9, 20))
    lender_id = lenders_of(loan_id)[0]
    withdraw_all(lender_id, on=TODAY)
    admin = admins_tab(loan_id)
    admin.send(LoanAdminState.ask_reversal, payment_id=first_payment_id())
    admin.send(LoanAdminState.type_reason, text="Entered twice")
    admin.send(LoanAdminState.correct)

    home = house.read(portfolio.home, lender_id=lender_id, business_on=TODAY)
    lender = Tab(cookie=house.run(enter_as, member_id=lender_id), path="/portfolio")
    shown = lender.send(PortfolioState.load).shown(PortfolioState, "shown")

    assert home.owed_back_cents > 0
    assert home.earned_cents == home.received.earned_cents + home.accrued_cents
    assert home.value_cents - home.accrued_cents == home.value[-1].value_cents
    assert shown.owed_back == formats.money(home.owed_back_cents)
