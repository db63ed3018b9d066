"""The admin's look at risk: stages that sum to the book, a past from closed days, the fund's ratios."""

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy.engine import Engine

from p2p_reflex.database import read, run, transaction
from p2p_reflex.domain.errors import UnknownError
from p2p_reflex.domain.vocabulary import LoanStage, Role
from p2p_reflex.models import Loan
from p2p_reflex.services.admin import risk
from p2p_reflex.services.days import daily_figures
from p2p_reflex.services.servicing import reserve_fund_figures
from tests.builders import NOW, TODAY, a_member
from tests.loan_lives import a_shared_loan

ON_SQLITE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture
def admin_id(database: Engine) -> int:
    return run(a_member, role=Role.ADMIN)


def test_the_stages_sum_to_what_runs(database: Engine, admin_id: int) -> None:
    a_shared_loan(disbursed_on=TODAY)
    a_shared_loan(disbursed_on=TODAY - timedelta(days=80))

    found = read(risk.risk, admin_id=admin_id, business_on=TODAY)

    counts = {each.stage: each.loan_count for each in found.stages if each.loan_count}
    assert counts == {LoanStage.CURRENT: 1, LoanStage.LATE_31_120: 1}
    assert (found.running_cents, found.late_30_cents) == (24_000_00, 12_000_00)


def test_each_closed_day_is_a_point_of_the_past(database: Engine, admin_id: int) -> None:
    a_shared_loan(disbursed_on=TODAY)
    a_shared_loan(disbursed_on=TODAY - timedelta(days=80))
    for back in (2, 1):
        run(daily_figures.record, business_on=TODAY - timedelta(days=back))

    history = read(risk.risk, admin_id=admin_id, business_on=TODAY).late_history

    assert [point.on for point in history] == [TODAY - timedelta(days=2), TODAY - timedelta(days=1)]
    assert {(point.late_share, point.late_30_share) for point in history} == {
        (Decimal("0.5"), Decimal("0.5"))
    }


def test_the_fund_has_both_ratios_and_its_past(database: Engine, admin_id: int) -> None:
    a_shared_loan(disbursed_on=TODAY - timedelta(days=80))
    run(reserve_fund_figures.record_day, business_on=TODAY - timedelta(days=1), now=NOW)

    fund = read(risk.risk, admin_id=admin_id, business_on=TODAY).fund

    # $12,000 in a loan 50 days late: 72 % of it is expected to be lost.
    assert (fund.now.balance_cents, fund.now.expected_loss_cents) == (60_00, 8_640_00)
    assert fund.now.ratio == fund.now.ratio_with_income == Decimal("0.0069")
    assert [day.figures.balance_cents for day in fund.days] == [60_00]


@ON_SQLITE
def test_an_empty_book_is_quiet_and_others_see_nothing(database: Engine, admin_id: int) -> None:
    found = read(risk.risk, admin_id=admin_id, business_on=TODAY)

    assert (found.running_cents, found.late_30_cents, found.late_history, found.fund.days) == (
        0,
        0,
        (),
        (),
    )
    with transaction() as session:
        assert session.get(Loan, 1) is None
    with pytest.raises(UnknownError):
        read(risk.risk, admin_id=run(a_member, role=Role.BORROWER), business_on=TODAY)
