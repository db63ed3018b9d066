"""The look at one loan: each person sees their part of it, and a stranger sees nothing."""

from datetime import date

import pytest
from sqlalchemy.engine import Engine

from p2p_reflex.database import read, run
from p2p_reflex.domain.errors import UnknownError
from p2p_reflex.domain.vocabulary import LoanState, Role
from p2p_reflex.services.loans import loans
from p2p_reflex.services.loans.loan_positions import LoanPosition, position
from p2p_reflex.services.loans.loan_records import Coverage, InstallmentState, LoanView
from p2p_reflex.services.paying import payments
from tests.builders import NOW, TODAY, a_borrower, a_form_key, a_lender, a_loan, a_member

NOTES = [(7_000_00, "0.1000"), (5_000_00, "0.1200")]
ON_SQLITE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def stands(loan_id: int) -> LoanPosition:
    """Read where a loan stands."""
    loan = read(position, loan_id=loan_id)
    assert loan is not None
    return loan


def pay(loan_id: int, cents: int, *, on: date = TODAY) -> None:
    """Pay an amount as the borrower."""
    run(
        payments.pay,
        borrower_id=stands(loan_id).borrower_id,
        loan_id=loan_id,
        amount=f"{cents / 100:.2f}",
        choice="keep_installment",
        form_key=a_form_key(),
        business_on=on,
        now=NOW,
    )


def seen(loan_id: int, viewer_id: int, role: Role = Role.BORROWER) -> LoanView:
    """Look at a loan as somebody."""
    return read(loans.view, loan_id=loan_id, viewer_id=viewer_id, role=role, business_on=TODAY)


def test_the_borrower_sees_terms_schedule_payments_payoff_and_lenders(database: Engine) -> None:
    loan_id = run(a_loan, disbursed_on=date(2026, 8, 3), notes=NOTES)
    first, second, third = stands(loan_id).rows[:3]
    pay(loan_id, first.total_cents, on=date(2026, 9, 3))
    pay(loan_id, second.total_cents + 10_00, on=date(2026, 10, 12))

    view = seen(loan_id, stands(loan_id).borrower_id)

    states = [(line.state, line.days) for line in view.schedule[:5]]
    assert states == [
        (InstallmentState.PAID, 0),
        (InstallmentState.PAID_LATE, 9),
        (InstallmentState.LATE, 17),
        (InstallmentState.NEXT, 13),
        (InstallmentState.PLANNED, 44),
    ]
    assert view.schedule[2].is_partly_paid
    assert (view.days_past_due, view.due_cents) == (17, third.total_cents - 10_00)
    assert view.paid_cents == first.total_cents + second.total_cents + 10_00
    assert [line.paid_on for line in view.payments] == [date(2026, 10, 12), date(2026, 9, 3)]
    assert [part.number for part in view.payments[0].parts] == [2, 3]
    assert [(note.principal_cents, note.receipts) for note in view.notes] == [
        (7_000_00, None),
        (5_000_00, None),
    ]
    assert view.payoff is not None
    assert view.payoff.quote.principal_cents == view.outstanding_cents
    assert view.payoff.saved_interest_cents > 0


def test_a_lender_sees_only_their_own_note_and_what_it_received(database: Engine) -> None:
    loan_id = run(a_loan, disbursed_on=date(2026, 10, 20), notes=NOTES)
    pay(loan_id, stands(loan_id).rows[0].total_cents)
    lender_id = stands(loan_id).notes[1].lender_id

    view = seen(loan_id, lender_id, Role.LENDER)

    (note,), (payment,) = view.notes, view.payments
    assert (note.is_own, note.principal_cents) == (True, 5_000_00)
    assert note.receipts is not None
    assert note.receipts.received_cents == payment.net_cents
    assert payment.amount_cents < stands(loan_id).rows[0].total_cents / 2
    assert payment.parts == ()
    assert (view.payoff, view.coverage) == (None, None)


def test_what_all_notes_expect_is_what_the_borrower_still_pays_less_fees(database: Engine) -> None:
    loan_id = run(a_loan, disbursed_on=date(2026, 10, 20), notes=NOTES)
    admin_id = run(a_member, role=Role.ADMIN)

    view = seen(loan_id, admin_id, Role.ADMIN)

    expected_cents = sum(note.receipts.expected_cents for note in view.notes if note.receipts)
    planned_cents = sum(line.unpaid_cents for line in view.schedule)
    assert abs(expected_cents - planned_cents * 99 / 100) < len(view.schedule) * len(view.notes)


@ON_SQLITE
def test_strangers_of_every_kind_find_no_such_loan(database: Engine) -> None:
    loan_id = run(a_loan, notes=NOTES)
    borrower_id, lender_id = run(a_borrower), run(a_lender)
    own_lender_id = stands(loan_id).notes[0].lender_id

    for viewer_id, role in (
        (borrower_id, Role.BORROWER),
        (lender_id, Role.LENDER),
        (own_lender_id, Role.BORROWER),
    ):
        with pytest.raises(UnknownError, match="it is not yours to see"):
            seen(loan_id, viewer_id, role)


@ON_SQLITE
@pytest.mark.parametrize("loan_id", [0, -1, 12345, 2**63, 2**100])
def test_a_loan_that_does_not_exist_is_unknown_to_admins_too(database: Engine, loan_id: int) -> None:
    admin_id = run(a_member, role=Role.ADMIN)

    with pytest.raises(UnknownError):
        seen(loan_id, admin_id, Role.ADMIN)


@ON_SQLITE
def test_the_wallet_is_measured_in_whole_installments(database: Engine) -> None:
    loan_id = run(a_loan, principal_cents=1_000_00, term_months=12, disbursed_on=TODAY)

    view = seen(loan_id, stands(loan_id).borrower_id)

    # $980.00 came in; eleven installments of $88.31 are $971.41, the twelfth is not covered.
    assert view.coverage == Coverage(wallet_cents=980_00, installment_count=11, remaining_count=12)


@ON_SQLITE
def test_a_loan_that_is_paid_off_has_nothing_left_to_offer(database: Engine) -> None:
    loan_id = run(a_loan, notes=NOTES)
    pay(loan_id, 20_000_00)

    view = seen(loan_id, stands(loan_id).borrower_id)

    assert (view.state, view.next_line, view.payoff, view.coverage) == (LoanState.PAID_OFF, None, None, None)
    assert view.days_past_due == 0
