"""A lender's calendar year: what each loan brought, what was lost, and nobody else's."""

from datetime import date, timedelta

import pytest
from sqlalchemy.engine import Engine

from p2p_reflex.database import read, run
from p2p_reflex.domain.errors import UnknownError
from p2p_reflex.domain.vocabulary import Role
from p2p_reflex.services.days import opening
from p2p_reflex.services.loans.interest_summaries import Brought, interest_summary, years
from p2p_reflex.services.money import ledger
from tests.builders import TODAY, a_lender, a_member
from tests.loan_lives import a_shared_loan, close_ladder_until, lenders_of, pay_installment, recover

ON_SQLITE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture(autouse=True)
def _open_market(database: Engine) -> None:
    run(opening.open_market, business_on=TODAY)


def test_each_year_has_its_own_interest_and_fees(database: Engine) -> None:
    loan_id = a_shared_loan(disbursed_on=date(2025, 10, 20))
    for on in (date(2025, 11, 20), date(2025, 12, 20), date(2026, 1, 20)):
        pay_installment(loan_id, on=on)
    lender_id, _ = lenders_of(loan_id)

    before, running = (read(interest_summary, lender_id=lender_id, year=year) for year in (2025, 2026))

    # 7,000.00 at 10 %: 58.33 in the first month, and on what is left in the second.
    assert before.total.interest_cents == 58_33 + 56_15
    assert before.total.servicing_fee_cents == 2 * 3_21
    assert before.total.earned_cents == 58_33 + 56_15 - 6_42
    assert (before.is_complete, before.until_on) == (True, date(2025, 12, 31))
    assert (running.is_complete, running.until_on) == (False, TODAY)
    assert [each.title for each in running.loans] == ["Roof repair after the storm"]
    available_cents, _ = read(ledger.balances, member_id=lender_id)
    came_cents = [each.total.earned_cents + each.total.principal_cents for each in (before, running)]
    assert sum(came_cents) == available_cents


def test_default_charge_off_and_recovery_stand_for_themselves(database: Engine) -> None:
    loan_id = a_shared_loan()
    pay_installment(loan_id, on=date(2025, 12, 20))
    late_since = date(2026, 1, 20)
    close_ladder_until(late_since + timedelta(days=151), since=late_since)
    recover(loan_id, 500_00, on=date(2026, 8, 3))

    totals = [
        read(interest_summary, lender_id=lender_id, year=2026).total for lender_id in lenders_of(loan_id)
    ]

    bought_cents = sum(total.fund_cents for total in totals)
    assert bought_cents == 60_00  # a quarter of the origination fee of $240.00 is all the fund had
    first_principal_cents = 450_04
    assert sum(total.charged_off_cents for total in totals) == (
        12_000_00 - first_principal_cents - bought_cents
    )
    for total in totals:
        assert total.principal_cents == 0
        assert total.collection_fee_cents > 0
        came_back = total.recovered_cents + total.interest_cents + total.late_fee_cents
        assert came_back > 200_00


@ON_SQLITE
def test_the_years_reach_from_the_first_note_to_now(database: Engine) -> None:
    loan_id = a_shared_loan(disbursed_on=date(2024, 5, 6))

    assert read(years, lender_id=lenders_of(loan_id)[0]) == (2026, 2025, 2024)
    assert read(years, lender_id=run(a_lender)) == ()


@ON_SQLITE
@pytest.mark.parametrize("year", [0, -1, 2023, 2027, 9_999_999_999])
def test_a_year_without_notes_has_no_summary(database: Engine, year: int) -> None:
    loan_id = a_shared_loan(disbursed_on=date(2024, 5, 6))

    with pytest.raises(UnknownError, match="summary does not exist"):
        read(interest_summary, lender_id=lenders_of(loan_id)[0], year=year)


@ON_SQLITE
@pytest.mark.parametrize("role", [Role.BORROWER, Role.ADMIN])
def test_who_does_not_lend_has_no_summary(database: Engine, role: Role) -> None:
    member_id = run(a_member, role=role)

    with pytest.raises(UnknownError):
        read(years, lender_id=member_id)


@ON_SQLITE
def test_a_quiet_year_adds_up_to_nothing(database: Engine) -> None:
    loan_id = a_shared_loan(disbursed_on=date(2026, 11, 1))

    summary = read(interest_summary, lender_id=lenders_of(loan_id)[0], year=2026)

    assert (summary.loans, summary.total) == ((), Brought())
