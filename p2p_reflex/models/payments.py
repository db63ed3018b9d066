"""Owns the tables of actual payments: what each paid, installment by installment and lender by lender."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint
from sqlmodel import SQLModel

from p2p_reflex.domain.vocabulary import PrepaymentChoice
from p2p_reflex.models.columns import cents, key, link, moment, word


class Payment(SQLModel, table=True):
    """Money a borrower paid on a loan, and what it was for; on a charged-off loan it is a recovery."""

    __tablename__ = "payment"
    __table_args__ = (
        CheckConstraint("amount_cents > 0", name="amount_positive"),
        CheckConstraint(
            "amount_cents = principal_cents + interest_cents + late_fee_cents", name="parts_sum_to_amount"
        ),
        CheckConstraint(
            "prepaid_principal_cents BETWEEN 0 AND principal_cents", name="prepaid_is_part_of_principal"
        ),
    )

    id: int = key()
    loan_id: int = link("loan.id")
    transaction_id: int = link("journal_transaction.id", unique=True)
    paid_on: date
    amount_cents: int = cents()
    principal_cents: int = cents()
    interest_cents: int = cents()
    late_fee_cents: int = cents()
    prepaid_principal_cents: int = cents(default=0)
    servicing_fee_cents: int = cents()
    outstanding_after_cents: int = cents()
    choice: PrepaymentChoice = word(PrepaymentChoice, default=PrepaymentChoice.KEEP_INSTALLMENT)
    is_payoff: bool = False
    is_autopay: bool = False
    is_recovery: bool = False
    collection_fee_cents: int = cents(default=0)
    created_at: datetime = moment()


class PaymentPart(SQLModel, table=True):
    """How much of one payment went to one installment."""

    __tablename__ = "payment_part"
    __table_args__ = (
        CheckConstraint(
            "principal_cents >= 0 AND interest_cents >= 0 AND late_fee_cents >= 0", name="not_negative"
        ),
    )

    id: int = key()
    payment_id: int = link("payment.id")
    installment_id: int = link("installment.id")
    principal_cents: int = cents()
    interest_cents: int = cents()
    late_fee_cents: int = cents()


class LenderPayment(SQLModel, table=True):
    """How much of one payment went to one note, and what the platform kept of it.

    A correction adds rows, below zero where something goes back, that name its event and its transaction;
    the sum of a payment's rows is what stands. Without an event the row is the payment's own; an event
    without a transaction moved no money between the lenders, only between what it was for.
    """

    __tablename__ = "lender_payment"

    id: int = key()
    payment_id: int = link("payment.id")
    note_id: int = link("note.id")
    transaction_id: int | None = link("journal_transaction.id", nullable=True, index=False)
    event_id: int | None = link("loan_event.id", nullable=True, index=False)
    paid_on: date
    principal_cents: int = cents()
    interest_cents: int = cents()
    late_fee_cents: int = cents()
    servicing_fee_cents: int = cents()
    collection_fee_cents: int = cents(default=0)
