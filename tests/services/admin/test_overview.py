"""The admin's overview: what is true now, and only for an admin."""

from datetime import date, timedelta

import pytest
from sqlalchemy.engine import Engine

from p2p_reflex.database import read, run, transaction
from p2p_reflex.domain.errors import UnknownError
from p2p_reflex.domain.vocabulary import DelinquencyBucket, Grade, Role
from p2p_reflex.models import Loan
from p2p_reflex.services.admin import overview
from p2p_reflex.services.admin.overview import AdminOverview
from p2p_reflex.services.bidding import bidding
from p2p_reflex.services.days import opening
from p2p_reflex.services.listings import listings
from tests.builders import NOW, TODAY, a_borrower, a_form_key, a_lender, a_listing_form, a_loan, a_member


@pytest.fixture
def admin_id(database: Engine) -> int:
    run(opening.open_market, business_on=TODAY)
    return run(a_member, role=Role.ADMIN)


def seen_by(admin_id: int, on: date = TODAY) -> AdminOverview:
    return read(overview.admin_overview, admin_id=admin_id, business_on=on)


def test_an_empty_market_is_told_as_such(admin_id: int) -> None:
    seen = seen_by(admin_id)

    assert (seen.market.open_listing_count, seen.market.loan_count, seen.market.bids_today_count) == (0, 0, 0)
    assert seen.market.covered_share is None
    assert seen.market.lent_by_month == ()
    assert len(seen.market.bids_by_day) == 14
    assert (seen.bank.bank_cents, seen.bank.difference_cents) == (0, 0)
    assert all(law.holds for law in seen.laws)
    assert [bucket.loan_count for bucket in seen.risk] == [0] * 5


def test_the_market_counts_people_bots_bids_and_what_is_covered(admin_id: int) -> None:
    with transaction() as session:
        listing_id = listings.publish(
            session,
            borrower_id=a_borrower(session),
            form=a_listing_form(amount="1,000", highest_rate="20"),
            form_key=a_form_key(),
            business_on=TODAY,
            now=NOW,
        )
        for amount, is_bot in (("200", False), ("100", True), ("300", False)):
            bidding.place_bid(
                session,
                lender_id=a_lender(session, cash_cents=400_00, is_bot=is_bot),
                listing_id=listing_id,
                amount=amount,
                rate="15",
                form_key=a_form_key(),
                business_on=TODAY,
                now=NOW,
            )

    market = seen_by(admin_id).market

    assert (market.open_listing_count, market.asked_cents, market.covered_cents) == (1, 1_000_00, 600_00)
    assert (market.borrower_count, market.lender_count, market.bot_count) == (1, 2, 1)
    assert (market.bids_by_day[-1].people_count, market.bids_by_day[-1].bot_count) == (2, 1)
    assert market.bids_today_count == 3
    assert seen_by(admin_id, TODAY + timedelta(days=1)).market.bids_today_count == 0


def test_what_was_lent_stands_in_its_month_and_grade(admin_id: int) -> None:
    with transaction() as session:
        for cents, on in ((1_000_00, date(2026, 9, 30)), (2_000_00, date(2026, 11, 1)), (500_00, TODAY)):
            loan_id = a_loan(session, principal_cents=cents * 2, disbursed_on=on)
        session.get_one(Loan, loan_id).grade = Grade.E

    market = seen_by(admin_id).market

    assert [(each.month, each.cents_by_grade) for each in market.lent_by_month] == [
        (date(2026, 9, 1), {Grade.B: 2_000_00}),
        (date(2026, 10, 1), {}),
        (date(2026, 11, 1), {Grade.B: 4_000_00, Grade.E: 1_000_00}),
    ]
    assert (market.loan_count, market.lent_cents) == (3, 7_000_00)


@pytest.mark.parametrize(
    ("days_late", "bucket"),
    [
        (0, DelinquencyBucket.CURRENT),
        (1, DelinquencyBucket.GRACE),
        (15, DelinquencyBucket.GRACE),
        (16, DelinquencyBucket.LATE_16_30),
        (30, DelinquencyBucket.LATE_16_30),
        (31, DelinquencyBucket.LATE_31_120),
        (120, DelinquencyBucket.LATE_31_120),
        (121, DelinquencyBucket.DEFAULT),
    ],
)
def test_a_loan_stands_in_the_bucket_of_its_days_past_due(
    admin_id: int, days_late: int, bucket: DelinquencyBucket
) -> None:
    run(a_loan, principal_cents=1_000_00)

    risk = seen_by(admin_id, date(2026, 12, 20) + timedelta(days=days_late)).risk

    assert [each.bucket for each in risk] == list(DelinquencyBucket)
    assert [(each.bucket, each.outstanding_cents, each.share) for each in risk if each.loan_count] == [
        (bucket, 1_000_00, 1)
    ]


def test_the_machine_names_its_engine_and_what_it_keeps(admin_id: int, database: Engine) -> None:
    run(a_lender, cash_cents=100)

    machine = seen_by(admin_id).machine

    assert machine.engine.lower().startswith(database.dialect.name)
    assert machine.size_bytes > 10_000
    assert (machine.transaction_count, machine.entry_count) == (1, 2)
    assert machine.version


def test_nobody_but_an_admin_sees_the_overview(database: Engine) -> None:
    for stranger in (run(a_lender), run(a_borrower), 10**9):
        with pytest.raises(UnknownError):
            seen_by(stranger)
