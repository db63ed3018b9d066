"""An admin stops a bot, changes its capital, starts it, and watches what it does and why."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.journeys.conftest import ADMIN
from tests.journeys.people import publish_listing, register_borrower, sign_in
from tests.journeys.running import RunningApp
from tests.journeys.test_a_loan import ask, the_books_hold
from tests.journeys.visitors import Window

pytestmark = pytest.mark.journey

BOT = "QuickCash Solutions"
NEXT_LOOK_MS = 45_000


def row_of(page: Page, bot: str) -> Locator:
    """Find a bot's row on the desk."""
    heading = page.get_by_role("heading", name=bot, exact=True)
    return page.get_by_role("region", name="Bots", exact=True).get_by_role("listitem").filter(has=heading)


def change_capital(page: Page, amount: str) -> Locator:
    """Type a capital into the settings that are open, and press the button."""
    field = page.get_by_role("dialog").get_by_label("Capital", exact=True)
    field.fill(amount)
    page.get_by_role("button", name="Change capital").click()
    return field


def test_an_admin_steers_a_bot_and_watches_what_it_does(
    app: RunningApp, open_window: Callable[..., Window]
) -> None:
    admin, borrower = open_window(), open_window()
    desk = admin.page
    sign_in(admin, email=ADMIN[0], password=ADMIN[1])
    admin.visit("/admin/bots")
    desk.get_by_role("button", name="Enroll 6 bots").click()
    desk.get_by_role("button", name="Enroll and pay in $2,500,000").click()
    expect(desk.get_by_role("switch")).to_have_count(6)
    the_books_hold(app)

    switch = desk.get_by_role("switch", name=BOT)
    switch.click()
    expect(row_of(desk, BOT).get_by_text("Stopped", exact=True)).to_be_visible()
    assert ask(app, "SELECT count(*) FROM bot WHERE is_running") == 5

    desk.get_by_role("button", name=f"Settings of {BOT}").click()
    refused = change_capital(desk, "12")
    expect(refused).to_have_attribute("aria-invalid", "true")
    assert refused.input_value() == "12"
    change_capital(desk, "150,000")
    expect(desk.get_by_role("dialog")).to_have_count(0)
    expect(row_of(desk, BOT).get_by_text("$150,000", exact=True)).to_be_visible()
    expect(row_of(desk, BOT).get_by_text("$150,000.00")).to_be_visible()

    desk.evaluate("() => { window.wasNotReloaded = true }")
    register_borrower(borrower, full_name="Hanna Brandt", email="hanna@example.org")
    path = publish_listing(borrower, amount="3000", term="24", highest_rate="22", title="A warmer house")
    decisions = desk.get_by_role("region", name="Decisions")
    expect(decisions.get_by_text(re.compile(r"^GrowthMax Lending bid \$"))).to_be_visible(
        timeout=NEXT_LOOK_MS
    )
    passed = decisions.get_by_role("listitem").filter(
        has_text="PremiumRate Investors passed on A warmer house"
    )
    expect(passed.get_by_text("Credit score 742 is under our 780.")).to_be_visible()
    its_words = decisions.get_by_text(re.compile(f"^{BOT} (bid|passed)"))
    expect(its_words).to_have_count(0)

    borrower.visit(path)
    card = borrower.page.get_by_role("region", name="Bots that passed")
    expect(card.get_by_text("credit score 742 is under our 780.")).to_be_visible()

    switch.click()
    expect(row_of(desk, BOT).get_by_text("Running", exact=True)).to_be_visible()
    expect(its_words.first).to_be_visible(timeout=NEXT_LOOK_MS)
    assert desk.evaluate("() => window.wasNotReloaded") is True
    the_books_hold(app)

    stop_and_reset(app, desk)


def stop_and_reset(app: RunningApp, desk: Page) -> None:
    """Leave the market to people, as those who walk through it next expect it."""
    desk.get_by_role("button", name="Stop all").click()
    expect(desk.get_by_text("0 of 6", exact=True)).to_be_visible()
    desk.get_by_role("button", name="Reset", exact=True).click()
    desk.get_by_role("button", name=re.compile(r"^Withdraw \d+ bids?$")).click()
    expect(desk.get_by_text("0 are open, 0 lead")).to_be_visible()
    live = "SELECT count(*) FROM bid b JOIN bot o ON o.member_id = b.lender_id WHERE b.state = 'live'"
    assert ask(app, live) == 0
    the_books_hold(app)
