"""The portfolio: every figure agrees with the books, and returns are told when they mean something."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from sqlalchemy.engine import Engine
from sqlmodel import select

from p2p_reflex.database import read, run, transaction
from p2p_reflex.domain.dates import add_months
from p2p_reflex.domain.errors import UnknownError
from p2p_reflex.domain.vocabulary import Grade
from p2p_reflex.models import Loan, Note
from p2p_reflex.services.loans import notes, portfolio
from p2p_reflex.services.loans.notes import NoteSort, NoteTab
from p2p_reflex.services.loans.portfolio import PortfolioHome
from p2p_reflex.services.money import books, wallets
from p2p_reflex.services.paying import payments
from tests.builders import NOW, TODAY, a_borrower, a_form_key, a_lender, a_loan


def home_of(lender_id: int, on: date = TODAY) -> PortfolioHome:
    return read(portfolio.home, lender_id=lender_id, business_on=on)


def lenders_of(loan_id: int) -> list[int]:
    with transaction() as session:
        return list(
            session.exec(select(Note.lender_id).where(Note.loan_id == loan_id).order_by(Note.id))  # type: ignore[arg-type]
        )


def pay_installments(loan_id: int, count: int) -> None:
    """Pay the next installments, each in full on its due date."""
    for _ in range(count):
        with transaction() as session:
            loan = session.get_one(Loan, loan_id)
            assert loan.next_due_on is not None
            payments.pay(
                session,
                borrower_id=loan.borrower_id,
                loan_id=loan_id,
                amount=f"{loan.installment_cents / 100:.2f}",
                choice="keep_installment",
                form_key=a_form_key(),
                business_on=loan.next_due_on,
                now=NOW,
            )


@pytest.fixture
def loan_id(database: Engine) -> int:
    """Lend 1,200 dollars by two lenders at two rates."""
    return run(a_loan, principal_cents=1_200_00, term_months=12, notes=[(900_00, "0.10"), (300_00, "0.14")])


def test_a_new_lender_sees_zeros_and_no_returns(database: Engine) -> None:
    home = home_of(run(a_lender))

    assert (home.value_cents, home.earned_cents, home.note_count) == (0, 0, 0)
    assert home.net_annualized_return.rate is home.money_return.rate is None
    assert home.spread == home.cash_flow == ()
    assert home.largest_borrower_share is None


def test_what_the_account_is_worth_beyond_what_was_put_in_is_what_was_earned(loan_id: int) -> None:
    pay_installments(loan_id, 3)

    for lender_id in lenders_of(loan_id):
        home = home_of(lender_id, add_months(TODAY, 3) + timedelta(days=10))
        assert home.earned_cents == home.received.earned_cents + home.accrued_cents
        assert home.accrued_cents > 0
        assert home.received.interest_cents > home.received.servicing_fee_cents > 0


def test_the_value_over_time_ends_where_the_account_stands(loan_id: int) -> None:
    pay_installments(loan_id, 4)
    lender_id = lenders_of(loan_id)[0]

    home = home_of(lender_id, add_months(TODAY, 4))

    last = home.value[-1]
    assert [point.on for point in home.value] == [add_months(TODAY, month) for month in range(5)]
    assert last.notes_cents == home.in_notes_cents
    assert last.value_cents == home.value_cents - home.accrued_cents
    assert last.put_in_cents == home.put_in_cents == 900_00


def test_nothing_has_accrued_on_a_due_date_that_was_paid(loan_id: int) -> None:
    pay_installments(loan_id, 1)

    assert home_of(lenders_of(loan_id)[0], add_months(TODAY, 1)).accrued_cents == 0


def test_half_a_period_accrues_half_its_interest(loan_id: int) -> None:
    lender_id = lenders_of(loan_id)[0]

    home = home_of(lender_id, TODAY + timedelta(days=15))

    assert home.accrued_cents == 375  # 900 dollars at 10 % for 15 of 30 days


def test_a_late_loan_accrues_no_more_than_its_period(loan_id: int) -> None:
    lender_id = lenders_of(loan_id)[0]

    home = home_of(lender_id, add_months(TODAY, 1) + timedelta(days=60))

    assert home.accrued_cents == 750


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_returns_are_unknown_for_ninety_days_and_say_from_when_they_are_not(loan_id: int) -> None:
    lender_id = lenders_of(loan_id)[0]
    known_from_on = TODAY + timedelta(days=90)

    before = home_of(lender_id, known_from_on - timedelta(days=1))

    for figure in (before.net_annualized_return, before.adjusted_return, before.money_return):
        assert (figure.rate, figure.known_from_on) == (None, known_from_on)


def test_the_three_returns_of_a_loan_that_pays_lie_near_its_rate(loan_id: int) -> None:
    pay_installments(loan_id, 6)
    lender_id = lenders_of(loan_id)[0]

    home = home_of(lender_id, add_months(TODAY, 6))

    nar, adjusted, money = (
        home.net_annualized_return.rate,
        home.adjusted_return.rate,
        home.money_return.rate,
    )
    assert isinstance(nar, Decimal)
    assert Decimal("0.08") < nar < Decimal("0.105")
    assert adjusted == nar
    assert isinstance(money, float)
    assert 0.0 < money < float(nar)  # cash that lies idle earns nothing


def test_a_late_loan_lowers_the_adjusted_return_only(loan_id: int) -> None:
    pay_installments(loan_id, 4)
    lender_id = lenders_of(loan_id)[0]

    home = home_of(lender_id, add_months(TODAY, 5) + timedelta(days=20))

    assert home.net_annualized_return.rate is not None
    assert home.adjusted_return.rate is not None
    assert home.adjusted_return.rate < home.net_annualized_return.rate
    assert home.tabs.late == 1


def test_what_is_expected_is_the_lenders_share_of_the_schedule(loan_id: int) -> None:
    first, second = lenders_of(loan_id)

    flows = [home_of(lender_id).cash_flow for lender_id in (first, second)]

    with transaction() as session:
        installment_cents = session.get_one(Loan, loan_id).installment_cents
    expected = [[month for month in flow if month.is_expected] for flow in flows]
    assert [month.month for month in expected[0]] == [
        date(2026, 12, 1),
        *(date(2027, m, 1) for m in range(1, 6)),
    ]
    together = sum(month[0].principal_cents + month[0].interest_cents for month in expected)
    assert abs(together - installment_cents) <= 1
    assert abs(expected[0][0].interest_cents - 750) <= 1


def test_what_was_received_stands_in_its_month(loan_id: int) -> None:
    pay_installments(loan_id, 2)
    lender_id = lenders_of(loan_id)[0]

    home = home_of(lender_id, add_months(TODAY, 2))

    came = [month for month in home.cash_flow if not month.is_expected]
    assert [month.month.month for month in came] == [12, 1]
    assert sum(month.principal_cents for month in came) == 900_00 - home.in_notes_cents
    assert sum(month.interest_cents for month in came) == home.received.interest_cents


def test_the_spread_names_grades_borrowers_and_the_largest_share(database: Engine) -> None:
    with transaction() as session:
        borrower_id = a_borrower(session)
        loan_ids = [a_loan(session, principal_cents=cents) for cents in (1_000_00, 3_000_00)]
        a_loan(session, borrower_id=borrower_id, principal_cents=2_000_00)
        lender_id = a_lender(session)
        for note in session.exec(select(Note)):
            note.lender_id = lender_id
        session.get_one(Loan, loan_ids[0]).grade = Grade.D

    home = home_of(lender_id)

    assert [(spread.grade, spread.outstanding_cents) for spread in home.spread] == [
        (Grade.B, 5_000_00),
        (Grade.D, 1_000_00),
    ]
    assert sum(spread.share for spread in home.spread) == 1
    assert (home.note_count, home.borrower_count) == (3, 3)
    assert home.largest_borrower_share == Decimal("0.5")


def test_only_a_lender_has_a_portfolio(database: Engine) -> None:
    borrower_id = run(a_borrower)

    for stranger in (borrower_id, 10**9):
        with pytest.raises(UnknownError):
            home_of(stranger)


def test_the_notes_are_filtered_sorted_and_paged_by_the_database(database: Engine) -> None:
    with transaction() as session:
        for cents in (1_000_00, 3_000_00, 2_000_00):
            a_loan(session, principal_cents=cents)
        lender_id = a_lender(session)
        for number, note in enumerate(session.exec(select(Note).order_by(Note.id))):  # type: ignore[arg-type]
            note.lender_id = lender_id
            session.get_one(Loan, note.loan_id).title = f"Plan {number} of 100%"

    def shown(**asked: object) -> list[int]:
        page = read(notes.page_of, lender_id=lender_id, business_on=TODAY, **asked)  # type: ignore[arg-type]
        return [row.principal_cents // 100_00 for row in page.rows]

    assert shown() == [30, 20, 10]
    assert shown(is_descending=False, page_size=2) == [10, 20]
    assert shown(is_descending=False, page_size=2, page=2) == [30]
    assert shown(sort=NoteSort.LOAN, is_descending=False) == [10, 30, 20]
    assert shown(search="plan 1") == [30]
    assert shown(search="100%") == [30, 20, 10]
    assert shown(search="_") == []
    assert shown(grade=Grade.A) == []


def test_the_tabs_part_running_late_and_paid_off_notes(loan_id: int) -> None:
    lender_id = lenders_of(loan_id)[0]
    late_on = add_months(TODAY, 1) + timedelta(days=8)

    page = read(notes.page_of, lender_id=lender_id, business_on=late_on, tab=NoteTab.LATE)
    (row,) = page.rows
    pay_installments(loan_id, 12)
    after = read(notes.counts, lender_id=lender_id, business_on=late_on)

    assert (row.days_past_due, row.installments_left, row.installment_count) == (8, 12, 12)
    assert (after.notes, after.late, after.paid_off) == (0, 0, 1)


def test_the_books_hold_and_the_statement_explains_what_a_lender_received(loan_id: int) -> None:
    pay_installments(loan_id, 1)
    lender_id = lenders_of(loan_id)[0]

    statement = read(wallets.view, member_id=lender_id).statement

    newest = statement.rows[0]
    assert newest.words == "Payment received"
    assert "principal" in newest.detail
    assert "servicing fee" in newest.detail
    assert newest.loan_id == loan_id
    assert [law for law in read(books.check_books) if not law.holds] == []
