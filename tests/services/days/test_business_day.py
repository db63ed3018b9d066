"""The business day: closed once, in order, never skipped."""

from datetime import date, timedelta

import pytest
from sqlalchemy.engine import Engine

from p2p_reflex.database import read, run, transaction
from p2p_reflex.domain.vocabulary import ListingState, LoanState
from p2p_reflex.models import Listing, Loan
from p2p_reflex.services.days import business_date, business_day, opening
from p2p_reflex.services.listings import listings
from p2p_reflex.services.money import books
from tests.builders import NOW, TODAY, a_borrower, a_form_key, a_listing_form, a_loan, give_cash, in_threads


@pytest.fixture(autouse=True)
def _open_market(database: Engine) -> None:
    run(opening.open_market, business_on=TODAY)


def today() -> date:
    return read(business_date.today)


def test_closing_a_day_opens_the_next() -> None:
    outcome = run(business_day.close_day, business_on=TODAY, now=NOW)

    assert outcome is not None
    assert (outcome.closed_on, outcome.next_on, today()) == (TODAY, date(2026, 11, 21), date(2026, 11, 21))


def test_a_closed_day_closed_again_changes_nothing() -> None:
    run(business_day.close_day, business_on=TODAY, now=NOW)

    assert run(business_day.close_day, business_on=TODAY, now=NOW) is None
    assert today() == date(2026, 11, 21)


def test_a_day_that_is_not_open_yet_cannot_be_closed() -> None:
    with pytest.raises(ValueError, match="2026-11-20 is still open"):
        run(business_day.close_day, business_on=date(2026, 11, 22), now=NOW)

    assert today() == TODAY


def test_of_several_runners_at_once_one_closes_the_day() -> None:
    results = in_threads([lambda: run(business_day.close_day, business_on=TODAY, now=NOW) for _ in range(4)])

    assert sum(isinstance(result, business_day.DayOutcome) for result in results) == 1
    assert sum(result is None for result in results) == 3
    assert today() == date(2026, 11, 21)


def test_days_missed_are_closed_in_order_each_with_its_own_date() -> None:
    outcomes = business_day.close_until(run, until=date(2026, 12, 4), now=NOW)

    assert [outcome.closed_on for outcome in outcomes] == [TODAY + timedelta(days=n) for n in range(14)]
    assert business_day.close_until(run, until=date(2026, 12, 4), now=NOW) == ()


def test_a_month_on_is_the_same_day_of_the_next_month() -> None:
    business_day.advance(run, days=11, now=NOW)
    assert today() == date(2026, 12, 1)

    business_day.advance_month(run, now=NOW)

    assert today() == date(2027, 1, 1)


def test_a_window_that_ends_is_closed_with_its_day() -> None:
    borrower_id = run(a_borrower)
    listing_id = run(
        listings.publish,
        borrower_id=borrower_id,
        form=a_listing_form(),
        form_key=a_form_key(),
        business_on=TODAY,
        now=NOW,
    )

    outcomes = business_day.advance(run, days=8, now=NOW)

    (closed,) = [
        outcome
        for outcome in outcomes
        if outcome.counts["close_listings"]["deciding"] or outcome.counts["close_listings"]["expired"]
    ]
    with transaction() as session:
        listing = session.get_one(Listing, listing_id)
        assert closed.closed_on == listing.closes_on
        assert listing.state in (ListingState.EXPIRED, ListingState.DECIDING)


def test_autopay_pays_each_installment_on_its_due_date_until_the_loan_is_paid_off() -> None:
    with transaction() as session:
        loan_id = a_loan(session, principal_cents=1_200_00, term_months=12)
        loan = session.get_one(Loan, loan_id)
        loan.autopay = True
        give_cash(session, member_id=loan.borrower_id, cash_cents=500_00)

    outcomes = business_day.close_until(run, until=date(2027, 11, 21), now=NOW)

    with transaction() as session:
        loan = session.get_one(Loan, loan_id)
        assert (loan.state, loan.outstanding_cents) == (LoanState.PAID_OFF, 0)
    paid_on = [outcome.closed_on for outcome in outcomes if outcome.counts["autopay"]["paid"]]
    assert paid_on == [date(2026, 12, 20), *(date(2027, month, 20) for month in range(1, 12))]
    assert [law for law in read(books.check_books) if not law.holds] == []
