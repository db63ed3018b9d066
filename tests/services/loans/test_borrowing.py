"""A borrower's home: the next payment, the loans, the open listings and what is over."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from p2p_reflex.database import read, run
from p2p_reflex.domain.errors import UnknownError
from p2p_reflex.domain.vocabulary import DelinquencyBucket, ListingState, LoanState
from p2p_reflex.services.listings import listings
from p2p_reflex.services.loans import borrowing
from p2p_reflex.services.loans.borrowing import BorrowingHome
from tests.builders import NOW, TODAY, a_borrower, a_form_key, a_lender, a_listing_form
from tests.loan_rows import a_bare_loan

pytestmark = pytest.mark.usefixtures("database")


def home(borrower_id: int, *, on: date = TODAY, page: int = 1) -> BorrowingHome:
    """Read a borrower's home."""
    return read(borrowing.home, borrower_id=borrower_id, business_on=on, history_page=page)


def publish(borrower_id: int, title: str) -> int:
    """Publish a small listing."""
    return run(
        listings.publish,
        borrower_id=borrower_id,
        form=a_listing_form(amount="5,000", title=title),
        form_key=a_form_key(),
        business_on=TODAY,
        now=NOW,
    )


def test_the_home_of_somebody_new_is_empty() -> None:
    borrower_id = run(a_borrower)

    shown = home(borrower_id)

    assert shown.next_payment is None
    assert (shown.loans, shown.listings, shown.history) == ((), (), ())
    assert (shown.owed_cents, shown.monthly_cents, shown.wallet_cents) == (0, 0, 0)


def test_the_next_payment_is_the_earliest_over_all_loans() -> None:
    borrower_id = run(a_borrower)
    run(a_bare_loan, borrower_id=borrower_id, title="Later", disbursed_on=TODAY - timedelta(days=10))
    run(a_bare_loan, borrower_id=borrower_id, title="Sooner", disbursed_on=TODAY - timedelta(days=20))

    shown = home(borrower_id)

    assert shown.next_payment is not None
    assert shown.next_payment.title == "Sooner"
    assert shown.next_payment.due_cents == shown.next_payment.installment_cents
    assert [loan.title for loan in shown.loans] == ["Sooner", "Later"]


def test_all_that_is_past_its_date_is_due_together() -> None:
    borrower_id = run(a_borrower)
    run(a_bare_loan, borrower_id=borrower_id, disbursed_on=date(2026, 7, 10), paid_count=2)

    shown = home(borrower_id, on=TODAY)

    loan = shown.loans[0]
    assert loan.next_due_on == date(2026, 10, 10)
    assert loan.due_cents == 2 * loan.installment_cents
    assert (loan.days_past_due, loan.bucket) == (41, DelinquencyBucket.LATE_31_120)
    assert (loan.paid_count, loan.installment_count) == (2, 12)


def test_totals_add_up_over_the_loans() -> None:
    borrower_id = run(a_borrower)
    run(a_bare_loan, borrower_id=borrower_id, principal_cents=6_000_00, annual_rate=Decimal(0), paid_count=6)
    run(a_bare_loan, borrower_id=borrower_id, principal_cents=3_000_00, annual_rate=Decimal(0))

    shown = home(borrower_id)

    assert shown.owed_cents == 6_000_00
    assert shown.borrowed_cents == 9_000_00
    assert shown.monthly_cents == 750_00
    assert max(loan.repaid_share for loan in shown.loans) == Decimal("0.5")


def test_open_listings_stand_apart_from_those_that_are_over() -> None:
    borrower_id = run(a_borrower)
    publish(borrower_id, "Still open")
    over_id = publish(borrower_id, "Taken back")
    run(
        listings.withdraw,
        borrower_id=borrower_id,
        listing_id=over_id,
        form_key=a_form_key(),
        business_on=TODAY,
        now=NOW,
    )
    loan_id = run(a_bare_loan, borrower_id=borrower_id, title="Paid", state=LoanState.PAID_OFF, paid_count=12)

    shown = home(borrower_id)

    assert [listing.title for listing in shown.listings] == ["Still open"]
    assert (shown.asked_cents, shown.covered_cents) == (5_000_00, 0)
    assert shown.loans == ()
    assert {(past.title, past.outcome) for past in shown.history} == {
        ("Taken back", ListingState.WITHDRAWN),
        ("Paid", LoanState.PAID_OFF),
    }
    assert {(past.listing_id, past.loan_id) for past in shown.history} == {(over_id, None), (None, loan_id)}
    assert all(past.ended_on == TODAY for past in shown.history)


def test_history_comes_in_pages() -> None:
    borrower_id = run(a_borrower)
    for number in range(borrowing.HISTORY_PAGE_SIZE + 1):
        run(
            a_bare_loan,
            borrower_id=borrower_id,
            title=f"Loan {number}",
            state=LoanState.PAID_OFF,
            paid_count=12,
        )

    first, second = home(borrower_id), home(borrower_id, page=2)

    assert first.history_count == second.history_count == borrowing.HISTORY_PAGE_SIZE + 1
    assert len(first.history) == borrowing.HISTORY_PAGE_SIZE
    assert len(second.history) == 1
    assert second.history[0] not in first.history


def test_somebody_elses_loans_and_listings_do_not_show() -> None:
    borrower_id, stranger_id = run(a_borrower), run(a_borrower)
    run(a_bare_loan, borrower_id=stranger_id)
    publish(stranger_id, "Not mine")

    shown = home(borrower_id)

    assert (shown.loans, shown.listings, shown.history) == ((), (), ())


def test_a_lender_has_no_borrowing_home() -> None:
    lender_id = run(a_lender)

    with pytest.raises(UnknownError):
        home(lender_id)
