"""Autopay: what is due comes out of the wallet once, or not at all."""

from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlmodel import Session

from p2p_reflex.database import current_engine, read, run, transaction
from p2p_reflex.domain.errors import UnknownError
from p2p_reflex.domain.vocabulary import AccountKind, LoanState, TransactionKind
from p2p_reflex.models import Loan
from p2p_reflex.services import autopay, ledger, payments
from p2p_reflex.services.autopay import AutopayEndedError, AutopayOutcome
from p2p_reflex.services.ledger import InsufficientFundsError, Leg, Movement
from tests.builders import NOW, TODAY, a_borrower, a_form_key, a_loan, broken_laws, give_cash, in_threads

SINCE = date(2026, 10, 20)
ON_SQLITE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def loan_of(loan_id: int) -> Loan:
    """Read a loan as it is now."""
    with transaction() as session:
        return session.get_one(Loan, loan_id)


def a_loan_on_autopay(**wishes: Any) -> int:
    """Make a loan and switch its autopay on."""
    loan_id = run(a_loan, **{"disbursed_on": SINCE} | wishes)
    run(autopay.set_autopay, borrower_id=loan_of(loan_id).borrower_id, loan_id=loan_id, enabled=True, now=NOW)
    return loan_id


def collect(on: date = TODAY) -> AutopayOutcome:
    """Run a day's autopay."""
    return run(autopay.collect, business_on=on, now=NOW)


def wallet_of(member_id: int) -> int:
    """Read what a member has available."""
    return read(ledger.balances, member_id=member_id)[0]


def test_autopay_takes_what_is_due_from_the_wallet_and_only_once(database: Engine) -> None:
    loan_id = a_loan_on_autopay()
    loan = loan_of(loan_id)
    before = wallet_of(loan.borrower_id)

    first, second = collect(), collect()

    assert [(paid.loan_id, paid.amount_cents) for paid in first.collected] == [
        (loan_id, loan.installment_cents)
    ]
    assert second == AutopayOutcome((), ())
    assert wallet_of(loan.borrower_id) == before - loan.installment_cents
    assert loan_of(loan_id).next_due_on == date(2026, 12, 20)
    assert read(broken_laws) == []


def test_two_runners_at_once_collect_once(database: Engine) -> None:
    for _ in range(5):
        a_loan_on_autopay()

    outcomes = in_threads([collect] * 3)

    assert all(isinstance(outcome, AutopayOutcome) for outcome in outcomes)
    assert sum(len(outcome.collected) for outcome in outcomes) == 5
    assert read(broken_laws) == []


def test_a_wallet_that_is_short_gives_nothing_and_holds_up_nobody(database: Engine) -> None:
    short_id, full_id = a_loan_on_autopay(), a_loan_on_autopay()
    borrower_id = loan_of(short_id).borrower_id
    with transaction() as session:
        empty(session, borrower_id, keep_cents=100_00)

    outcome = collect()

    assert [paid.loan_id for paid in outcome.collected] == [full_id]
    assert [missed.loan_id for missed in outcome.short] == [short_id]
    assert wallet_of(borrower_id) == 100_00
    assert read(broken_laws) == []


def test_one_wallet_pays_several_loans_in_order_as_far_as_it_reaches(database: Engine) -> None:
    borrower_id = run(a_borrower)
    loan_ids = [a_loan_on_autopay(borrower_id=borrower_id) for _ in range(3)]
    with transaction() as session:
        empty(session, borrower_id, keep_cents=2 * loan_of(loan_ids[0]).installment_cents + 1)

    outcome = collect()

    assert [paid.loan_id for paid in outcome.collected] == loan_ids[:2]
    assert [missed.loan_id for missed in outcome.short] == loan_ids[2:]
    assert wallet_of(borrower_id) == 1
    assert read(broken_laws) == []


@ON_SQLITE
def test_a_wallet_emptied_at_the_last_moment_leaves_the_others_paid(
    database: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    emptied_id, full_id = a_loan_on_autopay(), a_loan_on_autopay()
    with transaction() as session:
        empty(session, loan_of(emptied_id).borrower_id, keep_cents=0)
    monkeypatch.setattr(autopay, "_wallet_balances", lambda session, ids: dict.fromkeys(ids, 50_000_00))

    outcome = collect()

    assert [paid.loan_id for paid in outcome.collected] == [full_id]
    assert [missed.loan_id for missed in outcome.short] == [emptied_id]
    assert read(broken_laws) == []


@ON_SQLITE
def test_a_failure_of_the_house_is_not_taken_for_a_short_wallet(
    database: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_loan_on_autopay()

    def refuse(*_: object, **__: object) -> None:
        raise InsufficientFundsError(account_id=1, member_id=None, available_cents=0)

    monkeypatch.setattr(autopay, "post_payments", refuse)

    with pytest.raises(InsufficientFundsError):
        collect()


@ON_SQLITE
def test_autopay_leaves_alone_what_is_not_due_or_not_switched_on(database: Engine) -> None:
    a_loan_on_autopay(disbursed_on=date(2026, 11, 1))
    run(a_loan, disbursed_on=SINCE)

    outcome = collect()

    assert outcome == AutopayOutcome((), ())


@ON_SQLITE
def test_the_last_installment_ends_the_loan(database: Engine) -> None:
    loan_id = a_loan_on_autopay(term_months=12, disbursed_on=date(2025, 11, 20))
    with transaction() as session:
        give_cash(session, member_id=loan_of(loan_id).borrower_id, cash_cents=5_000_00)

    outcome = collect()

    assert [paid.is_payoff for paid in outcome.collected] == [True]
    assert (loan_of(loan_id).state, loan_of(loan_id).next_due_on) == (LoanState.PAID_OFF, None)
    assert read(broken_laws) == []


@ON_SQLITE
def test_a_book_of_many_loans_takes_a_fixed_number_of_statements(database: Engine) -> None:
    counts = []
    for wanted in (9, 18):
        for _ in range(wanted):
            a_loan_on_autopay()
        counts.append(statements_of_a_day())

    assert counts[0] == counts[1]
    assert read(broken_laws) == []


@ON_SQLITE
def test_the_switch_is_the_borrowers_own(database: Engine) -> None:
    loan_id, stranger_id = run(a_loan), run(a_borrower)

    for wrong in (loan_id, 999, 2**63, 0):
        with pytest.raises(UnknownError):
            run(autopay.set_autopay, borrower_id=stranger_id, loan_id=wrong, enabled=True, now=NOW)

    assert loan_of(loan_id).autopay is False


@ON_SQLITE
def test_a_loan_that_ended_has_no_switch(database: Engine) -> None:
    loan_id = run(a_loan)
    borrower_id = loan_of(loan_id).borrower_id
    run(
        payments.pay,
        borrower_id=borrower_id,
        loan_id=loan_id,
        amount="20000",
        choice="keep_term",
        form_key=a_form_key(),
        business_on=TODAY,
        now=NOW,
    )

    with pytest.raises(AutopayEndedError):
        run(autopay.set_autopay, borrower_id=borrower_id, loan_id=loan_id, enabled=True, now=NOW)


def statements_of_a_day() -> int:
    """Count the statements that a day's autopay sends to the database."""
    sent: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        # SQLite numbers the journal's transactions one statement at a time.
        if not statement.startswith("INSERT INTO journal_transaction"):
            sent.append(statement)

    sa.event.listen(current_engine(), "before_cursor_execute", note)
    try:
        collect()
    finally:
        sa.event.remove(current_engine(), "before_cursor_execute", note)
    return len(sent)


def empty(session: Session, member_id: int, *, keep_cents: int) -> None:
    """Take money out of a wallet until only so much is left."""
    wallet_id = ledger.member_accounts(session, member_ids=[member_id])[member_id].wallet_id
    bank_id = ledger.house_accounts(session)[AccountKind.BANK]
    taken_cents = ledger.balances(session, member_id=member_id)[0] - keep_cents
    legs = (Leg(wallet_id, -taken_cents), Leg(bank_id, taken_cents))
    movement = Movement(kind=TransactionKind.WITHDRAWAL, memo="Money withdrawn", legs=legs)
    ledger.post(session, [movement], business_on=TODAY, recorded_at=NOW)
