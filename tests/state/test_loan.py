"""The screen of one loan: who sees what, the payment as it is typed, and pressing twice."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from p2p_reflex import database as house
from p2p_reflex.domain.vocabulary import LoanState, Role
from p2p_reflex.models import Loan
from p2p_reflex.services.conversations import letters
from p2p_reflex.services.days import business_date, opening
from p2p_reflex.services.loans.loan_positions import LoanPosition, position
from p2p_reflex.settings import settings
from p2p_reflex.state import visitors
from p2p_reflex.state.loan import LoanScreenState
from tests.builders import TODAY, a_borrower, a_lender, a_loan, a_member, give_cash
from tests.loan_deeds import withdraw_all
from tests.state.sessions import enter_as
from tests.state.wire import Answer, Tab

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)

SINCE = date(2026, 9, 3)
NOTES = [(7_000_00, "0.1000"), (5_000_00, "0.1200")]


@pytest.fixture(autouse=True)
def _open_market(database: Engine) -> None:
    house.run(opening.open_market, business_on=TODAY)
    visitors._remembered.clear()


@pytest.fixture
def loan() -> LoanPosition:
    """Make a loan of $12,000 with two notes and no payment yet."""
    return stands(house.run(a_loan, disbursed_on=SINCE, notes=NOTES))


def stands(loan_id: int) -> LoanPosition:
    """Read where a loan stands."""
    found = house.read(position, loan_id=loan_id)
    assert found is not None
    return found


def tab_of(member_id: int, loan_id: Any) -> Tab:
    """Open the loan's address in the browser of a member."""
    return Tab(cookie=house.run(enter_as, member_id=member_id), path=f"/loans/{loan_id}")


def opened(member_id: int, loan_id: Any) -> tuple[Tab, Answer]:
    """Open the loan's screen and wait until it is filled."""
    tab = tab_of(member_id, loan_id)
    return tab, tab.send(LoanScreenState.load)


def shown(answer: Answer, var: str) -> Any:
    """Return what a var of the screen was last shown with."""
    return answer.shown(LoanScreenState, var)


def test_the_borrower_sees_how_the_loan_stands(loan: LoanPosition) -> None:
    _, answer = opened(loan.borrower_id, loan.id)

    facts = shown(answer, "shown")
    assert facts.title == "Roof repair after the storm"
    assert (facts.badge_kind, facts.badge) == ("late", "48 days late")
    assert [figure.label for figure in facts.figures] == [
        "Due now",
        "Still owed",
        "Paid so far",
        "Last payment",
    ]
    assert facts.dashes[:3] == ["overdue", "overdue", "planned"]
    assert facts.payoff.interest_label.startswith("Interest due, and of ")
    assert len(shown(answer, "schedule")) == 9
    assert [(note.principal, note.received) for note in shown(answer, "notes")] == [
        ("$7,000", ""),
        ("$5,000", ""),
    ]


def test_a_late_borrower_hears_what_the_wallet_lacks_for_all_that_is_due(loan: LoanPosition) -> None:
    withdraw_all(loan.borrower_id, on=TODAY)
    house.run(give_cash, member_id=loan.borrower_id, cash_cents=600_00)

    facts = shown(opened(loan.borrower_id, loan.id)[1], "shown")

    assert facts.coverage == f"$600.00 in your wallet does not cover the {facts.figures[0].number} due now."
    assert (facts.covers, facts.coverage_hint) == (False, "Add money to pay it.")


def test_a_borrower_who_owes_nothing_yet_hears_of_the_next_payment(loan: LoanPosition) -> None:
    current = stands(house.run(a_loan, disbursed_on=TODAY - timedelta(days=5), notes=NOTES))
    withdraw_all(current.borrower_id, on=TODAY)

    facts = shown(opened(current.borrower_id, current.id)[1], "shown")

    assert facts.coverage == "$0.00 in your wallet does not cover the next payment."
    assert (facts.covers, facts.coverage_hint) == (False, "Add money before it is due.")
    assert facts.payoff.interest_label == "Interest, 5 days"


def test_a_lender_sees_their_own_note_and_an_admin_all_of_them(loan: LoanPosition) -> None:
    admin_id = house.run(a_member, role=Role.ADMIN)

    _, of_lender = opened(loan.notes[0].lender_id, loan.id)
    _, of_admin = opened(admin_id, loan.id)

    (own,) = shown(of_lender, "notes")
    assert (own.name, own.principal, own.rate) == ("You", "$7,000", "10.00 %")
    assert len(shown(of_admin, "notes")) == 2


def test_borrower_and_lender_are_led_to_their_letters_and_bots_get_none(loan: LoanPosition) -> None:
    first_id, second_id = (note.lender_id for note in loan.notes)
    with house.transaction() as session:
        session.execute(sa.text("UPDATE member SET is_bot = true WHERE id = :id"), {"id": second_id})
    admin_id = house.run(a_member, role=Role.ADMIN)

    hrefs = {
        member_id: [note.letter_href for note in shown(opened(member_id, loan.id)[1], "notes")]
        for member_id in (loan.borrower_id, first_id, admin_id)
    }
    thread = f"/messages?thread={loan.id}-{first_id}"

    assert hrefs == {loan.borrower_id: [thread, ""], first_id: [thread], admin_id: ["", ""]}
    found = house.read(letters.thread, member_id=first_id, loan_id=loan.id, lender_id=first_id)
    assert found.can_write


def test_who_pays_early_reads_that_interest_of_the_whole_period_is_paid(loan: LoanPosition) -> None:
    tab, _ = opened(loan.borrower_id, loan.id)
    due_cents = sum(row.unpaid_cents for row in loan.due_by(TODAY))

    late = tab.send(LoanScreenState.change_amount, text=f"{due_cents / 100:.2f}")
    early = tab.send(LoanScreenState.change_amount, text=f"{due_cents / 100 + 1:.2f}")
    everything = tab.send(LoanScreenState.take_all)

    assert shown(late, "preview").early == ""
    assert shown(early, "preview").early.startswith("Paid early, money first pays the next installment")
    assert shown(everything, "preview").early == ""


@pytest.mark.parametrize("address", [None, "0", "999", "-1", "1e3", "9" * 18, "9" * 30, "../admin", "١"])
def test_what_is_not_ones_own_does_not_exist(loan: LoanPosition, address: str | None) -> None:
    for stranger_id in (house.run(a_borrower), house.run(a_lender)):
        _, answer = opened(stranger_id, loan.id if address is None else address)

        assert shown(answer, "missing") == "This loan does not exist, or it is not yours to see."
        assert shown(answer, "shown").title == ""
        assert shown(answer, "notes") == []


def test_a_tab_keeps_nothing_of_a_loan_for_the_next_person(loan: LoanPosition) -> None:
    tab, _ = opened(loan.borrower_id, loan.id)
    tab.cookie = house.run(enter_as, member_id=house.run(a_borrower))

    answer = tab.send(LoanScreenState.load)

    assert shown(answer, "missing") == "This loan does not exist, or it is not yours to see."
    assert (shown(answer, "shown").title, shown(answer, "schedule"), shown(answer, "notes")) == ("", [], [])


def test_the_preview_follows_what_is_typed(loan: LoanPosition) -> None:
    tab, _ = opened(loan.borrower_id, loan.id)

    typed = tab.send(LoanScreenState.change_amount, text="2,500")
    odd = tab.send(LoanScreenState.change_amount, text="2,5x")
    emptied = tab.send(LoanScreenState.change_amount, text="")

    meant = shown(typed, "preview")
    assert [line[0] for line in meant.lines] == [
        "Installment of 3 Oct 2026",
        "Installment of 3 Nov 2026",
        "Installment of 3 Dec 2026",
        "Ahead of time, to principal",
    ]
    assert "saves $" in meant.keep_installment
    assert meant.keep_term.startswith("The other 21 fall to $")
    assert shown(odd, "errors") == {"amount": "The amount must be a number like 1,250.00."}
    assert shown(odd, "preview").lines == []
    assert shown(emptied, "errors") == {}
    assert stands(loan.id).version == 0


def test_a_payment_pressed_twice_is_made_once_and_said(loan: LoanPosition) -> None:
    tab, answer = opened(loan.borrower_id, loan.id)
    form = {"amount": "600", "form_key": shown(answer, "form_key")}

    first, second = tab.send(LoanScreenState.pay, form=form), tab.send(LoanScreenState.pay, form=form)

    assert "You paid $600.00." in first.toasts
    assert "You paid $600.00." in second.toasts
    assert stands(loan.id).version == 1
    assert shown(first, "form_key") != form["form_key"]
    assert shown(first, "payment_count") == 1


def test_the_quick_buttons_fill_in_what_is_due_and_all_of_it(loan: LoanPosition) -> None:
    tab, _ = opened(loan.borrower_id, loan.id)

    due, everything = tab.send(LoanScreenState.take_due), tab.send(LoanScreenState.take_all)

    due_cents = sum(row.unpaid_cents for row in loan.due_by(TODAY))
    assert shown(due, "amount") == f"{due_cents / 100:,.2f}"
    assert shown(everything, "preview").note == "This pays the loan off."


def test_paying_off_asks_first_and_takes_what_was_shown(loan: LoanPosition) -> None:
    tab, answer = opened(loan.borrower_id, loan.id)
    asked = tab.send(LoanScreenState.ask_payoff, is_open=True)
    seen_cents, key = shown(asked, "shown").payoff.total_cents, shown(answer, "form_key")

    done = tab.send(LoanScreenState.pay_off, seen_total_cents=seen_cents, form_key=key)
    again = tab.send(LoanScreenState.pay_off, seen_total_cents=seen_cents, form_key=key)

    assert shown(asked, "is_payoff_open") is True
    assert "The loan is paid off" in done.toasts
    assert "already sent" not in again.toasts
    assert shown(done, "shown").badge == "Paid off"
    assert shown(done, "is_payoff_open") is False
    assert stands(loan.id).state is LoanState.PAID_OFF


def test_a_payoff_that_was_never_on_the_button_is_not_taken(loan: LoanPosition) -> None:
    tab, answer = opened(loan.borrower_id, loan.id)
    seen_cents = shown(answer, "shown").payoff.total_cents
    tab.send(LoanScreenState.pay, form={"amount": "50", "form_key": "b" * 32})

    told = tab.send(LoanScreenState.pay_off, seen_total_cents=seen_cents, form_key="c" * 32)

    assert "not what you saw" in told.toasts
    assert stands(loan.id).state is LoanState.ACTIVE


def test_the_autopay_switch_turns_over_and_back(loan: LoanPosition) -> None:
    tab, _ = opened(loan.borrower_id, loan.id)

    on, off = tab.send(LoanScreenState.turn_autopay), tab.send(LoanScreenState.turn_autopay)

    assert (shown(on, "shown").autopay, shown(off, "shown").autopay) == (True, False)
    with house.transaction() as session:
        assert session.get_one(Loan, loan.id).autopay is False


def test_only_the_borrower_may_pay_or_switch(loan: LoanPosition) -> None:
    tab, answer = opened(loan.notes[0].lender_id, loan.id)
    form = {"amount": "600", "form_key": shown(answer, "form_key")}

    told = [
        tab.send(LoanScreenState.pay, form=form),
        tab.send(LoanScreenState.pay_off, seen_total_cents=600_00, form_key=form["form_key"]),
        tab.send(LoanScreenState.turn_autopay),
        tab.send(LoanScreenState.change_amount, text="5"),
    ]

    assert all("not open to your kind of account" in answer.toasts for answer in told)
    assert stands(loan.id).version == 0


def test_another_borrower_cannot_pay_by_an_address_of_their_choice(loan: LoanPosition) -> None:
    tab, _ = opened(house.run(a_borrower), loan.id)

    answer = tab.send(LoanScreenState.pay, form={"amount": "600", "form_key": "a" * 32})

    assert "it is not yours to see" in answer.toasts
    assert stands(loan.id).version == 0


def test_a_payment_on_a_market_behind_the_calendar_closes_the_missed_days_first(
    loan: LoanPosition, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("P2P_DEMO", "false")
    settings.cache_clear()
    before = datetime.now(UTC).date() - timedelta(days=3)
    with house.transaction() as session:
        session.execute(sa.text("UPDATE business_clock SET business_on = :on"), {"on": before.isoformat()})
    tab, answer = opened(loan.borrower_id, loan.id)

    tab.send(LoanScreenState.pay, form={"amount": "100", "form_key": shown(answer, "form_key")})

    assert house.read(business_date.today) == datetime.now(UTC).date()
    paid_on = house.read(lambda session: session.execute(sa.text("SELECT paid_on FROM payment")).scalar_one())
    assert str(paid_on) == datetime.now(UTC).date().isoformat()
