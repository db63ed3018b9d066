"""Owns the live consequences of a request: grade, likely rate, installment, APR, and what it costs."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import TypeVar

import sqlalchemy as sa
from sqlmodel import Session, col

from p2p_reflex.domain import fees, scorecard
from p2p_reflex.domain.amortization import ScheduleRow, amortization_schedule
from p2p_reflex.domain.errors import FieldError
from p2p_reflex.domain.likely_rate import (
    COMPARABLE_DAYS,
    LikelyRate,
    capped,
    likely_rate,
    suggested_highest_rate,
)
from p2p_reflex.domain.returns import apr
from p2p_reflex.domain.vocabulary import Grade, Purpose
from p2p_reflex.models import Loan
from p2p_reflex.services.listings import listing_form
from p2p_reflex.services.listings.listing_form import ListingForm
from p2p_reflex.services.listings.listing_limits import BorrowingLimitError, check_limits, standing
from p2p_reflex.services.people import assessments
from p2p_reflex.services.people.assessments import AssessmentRecord

T = TypeVar("T")

MOST_COMPARABLE = 500
LOWEST_FLOOR_RATE = min(scorecard.FLOOR_RATES.values())


@dataclass(frozen=True, slots=True)
class Consequences:
    """What a request would mean at the middle of its likely rates, as of the open business day."""

    assessment: AssessmentRecord
    purpose_is_assumed: bool
    ceiling_rate: Decimal
    suggested_highest_rate: Decimal
    highest_rate: Decimal | None
    likely: LikelyRate
    term_months: int
    installment_cents: int
    apr: Decimal
    fee_rate: Decimal
    fee_cents: int
    net_proceeds_cents: int
    interest_cents: int
    total_cost_cents: int
    schedule: tuple[ScheduleRow, ...]


@dataclass(frozen=True, slots=True)
class ListingPreview:
    """One sentence for each field that cannot be used, and the consequences of what can.

    `obstacle` says why nothing could be published at all, where that is so.
    """

    errors: dict[str, str]
    obstacle: str
    closes_on: date | None
    consequences: Consequences | None


def preview(session: Session, *, borrower_id: int, form: ListingForm, business_on: date) -> ListingPreview:
    """Check a form field by field and work out what it would mean; nothing is kept. Raises UnknownError."""
    errors: dict[str, str] = {}
    amount_cents = _attempt(errors, lambda: listing_form.read_amount(form))
    term_months = _attempt(errors, lambda: listing_form.read_term(form))
    purpose = _attempt(errors, lambda: listing_form.read_purpose(form))
    consequences = None
    if amount_cents is not None and term_months is not None:
        consequences = _consequences(session, borrower_id, amount_cents, term_months, purpose, business_on)
    floor_rate = consequences.assessment.floor_rate if consequences else LOWEST_FLOOR_RATE
    highest_rate = _attempt(errors, lambda: listing_form.read_highest_rate(form, floor_rate=floor_rate))
    if consequences and amount_cents is not None and highest_rate is not None:
        consequences = _at_most(consequences, highest_rate, amount_cents, business_on)
    _attempt(errors, lambda: listing_form.read_title(form))
    _attempt(errors, lambda: listing_form.read_story(form))
    window_days = _attempt(errors, lambda: listing_form.read_window(form))
    _attempt(errors, lambda: listing_form.read_smallest_share(form))
    return ListingPreview(
        errors=errors,
        obstacle=_obstacle(session, borrower_id, amount_cents or 0, business_on),
        closes_on=business_on + timedelta(days=window_days) if window_days is not None else None,
        consequences=consequences,
    )


def _attempt(errors: dict[str, str], read: Callable[[], T]) -> T | None:
    """Read one field, or note why it cannot be used."""
    try:
        return read()
    except FieldError as refused:
        errors[refused.field] = refused.message
        return None


def _consequences(
    session: Session,
    borrower_id: int,
    amount_cents: int,
    term_months: int,
    purpose: Purpose | None,
    business_on: date,
) -> Consequences:
    """Work out what can be said before the highest rate is known; an unsaid purpose counts as another."""
    assessment = assessments.preview(
        session,
        borrower_id=borrower_id,
        amount_cents=amount_cents,
        term_months=term_months,
        purpose=purpose or Purpose.OTHER,
        business_on=business_on,
    )
    likely = likely_rate(
        grade=assessment.grade,
        floor_rate=assessment.floor_rate,
        comparable_rates=_comparable_rates(session, grade=assessment.grade, business_on=business_on),
    )
    fee_cents = fees.origination_fee_cents(principal_cents=amount_cents, grade=assessment.grade)
    started = Consequences(
        assessment=assessment,
        purpose_is_assumed=purpose is None,
        ceiling_rate=fees.LEGAL_CEILING_RATE,
        suggested_highest_rate=suggested_highest_rate(likely, ceiling_rate=fees.LEGAL_CEILING_RATE),
        highest_rate=None,
        likely=likely,
        term_months=term_months,
        installment_cents=0,
        apr=Decimal(0),
        fee_rate=fees.origination_fee_rate(assessment.grade),
        fee_cents=fee_cents,
        net_proceeds_cents=amount_cents - fee_cents,
        interest_cents=0,
        total_cost_cents=0,
        schedule=(),
    )
    return _costed(started, amount_cents, business_on)


def _at_most(
    consequences: Consequences, highest_rate: Decimal, amount_cents: int, business_on: date
) -> Consequences:
    """Cut the likely rates off at the highest one, and work the costs out again where that moves them."""
    likely = capped(consequences.likely, highest_rate=highest_rate)
    cut = replace(consequences, highest_rate=highest_rate, likely=likely)
    if likely.middle_rate == consequences.likely.middle_rate:
        return cut
    return _costed(cut, amount_cents, business_on)


def _costed(consequences: Consequences, amount_cents: int, business_on: date) -> Consequences:
    """Fill in the schedule at the middle rate and the costs that follow from it."""
    schedule = amortization_schedule(
        principal_cents=amount_cents,
        annual_rate=consequences.likely.middle_rate,
        term_months=consequences.term_months,
        disbursed_on=business_on,
    )
    return replace(
        consequences,
        installment_cents=schedule[0].payment_cents,
        apr=apr(
            net_proceeds_cents=consequences.net_proceeds_cents,
            payments_cents=[row.payment_cents for row in schedule],
        ),
        interest_cents=schedule.interest_cents,
        total_cost_cents=schedule.interest_cents + consequences.fee_cents,
        schedule=schedule.rows,
    )


def _comparable_rates(session: Session, *, grade: Grade, business_on: date) -> list[Decimal]:
    """Return what accepted listings of the grade ended at lately, the newest first."""
    since_on = business_on - timedelta(days=COMPARABLE_DAYS)
    return list(
        session.scalars(
            sa.select(col(Loan.annual_rate))
            .where(col(Loan.grade) == grade, col(Loan.disbursed_on) > since_on)
            .order_by(col(Loan.disbursed_on).desc(), col(Loan.id).desc())
            .limit(MOST_COMPARABLE)
        )
    )


def _obstacle(session: Session, borrower_id: int, amount_cents: int, business_on: date) -> str:
    try:
        check_limits(
            standing(session, borrower_id=borrower_id, business_on=business_on), amount_cents=amount_cents
        )
    except BorrowingLimitError as refused:
        return refused.message
    return ""
