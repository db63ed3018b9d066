"""Help for a borrower on the loan’s screen: seen first, given once, and above the limit by two admins."""

from datetime import date, timedelta

import pytest
from sqlalchemy.engine import Engine

from p2p_reflex import database as house
from p2p_reflex.services.days import opening
from p2p_reflex.settings import settings
from p2p_reflex.state import visitors
from p2p_reflex.state.frame import FrameState
from p2p_reflex.state.loan import LoanScreenState
from p2p_reflex.state.loan_admin import LoanAdminState
from p2p_reflex.state.loan_help import LoanHelpState
from tests.builders import TODAY, broken_laws
from tests.loan_lives import a_shared_loan, lenders_of, pay_installment
from tests.state.loan_tabs import admins_tab, first_payment_id, give_help, helped, loan_of, look, shown
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


def test_what_is_forgiven_above_the_limit_is_seen_and_decided_by_another_admin(
    loan_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("P2P_SECOND_ADMIN_ABOVE", "500")
    settings.cache_clear()
    first, second = admins_tab(loan_id), admins_tab(loan_id, "Olga Berg")
    form = {"late_fees": "", "interest": "", "principal": "900"}

    looked = look(first, "forgive", form)
    first.send(LoanHelpState.type_reason, text="Lost the job")
    asked = first.send(LoanHelpState.help_borrower)
    (waits,) = second.send(LoanScreenState.load).shown(LoanScreenState, "requests")
    seen = second.send(LoanAdminState.ask_approval, request_id=waits.request_id)
    untouched = loan_of(loan_id).forgiven_cents
    approved = second.send(LoanAdminState.approve_shown)

    assert helped(looked, "preview").confirm == "Ask a second admin"  # type: ignore[attr-defined]
    assert "A second admin was asked" in asked.toasts
    assert waits.what == "Forgive $900.00 of principal"
    assert shown(seen, "preview").lenders == helped(looked, "preview").lenders  # type: ignore[attr-defined]
    assert untouched == 0
    assert "Approved" in approved.toasts
    assert loan_of(loan_id).forgiven_cents == 900_00


def test_an_outdated_request_says_so_and_is_not_carried_out(
    loan_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("P2P_SECOND_ADMIN_ABOVE", "500")
    settings.cache_clear()
    first, second = admins_tab(loan_id), admins_tab(loan_id, "Olga Berg")
    look(first, "forgive", {"principal": "900"})
    first.send(LoanHelpState.type_reason, text="Lost the job")
    first.send(LoanHelpState.help_borrower)
    pay_installment(loan_id, on=TODAY)
    (waits,) = second.send(LoanScreenState.load).shown(LoanScreenState, "requests")

    seen = second.send(LoanAdminState.ask_approval, request_id=waits.request_id)
    refused = second.send(LoanAdminState.approve_shown)

    assert str(shown(seen, "outdated")).startswith("The loan has changed since this was asked for")
    assert str(shown(refused, "refusal")).startswith("The loan has changed since this was asked for")
    assert loan_of(loan_id).forgiven_cents == 0


@pytest.mark.parametrize(
    ("kind", "form", "line", "events"),
    [
        ("pause", {"from_on": "2026-11-20", "until_on": "2026-12-20"}, None, "Lateness paused"),
        (
            "rate_cut",
            {"rate": "6", "from_on": "2026-11-20"},
            ["Interest in all", "$1,400.74", "$907.54"],
            "Rate lowered",
        ),
        ("reschedule", {"months": "36"}, ["Installments left", "22", "36"], "Loan rescheduled"),
        (
            "forgive",
            {"late_fees": "", "interest": "", "principal": "100"},
            ["Principal owed", "$11,095.86", "$10,995.86"],
            "Part of the debt forgiven",
        ),
    ],
)
def test_help_in_hardship_is_shown_first_and_given_with_a_reason(
    loan_id: int, kind: str, form: dict[str, str], line: list[str] | None, events: str
) -> None:
    tab = admins_tab(loan_id)

    unseen = tab.send(LoanHelpState.help_borrower)
    looked = look(tab, kind, form)
    untouched = loan_of(loan_id).version
    without = tab.send(LoanHelpState.help_borrower)
    tab.send(LoanHelpState.type_reason, text="Lost the job")
    done = tab.send(LoanHelpState.help_borrower)
    again = tab.send(LoanHelpState.help_borrower)

    assert helped(unseen, "refusal") == "Look at what changes first."
    assert line is None or line in helped(looked, "preview").loan  # type: ignore[attr-defined]
    assert untouched == 2
    assert helped(without, "errors") == {"reason": "The reason is missing."}
    told = "do not count as late" if kind == "pause" else "of principal is owed, the installment is"
    assert told in done.toasts
    assert "of principal" not in again.toasts
    happened = tab.send(LoanScreenState.load).shown(LoanScreenState, "timeline")
    assert happened[0].words == events
    with house.transaction() as session:
        assert broken_laws(session) == []


def test_a_pause_is_ended_early_from_the_screen(loan_id: int) -> None:
    tab = admins_tab(loan_id)
    give_help(tab, "pause", {"from_on": "2026-11-20", "until_on": "2026-12-20"})
    paused = tab.send(LoanScreenState.load).shown(LoanScreenState, "shown")

    wrong = look(tab, "end_pause", {"from_on": "2026-12-21"})
    give_help(tab, "end_pause", {"from_on": "2026-12-01"})

    assert paused.pauses == "20 Nov 2026 to 20 Dec 2026"
    assert helped(wrong, "errors") == {"from_on": "This loan is not paused on that day."}
    seen = tab.send(LoanScreenState.load)
    assert seen.shown(LoanScreenState, "shown").badge == "Paused until 30 Nov 2026"
    assert seen.shown(LoanScreenState, "timeline")[0].words == "Pause ended early"


def test_an_overdue_installment_of_a_paused_loan_counts_only_its_own_days(loan_id: int) -> None:
    tab = admins_tab(loan_id)
    tab.send(LoanAdminState.ask_reversal, payment_id=first_payment_id())
    tab.send(LoanAdminState.type_reason, text="Entered twice")
    tab.send(LoanAdminState.correct)
    before = tab.send(LoanScreenState.load).shown(LoanScreenState, "schedule")

    give_help(tab, "pause", {"from_on": "2026-10-31", "until_on": "2026-11-20"})
    after = tab.send(LoanScreenState.load).shown(LoanScreenState, "schedule")

    assert [row.state for row in before[:3]] == ["Paid 30 days late", "31 days late", "Next, today"]
    assert [row.state for row in after[:3]] == ["Paid 30 days late", "10 days late", "Next, today"]
    give_help(tab, "pause", {"from_on": "2026-10-21", "until_on": "2026-10-30"})
    fully = tab.send(LoanScreenState.load).shown(LoanScreenState, "schedule")
    assert (fully[1].kind, fully[1].state) == ("paused", "Overdue, paused")


def test_what_another_admin_did_meanwhile_is_not_overlooked(loan_id: int) -> None:
    tab = admins_tab(loan_id)
    look(tab, "forgive", {"principal": "100"})
    tab.send(LoanHelpState.type_reason, text="Lost the job")
    give_help(admins_tab(loan_id, "Olga Berg"), "forgive", {"principal": "200"})

    refused = tab.send(LoanHelpState.help_borrower)

    assert "the loan has changed since" in str(helped(refused, "refusal"))
    assert loan_of(loan_id).forgiven_cents == 200_00


def test_odd_forms_are_refused_beside_their_field(loan_id: int) -> None:
    tab = admins_tab(loan_id)

    for kind, form, field in (
        ("pause", {"from_on": "", "until_on": "2026-12-01"}, "from_on"),
        ("pause", {"from_on": "2026-12-01", "until_on": "never"}, "until_on"),
        ("pause", {"from_on": "2026-12-01", "until_on": "2026-11-01"}, "until_on"),
        ("rate_cut", {"rate": "NaN", "from_on": "2026-11-01"}, "rate"),
        ("rate_cut", {"rate": "6", "from_on": "2026-12-01"}, "from_on"),
        ("reschedule", {"months": "1e9"}, "months"),
        ("reschedule", {"months": "5"}, "months"),
        ("forgive", {"late_fees": "-1"}, "late_fees"),
        ("forgive", {"late_fees": "1"}, "late_fees"),
        ("forgive", {}, "principal"),
    ):
        answer = look(tab, kind, form)
        assert list(helped(answer, "errors")) == [field]  # type: ignore[call-overload]
    assert loan_of(loan_id).version == 2


def test_everybody_reads_what_happened_and_only_the_borrower_why(loan_id: int) -> None:
    tab = admins_tab(loan_id)
    until = (TODAY + timedelta(days=20)).isoformat()
    give_help(tab, "pause", {"from_on": TODAY.isoformat(), "until_on": until}, reason="Ill")

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


def test_a_question_about_one_loan_is_not_open_on_the_next(loan_id: int) -> None:
    tab, other_id = admins_tab(loan_id), a_shared_loan(disbursed_on=MADE_ON)
    tab.send(FrameState.load)
    tab.send(LoanScreenState.load)
    look(tab, "forgive", {"principal": "100"})
    tab.send(LoanAdminState.ask_reversal, payment_id=first_payment_id())

    tab.path = f"/loans/{other_id}"
    tab.send(FrameState.load)
    on_next = tab.send(LoanScreenState.load)

    assert helped(on_next, "helping") == ""
    assert not helped(on_next, "preview").lead  # type: ignore[attr-defined]
    assert shown(on_next, "correcting") == ""
