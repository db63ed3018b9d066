"""The payoff: its quote in numbers, and that nobody pays another total than the one they saw."""

from datetime import date

import pytest
from sqlalchemy.engine import Engine
from sqlmodel import select

from p2p_reflex.database import read, run, transaction
from p2p_reflex.domain.errors import LendingError, UnknownError
from p2p_reflex.domain.vocabulary import LoanState
from p2p_reflex.models import Installment, Loan, Note
from p2p_reflex.services.loans.loan_positions import LoanPosition, position
from p2p_reflex.services.paying import payments
from p2p_reflex.services.paying.payment_plans import quote_payoff
from p2p_reflex.services.paying.payments import PaymentOutcome, QuoteChangedError
from tests.builders import NOW, TODAY, a_borrower, a_form_key, a_loan, broken_laws, in_threads

ON_SQLITE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def stands(loan_id: int) -> LoanPosition:
    """Read where a loan stands."""
    loan = read(position, loan_id=loan_id)
    assert loan is not None
    return loan


def pay(loan_id: int, amount: str, *, on: date = TODAY) -> PaymentOutcome:
    """Pay an amount as the borrower."""
    return run(
        payments.pay,
        borrower_id=stands(loan_id).borrower_id,
        loan_id=loan_id,
        amount=amount,
        choice="keep_installment",
        form_key=a_form_key(),
        business_on=on,
        now=NOW,
    )


def pay_off(loan_id: int, *, seen_cents: int | None = None, on: date = TODAY) -> PaymentOutcome:
    """Pay off as the borrower, for what the quote says where nothing else was seen."""
    loan = stands(loan_id)
    quoted_cents = quote_payoff(loan, business_on=on).total_cents
    return run(
        payments.pay_off,
        borrower_id=loan.borrower_id,
        loan_id=loan_id,
        seen_total_cents=quoted_cents if seen_cents is None else seen_cents,
        form_key=a_form_key(),
        business_on=on,
        now=NOW,
    )


def test_the_quote_is_principal_and_the_interest_of_the_days_so_far(database: Engine) -> None:
    # $9,600 at 10.84 %: the first month's interest is 9,600 x 0.1084 / 12 = $86.72; 17 of 30 days are $49.14.
    loan_id = run(a_loan, principal_cents=9_600_00, disbursed_on=date(2026, 11, 3))

    quote = quote_payoff(stands(loan_id), business_on=TODAY)

    assert (quote.principal_cents, quote.interest_cents, quote.late_fee_cents) == (9_600_00, 49_14, 0)
    assert (quote.total_cents, quote.accrued_days, quote.good_until) == (9_649_14, 17, TODAY)


def test_what_is_due_counts_in_full_and_only_the_running_period_by_days(database: Engine) -> None:
    loan_id = run(a_loan, principal_cents=9_600_00, disbursed_on=date(2026, 10, 3))
    first, second = stands(loan_id).rows[:2]

    quote = quote_payoff(stands(loan_id), business_on=TODAY)

    assert quote.interest_cents == first.interest_cents + round(second.interest_cents * 17 / 30)


def test_interest_paid_in_advance_is_not_asked_for_again(database: Engine) -> None:
    loan_id = run(a_loan, principal_cents=9_600_00, disbursed_on=date(2026, 11, 3))
    pay(loan_id, "30.00")

    quote = quote_payoff(stands(loan_id), business_on=TODAY)

    assert quote.interest_cents == 49_14 - 30_00


def test_a_running_period_that_is_fully_paid_costs_nothing_more(database: Engine) -> None:
    loan_id = run(a_loan, principal_cents=9_600_00, disbursed_on=date(2026, 11, 3))
    pay(loan_id, "1000.00")

    owed_cents = stands(loan_id).outstanding_cents

    outcome = pay_off(loan_id)

    assert outcome.paid_cents == owed_cents == 9_600_00 - (1_000_00 - 86_72)
    assert read(broken_laws) == []


def test_paying_off_ends_the_loan_and_the_notes_and_drops_what_was_planned(database: Engine) -> None:
    loan_id = run(a_loan, disbursed_on=date(2026, 9, 3), notes=[(7_000_00, "0.10"), (5_000_00, "0.12")])

    outcome = pay_off(loan_id)

    with transaction() as session:
        loan = session.get_one(Loan, loan_id)
        rows = session.exec(select(Installment).where(Installment.loan_id == loan_id)).all()
        notes = session.exec(select(Note).where(Note.loan_id == loan_id)).all()
    assert outcome.is_payoff
    assert (loan.state, loan.ended_on, loan.next_due_on) == (LoanState.PAID_OFF, TODAY, None)
    assert (loan.outstanding_cents, sum(note.outstanding_cents for note in notes)) == (0, 0)
    assert [row.paid_on for row in rows] == [TODAY] * 3
    assert sum(row.principal_cents for row in rows) == 12_000_00
    assert read(broken_laws) == []


def test_a_quote_that_is_no_longer_the_one_seen_is_refused(database: Engine) -> None:
    loan_id = run(a_loan, principal_cents=9_600_00, disbursed_on=date(2026, 11, 3))

    with pytest.raises(QuoteChangedError, match=r"The payoff is now \$9,649\.14, not what you saw"):
        pay_off(loan_id, seen_cents=9_646_25)

    assert stands(loan_id).outstanding_cents == 9_600_00


def test_two_payoffs_at_once_pay_once(database: Engine) -> None:
    loan_id = run(a_loan)
    seen_cents = quote_payoff(stands(loan_id), business_on=TODAY).total_cents

    outcomes = in_threads([lambda: pay_off(loan_id, seen_cents=seen_cents)] * 4)

    assert sum(isinstance(outcome, PaymentOutcome) for outcome in outcomes) == 1
    assert sum(isinstance(outcome, LendingError) for outcome in outcomes) == 3
    assert read(broken_laws) == []


@ON_SQLITE
def test_the_day_after_the_last_due_date_all_of_it_is_owed(database: Engine) -> None:
    loan_id = run(a_loan, term_months=12, disbursed_on=date(2025, 11, 3))
    planned_cents = sum(row.total_cents for row in stands(loan_id).rows)

    outcome = pay_off(loan_id)

    assert outcome.paid_cents == planned_cents
    assert read(broken_laws) == []


@ON_SQLITE
def test_a_strangers_loan_cannot_be_paid_off(database: Engine) -> None:
    loan_id, stranger_id = run(a_loan), run(a_borrower)

    with pytest.raises(UnknownError):
        run(
            payments.pay_off,
            borrower_id=stranger_id,
            loan_id=loan_id,
            seen_total_cents=12_000_00,
            form_key=a_form_key(),
            business_on=TODAY,
            now=NOW,
        )


@ON_SQLITE
def test_a_preview_says_what_both_ways_of_paying_ahead_lead_to(database: Engine) -> None:
    loan_id = run(a_loan, principal_cents=9_600_00, disbursed_on=date(2026, 11, 3))
    borrower_id = stands(loan_id).borrower_id
    planned = stands(loan_id).rows
    level_cents = planned[0].total_cents

    shown = read(
        payments.preview,
        borrower_id=borrower_id,
        loan_id=loan_id,
        amount=f"{(level_cents + 200_00) / 100:.2f}",
        choice="keep_installment",
        business_on=TODAY,
    )

    kept, lowered = shown.consequences
    assert [(line.label, line.amount_cents) for line in shown.lines] == [
        ("Installment of 3 Dec 2026", level_cents),
        ("Ahead of time, to principal", 200_00),
    ]
    assert kept.sentence == "The last one falls to $200.82, saves $45.97 of interest."
    assert kept.saved_interest_cents == planned[-1].total_cents - 200_00 - 200_82
    assert lowered.sentence.startswith("The other 23 fall to $437.")
    assert kept.saved_interest_cents > lowered.saved_interest_cents > 0
    assert stands(loan_id).version == 0


@ON_SQLITE
def test_a_preview_that_reaches_the_payoff_says_what_stays_in_the_wallet(database: Engine) -> None:
    loan_id = run(a_loan, principal_cents=9_600_00, disbursed_on=date(2026, 11, 3))

    shown = read(
        payments.preview,
        borrower_id=stands(loan_id).borrower_id,
        loan_id=loan_id,
        amount="9700",
        choice="keep_term",
        business_on=TODAY,
    )

    assert shown.is_payoff
    assert [(line.label, line.amount_cents) for line in shown.lines] == [
        ("All principal still owed", 9_600_00),
        ("Interest until today", 49_14),
        ("Stays in your wallet", 50_86),
    ]
    assert shown.consequences == ()
