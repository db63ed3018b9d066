"""Owns the tables of loans, their installments and the lenders' notes."""

from datetime import date, datetime
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy import CheckConstraint, Index
from sqlmodel import Field, SQLModel

from p2p_reflex.domain.vocabulary import Grade, LoanStage, LoanState, Purpose
from p2p_reflex.models.columns import cents, key, link, moment, rate, word

_BOUGHT = sa.text("bought_from_id IS NOT NULL")


class Loan(SQLModel, table=True):
    """A listing that was accepted; totals stand on it, and the laws of the books compare them."""

    __tablename__ = "loan"
    __table_args__ = (
        CheckConstraint("principal_cents > 0", name="principal_positive"),
        CheckConstraint("outstanding_cents BETWEEN 0 AND principal_cents", name="outstanding_range"),
        CheckConstraint("interest_paid_cents >= 0 AND late_fees_paid_cents >= 0", name="paid_not_negative"),
        # The figures of a day are read from it alone, without a look at the loans.
        Index(
            "ix_loan_dates",
            *("state", "next_due_on", "grade", "term_months", "final_due_on", "outstanding_cents"),
        ),
    )

    id: int = key()
    listing_id: int = link("listing.id", unique=True)
    borrower_id: int = link("member.id")
    title: str = Field(max_length=80)
    purpose: Purpose = word(Purpose)
    grade: Grade = word(Grade)
    state: LoanState = word(LoanState, default=LoanState.ACTIVE)
    principal_cents: int = cents()
    annual_rate: Decimal = rate()
    apr: Decimal = rate()
    term_months: int
    installment_cents: int = cents()
    origination_fee_cents: int = cents()
    reserve_contribution_cents: int = cents()
    outstanding_cents: int = cents()
    interest_paid_cents: int = cents(default=0)
    late_fees_paid_cents: int = cents(default=0)
    autopay: bool = False
    autopay_partial: bool = Field(default=False, sa_column_kwargs={"server_default": sa.false()})
    disbursed_on: date = Field(index=True)
    next_due_on: date | None = None
    final_due_on: date
    ended_on: date | None = None
    stage: LoanStage = word(LoanStage, default=LoanStage.CURRENT)
    defaulted_on: date | None = None
    charged_off_on: date | None = None
    charged_off_cents: int = cents(default=0)
    forgiven_cents: int = cents(default=0)
    version: int = 0
    created_at: datetime = moment()


class Installment(SQLModel, table=True):
    """One planned payment, and how much of it has been paid."""

    __tablename__ = "installment"
    __table_args__ = (
        CheckConstraint("principal_cents >= 0 AND interest_cents >= 0", name="parts_not_negative"),
        CheckConstraint("principal_paid_cents BETWEEN 0 AND principal_cents", name="principal_paid_range"),
        CheckConstraint("interest_paid_cents BETWEEN 0 AND interest_cents", name="interest_paid_range"),
        CheckConstraint("late_fee_paid_cents BETWEEN 0 AND late_fee_cents", name="late_fee_paid_range"),
        Index("uq_installment_loan_id_number", "loan_id", "number", unique=True),
        Index("ix_installment_due_on", "due_on"),
        Index(
            "ix_installment_unpaid",
            "loan_id",
            "due_on",
            sqlite_where=sa.text("paid_on IS NULL"),
            postgresql_where=sa.text("paid_on IS NULL"),
        ),
    )

    id: int = key()
    loan_id: int = link("loan.id", index=False)
    number: int
    due_on: date
    principal_cents: int = cents()
    interest_cents: int = cents()
    balance_cents: int = cents()
    late_fee_cents: int = cents(default=0)
    principal_paid_cents: int = cents(default=0)
    interest_paid_cents: int = cents(default=0)
    late_fee_paid_cents: int = cents(default=0)
    paid_on: date | None = None
    late_fee_on: date | None = None
    carried_interest_cents: int = cents(default=0)


class Note(SQLModel, table=True):
    """A lender's share of a loan, at the rate that lender bid; without a lender, the reserve fund's.

    What the fund bought of a note is a note of its own that names the one it came from. The principal of a
    lender's note is what was lent, and never changes.
    """

    __tablename__ = "note"
    __table_args__ = (
        CheckConstraint(
            "principal_cents > 0 OR (lender_id IS NULL AND principal_cents = 0)", name="principal_positive"
        ),
        CheckConstraint("outstanding_cents BETWEEN 0 AND principal_cents", name="outstanding_range"),
        CheckConstraint(
            "(lender_id IS NULL) = (bid_id IS NULL) AND (lender_id IS NULL) = (bought_from_id IS NOT NULL)",
            name="bid_for_or_bought",
        ),
        Index("ix_note_lender_id_loan_id", "lender_id", "loan_id"),
        Index("ix_note_bought_from_id", "bought_from_id", sqlite_where=_BOUGHT, postgresql_where=_BOUGHT),
    )

    id: int = key()
    loan_id: int = link("loan.id")
    lender_id: int | None = link("member.id", nullable=True, index=False)
    bid_id: int | None = link("bid.id", nullable=True, unique=True)
    bought_from_id: int | None = link("note.id", nullable=True, index=False)
    principal_cents: int = cents()
    annual_rate: Decimal = rate()
    outstanding_cents: int = cents()
    interest_received_cents: int = cents(default=0)
    late_fees_received_cents: int = cents(default=0)
    servicing_fees_cents: int = cents(default=0)
    collection_fees_cents: int = cents(default=0)
    forgiven_cents: int = cents(default=0)
    bought_on: date
