"""Four windows at once: a bid that one lender places is seen by everybody else without a reload."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect
from sqlmodel import Session

from p2p_reflex import database
from p2p_reflex.domain.vocabulary import Role
from tests.journeys.conftest import ADMIN
from tests.journeys.people import place_bid, publish_listing
from tests.journeys.residents import a_resident, at_the_books, let_in, watch, were_not_reloaded
from tests.journeys.running import RunningApp
from tests.journeys.visitors import PHONE, Window

pytestmark = pytest.mark.journey

TITLE = "A kitchen for the whole street"


BORROWER, RIVAL, BIDDER = "ines@example.org", "otto@example.org", "priya@example.org"


def a_scene(session: Session) -> None:
    """A borrower, and two lenders with money."""
    a_resident(session, role=Role.BORROWER, full_name="Ines Duarte", email=BORROWER)
    a_resident(session, role=Role.LENDER, full_name="Otto Lindqvist", email=RIVAL, cash="5,000")
    a_resident(session, role=Role.LENDER, full_name="Priya Nair", email=BIDDER, cash="5,000")


def test_borrower_lenders_and_admin_see_a_bid_appear(
    app: RunningApp, open_window: Callable[..., Window]
) -> None:
    borrower, rival, bidder, admin, visitor = (
        open_window(),
        open_window(size=PHONE),
        open_window(),
        open_window(),
        open_window(),
    )
    with at_the_books(app):
        database.run(a_scene)
        for window, email in ((borrower, BORROWER), (rival, RIVAL), (bidder, BIDDER), (admin, ADMIN[0])):
            let_in(window, email)
    path = publish_listing(borrower, amount="3000", term="24", highest_rate="22", title=TITLE)
    home = watch(borrower, "/borrow")
    book = watch(rival, path)
    overview = watch(admin, "/admin")
    market = watch(visitor, "/market?q=kitchen")
    wallet = bidder.context.new_page()
    wallet.goto(bidder.address + "/wallet")
    expect(wallet.get_by_text("$5,000.00").first).to_be_visible()
    book.get_by_label("Bid amount").fill("1,000")
    book.get_by_label("Bid rate (%)").fill("21.5")
    expect(book.get_by_text("All $1,000 would lead.")).to_be_visible()
    book.get_by_label("Bid rate (%)").focus()
    scrolled = book.evaluate("() => window.scrollY")

    bidder.visit(path)
    place_bid(bidder, amount="3000", rate="21")

    order_book = book.get_by_role("region", name="Order book")
    expect(order_book.get_by_text("Leading").first).to_be_visible()
    expect(book.get_by_text("Nothing of it would lead.")).to_be_visible()
    expect(book.get_by_label("Bid amount")).to_have_value("1,000")
    expect(book.get_by_label("Bid rate (%)")).to_have_value("21.5")
    expect(book.get_by_label("Bid rate (%)")).to_be_focused()
    assert book.evaluate("() => window.scrollY") == scrolled
    listing_row = home.get_by_role("region", name="Open listings").get_by_role("row", name=re.compile(TITLE))
    expect(listing_row.get_by_text("Covered", exact=True)).to_be_visible()
    expect(listing_row).to_have_attribute("data-changed", "once")
    expect(market.get_by_role("row", name=re.compile(TITLE)).get_by_text("100 %")).to_be_visible()
    expect(market.get_by_label("Search title or purpose")).to_have_value("kitchen")
    expect(wallet.get_by_text("$2,000.00").first).to_be_visible()
    expect(overview.get_by_text("$3,000.00").first).to_be_visible()
    assert were_not_reloaded(home, book, overview, market)
    wallet.close()
