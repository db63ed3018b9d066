"""The market page: filters, sorting, paging, own bids, and the figures around it."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import event

from p2p_reflex import database as house
from p2p_reflex.domain import returns
from p2p_reflex.domain.vocabulary import Grade, LoanState, Purpose
from p2p_reflex.models import Listing, Loan
from p2p_reflex.services.bidding import acceptance, bidding
from p2p_reflex.services.listings import market
from p2p_reflex.services.listings.market import MarketPage, MarketQuery, MarketSort
from tests.builders import NOW, TODAY, a_borrower, a_form_key, a_lender, a_listing

pytestmark = pytest.mark.usefixtures("database")


def _bid(lender_id: int, listing_id: int, amount: str, rate: str, on: date = TODAY) -> None:
    house.run(
        bidding.place_bid,
        lender_id=lender_id,
        listing_id=listing_id,
        amount=amount,
        rate=rate,
        form_key=a_form_key(),
        business_on=on,
        now=NOW,
    )


def _search(viewer_id: int | None = None, on: date = TODAY, **query: Any) -> MarketPage:
    return house.read(market.search, query=MarketQuery(**query), viewer_id=viewer_id, business_on=on)


def _ids(**query: Any) -> list[int]:
    return [row.listing_id for row in _search(**query).rows]


def _change_listing(listing_id: int, **values: Any) -> None:
    def change(session: Any) -> None:
        listing = session.get_one(Listing, listing_id)
        for name, value in values.items():
            setattr(listing, name, value)

    house.run(change)


def test_an_empty_market_is_a_page_without_rows() -> None:
    page = _search()

    assert (page.rows, page.total_count, page.page, page.page_count) == ((), 0, 1, 1)
    assert (page.first_number, page.last_number) == (0, 0)
    assert page.summary.average_rate is None
    assert house.read(market.figures, business_on=TODAY).featured is None


def test_a_row_says_what_stands_on_a_listing() -> None:
    lender_id, other = (house.run(a_lender, cash_cents=10_000_00) for _ in range(2))
    listing_id = house.run(a_listing, amount_cents=1_000_00, term_months=48)
    _bid(lender_id, listing_id, "900", "12")
    _bid(other, listing_id, "290", "10")

    (row,) = _search(viewer_id=lender_id).rows

    assert (row.covered_share, row.over_offered_share) == (Decimal(1), Decimal("0.19"))
    assert row.rate_now == row.average_rate == Decimal("0.1142")
    cost = returns.servicing_cost_rate(rate=Decimal("0.1142"), term_months=48)
    assert row.expected_return_rate == Decimal("0.1142") - cost - Decimal("0.0331")
    assert (row.bid_count, row.days_left) == (2, 7)
    assert row.own_place is not None
    assert (row.own_place.amount_cents, row.own_place.leading_cents) == (900_00, 710_00)


def test_nobody_sees_another_lenders_bid_as_their_own() -> None:
    borrower_id, lender_id = house.run(a_borrower), house.run(a_lender, cash_cents=10_000_00)
    listing_id = house.run(a_listing, borrower_id=borrower_id)
    _bid(lender_id, listing_id, "900", "12")

    for viewer_id in (None, house.run(a_lender)):
        assert _search(viewer_id=viewer_id).rows[0].own_place is None
    assert [row.is_own_listing for row in _search(viewer_id=borrower_id).rows] == [True]


def test_without_a_bid_the_rate_now_is_the_highest_the_borrower_would_pay() -> None:
    house.run(a_listing, highest_rate="0.135")

    (row,) = _search().rows

    assert row.average_rate is None
    assert row.rate_now == Decimal("0.135")
    assert row.own_place is None


def test_filters_narrow_the_market_down() -> None:
    van = house.run(a_listing)
    oven = house.run(
        a_listing, title="Second oven, 100% electric", purpose=Purpose.SMALL_BUSINESS, grade=Grade.C
    )
    wedding = house.run(
        a_listing, title="A small day in June", purpose=Purpose.WEDDING, term_months=12, grade=Grade.E
    )
    _bid(house.run(a_lender, cash_cents=1_000_00), van, "1000", "10")

    assert set(_ids()) == {van, oven, wedding}
    assert _ids(text="OVEN") == [oven]
    assert _ids(text="100%") == [oven]
    assert _ids(text="wed") == [wedding]
    assert _ids(text="small b") == [oven]
    assert _ids(text="' OR 1=1 --") == []
    assert _ids(text="\x00%_\\") == []
    assert set(_ids(grades=frozenset({Grade.B, Grade.E}))) == {van, wedding}
    assert _ids(purpose=Purpose.CAR) == [van]
    assert _ids(longest_term_months=12) == [wedding]
    assert set(_ids(shortest_term_months=13)) == {van, oven}
    assert set(_ids(not_covered_only=True)) == {oven, wedding}


def test_listings_that_ended_are_not_in_the_market() -> None:
    house.run(a_listing)
    for state in ("deciding", "accepted", "withdrawn", "expired"):
        _change_listing(house.run(a_listing), state=state)

    page = _search()

    assert (page.total_count, page.summary.open_count) == (1, 1)


def test_the_expected_return_filters_and_sorts_like_it_is_shown() -> None:
    low, middle, high = (house.run(a_listing, highest_rate=rate) for rate in ("0.09", "0.12", "0.18"))

    shown = {row.listing_id: row.expected_return_rate for row in _search().rows}

    assert _ids(sort=MarketSort.RETURN, descending=True) == [high, middle, low]
    assert _ids(sort=MarketSort.RETURN) == [low, middle, high]
    assert set(_ids(minimum_return_rate=shown[middle])) == {middle, high}
    assert _ids(minimum_return_rate=shown[middle] + Decimal("0.000001")) == [high]
    assert _search(minimum_return_rate=Decimal(1)).total_count == 0


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        (MarketSort.TITLE, [1, 0]),
        (MarketSort.GRADE, [0, 1]),
        (MarketSort.AMOUNT, [1, 0]),
        (MarketSort.TERM, [1, 0]),
        (MarketSort.COVERED, [0, 1]),
        (MarketSort.RATE, [1, 0]),
        (MarketSort.TIME_LEFT, [1, 0]),
        (MarketSort.NEWEST, [0, 1]),
    ],
)
def test_every_column_sorts_both_ways(sort: MarketSort, expected: list[int]) -> None:
    ids = [
        house.run(a_listing, amount_cents=5_000_00, grade=Grade.A, title="b", window_days=9),
        house.run(a_listing, amount_cents=2_000_00, grade=Grade.C, title="A", window_days=3, term_months=12),
    ]
    _bid(house.run(a_lender, cash_cents=1_000_00), ids[1], "1000", "10")

    assert _ids(sort=sort) == [ids[number] for number in expected]
    assert _ids(sort=sort, descending=True) == [ids[number] for number in reversed(expected)]


def test_pages_hold_what_they_say_and_none_is_beyond_the_last() -> None:
    for _ in range(12):
        house.run(a_listing)

    first, second = _search(page_size=5), _search(page_size=5, page=2)
    beyond, by_return = _search(page_size=5, page=99), _search(page_size=5, page=3, sort=MarketSort.RETURN)

    assert (first.total_count, first.page_count, first.first_number, first.last_number) == (12, 3, 1, 5)
    assert not {row.listing_id for row in first.rows} & {row.listing_id for row in second.rows}
    assert (beyond.page, beyond.first_number, beyond.last_number) == (3, 11, 12)
    assert (len(by_return.rows), _search(page=-5).page) == (2, 1)


def test_the_summary_sums_up_the_open_market() -> None:
    person, bot = (
        house.run(a_lender, cash_cents=9_000_00),
        house.run(a_lender, cash_cents=9_000_00, is_bot=True),
    )
    first = house.run(a_listing, amount_cents=1_000_00)
    second = house.run(a_listing, amount_cents=3_000_00)
    _bid(person, first, "1000", "10")
    _bid(bot, second, "500", "13")
    _bid(bot, first, "100", "14")

    summary = _search().summary

    assert (summary.open_count, summary.asked_cents, summary.to_cover_cents) == (2, 4_000_00, 2_500_00)
    assert summary.average_rate == Decimal("0.11")
    assert (summary.people_bid_count, summary.bot_bid_count) == (1, 2)
    assert summary.average_rate_week_ago is None
    assert summary.rate_change is None


def test_the_rate_of_a_week_ago_is_that_of_the_bids_that_stood_then() -> None:
    lenders = [house.run(a_lender, cash_cents=9_000_00) for _ in range(3)]
    listing_id = house.run(a_listing, amount_cents=1_000_00, window_days=14)
    _bid(lenders[0], listing_id, "1000", "12")
    week_later = TODAY + timedelta(days=7)
    _bid(lenders[1], listing_id, "1000", "10", on=TODAY + timedelta(days=2))
    _bid(lenders[2], listing_id, "1000", "9", on=week_later)

    summary = _search(on=week_later).summary

    assert summary.average_rate_week_ago == Decimal("0.12")
    assert summary.rate_change == Decimal("-0.03")
    assert (summary.people_bid_count, summary.bot_bid_count) == (1, 0)


def test_a_page_takes_a_handful_of_queries_however_many_listings_there_are(database: Any) -> None:
    for _ in range(25):
        house.run(a_listing)
    statements: list[str] = []
    event.listen(
        database, "before_cursor_execute", lambda *seen: statements.append(seen[2]) or None, retval=False
    )

    _search(page_size=25)

    assert sum("FROM listing" in text or "FROM bid" in text for text in statements) <= 6


def test_the_figures_for_visitors_come_from_the_loans_and_the_open_market() -> None:
    borrower_id, lender_id = house.run(a_borrower), house.run(a_lender, cash_cents=99_000_00)
    for rate, grade in (("10", Grade.B), ("12", Grade.B), ("15", Grade.D)):
        listing_id = house.run(a_listing, borrower_id=borrower_id, amount_cents=1_000_00, grade=grade)
        _bid(lender_id, listing_id, "1000", rate)
        house.run(
            acceptance.accept,
            borrower_id=borrower_id,
            listing_id=listing_id,
            seen_average_rate=Decimal(1),
            seen_covered_cents=0,
            form_key=a_form_key(),
            business_on=TODAY,
            now=NOW,
        )
    open_id = house.run(a_listing, amount_cents=2_000_00)
    _bid(lender_id, open_id, "500", "11")

    figures = house.read(market.figures, business_on=TODAY + timedelta(days=1))

    assert (figures.lent_cents, figures.loan_count, figures.first_loan_on) == (3_000_00, 3, TODAY)
    assert (figures.running_loan_count, figures.up_to_date_loan_count) == (3, 3)
    assert (figures.market.open_count, figures.market.average_rate) == (1, Decimal("0.11"))
    assert [(each.grade, each.loan_count, each.average_rate) for each in figures.grades] == [
        (Grade.B, 2, Decimal("0.11")),
        (Grade.D, 1, Decimal("0.15")),
    ]
    for each in figures.grades:
        assert each.expected_return_rate == (
            each.average_rate - each.servicing_cost_rate - each.expected_loss_rate
        )
    assert figures.featured is not None
    assert (figures.featured.listing_id, figures.featured.leading_count) == (open_id, 1)
    assert figures.featured.rows[0].bid_id is None


def test_loans_with_something_overdue_are_not_up_to_date_and_old_ones_leave_the_averages() -> None:
    borrower_id, lender_id = house.run(a_borrower), house.run(a_lender, cash_cents=99_000_00)
    listing_id = house.run(a_listing, borrower_id=borrower_id, amount_cents=1_000_00)
    _bid(lender_id, listing_id, "1000", "12")
    loan_id = house.run(
        acceptance.accept,
        borrower_id=borrower_id,
        listing_id=listing_id,
        seen_average_rate=Decimal(1),
        seen_covered_cents=0,
        form_key=a_form_key(),
        business_on=TODAY,
        now=NOW,
    )

    late = house.read(market.figures, business_on=TODAY + timedelta(days=91))
    house.run(lambda session: setattr(session.get_one(Loan, loan_id), "state", LoanState.PAID_OFF))
    done = house.read(market.figures, business_on=TODAY + timedelta(days=91))

    assert (late.running_loan_count, late.up_to_date_loan_count) == (1, 0)
    assert (late.grades, late.expected_return_rate) == ((), None)
    assert (done.running_loan_count, done.loan_count) == (0, 1)
