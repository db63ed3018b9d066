"""Owns credit assessments: what is known of a borrower, scored on the published card, kept forever."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

import sqlalchemy as sa
from sqlmodel import Session, col, select

from p2p_reflex.domain import delinquency, scorecard
from p2p_reflex.domain.errors import UnknownError
from p2p_reflex.domain.scorecard import Factor
from p2p_reflex.domain.vocabulary import Grade, LoanState, Purpose
from p2p_reflex.models import Assessment, BorrowerProfile, Installment, Loan


@dataclass(frozen=True, slots=True)
class AssessmentRecord:
    """What a borrower's request scores and why; a preview has the id 0."""

    assessment_id: int
    assessed_on: date
    expires_on: date
    points: int
    max_points: int
    starting_points: int
    grade: Grade
    floor_rate: Decimal
    expected_loss_rate: Decimal
    debt_to_income: Decimal
    factors: tuple[Factor, ...]


def preview(
    session: Session,
    *,
    borrower_id: int,
    amount_cents: int,
    term_months: int,
    purpose: Purpose,
    business_on: date,
) -> AssessmentRecord:
    """Score a request without keeping the answer. Raises UnknownError."""
    profile = borrower_profile(session, borrower_id=borrower_id, business_on=business_on)
    request = scorecard.Request(amount_cents=amount_cents, term_months=term_months, purpose=purpose)
    return _record(scorecard.assess(profile=profile, request=request), business_on=business_on)


def assess(
    session: Session,
    *,
    borrower_id: int,
    amount_cents: int,
    term_months: int,
    purpose: Purpose,
    business_on: date,
    now: datetime,
) -> AssessmentRecord:
    """Score a request and keep the answer with all it looked at. Raises UnknownError."""
    profile = borrower_profile(session, borrower_id=borrower_id, business_on=business_on)
    request = scorecard.Request(amount_cents=amount_cents, term_months=term_months, purpose=purpose)
    scored = scorecard.assess(profile=profile, request=request)
    record = _record(scored, business_on=business_on)
    row = Assessment(
        borrower_id=borrower_id,
        assessed_on=record.assessed_on,
        expires_on=record.expires_on,
        credit_score=profile.credit_score,
        annual_income_cents=profile.annual_income_cents,
        monthly_debt_cents=profile.monthly_debt_cents,
        years_employed=profile.years_employed,
        home_ownership=profile.home_ownership,
        loans_paid_off=profile.loans_paid_off,
        late_payments=profile.late_payments,
        points=scored.points,
        max_points=scored.max_points,
        grade=scored.grade,
        floor_rate=scored.floor_rate,
        expected_loss_rate=scored.expected_loss_rate,
        debt_to_income=scored.debt_to_income,
        factors=[
            {"name": factor.name, "label": factor.label, "points": factor.points} for factor in scored.factors
        ],
        created_at=now,
    )
    session.add(row)
    session.flush()
    return _record(scored, business_on=business_on, assessment_id=row.id)


def borrower_profile(session: Session, *, borrower_id: int, business_on: date) -> scorecard.Profile:
    """Gather a borrower's finances and their conduct on the platform.

    Installments of loans running here count as debt, beside what the borrower said they pay elsewhere.
    Raises UnknownError for whoever has no profile.
    """
    said = session.exec(select(BorrowerProfile).where(BorrowerProfile.member_id == borrower_id)).first()
    if said is None:
        raise UnknownError("profile")
    states: dict[LoanState, tuple[int, int]] = {
        LoanState(state): (count, installments)
        for state, count, installments in session.execute(
            sa.select(col(Loan.state), sa.func.count(col(Loan.id)), sa.func.sum(col(Loan.installment_cents)))
            .where(col(Loan.borrower_id) == borrower_id)
            .group_by(col(Loan.state))
        )
    }
    return scorecard.Profile(
        credit_score=said.credit_score,
        annual_income_cents=said.annual_income_cents,
        monthly_debt_cents=said.monthly_debt_cents + int(states.get(LoanState.ACTIVE, (0, 0))[1]),
        years_employed=said.years_employed,
        home_ownership=said.home_ownership,
        loans_paid_off=states.get(LoanState.PAID_OFF, (0, 0))[0],
        late_payments=_late_payment_count(session, borrower_id=borrower_id, business_on=business_on),
    )


def _late_payment_count(session: Session, *, borrower_id: int, business_on: date) -> int:
    """Count the installments paid after their grace, and those still unpaid beyond it."""
    rows = session.execute(
        sa.select(col(Installment.due_on), col(Installment.paid_on))
        .join(Loan, col(Loan.id) == col(Installment.loan_id))
        .where(
            col(Loan.borrower_id) == borrower_id,
            sa.or_(
                col(Installment.paid_on) > col(Installment.due_on),
                sa.and_(col(Installment.paid_on).is_(None), col(Installment.due_on) < business_on),
            ),
        )
    )
    grace = timedelta(days=delinquency.GRACE_DAYS)
    return sum(1 for due_on, paid_on in rows if (paid_on or business_on) > due_on + grace)


def _record(scored: scorecard.Assessment, *, business_on: date, assessment_id: int = 0) -> AssessmentRecord:
    return AssessmentRecord(
        assessment_id=assessment_id,
        assessed_on=business_on,
        expires_on=business_on + timedelta(days=scorecard.ASSESSMENT_VALID_DAYS),
        points=scored.points,
        max_points=scored.max_points,
        starting_points=scored.starting_points,
        grade=scored.grade,
        floor_rate=scored.floor_rate,
        expected_loss_rate=scored.expected_loss_rate,
        debt_to_income=scored.debt_to_income,
        factors=scored.factors,
    )
