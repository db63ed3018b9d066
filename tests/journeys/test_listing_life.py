"""One listing, its whole life, three windows at once: the borrower, a lender, the admin; none reloads."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Locator, Page, expect
from sqlmodel import Session, select

from p2p_reflex import database
from p2p_reflex.domain.vocabulary import Role
from p2p_reflex.models import Member
from p2p_reflex.services.bots import bot_runs, bot_steering
from p2p_reflex.services.days import business_date
from tests.builders import a_form_key
from tests.journeys.conftest import ADMIN
from tests.journeys.people import choose, place_bid
from tests.journeys.residents import (
    a_resident,
    at_the_books,
    figure,
    go_to,
    let_in,
    number_of,
    watch,
    were_not_reloaded,
)
from tests.journeys.running import RunningApp
from tests.journeys.test_a_loan import ask, balance, the_books_hold
from tests.journeys.visitors import PHONE, Window

pytestmark = pytest.mark.journey

TITLE = "A clinic for the old bicycles"
BORROWER, LENDER, RIVAL = "dora@example.org", "emil@example.org", "frida@example.org"
BOTS_SECONDS = 20


@dataclass(frozen=True)
class Scene:
    """The three windows that watch, and a fourth whose lender bids against ours."""

    borrower: Page
    lender: Page
    admin: Page
    rival: Window

    @property
    def watching(self) -> tuple[Page, Page, Page]:
        """Name the three that must never reload."""
        return self.borrower, self.lender, self.admin


def switch_bots(session: Session, *, is_running: bool) -> None:
    """Enrol the bots that are not, and start or stop them all."""
    at = {"business_on": business_date.today(session), "now": datetime.now(UTC)}
    bot_runs.enroll_bots(session, **at)
    admin_id = session.exec(select(Member.id).where(Member.email == ADMIN[0])).one()
    bot_steering.switch_all(session, admin_id=admin_id, is_running=is_running, form_key=a_form_key(), **at)


@pytest.fixture
def scene(app: RunningApp, open_window: Callable[..., Window]) -> Iterator[Scene]:
    """Seat everybody, start the bots, and stop them again for those who come next."""
    borrower, lender, admin, rival = open_window(), open_window(), open_window(), open_window(size=PHONE)
    with at_the_books(app):
        database.run(a_resident, role=Role.BORROWER, full_name="Dora Lang", email=BORROWER)
        database.run(a_resident, role=Role.LENDER, full_name="Emil Sand", email=LENDER, cash="9,000")
        database.run(a_resident, role=Role.LENDER, full_name="Frida Holm", email=RIVAL, cash="9,000")
        for window, email in ((borrower, BORROWER), (lender, LENDER), (admin, ADMIN[0]), (rival, RIVAL)):
            let_in(window, email)
        database.run(switch_bots, is_running=True)
    yield Scene(watch(borrower, "/borrow"), watch(lender, "/market"), watch(admin, "/admin"), rival)
    with at_the_books(app):
        database.run(switch_bots, is_running=False)


def test_three_windows_see_one_listing_through_its_whole_life(app: RunningApp, scene: Scene) -> None:
    path = is_published_before_all(scene)
    gets_its_first_bids_from_bots(scene)
    lender_bids_and_is_outbid(scene, path)
    lender_bids_lower_in_one_click(scene)
    becomes_a_loan(app, scene)

    assert were_not_reloaded(*scene.watching)
    the_books_hold(app)


def is_published_before_all(scene: Scene) -> str:
    """The borrower publishes; the lender's market and the admin's overview show it."""
    borrower, overview = scene.borrower, scene.admin.get_by_role("region", name="Market")
    open_before = number_of(figure(overview, "Open listings").inner_text())
    borrower.get_by_role("main").get_by_role("link", name="Start a listing").first.click()
    borrower.get_by_label("Amount", exact=True).fill("3000")
    borrower.get_by_label("Term in months", exact=True).fill("24")
    choose(borrower, "Purpose", "Home improvement")
    borrower.get_by_label("Highest rate (%)", exact=True).fill("22")
    borrower.get_by_label("Title").fill(TITLE)
    borrower.get_by_label("Story").fill("Old bicycles come in, good ones go out. I need a stand and a lathe.")
    borrower.get_by_role("button", name="Publish listing").click()
    borrower.wait_for_url(re.compile(r"/listings/\d+"))

    expect(row_of(scene.lender)).to_be_visible()
    expect(figure(overview, "Open listings")).to_have_text(str(open_before + 1))
    return re.sub(r"^https?://[^/]+", "", borrower.url)


def gets_its_first_bids_from_bots(scene: Scene) -> None:
    """The bots answer at once; the borrower sees their bids come, the market its bar fill."""
    bids_today = figure(scene.admin.get_by_role("region", name="Market"), "Bids today")

    expect(book_of(scene.borrower).get_by_text(re.compile("GrowthMax|FlexiLend")).first).to_be_visible(
        timeout=BOTS_SECONDS * 1000
    )
    expect(book_of(scene.borrower).get_by_text("Leading").first).to_be_visible()
    expect(row_of(scene.lender).get_by_text("0 %", exact=True)).to_have_count(0)
    expect(bids_today).not_to_have_text("0")


def lender_bids_and_is_outbid(scene: Scene, path: str) -> None:
    """The lender takes all of it, the rival takes it away; the lender hears so where they look."""
    lender, borrower = scene.lender, scene.borrower
    row_of(lender).get_by_role("link", name=TITLE).click()
    lender.wait_for_url(f"**{path}")
    expect(bell_of(lender)).to_have_accessible_description("1 unread")
    floor = re.search(r"(\d+\.\d\d) %", lender.get_by_text(re.compile(r"floor for [A-G] is")).inner_text())
    assert floor
    place_bid(Window(scene.rival.address, lender, lender.context), amount="3000", rate="12.5")
    expect(own_bid(lender).get_by_text(re.compile("^Lead(ing|s in part)$")).first).to_be_visible()
    expect(book_of(borrower).get_by_text("Emil S.")).to_be_visible()

    scene.rival.visit(path)
    place_bid(scene.rival, amount="3000", rate=str(float(floor.group(1)) + 0.5))

    expect(own_bid(lender).get_by_text("Outbid", exact=True)).to_be_visible()
    expect(own_bid(lender).get_by_text("Your $3,000 at 12.50 % is outbid.")).to_be_visible()
    expect(bell_of(lender)).to_have_accessible_description("2 unread")
    expect(borrower.get_by_text("$3,000 covered").first).to_be_visible()


def lender_bids_lower_in_one_click(scene: Scene) -> None:
    """One click leads again; the borrower sees the rate fall."""
    rate = figure(scene.borrower.get_by_role("main"), "Rate now")
    before = rate.inner_text()

    own_bid(scene.lender).get_by_role("button", name=re.compile(r"^Bid lower: \d+\.\d\d %$")).click()

    expect(own_bid(scene.lender).get_by_text(re.compile("^Lead(ing|s in part)$")).first).to_be_visible()
    expect(rate).not_to_have_text(before)
    assert number_of(rate.inner_text()) < number_of(before)


def becomes_a_loan(app: RunningApp, scene: Scene) -> None:
    """The borrower accepts; the lender gets a note, the admin a loan, the borrower the money."""
    borrower, lender, admin = scene.watching
    go_to(lender, "Portfolio")
    lender.get_by_role("tab", name=re.compile("Active bids")).click()
    expect(lender.get_by_role("row", name=re.compile(TITLE))).to_be_visible()
    lender.get_by_role("tab", name=re.compile("^Notes")).click()
    running = admin.get_by_role("table", name="Loans by days past due").get_by_role("row", name="Current")
    income = admin.get_by_role("region", name="Money").locator("dl > div").filter(has_text="Platform income")
    earned = income.locator("dd").inner_text()
    loans = number_of(running.get_by_role("cell").nth(1).inner_text()) if running.count() else 0

    borrower.get_by_role("button", name="Accept offers").click()
    borrower.get_by_role("button", name=re.compile(r"^Accept and take \$")).click()
    borrower.wait_for_url(re.compile(r"/loans/\d+"))

    net = balance(app, BORROWER, "wallet")
    assert net == 3_000_00 - ask(app, "SELECT origination_fee_cents FROM loan ORDER BY id DESC LIMIT 1")
    expect(borrower.locator(".top-money")).to_contain_text(f"${net / 100:,.2f}")
    expect(lender.get_by_role("table", name="Notes").get_by_role("link", name=TITLE)).to_be_visible()
    expect(running.get_by_role("cell").nth(1)).to_have_text(str(loans + 1))
    expect(income.locator("dd")).not_to_have_text(earned)
    expect(admin.get_by_role("region", name="Money").get_by_text("Difference").locator("..")).to_contain_text(
        "$0.00"
    )
    go_to(admin, "Loans")
    expect(admin.get_by_role("link", name=TITLE)).to_be_visible()


def row_of(market: Page) -> Locator:
    """Find the listing in the market's table."""
    return market.get_by_role("table", name="Open listings").get_by_role("row", name=re.compile(TITLE))


def book_of(page: Page) -> Locator:
    """Find the order book."""
    return page.get_by_role("region", name="Order book")


def bell_of(page: Page) -> Locator:
    """Find the bell in the header."""
    return page.get_by_role("button", name="Notifications")


def own_bid(page: Page) -> Locator:
    """Find the card with the lender's own bid."""
    return page.locator("section").filter(has=page.get_by_role("heading", name="Your bid", exact=True)).last
