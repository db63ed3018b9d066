"""Owns the app and the browser that all journeys share."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.journeys.running import RunningApp, one_at_a_time, operator, running_app
from tests.journeys.visitors import WIDE, Window, a_browser, a_window

ADMIN = ("sam@example.org", "the quiet harbour at noon")


@pytest.fixture(scope="package")
def app(tmp_path_factory: pytest.TempPathFactory, chromium_path: str) -> Iterator[RunningApp]:
    """Serve an empty market with one admin; built once for all journeys."""
    folder = tmp_path_factory.mktemp("journeys") / "market"
    with one_at_a_time(), running_app(folder, P2P_DEMO="false", P2P_BCRYPT_COST="4") as running:
        made = operator(
            running,
            "create-admin",
            "--email",
            ADMIN[0],
            "--name",
            "Sam Whitfield",
            P2P_ADMIN_PASSWORD=ADMIN[1],
        )
        assert made.returncode == 0, made.stdout + made.stderr
        yield running


@pytest.fixture(scope="package")
def browser(chromium_path: str) -> Iterator[Browser]:
    """Start Chromium once for all journeys."""
    with a_browser(chromium_path) as started:
        yield started


@pytest.fixture
def open_window(app: RunningApp, browser: Browser, tmp_path: Path) -> Iterator[Callable[..., Window]]:
    """Open windows that complain at the end about anything that went wrong in them."""
    windows: list[Window] = []

    def open_one(*, size: tuple[int, int] = WIDE, theme: str = "light") -> Window:
        windows.append(a_window(browser, app.address, size=size, theme=theme))
        return windows[-1]

    yield open_one
    complaints = [complaint for window in windows for complaint in window.complaints]
    for window in windows:
        window.context.close()
    assert complaints == []
