"""Owns walking a loan through its life for tests: payments, the ladder of late loans, recoveries."""

from datetime import date, timedelta

from sqlmodel import Session, select

from p2p_reflex.database import run, transaction
from p2p_reflex.domain.vocabulary import PrepaymentChoice
from p2p_reflex.models import Loan, Note
from p2p_reflex.services.loans.loan_positions import position
from p2p_reflex.services.paying import payments
from p2p_reflex.services.paying.payment_plans import plan_payment
from p2p_reflex.services.paying.payment_posting import post_payments
from p2p_reflex.services.servicing import charge_offs, defaults, late_fees, reserve_fund
from tests.builders import NOW, a_form_key, a_loan

NOTES = [(7_000_00, "0.1000"), (5_000_00, "0.1200")]
MADE_ON = date(2025, 11, 20)


def a_shared_loan(*, disbursed_on: date = MADE_ON, borrower_id: int | None = None) -> int:
    """Make a loan of $12,000 over 24 months with two notes, $7,000 at 10 % and $5,000 at 12 %."""
    return run(a_loan, notes=NOTES, disbursed_on=disbursed_on, borrower_id=borrower_id)


def pay(loan_id: int, cents: int, *, on: date) -> None:
    """Pay an amount as the borrower."""
    with transaction() as session:
        payments.pay(
            session,
            borrower_id=session.get_one(Loan, loan_id).borrower_id,
            loan_id=loan_id,
            amount=f"{cents / 100:.2f}",
            choice="keep_installment",
            form_key=a_form_key(),
            business_on=on,
            now=NOW,
        )


def recover(loan_id: int, cents: int, *, on: date) -> None:
    """Bring money in on a charged-off loan."""
    with transaction() as session:
        loan = position(session, loan_id=loan_id, for_update=True)
        assert loan is not None
        plan = plan_payment(
            loan, amount_cents=cents, choice=PrepaymentChoice.KEEP_INSTALLMENT, business_on=on
        )
        post_payments(
            session, [plan], from_outside={loan_id: cents}, is_autopay=False, business_on=on, now=NOW
        )


def pay_installment(loan_id: int, *, on: date) -> None:
    """Pay what one installment asks for."""
    with transaction() as session:
        cents = session.get_one(Loan, loan_id).installment_cents
    pay(loan_id, cents, on=on)


def close_ladder(*, on: date) -> None:
    """Do what the close of a day does to late loans."""
    for step in (late_fees.charge, defaults.declare, reserve_fund.buy_defaulted, charge_offs.charge_off):
        run(step, business_on=on, now=NOW)


def close_ladder_until(until: date, *, since: date) -> None:
    """Close every day from one to another."""
    on = since
    while on <= until:
        close_ladder(on=on)
        on += timedelta(days=1)


def lenders_of(loan_id: int) -> list[int]:
    """Name the lenders of a loan, in the order of their notes."""

    def found(session: Session) -> list[int]:
        notes = session.exec(select(Note).where(Note.loan_id == loan_id).order_by(Note.id)).all()
        return [note.lender_id for note in notes if note.lender_id is not None]

    return run(found)
