"""Measures what two people at two browsers wait for: from a press in one to the change in the other."""

import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from statistics import median

from playwright.sync_api import Browser, Page

from benchmarks.measuring import Limit
from tests.journeys.people import add_money, publish_listing, register_borrower, register_lender
from tests.journeys.running import RunningApp, running_app
from tests.journeys.visitors import a_browser, a_window

ROUNDS = 10
TALL = (1440, 1400)
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

NOTE_PRESS = """(name) => document.addEventListener('click', (event) => {
  const button = event.target.closest('button');
  if (button?.textContent.includes(name))
    window.pressedAt = performance.timeOrigin + performance.now();
}, true)"""
WAIT_FOR_CHANGE = """(text) => {
  window.changedAt = 0;
  const look = () => {
    if (!window.changedAt && document.querySelector('[aria-label="Order book"]')?.textContent.includes(text))
      window.changedAt = performance.timeOrigin + performance.now();
  };
  new MutationObserver(look).observe(document.body, {subtree: true, childList: true, characterData: true});
}"""
CHANGED = "() => window.changedAt || null"
PRESSED = "() => window.pressedAt || null"


def compare() -> Iterator[Limit]:
    """Measure in Chromium, where there is one, against the app as it is served."""
    chromium = next(filter(None, map(shutil.which, NAMES)), None)
    if chromium is None:
        print("  no Chromium here, so the browsers are left out", file=sys.stderr)
        return
    with tempfile.TemporaryDirectory() as folder, a_browser(chromium) as browser:
        with running_app(Path(folder) / "people", P2P_DEMO="false", P2P_BCRYPT_COST="4") as app:
            waits = _bids_seen(app, browser)
            yield Limit("a press in browser A to the change in browser B, median ms", median(waits), 150)
        with running_app(Path(folder) / "bots", P2P_DEMO="true", P2P_BCRYPT_COST="4") as app:
            waits = _bots_seen(app, browser)
            yield Limit(
                "Publish listing to the first bot's bid on the screen, median ms", median(waits), 1_000
            )


def _bids_seen(app: RunningApp, browser: Browser) -> list[float]:
    """Bid in one browser, each time a little lower, and look at the order book in another."""
    borrower, lender = (a_window(browser, app.address, size=TALL) for _ in range(2))
    register_borrower(borrower, full_name="Ines Duarte", email="ines@example.org")
    register_lender(lender, full_name="Priya Nair", email="priya@example.org")
    add_money(lender, "9,000")
    path = publish_listing(borrower, amount="3000", term="24", highest_rate="24", title="A kitchen")
    lender.visit(path)
    lender.page.evaluate(NOTE_PRESS, "Place bid")
    waits = []
    for number in range(ROUNDS):
        rate = f"{Decimal('23.90') - number * Decimal('0.10'):.2f}"
        borrower.page.evaluate(WAIT_FOR_CHANGE, f"{rate} %")
        lender.page.get_by_label("Bid amount").fill("3000")
        lender.page.get_by_label("Bid rate (%)").fill(rate)
        lender.page.wait_for_timeout(700)
        waits.append(_pressed_to_changed(lender.page, borrower.page, "Place bid"))
    lender.context.close()
    borrower.context.close()
    return waits


def _bots_seen(app: RunningApp, browser: Browser) -> list[float]:
    """Publish a listing and see its first offer come in, once per borrower."""
    waits = []
    for number in range(ROUNDS):
        window = a_window(browser, app.address)
        register_borrower(window, full_name="Ines Duarte", email=f"ines{number}@example.org")
        page = window.page
        page.add_init_script(
            "document.addEventListener('click', (event) => { if (event.target.closest('button')"
            "?.textContent.includes('Publish listing')) sessionStorage.pressedAt = Date.now(); }, true);"
            "new MutationObserver(() => {"
            "const rows = document.querySelectorAll('[aria-label=\"Order book\"] tbody tr');"
            "if (rows.length && !window.changedAt) window.changedAt = Date.now(); })"
            ".observe(document, {subtree: true, childList: true});"
        )
        publish_listing(window, amount="6000", term="24", highest_rate="24", title="A kitchen")
        page.wait_for_function(CHANGED, timeout=30_000)
        waits.append(float(page.evaluate("() => window.changedAt - Number(sessionStorage.pressedAt)")))
        window.context.close()
    return waits


def _pressed_to_changed(pressing: Page, looking: Page, button: str) -> float:
    pressing.get_by_role("button", name=re.compile(button)).click()
    looking.wait_for_function(CHANGED, timeout=10_000, polling=20)
    return float(looking.evaluate(CHANGED)) - float(pressing.evaluate(PRESSED))


if __name__ == "__main__":
    for limit in compare():
        print("  ".join(limit.cells()))
