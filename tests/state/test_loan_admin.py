"""What an admin does on the loan's screen: see first, give a reason, act once; nobody else at all."""

from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlmodel import select

from p2p_reflex import database as house
from p2p_reflex.models import ApprovalRequest
from p2p_reflex.services.days import business_date, opening
from p2p_reflex.settings import settings
from p2p_reflex.state import visitors
from p2p_reflex.state.admin_loans import AdminLoansState
from p2p_reflex.state.loan import LoanScreenState
from p2p_reflex.state.loan_admin import LoanAdminState
from p2p_reflex.state.loan_help import LoanHelpState
from tests.builders import TODAY, broken_laws, give_cash
from tests.loan_deeds import withdraw_all
from tests.loan_lives import a_shared_loan, lenders_of, pay_installment
from tests.state.loan_tabs import admins_tab, first_payment_id, give_help, loan_of, look, shown
from tests.state.sessions import enter_as
from tests.state.wire import Tab

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
MADE_ON = date(2026, 8, 20)


@pytest.fixture(autouse=True)
def _open_market(database: Engine) -> None:
    house.run(opening.open_market, business_on=TODAY)
    visitors._remembered.clear()


@pytest.fixture
def loan_id(database: Engine) -> int:
    """Make a loan of which two installments are paid."""
    made = a_shared_loan(disbursed_on=MADE_ON)
    for on in (date(2026, 9, 20), date(2026, 10, 20)):
        pay_installment(made, on=on)
    return made


def test_a_reversal_is_shown_before_it_is_made(loan_id: int) -> None:
    tab = admins_tab(loan_id)

    asked = tab.send(LoanAdminState.ask_reversal, payment_id=first_payment_id())

    preview = shown(asked, "preview")
    assert shown(asked, "correcting") == "reversal"
    assert preview.confirm == "Reverse $558.37"  # type: ignore[attr-defined]
    assert ["Borrower's wallet", "+$558.37"] in preview.money  # type: ignore[attr-defined]
    assert ["Standing", "Current", "31 days late"] in preview.loan  # type: ignore[attr-defined]
    assert loan_of(loan_id).outstanding_cents == 12_000_00 - 450_04 - 454_10


def test_a_reversal_needs_a_reason_and_happens_once(loan_id: int) -> None:
    tab = admins_tab(loan_id)
    tab.send(LoanAdminState.ask_reversal, payment_id=first_payment_id())

    without = tab.send(LoanAdminState.correct)
    tab.send(LoanAdminState.type_reason, text="Entered twice")
    done, again = tab.send(LoanAdminState.correct), tab.send(LoanAdminState.correct)

    assert shown(without, "errors") == {"reason": "The reason is missing."}
    assert "Put right" in done.toasts
    assert shown(done, "correcting") == ""
    assert "Put right" not in again.toasts
    with house.transaction() as session:
        assert broken_laws(session) == []
    told = tab.send(LoanScreenState.load).shown(LoanScreenState, "timeline")
    assert told[0].words == "Payment reversed"
    assert told[0].detail.endswith("Reason: Entered twice.")


def test_a_payment_is_dated_back_to_a_day_one_chooses(loan_id: int) -> None:
    tab = admins_tab(loan_id)
    tab.send(LoanAdminState.ask_backdating, payment_id=first_payment_id(), latest_on="20 Sep 2026")

    odd = tab.send(LoanAdminState.choose_day, text="2026-99-99")
    too_early = tab.send(LoanAdminState.choose_day, text="2020-01-01")
    seen = tab.send(LoanAdminState.choose_day, text="2026-09-01")
    tab.send(LoanAdminState.type_reason, text="The bank was late")
    done = tab.send(LoanAdminState.correct)

    assert shown(odd, "errors") == {"paid_on": "Choose a day."}
    assert shown(too_early, "errors") == {"paid_on": "Choose a day from 20 Aug 2026 on, before 20 Sep 2026."}
    assert shown(seen, "preview").confirm == "Date back to 1 Sep 2026"  # type: ignore[attr-defined]
    assert "Put right" in done.toasts
    with house.transaction() as session:
        assert broken_laws(session) == []


def test_above_the_limit_another_admin_decides(loan_id: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("P2P_SECOND_ADMIN_ABOVE", "500")
    settings.cache_clear()
    first, second = admins_tab(loan_id), admins_tab(loan_id, "Olga Berg")
    asked = first.send(LoanAdminState.ask_reversal, payment_id=first_payment_id())
    first.send(LoanAdminState.type_reason, text="Entered twice")
    first.send(LoanAdminState.correct)
    with house.transaction() as session:
        request_id = session.exec(select(ApprovalRequest.id)).one()

    (own,) = first.send(LoanScreenState.load).shown(LoanScreenState, "requests")
    refused = first.send(LoanAdminState.approve, request_id=request_id)
    desk = Tab(cookie=second.cookie, path="/admin/loans").send(AdminLoansState.load)
    (others,) = second.send(LoanScreenState.load).shown(LoanScreenState, "requests")
    looked = second.send(LoanAdminState.ask_approval, request_id=request_id)
    approved = second.send(LoanAdminState.approve_shown)

    assert shown(asked, "preview").confirm == "Ask a second admin"  # type: ignore[attr-defined]
    assert desk.shown(AdminLoansState, "acts")[0].fact == "Waits for a second admin"
    assert (own.may_approve, others.may_approve) == (False, True)
    assert ["Borrower's wallet", "+$558.37"] in shown(looked, "preview").money  # type: ignore[attr-defined]
    assert shown(looked, "reason") == "Entered twice"
    assert "another admin has to approve it" in refused.toasts
    assert "Approved" in approved.toasts
    assert second.send(LoanScreenState.load).shown(LoanScreenState, "requests") in (None, [])


def test_an_advance_is_written_off_from_the_loans_screen(loan_id: int) -> None:
    tab = admins_tab(loan_id)
    lender_id = lenders_of(loan_id)[0]
    withdraw_all(lender_id, on=TODAY)
    house.run(give_cash, member_id=lender_id, cash_cents=300_00)
    tab.send(LoanAdminState.ask_reversal, payment_id=first_payment_id())
    tab.send(LoanAdminState.type_reason, text="Entered twice")
    tab.send(LoanAdminState.correct)
    shown_before = tab.send(LoanScreenState.load)
    (advance,) = shown_before.shown(LoanScreenState, "advances")

    looked = tab.send(LoanAdminState.ask_write_off, receivable_id=advance.receivable_id)
    without = tab.send(LoanAdminState.correct)
    tab.send(LoanAdminState.type_reason, text="Cannot be reached")
    done = tab.send(LoanAdminState.correct)

    assert shown(looked, "preview").money == [["Platform income", f"−{advance.left}"]]  # type: ignore[attr-defined]
    assert shown(without, "errors") == {"reason": "The reason is missing."}
    assert "was written off as the platform" in done.toasts
    assert tab.send(LoanScreenState.load).shown(LoanScreenState, "advances") in (None, [])
    with house.transaction() as session:
        assert broken_laws(session) == []


def test_who_asked_takes_a_request_back(loan_id: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("P2P_SECOND_ADMIN_ABOVE", "500")
    settings.cache_clear()
    tab = admins_tab(loan_id)
    give_help(tab, "forgive", {"principal": "900"})
    (own,) = tab.send(LoanScreenState.load).shown(LoanScreenState, "requests")

    gone = tab.send(LoanAdminState.reject, request_id=own.request_id)
    again = tab.send(LoanAdminState.reject, request_id=own.request_id)

    assert "The request is gone" in gone.toasts
    assert "already decided" in again.toasts
    assert tab.send(LoanScreenState.load).shown(LoanScreenState, "requests") in (None, [])
    assert loan_of(loan_id).forgiven_cents == 0


@pytest.mark.parametrize(
    "touch", ["autopay", "part", "look at a reversal", "reverse", "look at help", "help", "approve"]
)
def test_whoever_touches_a_loan_of_a_market_behind_closes_the_missed_days_first(
    loan_id: int, monkeypatch: pytest.MonkeyPatch, touch: str
) -> None:
    monkeypatch.setenv("P2P_DEMO", "false")
    monkeypatch.setenv("P2P_SECOND_ADMIN_ABOVE", "500")
    settings.cache_clear()
    now_on = datetime.now(UTC).date()
    borrower = Tab(
        cookie=house.run(enter_as, member_id=loan_of(loan_id).borrower_id), path=f"/loans/{loan_id}"
    )
    admin, other = admins_tab(loan_id), admins_tab(loan_id, "Olga Berg")
    borrower.send(LoanScreenState.load)
    if touch == "reverse":
        admin.send(LoanAdminState.ask_backdating, payment_id=first_payment_id(), latest_on="20 Sep 2026")
        admin.send(LoanAdminState.choose_day, text="2026-09-01")
        admin.send(LoanAdminState.type_reason, text="The bank was late")
    if touch == "help":
        look(admin, "forgive", {"principal": "100"})
        admin.send(LoanHelpState.type_reason, text="Lost the job")
    if touch == "approve":
        give_help(admin, "forgive", {"principal": "900"})
        (waits,) = other.send(LoanScreenState.load).shown(LoanScreenState, "requests")
    behind_on = now_on - timedelta(days=2)
    with house.transaction() as session:
        session.execute(sa.text("UPDATE business_clock SET business_on = :on"), {"on": behind_on.isoformat()})

    match touch:
        case "autopay":
            borrower.send(LoanScreenState.turn_autopay)
        case "part":
            borrower.send(LoanScreenState.turn_partial)
        case "look at a reversal":
            admin.send(LoanAdminState.ask_reversal, payment_id=first_payment_id())
        case "reverse":
            admin.send(LoanAdminState.correct)
        case "look at help":
            look(admin, "forgive", {"principal": "100"})
        case "help":
            admin.send(LoanHelpState.help_borrower)
        case "approve":
            other.send(LoanAdminState.approve, request_id=waits.request_id)

    assert house.read(business_date.today) == now_on
    if touch in ("help", "approve"):
        assert loan_of(loan_id).forgiven_cents > 0


def test_only_admins_correct_and_help(loan_id: int) -> None:
    borrower_id, payment_id = loan_of(loan_id).borrower_id, first_payment_id()
    for member_id in (borrower_id, lenders_of(loan_id)[0]):
        tab = Tab(cookie=house.run(enter_as, member_id=member_id), path=f"/loans/{loan_id}")

        told = [
            tab.send(LoanAdminState.ask_reversal, payment_id=payment_id),
            tab.send(LoanAdminState.correct),
            tab.send(LoanAdminState.approve, request_id=1),
            tab.send(LoanAdminState.ask_approval, request_id=1),
            tab.send(LoanAdminState.ask_write_off, receivable_id=1),
            tab.send(LoanHelpState.look, form={}),
            tab.send(LoanHelpState.help_borrower),
        ]

        assert all("not open to your kind of account" in answer.toasts for answer in told)
        assert not any(getattr(shown(answer, "preview"), "lead", "") for answer in told)
    assert loan_of(loan_id).version == 2
