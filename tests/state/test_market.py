"""The market screen: filters answer at once and stay in the address, for anyone."""

import pytest
from sqlalchemy.engine import Engine
from sqlmodel import Session

from p2p_reflex import database as house
from p2p_reflex.services.bidding import bidding
from p2p_reflex.services.days import opening
from p2p_reflex.services.listings import listings
from p2p_reflex.state import visitors
from p2p_reflex.state.market import MarketState
from tests.builders import NOW, TODAY, a_borrower, a_form_key, a_lender, a_listing_form
from tests.state.sessions import enter_as
from tests.state.wire import Answer, Tab

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture(autouse=True)
def _open_market(database: Engine) -> None:
    house.run(opening.open_market, business_on=TODAY)
    visitors._remembered.clear()


def listed(session: Session, **changes: str) -> int:
    """Publish a listing of a new borrower."""
    return listings.publish(
        session,
        borrower_id=a_borrower(session),
        form=a_listing_form(**changes),
        form_key=a_form_key(),
        business_on=TODAY,
        now=NOW,
    )


def three_listings(session: Session) -> None:
    """Publish three requests that differ in all that filters look at."""
    listed(session, title="Second oven", purpose="small_business", amount="18,000", term_months="36")
    listed(session, title="New windows", purpose="home_improvement", amount="9,600", term_months="24")
    listed(session, title="Flower van", purpose="car", amount="16,800", term_months="48")


def titles(answer: Answer) -> list[str]:
    """List the titles in the order shown."""
    return [line.title for line in answer.shown(MarketState, "lines")]


def test_a_visitor_sees_the_open_listings_and_the_market_in_figures() -> None:
    house.run(three_listings)

    answer = Tab(path="/market").send(MarketState.load)

    assert sorted(titles(answer)) == ["Flower van", "New windows", "Second oven"]
    summary = answer.shown(MarketState, "summary")
    assert (summary.open_count, summary.asked) == ("3", "$44,400 asked for")
    assert answer.shown(MarketState, "range_words") == "1 to 3 of 3 listings"


def test_an_address_with_filters_finds_the_same_listings_again() -> None:
    house.run(three_listings)
    address = "/market?q=o&term=25-36&sort=amount&down=1"

    answer = Tab(path=address).send(MarketState.load)

    assert titles(answer) == ["Second oven"]
    assert answer.shown(MarketState, "text") == "o"
    assert answer.shown(MarketState, "match_words") == "1 of 3 listings match"


def test_every_filter_is_written_into_the_address() -> None:
    house.run(three_listings)
    tab = Tab(path="/market")
    tab.send(MarketState.load)

    tab.send(MarketState.search_for, text="van & more")
    tab.send(MarketState.toggle_grade, grade="B")
    tab.send(MarketState.choose_purpose, purpose="car")
    tab.send(MarketState.choose_term, term="37-60")
    tab.send(MarketState.choose_return, least="5")
    answer = tab.send(MarketState.turn_uncovered)

    assert "/market?q=van+%26+more&grades=B&purpose=car&term=37-60&return=5&uncovered=1" in answer.toasts
    assert answer.shown(MarketState, "filter_count") == 5


def test_clearing_shows_everything_again_in_the_chosen_order() -> None:
    house.run(three_listings)
    tab = Tab(path="/market?q=nothing+like+this&sort=amount&down=1")
    assert titles(tab.send(MarketState.load)) == []

    answer = tab.send(MarketState.clear)

    assert titles(answer) == ["Second oven", "Flower van", "New windows"]
    assert "/market?sort=amount&down=1" in answer.toasts


def test_a_column_pressed_twice_sorts_the_other_way_round() -> None:
    house.run(three_listings)
    tab = Tab(path="/market")
    tab.send(MarketState.load)

    largest_first = tab.send(MarketState.sort_by, key="amount")
    smallest_first = tab.send(MarketState.sort_by, key="amount")

    assert titles(largest_first) == ["Second oven", "Flower van", "New windows"]
    assert titles(smallest_first) == ["New windows", "Flower van", "Second oven"]


def test_listings_come_in_pages_of_ten() -> None:
    def publish_twelve(session: Session) -> None:
        for number in range(12):
            listed(session, title=f"Plan number {number:02d}")

    house.run(publish_twelve)
    tab = Tab(path="/market?sort=title")
    first = tab.send(MarketState.load)

    second = tab.send(MarketState.turn_page, step=1)

    assert len(titles(first)) == 10
    assert titles(second) == ["Plan number 10", "Plan number 11"]
    assert second.shown(MarketState, "range_words") == "11 to 12 of 12 listings"
    assert second.shown(MarketState, "has_next") is False
    assert "page=2" in second.toasts


def test_a_lender_finds_their_own_bid_on_the_line() -> None:
    def bid(session: Session) -> str:
        listing_id = listed(session)
        lender_id = a_lender(session, cash_cents=5_000_00)
        bidding.place_bid(
            session,
            lender_id=lender_id,
            listing_id=listing_id,
            amount="1,000",
            rate="12",
            form_key=a_form_key(),
            business_on=TODAY,
            now=NOW,
        )
        return enter_as(session, member_id=lender_id)

    tab = Tab(cookie=house.run(bid), path="/market")

    (line,) = tab.send(MarketState.load).shown(MarketState, "lines")

    assert (line.own_words, line.own_kind) == ("Your bid leads", "good")
    assert (line.rate, line.rate_note) == ("12.00 %", "average so far")


def test_what_nobody_offers_to_choose_is_no_filter() -> None:
    house.run(three_listings)
    address = "/market?grades=XYZ&purpose=yacht&term=1-2&return=99&sort=height&page=-1&uncovered=maybe"
    tab = Tab(path=address)

    loaded = tab.send(MarketState.load)
    after = tab.send(MarketState.choose_purpose, purpose="'; DROP TABLE listing")

    assert len(titles(loaded)) == 3
    assert after.shown(MarketState, "purpose") == ""
    assert "'/market'" in after.toasts.replace('"', "'")


def test_an_empty_market_says_so() -> None:
    answer = Tab(path="/market").send(MarketState.load)

    assert answer.shown(MarketState, "is_market_empty") is True
    assert answer.shown(MarketState, "lines") == []
