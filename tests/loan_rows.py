"""Owns a maker of loans as bare rows, no money moved, for tests that only look at loans."""

from datetime import date, timedelta
from decimal import Decimal

from sqlmodel import Session

from p2p_reflex.domain.amortization import ScheduleRow, amortization_schedule
from p2p_reflex.domain.vocabulary import Grade, ListingState, LoanState, Purpose
from p2p_reflex.models import Installment, Listing, Loan
from p2p_reflex.services.people import assessments
from tests.builders import NOW, TODAY


def a_bare_loan(
    session: Session,
    *,
    borrower_id: int,
    title: str = "A loan from before",
    grade: Grade = Grade.B,
    state: LoanState = LoanState.ACTIVE,
    principal_cents: int = 6_000_00,
    annual_rate: Decimal = Decimal("0.11"),
    term_months: int = 12,
    disbursed_on: date | None = None,
    paid_count: int = 0,
    last_paid_days_late: int = 0,
) -> int:
    """Write a loan with its accepted listing and its plan, some of it paid on time."""
    disbursed_on = disbursed_on or TODAY - timedelta(days=20)
    listing = _accepted_listing(
        session, borrower_id, title, grade, principal_cents, term_months, disbursed_on
    )
    plan = amortization_schedule(
        principal_cents=principal_cents,
        annual_rate=annual_rate,
        term_months=term_months,
        disbursed_on=disbursed_on,
    )
    loan = Loan(
        listing_id=listing.id,
        borrower_id=borrower_id,
        title=title,
        purpose=Purpose.CAR,
        grade=grade,
        state=state,
        principal_cents=principal_cents,
        annual_rate=annual_rate,
        apr=annual_rate,
        term_months=term_months,
        installment_cents=plan[0].payment_cents,
        origination_fee_cents=0,
        reserve_contribution_cents=0,
        outstanding_cents=principal_cents - sum(row.principal_cents for row in plan[:paid_count]),
        disbursed_on=disbursed_on,
        next_due_on=plan[paid_count].due_on if paid_count < term_months else None,
        final_due_on=plan[-1].due_on,
        ended_on=TODAY if state is LoanState.PAID_OFF else None,
        created_at=NOW,
    )
    session.add(loan)
    session.flush()
    for row in plan:
        late_days = last_paid_days_late if row.number == paid_count else 0
        session.add(_installment(loan.id, row, is_paid=row.number <= paid_count, late_days=late_days))
    session.flush()
    return loan.id


def _accepted_listing(
    session: Session,
    borrower_id: int,
    title: str,
    grade: Grade,
    amount_cents: int,
    term_months: int,
    ended_on: date,
) -> Listing:
    assessment = assessments.assess(
        session,
        borrower_id=borrower_id,
        amount_cents=amount_cents,
        term_months=term_months,
        purpose=Purpose.CAR,
        business_on=ended_on,
        now=NOW,
    )
    listing = Listing(
        borrower_id=borrower_id,
        assessment_id=assessment.assessment_id,
        state=ListingState.ACCEPTED,
        title=title,
        story="Asked for and accepted.",
        purpose=Purpose.CAR,
        grade=grade,
        amount_cents=amount_cents,
        term_months=term_months,
        highest_rate=Decimal("0.36"),
        floor_rate=Decimal("0.05"),
        expected_loss_rate=Decimal("0.03"),
        opens_on=ended_on,
        closes_on=ended_on,
        decide_until_on=ended_on,
        published_at=NOW,
        ended_on=ended_on,
    )
    session.add(listing)
    session.flush()
    return listing


def _installment(loan_id: int, row: ScheduleRow, *, is_paid: bool, late_days: int) -> Installment:
    return Installment(
        loan_id=loan_id,
        number=row.number,
        due_on=row.due_on,
        principal_cents=row.principal_cents,
        interest_cents=row.interest_cents,
        balance_cents=row.balance_cents,
        principal_paid_cents=row.principal_cents if is_paid else 0,
        interest_paid_cents=row.interest_cents if is_paid else 0,
        paid_on=row.due_on + timedelta(days=late_days) if is_paid else None,
    )
