"""Owns people at their browsers: a window each, and everything that went wrong in it."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import axe_playwright_python
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

QUIET = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
WIDE = (1440, 900)
PHONE = (390, 844)
AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
AXE_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]
AXE_RUN = """
async (tags) => {
  const judged = await axe.run(document, {runOnly: {type: 'tag', values: tags}});
  const where = (violation) => violation.nodes.slice(0, 3).map((node) => node.target.join(' ')).join(' | ');
  return judged.violations.map((violation) => `${violation.id}: ${violation.help} (${where(violation)})`);
}
"""
PAGE_SECONDS = 20
SETTLED = """
() => {
  const heading = document.querySelector('h1');
  const isAwake = heading && Object.keys(heading).some((key) => key.startsWith('__react'));
  return isAwake && !document.querySelector('.skeleton, [aria-busy=true]');
}
"""


@dataclass(slots=True)
class Window:
    """One person's browser window."""

    address: str
    page: Page
    context: BrowserContext
    complaints: list[str] = field(default_factory=list)

    def visit(self, path: str) -> None:
        """Open a page and wait until its contents are there."""
        self.page.goto(self.address + path, wait_until="domcontentloaded")
        self.settle()

    def settle(self) -> None:
        """Wait until the page has its heading, is awake (its buttons work), and no skeleton is left."""
        self.page.locator("h1").first.wait_for(timeout=PAGE_SECONDS * 1000)
        self.page.wait_for_function(SETTLED, timeout=PAGE_SECONDS * 1000)

    def scrolls_sideways(self) -> bool:
        """Tell whether the page is wider than its window."""
        script = "() => document.scrollingElement.scrollWidth > document.scrollingElement.clientWidth"
        return bool(self.page.evaluate(script))

    def axe_violations(self) -> list[str]:
        """Name what keeps people out who cannot see or point, one line each."""
        self.page.evaluate(AXE)
        found = self.page.evaluate(AXE_RUN, AXE_RULES)
        return [str(line) for line in found]


@contextmanager
def a_browser(chromium_path: str) -> Iterator[Browser]:
    """Start Chromium."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path, args=list(QUIET))
        yield browser
        browser.close()


def a_window(browser: Browser, address: str, *, size: tuple[int, int] = WIDE, theme: str = "light") -> Window:
    """Open a window of its own, with its own cookies."""
    width, height = size
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme="dark" if theme == "dark" else "light",
        has_touch=width < 768,
        reduced_motion="reduce",
        locale="en-US",
    )
    page = context.new_page()
    page.set_default_timeout(PAGE_SECONDS * 1000)
    window = Window(address=address, page=page, context=context)

    def note(kind: str, text: str) -> None:
        if not re.search(r"favicon|Failed to load resource.*404 \(Not Found\).*\.map", text):
            window.complaints.append(f"{kind}: {text[:300]}")

    page.on("pageerror", lambda error: note("error", str(error)))
    page.on("console", lambda message: note("console", message.text) if message.type == "error" else None)
    return window
