"""Payments by hand: allocated, split to the lenders, and written so that every law of the books holds."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.engine import Engine
from sqlmodel import Session, col, func, select

from p2p_reflex.database import read, run, transaction
from p2p_reflex.domain.errors import FieldError, LendingError, UnknownError
from p2p_reflex.domain.vocabulary import AccountKind, LoanState
from p2p_reflex.models import Installment, LedgerAccount, LenderPayment, Loan, Note, Payment, PaymentPart
from p2p_reflex.services.bidding import acceptance, bidding
from p2p_reflex.services.idempotency import FormReusedError
from p2p_reflex.services.money import ledger
from p2p_reflex.services.paying import payments
from p2p_reflex.services.paying.payments import NotPayableError, PaymentOutcome
from tests.builders import (
    NOW,
    TODAY,
    a_borrower,
    a_form_key,
    a_lender,
    a_listing,
    a_loan,
    broken_laws,
    in_threads,
)

SINCE = date(2026, 2, 3)
NOTES = [(5_000_00, "0.0950"), (4_000_00, "0.1100"), (3_000_00, "0.1300")]
ON_SQLITE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def loan_of(loan_id: int) -> Loan:
    """Read a loan as it is now."""
    with transaction() as session:
        loan = session.get(Loan, loan_id)
        assert loan is not None
        return loan


def installments_of(loan_id: int) -> list[Installment]:
    """Read a loan's schedule as it is now."""
    with transaction() as session:
        rows = session.exec(select(Installment).where(Installment.loan_id == loan_id))
        return sorted(rows, key=lambda row: row.number)


def pay(loan_id: int, amount: str, *, choice: str = "keep_installment", on: date = TODAY) -> PaymentOutcome:
    """Pay as the loan's borrower, with a form of its own."""
    return run(
        payments.pay,
        borrower_id=loan_of(loan_id).borrower_id,
        loan_id=loan_id,
        amount=amount,
        choice=choice,
        form_key=a_form_key(),
        business_on=on,
        now=NOW,
    )


def wallet_of(member_id: int) -> int:
    """Read what a member has available."""
    return read(ledger.balances, member_id=member_id)[0]


def written(session: Session, loan_id: int) -> tuple[int, ...]:
    """Count what payments wrote."""
    return tuple(
        session.exec(select(func.count(col(table.id)))).one()
        for table in (Payment, PaymentPart, LenderPayment)
    )


def test_an_installment_pays_the_lenders_by_their_shares_and_the_platform_its_fee(database: Engine) -> None:
    loan_id = run(a_loan, notes=NOTES, disbursed_on=date(2026, 10, 20))
    first = installments_of(loan_id)[0]

    outcome = pay(loan_id, f"{(first.principal_cents + first.interest_cents) / 100:.2f}")

    with transaction() as session:
        notes = session.exec(select(Note).where(Note.loan_id == loan_id)).all()
        received = [session.get_one(LenderPayment, number) for number in (1, 2, 3)]
    assert outcome.outstanding_cents == 12_000_00 - first.principal_cents
    assert sum(part.principal_cents for part in received) == first.principal_cents
    assert sum(part.interest_cents for part in received) == first.interest_cents
    for note, part in zip(notes, received, strict=True):
        gross_cents = part.principal_cents + part.interest_cents
        assert wallet_of(note.lender_id) == gross_cents - part.servicing_fee_cents
        assert abs(part.servicing_fee_cents * 100 - gross_cents) <= 50
    assert installments_of(loan_id)[0].paid_on == TODAY
    assert loan_of(loan_id).next_due_on == date(2026, 12, 20)
    assert read(broken_laws) == []


def test_the_money_comes_from_outside_so_the_wallet_stays_as_it_was(database: Engine) -> None:
    loan_id = run(a_loan)
    before = wallet_of(loan_of(loan_id).borrower_id)

    pay(loan_id, "100")

    assert wallet_of(loan_of(loan_id).borrower_id) == before


def test_what_is_due_is_paid_oldest_first_and_interest_before_principal(database: Engine) -> None:
    loan_id = run(a_loan, disbursed_on=date(2026, 8, 20))

    pay(loan_id, "700.00")

    first, second, third, fourth = installments_of(loan_id)[:4]
    assert first.paid_on == TODAY
    left = 700_00 - first.principal_cents - first.interest_cents - second.interest_cents
    assert (second.interest_paid_cents, second.principal_paid_cents) == (second.interest_cents, left)
    assert (second.paid_on, third.interest_paid_cents, fourth.interest_paid_cents) == (None, 0, 0)
    assert read(broken_laws) == []


@pytest.mark.parametrize("choice", ["keep_installment", "keep_term"])
def test_paying_ahead_shortens_the_term_or_lowers_the_installment(database: Engine, choice: str) -> None:
    loan_id = run(a_loan, disbursed_on=TODAY)
    before = installments_of(loan_id)
    level = before[0].principal_cents + before[0].interest_cents

    outcome = pay(loan_id, "4000", choice=choice)

    after = installments_of(loan_id)
    loan = loan_of(loan_id)
    assert outcome.prepaid_principal_cents == 4_000_00 - level
    assert after[0].paid_on == TODAY
    assert loan.final_due_on == after[-1].due_on
    if choice == "keep_term":
        assert len(after) == 24
        assert loan.installment_cents == after[1].principal_cents + after[1].interest_cents < level
    else:
        assert len(after) < 24
        assert {row.principal_cents + row.interest_cents for row in after[1:-1]} == {level}
        assert loan.installment_cents == level
    assert sum(row.interest_cents for row in after) < sum(row.interest_cents for row in before)
    assert read(broken_laws) == []


def test_more_than_the_payoff_stays_in_the_wallet_and_is_said(database: Engine) -> None:
    loan_id = run(a_loan, disbursed_on=TODAY)
    borrower_id = loan_of(loan_id).borrower_id
    before = wallet_of(borrower_id)

    outcome = pay(loan_id, "$12,250.00")

    assert outcome.is_payoff
    assert (outcome.paid_cents, outcome.excess_cents) == (12_000_00, 250_00)
    assert "$250.00 more than was needed stays in your wallet." in outcome.sentence
    assert wallet_of(borrower_id) == before + 250_00
    assert loan_of(loan_id).state is LoanState.PAID_OFF
    assert read(broken_laws) == []


@pytest.mark.parametrize(
    "amount",
    [
        "",
        "0",
        "0.00",
        "-0",
        "-5",
        "NaN",
        "Infinity",
        "1e30",
        "0.001",
        "1_000",
        "٣٠٠",
        str(2**63),
        "9" * 10_000,
        "\x00",
    ],
)
@ON_SQLITE
def test_an_odd_amount_is_refused_beside_its_field_and_nothing_is_written(
    database: Engine, amount: str
) -> None:
    loan_id = run(a_loan)

    with pytest.raises(FieldError) as refused:
        pay(loan_id, amount)

    assert refused.value.field == "amount"
    assert loan_of(loan_id).version == 0


@ON_SQLITE
def test_an_unknown_way_of_paying_ahead_is_refused(database: Engine) -> None:
    loan_id = run(a_loan)

    with pytest.raises(FieldError, match="keep the installment or to keep the term"):
        pay(loan_id, "100", choice="keep_everything")


@ON_SQLITE
@pytest.mark.parametrize("loan_id", [None, 0, -1, 999, 2**63, 2**80])
def test_a_loan_that_is_not_the_borrowers_own_is_unknown(database: Engine, loan_id: int | None) -> None:
    someone_elses_id = run(a_loan)
    stranger_id = run(a_borrower)

    with pytest.raises(UnknownError):
        run(
            payments.pay,
            borrower_id=stranger_id,
            loan_id=someone_elses_id if loan_id is None else loan_id,
            amount="100",
            choice="keep_term",
            form_key=a_form_key(),
            business_on=TODAY,
            now=NOW,
        )


def test_the_same_form_sent_twice_pays_once(database: Engine) -> None:
    loan_id = run(a_loan)
    form = {
        "borrower_id": loan_of(loan_id).borrower_id,
        "loan_id": loan_id,
        "amount": "100",
        "choice": "keep_installment",
        "form_key": a_form_key(),
        "business_on": TODAY,
        "now": NOW,
    }

    outcomes = in_threads([lambda: run(payments.pay, **form)] * 2)

    assert outcomes[0] == outcomes[1]
    with transaction() as session:
        assert written(session, loan_id)[0] == 1
    with pytest.raises(FormReusedError):
        run(payments.pay, **form | {"amount": "101"})
    assert read(broken_laws) == []


def test_many_who_pay_at_once_never_pay_more_than_is_owed(database: Engine) -> None:
    loan_id = run(
        a_loan, principal_cents=1_000_00, term_months=12, notes=[(600_00, "0.09"), (400_00, "0.12")]
    )

    outcomes = in_threads([lambda: pay(loan_id, "400")] * 6)

    paid = [outcome for outcome in outcomes if isinstance(outcome, PaymentOutcome)]
    refused = [outcome for outcome in outcomes if not isinstance(outcome, PaymentOutcome)]
    assert all(isinstance(outcome, NotPayableError) for outcome in refused)
    assert [outcome.is_payoff for outcome in paid].count(True) == 1
    assert loan_of(loan_id).outstanding_cents == 0
    assert sum(outcome.paid_cents + outcome.excess_cents for outcome in paid) == 400_00 * len(paid)
    assert read(broken_laws) == []


@ON_SQLITE
def test_a_loan_that_is_paid_off_takes_no_more(database: Engine) -> None:
    loan_id = run(a_loan)
    pay(loan_id, "50000")

    with pytest.raises(NotPayableError, match="already paid off"):
        pay(loan_id, "100")


@ON_SQLITE
def test_a_late_fee_is_paid_first_and_goes_to_the_lenders(database: Engine) -> None:
    loan_id = run(a_loan, notes=NOTES, disbursed_on=date(2026, 10, 1))
    with transaction() as session:
        late = session.exec(select(Installment).where(Installment.number == 1)).one()
        late.late_fee_cents = 27_90
        session.add(late)

    pay(loan_id, "30.00")

    first = installments_of(loan_id)[0]
    assert (first.late_fee_paid_cents, first.interest_paid_cents) == (27_90, 2_10)
    with transaction() as session:
        received = session.exec(select(Note).where(Note.loan_id == loan_id)).all()
    assert sum(note.late_fees_received_cents for note in received) == 27_90
    assert read(broken_laws) == []


@ON_SQLITE
@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    principal=st.integers(1_000, 20_000),
    term=st.integers(12, 60),
    rates=st.lists(st.integers(0, 36_000), min_size=1, max_size=4),
    steps=st.lists(
        st.tuples(
            st.integers(0, 75),
            st.one_of(st.integers(1, 300), st.integers(1, 90_000), st.integers(100_000, 600_000)),
            st.sampled_from(["keep_installment", "keep_term"]),
        ),
        min_size=1,
        max_size=12,
    ),
)
def test_every_law_holds_after_any_payment_on_any_day(
    database: Engine, principal: int, term: int, rates: list[int], steps: list[tuple[int, int, str]]
) -> None:
    share = principal // len(rates)
    parts = [share * 100] * (len(rates) - 1) + [(principal - share * (len(rates) - 1)) * 100]
    notes = [(cents, f"{rate / 100_000:.5f}") for cents, rate in zip(parts, rates, strict=True)]
    loan_id = run(a_loan, principal_cents=principal * 100, term_months=term, notes=notes, disbursed_on=SINCE)

    on = SINCE
    for days, cents, choice in [*steps, (1, 9_000_000, "keep_term")]:
        on += timedelta(days=days)
        if loan_of(loan_id).state is LoanState.PAID_OFF:
            break
        outcome = pay(loan_id, f"{cents // 100}.{cents % 100:02d}", choice=choice, on=on)
        _check_the_loan(loan_id, outcome)
        assert read(broken_laws) == []

    assert loan_of(loan_id).state is LoanState.PAID_OFF


def _check_the_loan(loan_id: int, outcome: PaymentOutcome) -> None:
    """Compare the loan, its schedule and its notes with each other."""
    loan, rows = loan_of(loan_id), installments_of(loan_id)
    unpaid = [row for row in rows if row.paid_on is None]
    owed_cents = sum(row.principal_cents - row.principal_paid_cents for row in unpaid)
    assert loan.outstanding_cents == outcome.outstanding_cents == owed_cents
    assert loan.next_due_on == (unpaid[0].due_on if unpaid else None)
    assert loan.final_due_on == rows[-1].due_on
    assert rows[-1].balance_cents == 0
    assert all(row.principal_cents + row.interest_cents > 0 for row in unpaid)
    assert (loan.state is LoanState.PAID_OFF) == (not unpaid) == outcome.is_payoff
    with transaction() as session:
        negative = session.exec(
            select(LedgerAccount).where(
                LedgerAccount.balance_cents < 0, LedgerAccount.kind != AccountKind.BANK
            )
        ).all()
    assert negative == []


def test_a_refusal_is_a_sentence_for_the_person(database: Engine) -> None:
    loan_id = run(a_loan)

    with pytest.raises(LendingError) as refused:
        pay(loan_id, "2000000")

    assert refused.value.message == "The amount must be between $0.01 and $1,000,000."


@ON_SQLITE
def test_a_loan_made_by_bids_and_acceptance_is_paid_and_paid_off(database: Engine) -> None:
    borrower_id = run(a_borrower)
    listing_id = run(a_listing, borrower_id=borrower_id, amount_cents=5_000_00, term_months=12)
    for amount, rate in (("3000", "9.5"), ("2000", "11")):
        run(
            bidding.place_bid,
            lender_id=run(a_lender, cash_cents=5_000_00),
            listing_id=listing_id,
            amount=amount,
            rate=rate,
            form_key=a_form_key(),
            business_on=TODAY,
            now=NOW,
        )
    loan_id = run(
        acceptance.accept,
        borrower_id=borrower_id,
        listing_id=listing_id,
        seen_average_rate=Decimal("0.101"),
        seen_covered_cents=5_000_00,
        form_key=a_form_key(),
        business_on=TODAY,
        now=NOW,
    )

    ahead = pay(loan_id, "2500", on=date(2026, 12, 20))
    last = pay(loan_id, "2900", on=date(2027, 1, 20))

    assert ahead.prepaid_principal_cents > 0
    assert (last.is_payoff, last.outstanding_cents) == (True, 0)
    assert 0 < last.excess_cents < 500_00
    assert read(broken_laws) == []
