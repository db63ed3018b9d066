"""Owns what people do on the screens, by the names that stand on the controls."""

import re

from playwright.sync_api import Locator, Page, expect

from tests.journeys.visitors import Window

PASSWORD = "a quiet harbour at noon"


def register_borrower(window: Window, *, full_name: str, email: str) -> None:
    """Fill in the registration form as a borrower and land on Borrowing."""
    window.visit("/register")
    page = window.page
    page.get_by_role("radio", name="Borrow").check()
    fill_person(page, full_name, email)
    page.get_by_label("Credit score").fill("742")
    page.get_by_label("Annual income").fill("72,000")
    page.get_by_label("Monthly debt payments").fill("350")
    page.get_by_label("Years employed").fill("8")
    choose(page, "Home ownership", "Own it outright")
    page.get_by_role("button", name="Create account").click()
    page.wait_for_url("**/borrow")
    window.settle()


def register_lender(window: Window, *, full_name: str, email: str) -> None:
    """Fill in the registration form as a lender and land on the portfolio."""
    window.visit("/register")
    page = window.page
    page.get_by_role("radio", name="Lend").check()
    fill_person(page, full_name, email)
    page.get_by_role("button", name="Create account").click()
    page.wait_for_url("**/portfolio")
    window.settle()


def fill_person(page: Page, full_name: str, email: str) -> None:
    """Fill in who one is."""
    page.get_by_label("Full name").fill(full_name)
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)


def sign_in(window: Window, *, email: str, password: str) -> None:
    """Sign in by hand."""
    window.visit("/login")
    window.page.get_by_label("Email").fill(email)
    window.page.get_by_label("Password", exact=True).fill(password)
    window.page.get_by_role("button", name="Sign in", exact=True).click()
    window.page.wait_for_url(lambda url: "/login" not in url)
    window.settle()


def add_money(window: Window, amount: str) -> None:
    """Put money into one's wallet."""
    window.visit("/wallet")
    window.page.get_by_label("Amount", exact=True).fill(amount)
    window.page.get_by_role("button", name="Add money").click()
    expect(window.page.get_by_text("Money added").first).to_be_visible()


def publish_listing(window: Window, *, amount: str, term: str, highest_rate: str, title: str) -> str:
    """Ask for a loan and return the listing's path."""
    window.visit("/borrow/new")
    page = window.page
    page.get_by_label("Amount", exact=True).fill(amount)
    page.get_by_label("Term in months", exact=True).fill(term)
    choose(page, "Purpose", "Home improvement")
    page.get_by_label("Highest rate (%)", exact=True).fill(highest_rate)
    page.get_by_label("Title").fill(title)
    page.get_by_label("Story").fill("The north side of the roof leaks. The roofer can start in three weeks.")
    page.get_by_role("button", name="Publish listing").click()
    page.wait_for_url(re.compile(r"/listings/\d+"))
    window.settle()
    return re.sub(r"^https?://[^/]+", "", page.url)


def place_bid(window: Window, *, amount: str, rate: str) -> None:
    """Bid on the listing that is open in the window."""
    page = window.page
    page.get_by_label("Bid amount").fill(amount)
    page.get_by_label("Bid rate (%)").fill(rate)
    page.get_by_role("button", name="Place bid").click()


def choose(page: Page, label: str, option: str) -> None:
    """Choose from a list by its label, whatever kind of list it is."""
    field: Locator = page.get_by_label(label, exact=True)
    if field.evaluate("element => element.tagName") == "SELECT":
        field.select_option(label=option)
        return
    field.click()
    page.get_by_role("option", name=option, exact=True).click()
