"""Mistakes put right: reversed or dated back, on open and closed loans, with money that has moved on."""

from datetime import date, timedelta

import pytest
from sqlalchemy.engine import Engine
from sqlmodel import select

from p2p_reflex.database import read, run
from p2p_reflex.domain.errors import FieldError, UnknownError
from p2p_reflex.domain.vocabulary import AccountKind, LoanState, Role, TransactionKind
from p2p_reflex.models import JournalTransaction, LenderPayment
from p2p_reflex.services.corrections import corrections, receivables, write_offs
from p2p_reflex.services.money import books
from p2p_reflex.services.money.ledger import AlreadyReversedError
from tests.builders import NOW, a_form_key, a_loan, a_member, broken_laws, in_threads
from tests.loan_deeds import (
    FIRST_DUE,
    MADE_ON,
    NOTES,
    balance_of,
    close_until,
    date_back,
    first_installment,
    pay,
    reverse,
    stands,
    wallet_of,
    withdraw_all,
)

ON_SQLITE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture
def admin_id(database: Engine) -> int:
    return run(a_member, role=Role.ADMIN)


@pytest.fixture
def loan_id(database: Engine) -> int:
    return run(a_loan, notes=NOTES, disbursed_on=MADE_ON)


def test_a_reversal_is_equal_and_opposite_and_the_loan_is_as_if_never_paid(
    admin_id: int, loan_id: int
) -> None:
    before = stands(loan_id)
    income = balance_of(AccountKind.FEE_INCOME)
    paid = pay(loan_id, 700_00, on=FIRST_DUE)

    outcome = reverse(admin_id, paid.payment_id, on=FIRST_DUE)

    assert (outcome.is_done, outcome.advanced_cents) == (True, 0)
    after = stands(loan_id)
    assert (after.rows, after.notes) == (before.rows, before.notes)
    assert [wallet_of(note.lender_id) for note in after.notes] == [0, 0, 0]
    assert balance_of(AccountKind.FEE_INCOME) == income
    assert wallet_of(after.borrower_id) == 12_000_00 - 240_00 + 700_00
    kinds = run(lambda session: [each.kind for each in session.exec(select(JournalTransaction))])
    assert kinds[-1] is TransactionKind.REVERSAL
    assert read(broken_laws) == []


def test_what_came_after_is_replayed_with_fees_and_status(admin_id: int, loan_id: int) -> None:
    first = pay(loan_id, first_installment(loan_id), on=FIRST_DUE)
    second = pay(loan_id, first_installment(loan_id), on=date(2026, 3, 31))
    close_until(date(2026, 4, 10))

    reverse(admin_id, first.payment_id, on=date(2026, 4, 11))

    rows = stands(loan_id).rows
    # The second payment now pays the first installment, a month late: its fee first, which falls due with it.
    assert rows[0].late_fee_on == FIRST_DUE + timedelta(days=16)
    assert rows[0].late_fee_paid_cents == rows[0].late_fee_cents > 0
    assert rows[0].paid_on is None
    assert rows[1].paid_cents == 0
    assert stands(loan_id).days_past_due(date(2026, 4, 11)) == 42
    parts = run(lambda session: session.exec(select(LenderPayment)).all())
    standing = sum(part.late_fee_cents for part in parts if part.payment_id == second.payment_id)
    assert standing == rows[0].late_fee_cents
    assert read(broken_laws) == []


def test_a_closed_loan_opens_again(admin_id: int, loan_id: int) -> None:
    first = pay(loan_id, first_installment(loan_id), on=FIRST_DUE)
    pay(loan_id, 20_000_00, on=date(2026, 3, 15))
    assert stands(loan_id).state is LoanState.PAID_OFF

    reverse(admin_id, first.payment_id, on=date(2026, 5, 1))

    loan = stands(loan_id)
    assert loan.state is LoanState.ACTIVE
    # The payoff was enough for what was owed with the first payment; it is short by that payment now.
    assert loan.owed_cents > 0
    assert loan.outstanding_cents == sum(note.outstanding_cents for note in loan.notes)
    assert read(broken_laws) == []


def test_a_reversal_can_bring_default_and_charge_off_at_once(admin_id: int, loan_id: int) -> None:
    paid = [pay(loan_id, first_installment(loan_id), on=row.due_on) for row in stands(loan_id).rows[:7]]
    close_until(date(2026, 8, 31))
    assert stands(loan_id).state is LoanState.ACTIVE

    for payment in reversed(paid):
        reverse(admin_id, payment.payment_id, on=date(2026, 9, 1))

    loan = stands(loan_id)
    assert loan.state is LoanState.CHARGED_OFF
    assert loan.defaulted_on == FIRST_DUE + timedelta(days=121)
    assert loan.charged_off_on == FIRST_DUE + timedelta(days=150)
    assert read(broken_laws) == []


def test_money_that_has_moved_on_is_advanced_and_collected_from_later_receipts(
    admin_id: int, loan_id: int
) -> None:
    paid = pay(loan_id, 700_00, on=FIRST_DUE)
    lender_id = stands(loan_id).notes[0].lender_id
    gone = withdraw_all(lender_id, on=FIRST_DUE)

    outcome = reverse(admin_id, paid.payment_id, on=FIRST_DUE)

    assert outcome.advanced_cents == gone == -balance_of(AccountKind.RECEIVABLE)
    assert "The platform advanced" in outcome.sentence
    (debt,) = read(receivables.list_open, admin_id=admin_id)
    assert (debt.member_id, debt.left_cents) == (lender_id, gone)
    assert wallet_of(lender_id) == 0
    assert read(books.bank_equation).difference_cents == 0
    assert read(broken_laws) == []
    pay(loan_id, 300_00, on=FIRST_DUE + timedelta(days=1))
    assert wallet_of(lender_id) == 0
    pay(loan_id, 700_00, on=FIRST_DUE + timedelta(days=2))
    assert read(receivables.list_open, admin_id=admin_id) == ()
    assert balance_of(AccountKind.RECEIVABLE) == 0
    assert wallet_of(lender_id) > 0
    assert read(broken_laws) == []


def test_an_advance_can_be_written_off_as_the_platforms_cost(admin_id: int, loan_id: int) -> None:
    paid = pay(loan_id, 100_00, on=FIRST_DUE)
    gone = withdraw_all(stands(loan_id).notes[0].lender_id, on=FIRST_DUE)
    reverse(admin_id, paid.payment_id, on=FIRST_DUE)
    (debt,) = read(receivables.list_open, admin_id=admin_id)
    income = balance_of(AccountKind.FEE_INCOME)
    form = {"admin_id": admin_id, "receivable_id": debt.receivable_id, "form_key": a_form_key()}

    first, again = (
        run(write_offs.write_off, **form, reason="Cannot be reached", business_on=FIRST_DUE, now=NOW)
        for _ in range(2)
    )

    assert first == again
    assert (first.is_done, first.written_off_cents) == (True, gone)
    assert balance_of(AccountKind.FEE_INCOME) == income - gone
    assert balance_of(AccountKind.RECEIVABLE) == 0
    with pytest.raises(receivables.AlreadyClosedError):
        run(
            write_offs.write_off,
            **form | {"form_key": a_form_key()},
            reason="Once more",
            business_on=FIRST_DUE,
            now=NOW,
        )
    assert read(broken_laws) == []


def test_a_payment_dated_back_takes_its_late_fee_away(admin_id: int, loan_id: int) -> None:
    close_until(FIRST_DUE + timedelta(days=20))
    charged = stands(loan_id).rows[0].late_fee_cents
    arrived = pay(loan_id, first_installment(loan_id), on=FIRST_DUE + timedelta(days=21))

    date_back(
        admin_id,
        arrived.payment_id,
        to=FIRST_DUE - timedelta(days=1),
        on=FIRST_DUE + timedelta(days=22),
    )

    row = stands(loan_id).rows[0]
    assert charged == 27_93
    assert (row.late_fee_cents, row.late_fee_on) == (0, None)
    assert (row.unpaid_cents, row.paid_on) == (charged and 0, FIRST_DUE - timedelta(days=1))
    assert read(broken_laws) == []


def test_a_payment_is_only_dated_back_to_a_day_of_the_loan_before_its_own(
    admin_id: int, loan_id: int
) -> None:
    paid = pay(loan_id, 100_00, on=FIRST_DUE)

    for wrong in (FIRST_DUE, FIRST_DUE + timedelta(days=1), MADE_ON - timedelta(days=1)):
        with pytest.raises(FieldError, match="Choose a day from 31 Jan 2026 on, before 28 Feb 2026"):
            date_back(admin_id, paid.payment_id, to=wrong, on=FIRST_DUE)


def test_the_preview_says_what_happens_then_and_changes_nothing(admin_id: int, loan_id: int) -> None:
    first = pay(loan_id, 700_00, on=FIRST_DUE)
    pay(loan_id, 700_00, on=date(2026, 3, 31))
    close_until(date(2026, 4, 20))
    before = stands(loan_id)
    on = date(2026, 4, 21)

    told = read(corrections.preview_reversal, admin_id=admin_id, payment_id=first.payment_id, business_on=on)
    untouched = stands(loan_id)
    wallets_before = {note.lender_id: wallet_of(note.lender_id) for note in before.notes}
    borrower_before, income_before = wallet_of(before.borrower_id), balance_of(AccountKind.FEE_INCOME)
    reverse(admin_id, first.payment_id, on=on)

    assert untouched == before
    after = stands(loan_id)
    assert told.after.state is after.state
    assert told.after.owed_cents == after.owed_cents
    assert told.after.days_past_due == after.days_past_due(on)
    for holder in told.holders:
        assert holder.member_id is not None
        assert wallet_of(holder.member_id) - wallets_before[holder.member_id] == holder.amount_cents
    assert wallet_of(after.borrower_id) - borrower_before == told.borrower_cents == 700_00
    assert balance_of(AccountKind.FEE_INCOME) - income_before == told.income_cents
    assert told.borrower_cents + told.income_cents + sum(each.amount_cents for each in told.holders) == 0
    assert sum(fee.amount_cents for fee in told.fees if fee.is_charged) > 0
    assert len(told.payments) == 1


def test_a_payment_is_reversed_once_whoever_asks_at_once(admin_id: int, loan_id: int) -> None:
    paid = pay(loan_id, 700_00, on=FIRST_DUE)

    outcomes = in_threads([lambda: reverse(admin_id, paid.payment_id, on=FIRST_DUE) for _ in range(4)])

    refused = [each for each in outcomes if isinstance(each, Exception)]
    assert len(refused) == 3
    assert all(isinstance(each, AlreadyReversedError) for each in refused)
    assert read(broken_laws) == []


def test_the_same_form_twice_reverses_once_and_answers_alike(admin_id: int, loan_id: int) -> None:
    paid = pay(loan_id, 700_00, on=FIRST_DUE)
    form_key = a_form_key()

    first, second = (reverse(admin_id, paid.payment_id, on=FIRST_DUE, form_key=form_key) for _ in range(2))

    assert first == second
    assert read(broken_laws) == []


@ON_SQLITE
def test_to_anybody_but_admins_corrections_do_not_exist(admin_id: int, loan_id: int) -> None:
    paid = pay(loan_id, 700_00, on=FIRST_DUE)
    borrower_id = stands(loan_id).borrower_id

    with pytest.raises(UnknownError):
        reverse(borrower_id, paid.payment_id, on=FIRST_DUE)
    with pytest.raises(UnknownError):
        read(corrections.preview_reversal, admin_id=borrower_id, payment_id=1, business_on=FIRST_DUE)
    with pytest.raises(UnknownError):
        reverse(admin_id, 999, on=FIRST_DUE)
