"""Owns `make tour`: visits every screen as each kind of person and keeps a picture of each."""

import io
import shutil
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa
from PIL import Image
from playwright.sync_api import Browser

from p2p_reflex import database
from tests.conftest import CHROMIUM_NAMES
from tests.journeys.running import ROOT, RunningApp, running_app
from tests.journeys.visitors import PHONE, WIDE, Window, a_browser, a_window

FOLDER = ROOT / ".tour"
README_PICTURES = ROOT / "docs" / "pictures"
KEPT = {
    "visitor-landing-light-1440": "landing",
    "lender-market-dark-1440": "market",
    "lender-listing-light-1440": "listing",
    "borrower-new-listing-light-1440": "new-listing",
    "borrower-loan-light-1440": "loan",
    "lender-portfolio-light-1440": "portfolio",
    "admin-bots-light-1440": "bots",
    "lender-listing-light-390": "listing-phone",
    "lender-market-dark-390": "market-phone",
}
"""The pictures that the documents show, by their names on the tour."""
SIZES = (WIDE, PHONE)
THEMES = ("light", "dark")


@dataclass(frozen=True, slots=True)
class Stop:
    """One screen of the tour, as one kind of person."""

    person: str
    name: str
    path: str
    prepare: Callable[[Window], None] | None = None


def main() -> int:
    """Visit everything; the exit code tells whether any screen had something to complain about."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    chromium = next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)
    if chromium is None:
        print("No Chromium was found; install it to go on the tour.", file=sys.stderr)
        return 1
    only = {word for word in sys.argv[1:] if not word.startswith("-")}
    README_PICTURES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, running_app(Path(folder), P2P_DEMO="true") as app:
        stops = [stop for stop in _stops(app) if not only or {stop.person, stop.name} & only]
        with a_browser(chromium) as browser:
            complaints = [
                complaint
                for size in SIZES
                for theme in THEMES
                for complaint in _walk(browser, app, stops, size, theme)
            ]
    for complaint in complaints:
        print(complaint)
    print(f"{len(list(FOLDER.glob('*.png')))} pictures in {FOLDER.name}/, {len(complaints)} complaints.")
    return 1 if complaints else 0


def keeps_pictures() -> bool:
    """Tell whether the documents' pictures are to be taken anew: `make pictures` asks for it."""
    return "--keep" in sys.argv


def _stops(app: RunningApp) -> list[Stop]:
    """List every screen; the numbers in the paths come from the demo's own database."""
    known = _known_places(app)
    return [
        Stop("visitor", "landing", "/"),
        Stop("visitor", "fees", "/fees"),
        Stop("visitor", "grades", "/how-grades-are-made"),
        Stop("visitor", "login", "/login"),
        Stop("visitor", "register", "/register"),
        Stop("visitor", "market", "/market"),
        Stop("visitor", "listing", f"/listings/{known['featured']}"),
        Stop("borrower", "borrow", "/borrow"),
        Stop("borrower", "new-listing", "/borrow/new"),
        Stop("borrower", "listing", f"/listings/{known['featured']}"),
        Stop("borrower", "loan", f"/loans/{known['borrower_loan']}"),
        Stop("borrower", "wallet", "/wallet"),
        Stop("borrower", "messages", "/messages"),
        Stop("borrower", "notifications", "/notifications"),
        Stop("lender", "market", "/market"),
        Stop("lender", "listing", f"/listings/{known['featured']}"),
        Stop("lender", "portfolio", "/portfolio"),
        Stop("lender", "loan", f"/loans/{known['lender_loan']}"),
        Stop("lender", "wallet", "/wallet"),
        Stop("lender", "messages", "/messages"),
        Stop("lender", "notifications", "/notifications"),
        Stop("admin", "overview", "/admin"),
        Stop("admin", "bots", "/admin/bots"),
        Stop("admin", "jobs", "/admin/jobs"),
        Stop("admin", "loan", f"/loans/{known['lender_loan']}"),
        Stop("admin", "ledger", "/admin/ledger"),
        Stop("admin", "loans", "/admin/loans"),
        Stop("admin", "risk", "/admin/risk"),
        Stop("admin", "reverse", f"/loans/{known['lender_loan']}", _ask_to_reverse),
    ]


def _ask_to_reverse(window: Window) -> None:
    """Open the question before a payment is reversed; nothing is done."""
    window.page.get_by_role("button", name="Reverse").first.click()
    window.page.get_by_role("dialog").wait_for()


def _known_places(app: RunningApp) -> dict[str, int]:
    engine = database.connect(app.database_url)
    queries = {
        "featured": "SELECT max(l.id) FROM listing l JOIN member m ON m.id = l.borrower_id"
        " WHERE l.state = 'open' AND m.full_name = 'Rosa Marchetti'",
        "borrower_loan": "SELECT max(l.id) FROM loan l JOIN member m ON m.id = l.borrower_id"
        " WHERE l.state = 'active' AND m.full_name = 'Rosa Marchetti'",
        "lender_loan": "SELECT min(l.id) FROM loan l JOIN note n ON n.loan_id = l.id"
        " JOIN member m ON m.id = n.lender_id WHERE l.state = 'active' AND m.full_name = 'Daniel Okafor'",
    }
    with engine.connect() as connection:
        found = {name: connection.execute(sa.text(query)).scalar() for name, query in queries.items()}
    engine.dispose()
    missing = [name for name, number in found.items() if number is None]
    if missing:
        raise RuntimeError(f"The demo has no {missing[0]} to show.")
    return {name: int(number) for name, number in found.items() if number is not None}


def _walk(
    browser: Browser, app: RunningApp, stops: list[Stop], size: tuple[int, int], theme: str
) -> list[str]:
    """Walk all stops at one size in one theme; the demo's own buttons sign each person in."""
    complaints: list[str] = []
    for person in dict.fromkeys(stop.person for stop in stops):
        window = a_window(browser, app.address, size=size, theme=theme)
        if person != "visitor":
            sign_in_to_the_demo(window, person)
        for stop in stops:
            if stop.person == person:
                complaints += _look(window, stop, size, theme)
        window.context.close()
    return complaints


def sign_in_to_the_demo(window: Window, person: str) -> None:
    """Press the demo's button for a kind of person."""
    window.visit("/login")
    article = "an" if person == "admin" else "a"
    window.page.get_by_role("button", name=f"Enter as {article} {person}").click()
    window.page.wait_for_url(lambda url: "/login" not in url)
    window.settle()


def _look(window: Window, stop: Stop, size: tuple[int, int], theme: str) -> list[str]:
    """Visit one screen, photograph it, and name everything wrong with it."""
    label = f"{stop.person}-{stop.name}-{theme}-{size[0]}"
    window.complaints.clear()
    try:
        window.visit(stop.path)
        window.page.wait_for_timeout(900)
        if stop.prepare:
            stop.prepare(window)
        window.page.screenshot(path=FOLDER / f"{label}.png", full_page=True)
        if label in KEPT and keeps_pictures():
            _keep(window.page.screenshot(), README_PICTURES / f"{KEPT[label]}.png")
        found = [*window.complaints, *(f"axe: {line}" for line in window.axe_violations())]
        if window.scrolls_sideways():
            found.append("it scrolls sideways")
    except Exception as error:
        found = [f"it did not load: {str(error).splitlines()[0]}"]
    return [f"{label}: {complaint}" for complaint in found]


def _keep(picture: bytes, path: Path) -> None:
    """Keep a picture small: 200 colours are plenty for a screen of few."""
    with Image.open(io.BytesIO(picture)) as image:
        image.convert("RGB").quantize(200, dither=Image.Dither.NONE).save(path, optimize=True)


if __name__ == "__main__":
    sys.exit(main())
