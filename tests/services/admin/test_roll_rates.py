"""Roll rates: of the loans in each stage when a month began, how many were worse at its end."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from sqlalchemy.engine import Engine

from p2p_reflex.database import read, run
from p2p_reflex.domain.errors import UnknownError
from p2p_reflex.domain.vocabulary import LoanStage, Role
from p2p_reflex.services.admin import roll_rates
from p2p_reflex.services.admin.roll_rates import MonthRolls, RollRate
from tests.builders import TODAY, a_member
from tests.loan_lives import a_shared_loan, close_ladder_until, pay, pay_installment

ON_SQLITE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
MADE_ON = date(2026, 8, 20)


@pytest.fixture
def admin_id(database: Engine) -> int:
    return run(a_member, role=Role.ADMIN)


def months_of(admin_id: int, *, business_on: date = TODAY) -> dict[str, MonthRolls]:
    found = read(roll_rates.roll_rates, admin_id=admin_id, business_on=business_on)
    return {f"{month.until:%Y-%m}": month for month in found}


def rate(month: MonthRolls, stage: LoanStage) -> RollRate:
    return next(each for each in month.rates if each.stage is stage)


def test_a_loan_rolls_from_current_through_late_and_back(database: Engine, admin_id: int) -> None:
    a_shared_loan(disbursed_on=MADE_ON)
    paid_late = a_shared_loan(disbursed_on=MADE_ON)
    pay_installment(paid_late, on=date(2026, 11, 5))
    pay_installment(paid_late, on=date(2026, 11, 5))
    on_time = a_shared_loan(disbursed_on=MADE_ON)
    for on in (date(2026, 9, 20), date(2026, 10, 20), date(2026, 11, 20)):
        pay_installment(on_time, on=on)

    months = months_of(admin_id)

    # Due on 20 Sep: two of three are 10 days late at the end of September, 41 at the end of October.
    assert rate(months["2026-09"], LoanStage.CURRENT) == RollRate(LoanStage.CURRENT, 3, 2, 0)
    assert rate(months["2026-10"], LoanStage.GRACE) == RollRate(LoanStage.GRACE, 2, 2, 0)
    assert rate(months["2026-11"], LoanStage.LATE_31_120) == RollRate(LoanStage.LATE_31_120, 2, 0, 1)
    assert rate(months["2026-10"], LoanStage.GRACE).worse_share == Decimal(1)
    assert rate(months["2026-11"], LoanStage.GRACE).worse_share is None


def test_a_payoff_is_better_and_a_charge_off_worse(database: Engine, admin_id: int) -> None:
    paid_off = a_shared_loan(disbursed_on=MADE_ON)
    a_shared_loan(disbursed_on=MADE_ON)
    pay(paid_off, 20_000_00, on=date(2026, 10, 1))
    due_on = date(2026, 9, 20)
    close_ladder_until(due_on + timedelta(days=151), since=due_on)

    months = months_of(admin_id, business_on=date(2027, 2, 25))

    assert rate(months["2026-10"], LoanStage.GRACE) == RollRate(LoanStage.GRACE, 2, 1, 1)
    assert rate(months["2027-01"], LoanStage.LATE_31_120) == RollRate(LoanStage.LATE_31_120, 1, 1, 0)
    assert rate(months["2027-02"], LoanStage.DEFAULT) == RollRate(LoanStage.DEFAULT, 1, 1, 0)


def test_every_loan_that_ran_is_in_one_stage(database: Engine, admin_id: int) -> None:
    for days in (5, 60):
        a_shared_loan(disbursed_on=MADE_ON - timedelta(days=days))

    months = months_of(admin_id)

    assert all(
        sum(each.loan_count for each in month.rates) == 2
        for month in months.values()
        if month.since > MADE_ON
    )
    assert all(
        each.worse_count + each.better_count <= each.loan_count
        for month in months.values()
        for each in month.rates
    )


@ON_SQLITE
def test_without_loans_there_are_no_months_and_for_others_no_page(database: Engine, admin_id: int) -> None:
    assert months_of(admin_id) == {}
    with pytest.raises(UnknownError):
        months_of(run(a_member, role=Role.LENDER))
