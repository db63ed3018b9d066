"""Credit assessments: the profile and the conduct on the platform, scored and kept forever."""

from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import select

from p2p_reflex.database import read, run, transaction
from p2p_reflex.domain.errors import UnknownError
from p2p_reflex.domain.vocabulary import Grade, LoanState, Purpose
from p2p_reflex.models import Assessment
from p2p_reflex.services.people import assessments
from tests.builders import NOW, TODAY, a_borrower, a_lender
from tests.loan_rows import a_bare_loan

pytestmark = pytest.mark.usefixtures("database")


def request(**changes: Any) -> dict[str, Any]:
    """Describe a request as the services take it."""
    asked = {
        "amount_cents": 18_000_00,
        "term_months": 36,
        "purpose": Purpose.SMALL_BUSINESS,
        "business_on": TODAY,
    }
    return asked | changes


def points_of(record: assessments.AssessmentRecord, name: str) -> int:
    """Find one factor's points."""
    return next(factor.points for factor in record.factors if factor.name == name)


def test_an_assessment_names_every_factor_best_first_and_its_points_add_up() -> None:
    borrower_id = run(a_borrower)

    record = read(assessments.preview, borrower_id=borrower_id, **request())

    assert [factor.points for factor in record.factors] == sorted(
        (factor.points for factor in record.factors), reverse=True
    )
    assert record.points == record.starting_points + sum(factor.points for factor in record.factors)
    assert record.grade in set(Grade)
    assert points_of(record, "Purpose") == -8


def test_a_preview_keeps_nothing_and_an_assessment_is_kept_with_all_it_looked_at() -> None:
    borrower_id = run(a_borrower, credit_score=731)

    looked = read(assessments.preview, borrower_id=borrower_id, **request())
    kept = run(assessments.assess, borrower_id=borrower_id, now=NOW, **request())

    with transaction() as session:
        (row,) = session.exec(select(Assessment)).all()
    assert looked.assessment_id == 0
    assert row.id == kept.assessment_id
    assert (row.credit_score, row.points, row.grade) == (731, looked.points, looked.grade)
    assert row.factors[0] == {
        "name": looked.factors[0].name,
        "label": looked.factors[0].label,
        "points": looked.factors[0].points,
    }


def test_an_assessment_expires_after_ninety_days() -> None:
    borrower_id = run(a_borrower)

    record = run(assessments.assess, borrower_id=borrower_id, now=NOW, **request())

    assert record.expires_on == TODAY + timedelta(days=90)


def test_a_loan_paid_off_on_time_raises_the_points() -> None:
    borrower_id = run(a_borrower)
    before = read(assessments.preview, borrower_id=borrower_id, **request())
    run(a_bare_loan, borrower_id=borrower_id, state=LoanState.PAID_OFF, paid_count=12)

    after = read(assessments.preview, borrower_id=borrower_id, **request())

    assert points_of(before, "Conduct here") == 0
    assert points_of(after, "Conduct here") == 9


@pytest.mark.parametrize(("days_late", "points"), [(15, 9), (16, 3)])
def test_a_payment_counts_as_late_only_after_its_grace(days_late: int, points: int) -> None:
    borrower_id = run(a_borrower)
    run(
        a_bare_loan,
        borrower_id=borrower_id,
        state=LoanState.PAID_OFF,
        paid_count=12,
        last_paid_days_late=days_late,
    )

    record = read(assessments.preview, borrower_id=borrower_id, **request())

    assert points_of(record, "Conduct here") == points


def test_an_installment_that_is_still_unpaid_after_its_grace_counts_as_late() -> None:
    borrower_id = run(a_borrower)
    run(a_bare_loan, borrower_id=borrower_id, paid_count=2, disbursed_on=TODAY - timedelta(days=120))

    record = read(assessments.preview, borrower_id=borrower_id, **request())

    assert points_of(record, "Conduct here") == -6


def test_the_installment_of_a_running_loan_counts_as_debt() -> None:
    borrower_id = run(a_borrower)
    before = read(assessments.preview, borrower_id=borrower_id, **request())
    run(a_bare_loan, borrower_id=borrower_id, principal_cents=12_000_00)

    after = read(assessments.preview, borrower_id=borrower_id, **request())

    assert after.debt_to_income > before.debt_to_income


def test_whoever_has_no_profile_cannot_be_assessed() -> None:
    lender_id = run(a_lender)

    with pytest.raises(UnknownError):
        read(assessments.preview, borrower_id=lender_id, **request())
