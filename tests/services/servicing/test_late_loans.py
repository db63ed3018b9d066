"""Late loans: fees, default, the reserve fund, charge-off and recovery, as the close of a day brings them."""

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy.engine import Engine
from sqlmodel import Session, col, select

from p2p_reflex.database import read, run
from p2p_reflex.domain.errors import UnknownError
from p2p_reflex.domain.fees import late_fee_cents
from p2p_reflex.domain.vocabulary import AccountKind, LoanStage, LoanState, Role
from p2p_reflex.models import Installment, LedgerAccount, Loan, Note, Payment
from p2p_reflex.services.hardship import hardship, help_plans
from p2p_reflex.services.loans import portfolio_history
from p2p_reflex.services.money import ledger
from p2p_reflex.services.paying import payments
from p2p_reflex.services.paying.payments import NotPayableError, PaymentOutcome
from p2p_reflex.services.servicing import (
    charge_offs,
    defaults,
    delinquency_days,
    late_fees,
    reserve_fund,
    reserve_fund_figures,
)
from tests.builders import NOW, a_form_key, a_loan, a_member, broken_laws

MADE_ON = date(2026, 1, 31)
FIRST_DUE = date(2026, 2, 28)
NOTES = [(5_000_00, "0.0950"), (4_000_00, "0.1100"), (3_000_00, "0.1300")]


def close(on: date) -> dict[str, Any]:
    """Take the ladder's steps at the close of a day."""
    return {
        "fees": run(late_fees.charge, business_on=on, now=NOW).fee_count,
        "moves": run(delinquency_days.age_loans, business_on=on, now=NOW).moved_count,
        "defaults": run(defaults.declare, business_on=on, now=NOW),
        "bought": run(reserve_fund.buy_defaulted, business_on=on, now=NOW),
        "ended": run(charge_offs.charge_off, business_on=on, now=NOW),
    }


def close_late(days: int) -> dict[str, Any]:
    """Close the day on which the first installment is so many days late."""
    return close(FIRST_DUE + timedelta(days=days))


def loan_of(loan_id: int) -> Loan:
    return run(lambda session: session.exec(select(Loan).where(Loan.id == loan_id)).one())


def rows_of(loan_id: int) -> list[Installment]:
    query = select(Installment).where(Installment.loan_id == loan_id).order_by(col(Installment.number))
    return run(lambda session: list(session.exec(query)))


def notes_of(loan_id: int) -> list[Note]:
    query = select(Note).where(Note.loan_id == loan_id).order_by(col(Note.id))
    return run(lambda session: list(session.exec(query)))


def house_balance(kind: AccountKind) -> int:
    query = select(LedgerAccount).where(LedgerAccount.kind == kind)
    return run(lambda session: session.exec(query).one().balance_cents)


def wallet_of(member_id: int | None) -> int:
    assert member_id is not None
    return read(ledger.balances, member_id=member_id)[0]


def pay(loan_id: int, cents: int, *, on: date) -> PaymentOutcome:
    return run(
        payments.pay,
        borrower_id=loan_of(loan_id).borrower_id,
        loan_id=loan_id,
        amount=f"{cents // 100}.{cents % 100:02d}",
        choice="keep_installment",
        form_key=a_form_key(),
        business_on=on,
        now=NOW,
    )


def give_fund(session: Session, *, cents: int) -> None:
    """Let the fund have more than one loan brought."""
    house = ledger.house_accounts(session)
    legs = (
        ledger.Leg(house[AccountKind.BANK], -cents),
        ledger.Leg(house[AccountKind.RESERVE_FUND], cents),
    )
    movement = ledger.Movement(kind=ledger.TransactionKind.CAPITAL, memo="For the fund", legs=legs)
    ledger.post(session, [movement], business_on=MADE_ON, recorded_at=NOW)


def test_a_late_fee_is_charged_once_after_the_grace(database: Engine) -> None:
    loan_id = run(a_loan, notes=NOTES, disbursed_on=MADE_ON)

    in_grace = close_late(15)["fees"]
    after = close_late(16)["fees"]
    again = close_late(16)["fees"] + close_late(17)["fees"]

    first, second = rows_of(loan_id)[:2]
    assert (in_grace, after, again) == (0, 1, 0)
    expected = late_fee_cents(unpaid_cents=first.principal_cents + first.interest_cents)
    assert (first.late_fee_cents, first.late_fee_on) == (expected, FIRST_DUE + timedelta(days=16))
    assert second.late_fee_cents == 0
    assert read(broken_laws) == []


def test_a_late_fee_goes_to_the_lenders_when_it_is_paid(database: Engine) -> None:
    loan_id = run(a_loan, notes=NOTES, disbursed_on=MADE_ON)
    close_late(16)
    first = rows_of(loan_id)[0]

    pay(loan_id, first.late_fee_cents, on=FIRST_DUE + timedelta(days=17))

    assert sum(note.late_fees_received_cents for note in notes_of(loan_id)) == first.late_fee_cents
    assert read(broken_laws) == []


def test_a_loan_is_in_default_at_121_days_and_the_fund_buys_as_far_as_it_reaches(database: Engine) -> None:
    loan_id = run(a_loan, notes=NOTES, disbursed_on=MADE_ON)
    fund_cents = house_balance(AccountKind.RESERVE_FUND)
    sellers = notes_of(loan_id)

    before = close_late(120)
    on_the_day = close_late(121)
    again = close_late(121)

    assert (before["defaults"].loan_ids, on_the_day["defaults"].loan_ids) == ((), (loan_id,))
    assert on_the_day["bought"].bought_cents == fund_cents
    assert again["bought"].loan_ids == again["defaults"].loan_ids == ()
    assert house_balance(AccountKind.RESERVE_FUND) == 0
    parts = {note.bought_from_id: note.principal_cents for note in notes_of(loan_id) if not note.lender_id}
    assert sum(parts.values()) == fund_cents
    for note in sellers:
        assert abs(parts[note.id] * 12_000_00 - fund_cents * note.principal_cents) <= 12_000_00
        assert wallet_of(note.lender_id) == parts[note.id]
    assert sum(note.outstanding_cents for note in notes_of(loan_id)) == 12_000_00
    assert read(broken_laws) == []


def test_a_fund_that_is_empty_buys_nothing_and_is_not_asked_again(database: Engine) -> None:
    first_id = run(a_loan, notes=NOTES, disbursed_on=MADE_ON)
    close_late(121)
    second_id = run(a_loan, notes=NOTES, disbursed_on=MADE_ON + timedelta(days=1))
    third_id = run(a_loan, notes=NOTES, disbursed_on=MADE_ON - timedelta(days=200))

    bought = close_late(121)["bought"]

    assert set(bought.loan_ids) == {third_id}
    assert loan_of(second_id).state is LoanState.ACTIVE
    assert len(notes_of(first_id)) == 6
    assert read(broken_laws) == []


def test_a_defaulted_loan_that_pays_up_what_is_overdue_is_active_again(database: Engine) -> None:
    loan_id = run(a_loan, notes=NOTES, disbursed_on=MADE_ON)
    for days in (16, 47, 77, 108, 121):
        close_late(days)
    on = FIRST_DUE + timedelta(days=123)
    overdue = sum(
        row.principal_cents + row.interest_cents + row.late_fee_cents
        for row in rows_of(loan_id)
        if row.due_on <= on
    )

    pay(loan_id, overdue - 1, on=on)
    nearly = loan_of(loan_id).state
    pay(loan_id, 1, on=on)

    assert nearly is LoanState.DEFAULTED
    assert (loan_of(loan_id).state, loan_of(loan_id).defaulted_on) == (LoanState.ACTIVE, None)
    fund_note = notes_of(loan_id)[-1]
    assert fund_note.outstanding_cents < fund_note.principal_cents
    assert fund_note.servicing_fees_cents == 0
    assert read(broken_laws) == []


def test_at_150_days_interest_stops_and_what_comes_later_is_a_recovery(database: Engine) -> None:
    loan_id = run(a_loan, notes=NOTES, disbursed_on=MADE_ON)
    for days in (121, 149):
        close_late(days)
    planned = sum(row.interest_cents for row in rows_of(loan_id))

    ended = close_late(150)["ended"]

    assert ended.loan_ids == (loan_id,)
    loan = loan_of(loan_id)
    assert (loan.state, loan.charged_off_cents, loan.next_due_on) == (LoanState.CHARGED_OFF, 12_000_00, None)
    ended_on = FIRST_DUE + timedelta(days=150)
    later = [row for row in rows_of(loan_id) if row.due_on > ended_on]
    assert sum(row.interest_cents for row in rows_of(loan_id)) < planned
    assert all(row.interest_cents == 0 for row in later[1:])
    before = {note.id: wallet_of(note.lender_id) for note in notes_of(loan_id) if note.lender_id}
    income = house_balance(AccountKind.FEE_INCOME)

    pay(loan_id, 1_000_01, on=ended_on + timedelta(days=40))

    assert house_balance(AccountKind.FEE_INCOME) - income == 300_00
    payment = run(lambda session: session.exec(select(Payment)).one())
    assert (payment.is_recovery, payment.collection_fee_cents, payment.servicing_fee_cents) == (
        True,
        300_00,
        0,
    )
    to_fund = house_balance(AccountKind.RESERVE_FUND)
    to_lenders = sum(
        wallet_of(note.lender_id) - before[note.id] for note in notes_of(loan_id) if note.lender_id
    )
    assert to_fund > 0
    assert to_fund + to_lenders == 700_01
    assert read(broken_laws) == []


def test_a_recovery_ends_with_what_is_owed_and_the_rest_stays_in_the_wallet(database: Engine) -> None:
    loan_id = run(a_loan, notes=NOTES, disbursed_on=MADE_ON)
    close_late(150)
    owed = sum(row.principal_cents + row.interest_cents + row.late_fee_cents for row in rows_of(loan_id))

    outcome = pay(loan_id, owed + 5_00, on=date(2026, 12, 1))

    assert (outcome.paid_cents, outcome.excess_cents) == (owed, 5_00)
    assert (loan_of(loan_id).state, loan_of(loan_id).outstanding_cents) == (LoanState.CHARGED_OFF, 0)
    with pytest.raises(NotPayableError, match="Nothing is owed"):
        pay(loan_id, 1, on=date(2026, 12, 2))
    assert read(broken_laws) == []


def test_a_pause_keeps_a_loan_from_ageing_and_moves_no_due_date(database: Engine) -> None:
    admin_id = run(a_member, role=Role.ADMIN)
    loan_id = run(a_loan, notes=NOTES, disbursed_on=MADE_ON)
    due_on = [row.due_on for row in rows_of(loan_id)]
    days = (FIRST_DUE + timedelta(days=11), FIRST_DUE + timedelta(days=30))

    run(
        hardship.give,
        admin_id=admin_id,
        loan_id=loan_id,
        event=help_plans.a_pause(from_on=days[0], until_on=days[1]),
        reason="Hospital",
        business_on=FIRST_DUE,
        form_key=a_form_key(),
        now=NOW,
    )

    assert [close_late(days)["fees"] for days in (16, 30, 35, 36)] == [0, 0, 0, 1]
    assert [row.due_on for row in rows_of(loan_id)] == due_on
    assert close_late(140)["defaults"].loan_ids == ()
    assert close_late(141)["defaults"].loan_ids == (loan_id,)
    assert read(broken_laws) == []


def test_the_book_is_aged_and_its_moves_are_counted_once(database: Engine) -> None:
    admin_id = run(a_member, role=Role.ADMIN)
    loan_id = run(a_loan, notes=NOTES, disbursed_on=MADE_ON)
    run(a_loan, notes=NOTES, disbursed_on=FIRST_DUE + timedelta(days=20))

    moves = [close_late(days)["moves"] for days in (0, 1, 15, 16, 16, 31, 121)]

    assert moves == [0, 1, 0, 1, 0, 1, 2]
    assert loan_of(loan_id).stage is LoanStage.DEFAULT
    rolls = read(delinquency_days.rolls, admin_id=admin_id, since=FIRST_DUE, until=date(2026, 12, 31))
    assert [(roll.from_stage, roll.to_stage, roll.loan_count) for roll in rolls][:2] == [
        (LoanStage.CURRENT, LoanStage.GRACE, 1),
        (LoanStage.CURRENT, LoanStage.LATE_31_120, 1),
    ]
    found = {
        each.stage: each.loan_count
        for each in read(delinquency_days.figures, business_on=FIRST_DUE + timedelta(days=121))
    }
    assert (found[LoanStage.DEFAULT], found[LoanStage.LATE_31_120], found[LoanStage.CURRENT]) == (1, 1, 0)
    with pytest.raises(UnknownError):
        read(delinquency_days.rolls, admin_id=admin_id + 1, since=MADE_ON, until=MADE_ON)


def test_the_fund_is_measured_against_what_the_book_may_lose(database: Engine) -> None:
    run(give_fund, cents=20_000_00)
    loan_id = run(a_loan, notes=NOTES, disbursed_on=MADE_ON)
    run(a_loan, notes=NOTES, disbursed_on=FIRST_DUE + timedelta(days=100))
    healthy = read(reserve_fund_figures.figures, business_on=MADE_ON)

    on = FIRST_DUE + timedelta(days=121)
    close(on)
    first = run(reserve_fund_figures.record_day, business_on=on, now=NOW)
    second = run(reserve_fund_figures.record_day, business_on=on, now=NOW)

    assert healthy.ratio is not None
    assert healthy.ratio > 20
    assert first == second
    assert first.held_cents == 12_000_00
    assert first.future_income_cents == 1_680_00
    assert first.ratio is not None
    assert first.ratio_with_income is not None
    assert first.ratio < first.ratio_with_income
    (day,) = read(reserve_fund_figures.history, since=on, until=on)
    assert (day.bought_cents, day.figures) == (12_000_00, first)
    assert loan_of(loan_id).state is LoanState.DEFAULTED
    assert read(broken_laws) == []


def test_a_lenders_account_is_worth_what_it_says_through_sale_charge_off_and_recovery(
    database: Engine,
) -> None:
    loan_id = run(a_loan, notes=NOTES, disbursed_on=MADE_ON)
    lender_id = notes_of(loan_id)[0].lender_id
    assert lender_id is not None
    accounts = run(ledger.member_accounts, member_ids=[lender_id])[lender_id]
    close_late(121)
    sold = wallet_of(lender_id)

    def last_point(on: date) -> portfolio_history.HistoryPoint:
        past = read(portfolio_history.history, lender_id=lender_id, wallet_id=accounts.wallet_id)
        return past.points(until=on)[-1]

    in_default = last_point(FIRST_DUE + timedelta(days=121))
    close_late(150)
    lost = last_point(FIRST_DUE + timedelta(days=150))
    pay(loan_id, 2_000_00, on=date(2026, 9, 1))
    recovered = last_point(date(2026, 9, 1))

    assert (in_default.value_cents, in_default.notes_cents) == (5_000_00, 5_000_00 - sold)
    assert (lost.value_cents, lost.notes_cents) == (sold, 0)
    assert (recovered.value_cents, recovered.notes_cents) == (wallet_of(lender_id), 0)
    assert recovered.value_cents > lost.value_cents
