"""The statement of a loan: every entry in words, each person's own part, and sums that meet the books."""

from datetime import date, timedelta

import pytest
from sqlalchemy.engine import Engine
from sqlmodel import select

from p2p_reflex.database import read, run, transaction
from p2p_reflex.domain.errors import UnknownError
from p2p_reflex.domain.loan_life import LoanEvent
from p2p_reflex.domain.vocabulary import LoanEventKind, Role
from p2p_reflex.models import Loan, Note, Payment
from p2p_reflex.services.corrections import corrections
from p2p_reflex.services.days import opening
from p2p_reflex.services.loans import loan_log
from p2p_reflex.services.loans.loan_statements import LoanStatement, YearFigures, loan_statement
from p2p_reflex.services.money import ledger
from tests.builders import NOW, TODAY, a_borrower, a_form_key, a_lender, a_member, broken_laws
from tests.loan_lives import (
    MADE_ON,
    a_shared_loan,
    close_ladder_until,
    lenders_of,
    pay,
    pay_installment,
    recover,
)

ON_SQLITE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
FIRST_DUE = date(2025, 12, 20)


@pytest.fixture(autouse=True)
def _open_market(database: Engine) -> None:
    run(opening.open_market, business_on=TODAY)


def borrower_of(loan_id: int) -> int:
    with transaction() as session:
        return session.get_one(Loan, loan_id).borrower_id


def seen_by(reader_id: int, loan_id: int) -> LoanStatement:
    return read(loan_statement, loan_id=loan_id, reader_id=reader_id)


def a_loan_that_was_charged_off() -> int:
    """Pay one installment, then nothing until the loan is charged off, then $500."""
    loan_id = a_shared_loan()
    pay_installment(loan_id, on=FIRST_DUE)
    late_since = date(2026, 1, 20)
    close_ladder_until(late_since + timedelta(days=151), since=late_since)
    recover(loan_id, 500_00, on=date(2026, 8, 3))
    return loan_id


def test_the_borrower_reads_every_entry_in_words_and_what_is_owed_after_it(database: Engine) -> None:
    loan_id = a_shared_loan()
    pay_installment(loan_id, on=FIRST_DUE)
    pay(loan_id, 800_00, on=date(2026, 1, 20))

    statement = seen_by(borrower_of(loan_id), loan_id)

    out, first, second = statement.entries
    assert (out.words, out.detail) == (
        "Loan paid out",
        "$11,760.00 reached the wallet, after the origination fee of $240.00.",
    )
    assert (out.charged_cents, out.owed_after_cents) == (12_000_00, 12_000_00)
    assert (first.words, first.detail) == (
        "Payment by hand",
        "Installment 1: $108.33 interest, $450.04 principal.",
    )
    assert first.owed_after_cents == 12_000_00 - 450_04
    assert second.detail.startswith("Installment 2: ")
    assert second.paid_cents == 800_00
    assert second.owed_after_cents == statement.owed_cents


def test_a_late_loan_tells_fees_default_charge_off_and_recovery(database: Engine) -> None:
    loan_id = a_loan_that_was_charged_off()

    entries = seen_by(borrower_of(loan_id), loan_id).entries

    words = [entry.words for entry in entries]
    assert words[:3] == ["Loan paid out", "Payment by hand", "Late fee charged"]
    assert words.index("Loan in default") < words.index("Loan charged off")
    assert words[-1] == "Payment after charge-off"
    fees = [entry for entry in entries if entry.words == "Late fee charged"]
    assert all(fee.charged_cents >= 15_00 for fee in fees)
    assert "as installment 2 was not fully paid 15 days after it was due" in fees[0].detail
    with transaction() as session:
        assert entries[-1].owed_after_cents == session.get_one(Loan, loan_id).outstanding_cents
        assert broken_laws(session) == []


def test_a_lenders_entries_are_the_money_that_reached_their_wallet(database: Engine) -> None:
    loan_id = a_loan_that_was_charged_off()

    for lender_id, lent_cents in zip(lenders_of(loan_id), (7_000_00, 5_000_00), strict=True):
        statement = seen_by(lender_id, loan_id)

        moved = sum(entry.paid_cents - entry.charged_cents for entry in statement.entries)
        available_cents, _ = read(ledger.balances, member_id=lender_id)
        with transaction() as session:
            note = session.exec(select(Note).where(Note.lender_id == lender_id)).one()
            assert statement.entries[-1].owed_after_cents == note.outstanding_cents == statement.owed_cents
        assert moved == available_cents - lent_cents
        assert statement.entries[0].charged_cents == lent_cents
        assert "Recovery received" in [entry.words for entry in statement.entries]
        assert "Reserve fund stepped in" in [entry.words for entry in statement.entries]


def test_a_lender_reads_what_the_platform_kept(database: Engine) -> None:
    loan_id = a_shared_loan()
    pay_installment(loan_id, on=FIRST_DUE)
    first_lender, _ = lenders_of(loan_id)

    _, received = seen_by(first_lender, loan_id).entries

    assert received.words == "Payment received"
    assert received.paid_cents == received.principal_cents + received.interest_cents - received.fee_cents
    assert received.detail == "Your part of the borrower's payment, less $3.21 servicing fee."


def test_what_was_paid_adds_up_by_calendar_year(database: Engine) -> None:
    loan_id = a_shared_loan()
    pay_installment(loan_id, on=FIRST_DUE)
    pay_installment(loan_id, on=date(2026, 1, 20))
    pay_installment(loan_id, on=date(2026, 2, 20))

    statement = seen_by(borrower_of(loan_id), loan_id)

    this_year, last_year = statement.years
    assert last_year == YearFigures(2025, principal_cents=450_04, interest_cents=108_33)
    assert this_year.year == 2026
    assert this_year.principal_cents + last_year.principal_cents == 12_000_00 - statement.owed_cents


@ON_SQLITE
def test_a_reason_is_for_the_borrower_and_not_for_lenders(database: Engine) -> None:
    loan_id = a_shared_loan()
    pause = LoanEvent(kind=LoanEventKind.PAUSED, effective_on=TODAY, until_on=TODAY + timedelta(days=30))
    run(loan_log.record, [(loan_id, pause)], reason="Broken leg", business_on=TODAY, now=NOW)

    own = seen_by(borrower_of(loan_id), loan_id).entries[-1]
    lenders = seen_by(lenders_of(loan_id)[0], loan_id).entries[-1]

    assert own.words == lenders.words == "Lateness paused"
    assert own.detail.endswith("Reason: Broken leg.")
    assert "Broken leg" not in lenders.detail


@ON_SQLITE
def test_an_admin_reads_the_borrowers_ledger(database: Engine) -> None:
    loan_id = a_shared_loan()
    admin_id = run(a_member, role=Role.ADMIN)

    statement = seen_by(admin_id, loan_id)

    assert statement.entries == seen_by(borrower_of(loan_id), loan_id).entries
    assert not statement.is_lenders


@ON_SQLITE
@pytest.mark.parametrize("loan_id", [None, 0, -1, 2**63, 2**100])
def test_strangers_find_no_statement(database: Engine, loan_id: int | None) -> None:
    own_id = a_shared_loan()
    readers = [run(a_borrower), run(a_lender)] if loan_id is None else [borrower_of(own_id)]

    for reader_id in [*readers, 987_654]:
        with pytest.raises(UnknownError, match="it is not yours to see"):
            seen_by(reader_id, own_id if loan_id is None else loan_id)


@ON_SQLITE
def test_nothing_paid_yet_leaves_the_running_year_at_zero(database: Engine) -> None:
    loan_id = a_shared_loan(disbursed_on=MADE_ON)

    statement = seen_by(borrower_of(loan_id), loan_id)

    assert statement.years == (YearFigures(2026),)
    assert [entry.words for entry in statement.entries] == ["Loan paid out"]


def test_a_reversed_payment_is_told_and_counts_for_nothing(database: Engine) -> None:
    loan_id = a_shared_loan()
    pay_installment(loan_id, on=FIRST_DUE)
    pay_installment(loan_id, on=date(2026, 1, 20))
    admin_id = run(a_member, role=Role.ADMIN)
    with transaction() as session:
        mistaken_id = session.exec(select(Payment.id).order_by(Payment.id)).first()
    run(
        corrections.reverse_payment,
        admin_id=admin_id,
        payment_id=mistaken_id,
        reason="Entered twice",
        form_key=a_form_key(),
        business_on=TODAY,
        now=NOW,
    )

    statement = seen_by(borrower_of(loan_id), loan_id)
    lenders = [seen_by(lender_id, loan_id) for lender_id in lenders_of(loan_id)]

    mistaken, reversal = statement.entries[1], statement.entries[-1]
    assert (mistaken.words, mistaken.paid_cents) == ("Payment, taken back later", 0)
    assert mistaken.detail == "$558.37, reversed on 20 Nov 2026: it counts for nothing here."
    assert reversal.words == "Payment reversed"
    assert reversal.detail == (
        "The payment of $558.37 of 20 Dec 2025 was a mistake and counts for nothing. "
        "Everything after it was worked out again. Reason: Entered twice."
    )
    assert reversal.owed_after_cents == statement.owed_cents
    assert statement.years[-1] == YearFigures(2026, principal_cents=450_04, interest_cents=108_33)
    for of_lender, lent_cents in zip(lenders, (7_000_00, 5_000_00), strict=True):
        assert "Taken back" in [entry.words for entry in of_lender.entries]
        assert of_lender.entries[-1].owed_after_cents == of_lender.owed_cents
        moved = sum(entry.paid_cents - entry.charged_cents for entry in of_lender.entries)
        assert moved + lent_cents > 0
