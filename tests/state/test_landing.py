"""The landing page: live figures for anyone, an empty market said plainly, the demo's ways in."""

from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlmodel import Session

from p2p_reflex import database as house
from p2p_reflex.domain.vocabulary import Role
from p2p_reflex.models import LedgerAccount
from p2p_reflex.services.bidding import bidding
from p2p_reflex.services.days import opening
from p2p_reflex.services.listings import listings
from p2p_reflex.services.people import members
from p2p_reflex.state import public_look, visitors
from p2p_reflex.state.landing import LandingState
from tests.builders import NOW, TODAY, a_borrower, a_form_key, a_lender, a_listing_form, a_loan
from tests.state.wire import Answer, Tab

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture(autouse=True)
def _open_market(database: Engine) -> None:
    house.run(opening.open_market, business_on=TODAY)
    visitors._remembered.clear()
    public_look.forget()


def the_page() -> Answer:
    """Open the landing page as somebody passing by."""
    return Tab(path="/").send(LandingState.load)


def a_book(session: Session, *, offers: list[tuple[str, str]], asked: str = "10,000") -> int:
    """Publish a listing and place bids of (amount, rate) on it, each by a new lender."""
    listing_id = listings.publish(
        session,
        borrower_id=a_borrower(session),
        form=a_listing_form(title="Second oven", amount=asked, highest_rate="20"),
        form_key=a_form_key(),
        business_on=TODAY,
        now=NOW,
    )
    for amount, rate in offers:
        bidding.place_bid(
            session,
            lender_id=a_lender(session, cash_cents=50_000_00),
            listing_id=listing_id,
            amount=amount,
            rate=rate,
            message="",
            form_key=a_form_key(),
            business_on=TODAY,
            now=NOW,
        )
    return listing_id


def test_an_empty_market_says_what_will_stand_there() -> None:
    answer = the_page()

    assert answer.shown(LandingState, "loaded") is True
    assert answer.shown(LandingState, "grades") == []
    figures = answer.shown(LandingState, "figures")
    assert (figures.lent, figures.lent_note) == ("Nothing yet", "the first loan shows here")
    assert (figures.rate, figures.rate_note) == ("Not known yet", "shows with the first bid")
    assert (figures.earned, figures.up_to_date) == ("Not known yet", "No loans now")


def test_the_featured_book_shows_who_leads_where_it_is_full_and_who_is_outbid() -> None:
    offers = [("6,000", "12"), ("6,000", "13"), ("1,000", "13.5"), ("1,000", "14"), ("1,000", "14.2")]
    listing_id = house.run(a_book, offers=offers)

    featured = the_page().shown(LandingState, "featured")

    assert (featured.title, featured.href) == ("Second oven", f"/listings/{listing_id}")
    assert (featured.rate, featured.asked, featured.line_words) == (
        "12.40 %",
        "$10,000",
        "Fully covered here",
    )
    assert [(line.amount, line.of_amount, line.rate) for line in featured.leading] == [
        ("$6,000", "", "12.00 %"),
        ("$4,000", "of $6,000", "13.00 %"),
    ]
    assert [line.rate for line in featured.outbid] == ["13.50 %", "14.00 %"]
    assert featured.more_words == ""


def test_a_long_book_keeps_its_first_bids_and_the_last_that_leads() -> None:
    offers = [("500", f"{12 + place / 10:.1f}") for place in range(12)]
    house.run(a_book, offers=offers)

    featured = the_page().shown(LandingState, "featured")

    assert [line.rate for line in featured.leading][-1] == "12.60 %"
    assert [line.rate for line in featured.last_leading] == ["13.10 %"]
    assert (len(featured.leading), featured.more_words) == (7, "4 more bids in between")
    assert featured.line_words == ""


def test_every_grade_is_listed_the_ones_without_a_recent_loan_too() -> None:
    house.run(a_loan, rate="0.11")

    answer = the_page()

    lines = answer.shown(LandingState, "grades")
    assert [line.grade for line in lines] == list("ABCDEFG")
    (known,) = [line for line in lines if line.is_known]
    assert (known.pays, known.costs[0]) == ("11.00 %", "\u2212")
    assert answer.shown(LandingState, "recent") == "Average rates of the 1 loan made in the last 90 days."


def test_the_books_are_shown_with_every_law_and_the_banks_equation() -> None:
    house.run(a_lender, cash_cents=2_310_00)

    books = the_page().shown(LandingState, "books")

    assert (books.verdict, books.verdict_kind) == ("11 of 11 hold", "done")
    assert (len(books.laws), all(law.holds for law in books.laws)) == (11, True)
    assert (books.bank, books.wallets, books.held) == ("$2,310.00", "$2,310.00", "$0.00")
    assert "2 entries" in books.checked


def test_a_broken_law_is_shown_as_broken_and_names_nobody() -> None:
    house.run(a_lender, cash_cents=2_310_00)
    house.run(lambda session: session.execute(sa.update(LedgerAccount).values(balance_cents=5)) and None)

    books = the_page().shown(LandingState, "books")

    assert books.verdict_kind == "bad"
    broken = [law.title for law in books.laws if not law.holds]
    assert "A cached balance is the sum of its entries" in broken


def test_visitors_share_one_look_over_the_books() -> None:
    first = the_page().shown(LandingState, "books")
    house.run(a_lender, cash_cents=2_310_00)

    second = the_page().shown(LandingState, "books")

    assert second == first


def test_the_demos_people_are_offered_by_their_short_names() -> None:
    def welcome(session: Session) -> None:
        for role, name in ((Role.ADMIN, "Sam Whitfield"), (Role.LENDER, "Daniel Okafor")):
            members.create_member(
                session,
                role=role,
                full_name=name,
                email=f"{name.split()[0].lower()}@example.org",
                password_hash=None,
                now=datetime.now(UTC),
                is_demo=True,
            )

    house.run(welcome)

    people = the_page().shown(LandingState, "demo_people")

    assert [(each.role, each.name, each.initials) for each in people] == [
        ("lender", "Daniel O.", "DO"),
        ("admin", "Sam W.", "SW"),
    ]


def test_without_the_demo_nobody_is_offered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("P2P_DEMO", "false")
    house.run(a_lender)

    assert the_page().shown(LandingState, "demo_people") == []
