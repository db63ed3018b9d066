"""Autopay: what is due comes out of the wallet once, or not at all."""

import dataclasses
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
from p2p_reflex.services.money import ledger
from p2p_reflex.services.money.ledger import InsufficientFundsError, Leg, Movement
from p2p_reflex.services.paying import autopay, autopay_rows, payments
from p2p_reflex.services.paying.autopay import AutopayEndedError, AutopayOutcome
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


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_wallet_emptied_at_the_last_moment_leaves_the_others_paid(
    database: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    emptied_id, full_id = a_loan_on_autopay(), a_loan_on_autopay()
    with transaction() as session:
        empty(session, loan_of(emptied_id).borrower_id, keep_cents=0)
    look = autopay_rows.due_loans

    def look_before_it_was_emptied(*args: Any, **kwargs: Any) -> list[autopay_rows.DueLoan]:
        return [dataclasses.replace(loan, wallet_cents=50_000_00) for loan in look(*args, **kwargs)]

    monkeypatch.setattr(autopay_rows, "due_loans", look_before_it_was_emptied)

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

    monkeypatch.setattr(autopay, "post_ordinary", refuse)

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


def test_a_wallet_that_is_short_gives_what_is_there_where_the_borrower_allows_it(database: Engine) -> None:
    loan_id = a_loan_on_autopay()
    borrower_id, due_cents = loan_of(loan_id).borrower_id, loan_of(loan_id).installment_cents
    run(autopay.set_partial, borrower_id=borrower_id, loan_id=loan_id, enabled=True, now=NOW)
    with transaction() as session:
        empty(session, borrower_id, keep_cents=100_00)

    first = collect()
    with transaction() as session:
        give_cash(session, member_id=borrower_id, cash_cents=due_cents)
    next_day = collect(date(2026, 11, 21))

    assert [(paid.amount_cents, paid.is_partial) for paid in first.collected] == [(100_00, True)]
    assert [missed.due_cents for missed in first.short] == [due_cents - 100_00]
    assert [(paid.amount_cents, paid.is_partial) for paid in next_day.collected] == [
        (due_cents - 100_00, False)
    ]
    assert wallet_of(borrower_id) == 100_00
    assert read(broken_laws) == []


@ON_SQLITE
def test_chunks_of_any_size_collect_the_same(database: Engine) -> None:
    loan_ids = [a_loan_on_autopay() for _ in range(7)]

    after_id: int | None = 0
    paid: list[int] = []
    while after_id is not None:
        chunk = run(autopay.collect_chunk, after_id=after_id, limit=3, business_on=TODAY, now=NOW)
        paid += [each.loan_id for each in chunk.collected]
        after_id = chunk.through_id

    assert paid == loan_ids
    assert collect() == AutopayOutcome((), ())
    assert read(broken_laws) == []


def test_the_fast_way_and_the_plan_of_each_loan_leave_the_same_books(
    database: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    shares = [(4_000_00, "0.09"), (1_333_00, "0.1125"), (667_00, "0.2")]
    for _ in range(4):
        a_loan_on_autopay(principal_cents=6_000_00, notes=shares)

    collect()
    fast = books_by_loan(slice(0, 4))
    monkeypatch.setattr(autopay, "post_ordinary", lambda *_, **__: {})
    for _ in range(4):
        a_loan_on_autopay(principal_cents=6_000_00, notes=shares)
    collect()

    assert books_by_loan(slice(4, 8)) == fast
    assert read(broken_laws) == []


def books_by_loan(which: slice) -> list[Any]:
    """Read what a payment left behind, loan by loan, without the ids."""
    questions = (
        "SELECT outstanding_cents, interest_paid_cents, late_fees_paid_cents, next_due_on, version, state"
        " FROM loan WHERE id = :id",
        "SELECT number, principal_paid_cents, interest_paid_cents, late_fee_paid_cents, paid_on"
        " FROM installment WHERE loan_id = :id ORDER BY number",
        "SELECT amount_cents, principal_cents, interest_cents, late_fee_cents, prepaid_principal_cents,"
        " servicing_fee_cents, outstanding_after_cents, choice, is_payoff, is_autopay, paid_on"
        " FROM payment WHERE loan_id = :id",
        "SELECT q.principal_cents, q.interest_cents, q.late_fee_cents, q.servicing_fee_cents, q.paid_on"
        " FROM lender_payment q JOIN note n ON n.id = q.note_id WHERE n.loan_id = :id ORDER BY n.id",
        "SELECT outstanding_cents, interest_received_cents, late_fees_received_cents, servicing_fees_cents"
        " FROM note WHERE loan_id = :id ORDER BY id",
        "SELECT t.kind, t.memo, t.business_on, e.amount_cents FROM journal_transaction t"
        " JOIN journal_entry e ON e.transaction_id = t.id WHERE t.loan_id = :id AND t.kind = 'payment'"
        " ORDER BY e.amount_cents",
        "SELECT kind, effective_on, amount_cents, choice, number, recorded_on, reason"
        " FROM loan_event WHERE loan_id = :id AND kind = 'paid'",
    )

    def look(session: Session) -> list[Any]:
        ids = list(session.execute(sa.text("SELECT id FROM loan ORDER BY id")).scalars())[which]
        return [
            [session.execute(sa.text(each), {"id": loan_id}).all() for each in questions] for loan_id in ids
        ]

    return read(look)
