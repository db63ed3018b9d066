"""The server dies under open windows and comes back: they find it by themselves, and nothing is lost."""

import re
import signal
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from sqlmodel import Session

from p2p_reflex import database
from p2p_reflex.domain.vocabulary import Role
from p2p_reflex.services.bidding import bidding
from p2p_reflex.services.days import business_date
from p2p_reflex.services.listings import listings
from tests.builders import a_form_key, a_listing_form
from tests.journeys.residents import a_resident, at_the_books, let_in, watch, were_not_reloaded
from tests.journeys.running import RunningApp
from tests.journeys.test_a_loan import balance, the_books_hold
from tests.journeys.visitors import Window

pytestmark = pytest.mark.journey

TITLE = "A ferry for the lower bank"
BORROWER, LENDER, RIVAL = "lene@example.org", "mats@example.org", "nils@example.org"
BACK_MS = 30_000


def a_scene(session: Session) -> tuple[int, int]:
    """Publish a listing, and give a lender and a rival money to bid on it; return listing and rival."""
    borrower_id = a_resident(session, role=Role.BORROWER, full_name="Lene Borg", email=BORROWER)
    a_resident(session, role=Role.LENDER, full_name="Mats Dahl", email=LENDER, cash="5,000")
    rival_id = a_resident(session, role=Role.LENDER, full_name="Nils Eriksen", email=RIVAL, cash="5,000")
    form = a_listing_form(amount="2000", term_months="12", highest_rate="20", title=TITLE)
    listing_id = listings.publish(
        session, borrower_id=borrower_id, form=form, form_key=a_form_key(), **moment(session)
    )
    return listing_id, rival_id


def bid(session: Session, *, lender_id: int, listing_id: int, amount: str, rate: str) -> None:
    """Bid from outside of the app, as while it is away."""
    how = {"lender_id": lender_id, "listing_id": listing_id, "amount": amount, "rate": rate, "message": ""}
    bidding.place_bid(session, **how, form_key=a_form_key(), **moment(session))


def moment(session: Session) -> dict[str, Any]:
    """Name the business date and the moment."""
    return {"business_on": business_date.today(session), "now": datetime.now(UTC)}


def status_of(page: Page, words: str) -> None:
    """Wait until the frame says how the connection is."""
    expect(page.get_by_role("status").get_by_text(words, exact=True)).to_be_visible(timeout=BACK_MS)


def test_open_windows_survive_a_crash_of_the_server(
    app: RunningApp, open_window: Callable[..., Window]
) -> None:
    windows = borrower, lender, wallet, second = [open_window() for _ in range(4)]
    with at_the_books(app):
        listing_id, rival_id = database.run(a_scene)
        for window, email in zip(windows, (BORROWER, LENDER, LENDER, LENDER), strict=True):
            let_in(window, email)
    home, book, money = (
        watch(borrower, "/borrow"),
        watch(lender, f"/listings/{listing_id}"),
        watch(wallet, "/wallet"),
    )
    book.get_by_label("Bid amount").fill("2,000")
    book.get_by_label("Bid rate (%)").fill("14.5")
    expect(book.get_by_text("All $2,000 would lead.")).to_be_visible()
    money.get_by_label("Amount", exact=True).fill("12.34")

    app.stop(signal.SIGKILL)
    for page in (home, book, money):
        status_of(page, "Reconnecting")
    book.get_by_label("Message to the borrower").fill("For the ferry.")
    with at_the_books(app):
        database.run(bid, lender_id=rival_id, listing_id=listing_id, amount="2000", rate="15")
    app.start()

    for page in (home, book, money):
        status_of(page, "Live")
    row = home.get_by_role("region", name="Open listings").get_by_role("row", name=re.compile(TITLE))
    expect(row.get_by_text("Covered", exact=True)).to_be_visible()
    expect(book.get_by_role("region", name="Order book").get_by_text("Nils E.")).to_be_visible()
    expect(book.get_by_label("Bid amount")).to_have_value("2,000")
    expect(book.get_by_label("Bid rate (%)")).to_have_value("14.5")
    expect(book.get_by_label("Message to the borrower")).to_have_value("For the ferry.")
    expect(money.get_by_label("Amount", exact=True)).to_have_value("12.34")
    book.get_by_role("button", name="Place bid").click()
    expect(book.get_by_role("region", name="Order book").get_by_text("You").first).to_be_visible()
    expect(money.get_by_text("$3,000.00").first).to_be_visible()
    assert were_not_reloaded(home, book, money)

    second.visit(f"/listings/{listing_id}")
    expect(second.page.get_by_text("All $2,000 of your bid leads at 14.50 %.")).to_be_visible()
    assert [balance(app, LENDER, kind) for kind in ("wallet", "held")] == [3_000_00, 2_000_00]
    the_books_hold(app)
    for window in windows:
        window.complaints[:] = [each for each in window.complaints if "WebSocket connection" not in each]
