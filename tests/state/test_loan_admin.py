"""What an admin does on the loan's screen: see first, give a reason, act once; nobody else at all."""

from datetime import date, timedelta

import pytest
from sqlalchemy.engine import Engine
from sqlmodel import select

from p2p_reflex import database as house
from p2p_reflex.domain.vocabulary import Role
from p2p_reflex.models import CorrectionRequest, Loan, Payment
from p2p_reflex.services import opening
from p2p_reflex.settings import settings
from p2p_reflex.state import visitors
from p2p_reflex.state.admin_loans import AdminLoansState
from p2p_reflex.state.loan import LoanScreenState
from p2p_reflex.state.loan_admin import LoanAdminState
from tests.builders import TODAY, broken_laws
from tests.loan_lives import a_shared_loan, lenders_of, pay_installment
from tests.state.sessions import a_session_of, enter_as
from tests.state.wire import Answer, Tab

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


def admins_tab(loan_id: int, name: str = "Sam Whitfield") -> Tab:
    return Tab(cookie=a_session_of(Role.ADMIN, name), path=f"/loans/{loan_id}")


def shown(answer: Answer, var: str) -> object:
    return answer.shown(LoanAdminState, var)


def first_payment_id() -> int:
    with house.transaction() as session:
        return session.exec(select(Payment.id).order_by(Payment.id)).first() or 0


def loan_of(loan_id: int) -> Loan:
    with house.transaction() as session:
        loan = session.get_one(Loan, loan_id)
        session.expunge(loan)
        return loan


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
        request_id = session.exec(select(CorrectionRequest.id)).one()

    (own,) = first.send(LoanScreenState.load).shown(LoanScreenState, "requests")
    refused = first.send(LoanAdminState.approve, request_id=request_id)
    desk = Tab(cookie=second.cookie, path="/admin/loans").send(AdminLoansState.load)
    (others,) = second.send(LoanScreenState.load).shown(LoanScreenState, "requests")
    approved = second.send(LoanAdminState.approve, request_id=request_id)

    assert shown(asked, "preview").confirm == "Ask a second admin"  # type: ignore[attr-defined]
    assert desk.shown(AdminLoansState, "acts")[0].fact == "Waits for a second admin"
    assert (own.may_approve, others.may_approve) == (False, True)
    assert "another admin has to approve it" in refused.toasts
    assert "Approved" in approved.toasts
    assert second.send(LoanScreenState.load).shown(LoanScreenState, "requests") in (None, [])


@pytest.mark.parametrize(
    ("kind", "form", "events"),
    [
        ("pause", {"from_on": "2026-11-20", "until_on": "2026-12-20"}, "Lateness paused"),
        ("rate_cut", {"rate": "6", "from_on": "2026-11-20"}, "Rate lowered"),
        ("reschedule", {"months": "36"}, "Loan rescheduled"),
        ("forgive", {"late_fees": "", "interest": "", "principal": "100"}, "Part of the debt forgiven"),
    ],
)
def test_help_in_hardship_is_given_with_a_reason(
    loan_id: int, kind: str, form: dict[str, str], events: str
) -> None:
    tab = admins_tab(loan_id)
    form_key = shown(tab.send(LoanAdminState.ask_help, kind=kind), "form_key")

    without = tab.send(LoanAdminState.help_borrower, form=form | {"form_key": form_key, "reason": ""})
    done = tab.send(
        LoanAdminState.help_borrower, form=form | {"form_key": form_key, "reason": "Lost the job"}
    )

    assert shown(without, "errors") == {"reason": "The reason is missing."}
    assert "of principal is owed, the installment is" in done.toasts
    told = tab.send(LoanScreenState.load).shown(LoanScreenState, "timeline")
    assert told[0].words == events
    with house.transaction() as session:
        assert broken_laws(session) == []


def test_odd_forms_are_refused_beside_their_field(loan_id: int) -> None:
    tab = admins_tab(loan_id)
    form_key = shown(tab.send(LoanAdminState.ask_help, kind="pause"), "form_key")
    base = {"form_key": form_key, "reason": "Lost the job"}

    for from_on, until_on, field in (
        ("", "2026-12-01", "from_on"),
        ("2026-12-01", "never", "until_on"),
        ("2026-12-01", "2026-11-01", "until_on"),
    ):
        form = base | {"from_on": from_on, "until_on": until_on}
        answer = tab.send(LoanAdminState.help_borrower, form=form)
        assert list(shown(answer, "errors")) == [field]  # type: ignore[call-overload]
    assert loan_of(loan_id).version == 2


def test_only_admins_correct_and_help(loan_id: int) -> None:
    borrower_id, payment_id = loan_of(loan_id).borrower_id, first_payment_id()
    for member_id in (borrower_id, lenders_of(loan_id)[0]):
        tab = Tab(cookie=house.run(enter_as, member_id=member_id), path=f"/loans/{loan_id}")

        told = [
            tab.send(LoanAdminState.ask_reversal, payment_id=payment_id),
            tab.send(LoanAdminState.correct),
            tab.send(LoanAdminState.approve, request_id=1),
            tab.send(LoanAdminState.help_borrower, form={}),
        ]

        assert all("not open to your kind of account" in answer.toasts for answer in told)
        assert not any(getattr(shown(answer, "preview"), "lead", "") for answer in told)
    assert loan_of(loan_id).version == 2


def test_everybody_reads_what_happened_and_only_the_borrower_why(loan_id: int) -> None:
    tab = admins_tab(loan_id)
    form_key = shown(tab.send(LoanAdminState.ask_help, kind="pause"), "form_key")
    until = (TODAY + timedelta(days=20)).isoformat()
    tab.send(
        LoanAdminState.help_borrower,
        form={"form_key": form_key, "reason": "Ill", "from_on": TODAY.isoformat(), "until_on": until},
    )

    seen = {}
    for member_id in (loan_of(loan_id).borrower_id, lenders_of(loan_id)[0]):
        reader = Tab(cookie=house.run(enter_as, member_id=member_id), path=f"/loans/{loan_id}")
        seen[member_id] = reader.send(LoanScreenState.load)

    borrowers, lenders = seen.values()
    assert borrowers.shown(LoanScreenState, "shown").badge == "Paused until 10 Dec 2026"
    assert borrowers.shown(LoanScreenState, "timeline")[0].detail.endswith("Reason: Ill.")
    assert "Ill" not in lenders.shown(LoanScreenState, "timeline")[0].detail
    assert borrowers.shown(LoanScreenState, "year_words").startswith("$1,116.74 paid in 2026 so far")
    assert lenders.shown(LoanScreenState, "year_words") in (None, "")
