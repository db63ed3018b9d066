"""How late loans are: every screen counts alike, and days of a pause count nowhere."""

from datetime import date, timedelta

import pytest
from sqlalchemy.engine import Engine
from sqlmodel import select

from p2p_reflex.database import read, run
from p2p_reflex.domain.vocabulary import DelinquencyBucket, LoanStage, Role
from p2p_reflex.models import Loan, Note
from p2p_reflex.services.admin import loan_desk, overview
from p2p_reflex.services.admin.loan_desk import LoanQuery
from p2p_reflex.services.days import opening
from p2p_reflex.services.hardship import hardship, help_plans
from p2p_reflex.services.listings import listing_limits, market_figures
from p2p_reflex.services.loans import borrowing, notes, portfolio
from p2p_reflex.services.loans.notes import NoteTab
from p2p_reflex.services.servicing import delinquency_days, late_days
from tests.builders import NOW, TODAY, a_form_key, a_loan, a_member

DUE_ON = date(2026, 12, 20)
ON = DUE_ON + timedelta(days=40)


@pytest.fixture
def admin_id(database: Engine) -> int:
    """Open the market, and give its admin."""
    run(opening.open_market, business_on=TODAY)
    return run(a_member, role=Role.ADMIN)


def paused_loan(admin_id: int, *, days: int) -> int:
    """Make a loan that nobody pays, with so many days after its due date paused."""
    loan_id = run(a_loan, principal_cents=1_000_00)
    if not days:
        return loan_id
    run(
        hardship.give,
        admin_id=admin_id,
        loan_id=loan_id,
        reason="Hospital",
        event=help_plans.a_pause(from_on=DUE_ON + timedelta(days=1), until_on=DUE_ON + timedelta(days=days)),
        form_key=a_form_key(),
        business_on=TODAY,
        now=NOW,
    )
    return loan_id


def parties(loan_id: int) -> tuple[int, int]:
    """Give the borrower and the lender of a loan."""
    borrower_id = read(lambda session: session.get_one(Loan, loan_id).borrower_id)
    query = select(Note.lender_id).where(Note.loan_id == loan_id)
    lender_id = read(lambda session: session.exec(query).one())
    return borrower_id, lender_id


@pytest.mark.parametrize(
    ("paused_days", "counted", "bucket"),
    [
        (0, 40, DelinquencyBucket.LATE_31_120),
        (15, 25, DelinquencyBucket.LATE_16_30),
        (30, 10, DelinquencyBucket.GRACE),
        (40, 0, DelinquencyBucket.CURRENT),
    ],
)
def test_every_screen_counts_the_days_of_a_loan_alike(
    admin_id: int, paused_days: int, counted: int, bucket: DelinquencyBucket
) -> None:
    loan_id = (
        paused_loan(admin_id, days=paused_days) if paused_days else run(a_loan, principal_cents=1_000_00)
    )
    borrower_id, lender_id = parties(loan_id)

    seen = read(overview.admin_overview, admin_id=admin_id, business_on=ON)
    home = read(borrowing.home, borrower_id=borrower_id, business_on=ON)
    note_page = read(notes.page_of, lender_id=lender_id, business_on=ON)
    late_notes = read(notes.page_of, lender_id=lender_id, business_on=ON, tab=NoteTab.LATE)
    tabs = read(portfolio.home, lender_id=lender_id, business_on=ON).tabs
    (stage,) = (each for each in read(delinquency_days.figures, business_on=ON) if each.loan_count)
    listed = {
        each: read(
            loan_desk.page_of, admin_id=admin_id, query=LoanQuery(bucket=each), business_on=ON
        ).row_count
        for each in DelinquencyBucket
    }
    limits = read(listing_limits.standing, borrower_id=borrower_id, business_on=ON)
    public = read(market_figures.figures, business_on=ON)

    assert [each.bucket for each in seen.risk if each.loan_count] == [bucket]
    assert (home.loans[0].days_past_due, home.loans[0].bucket) == (counted, bucket)
    assert note_page.rows[0].days_past_due == counted
    assert late_notes.row_count == tabs.late == (1 if counted else 0)
    assert stage.stage is LoanStage(bucket.value)
    assert [each for each, count in listed.items() if count] == [bucket]
    assert limits.days_past_due == counted
    assert public.up_to_date_loan_count == (0 if counted else 1)


def test_a_chosen_bucket_finds_paused_loans_beside_others(admin_id: int) -> None:
    paused_id = paused_loan(admin_id, days=30)
    plain_id = run(a_loan, principal_cents=1_000_00)

    late = read(late_days.read, business_on=ON)
    page = read(
        loan_desk.page_of,
        admin_id=admin_id,
        query=LoanQuery(bucket=DelinquencyBucket.LATE_31_120),
        business_on=ON,
    )

    assert (late.days(paused_id, DUE_ON), late.days(plain_id, DUE_ON)) == (10, 40)
    assert [row.loan_id for row in page.rows] == [plain_id]


def test_a_paused_loan_says_so_to_its_people_and_bars_new_requests_until_it_goes_on(admin_id: int) -> None:
    loan_id = paused_loan(admin_id, days=30)
    borrower_id, lender_id = parties(loan_id)
    last_on = DUE_ON + timedelta(days=30)

    (loan,) = read(borrowing.home, borrower_id=borrower_id, business_on=last_on).loans
    (note,) = read(notes.page_of, lender_id=lender_id, business_on=last_on).rows
    standing = read(listing_limits.standing, borrower_id=borrower_id, business_on=last_on)
    after = read(listing_limits.standing, borrower_id=borrower_id, business_on=last_on + timedelta(days=1))

    assert (loan.paused_until_on, note.paused_until_on) == (last_on, last_on)
    with pytest.raises(listing_limits.BorrowingLimitError, match="paused until 19 Jan 2027"):
        listing_limits.check_limits(standing, amount_cents=1_000_00)
    listing_limits.check_limits(after, amount_cents=1_000_00)
