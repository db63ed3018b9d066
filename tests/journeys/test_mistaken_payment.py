"""A mistaken payment: an admin sees what undoing it changes, and undoes it; money and books are right."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.journeys.conftest import ADMIN
from tests.journeys.people import (
    add_money,
    place_bid,
    publish_listing,
    register_borrower,
    register_lender,
    sign_in,
)
from tests.journeys.residents import figure, watch, were_not_reloaded
from tests.journeys.running import RunningApp
from tests.journeys.test_a_loan import ask, balance, the_books_hold
from tests.journeys.visitors import Window

pytestmark = pytest.mark.journey


def lend_to(borrower: Window, lender: Window) -> str:
    """Make a loan of $1,500 and return its path; the borrower's window shows it."""
    path = publish_listing(borrower, amount="1500", term="12", highest_rate="20", title="A gate that closes")
    lender.visit(path)
    floor = lender.page.get_by_text(re.compile(r"floor for [A-G] is \d+\.\d\d %")).first.inner_text()
    rate = re.search(r"(\d+\.\d\d) %", floor)
    assert rate
    place_bid(lender, amount="1500", rate=rate.group(1))
    expect(lender.page.get_by_role("region", name="Order book").get_by_text("Leading").first).to_be_visible()
    borrower.visit(path)
    borrower.page.get_by_role("button", name="Accept offers").click()
    borrower.page.get_by_role("button", name=re.compile(r"^Accept and take \$")).click()
    borrower.page.wait_for_url(re.compile(r"/loans/\d+"))
    borrower.settle()
    return re.sub(r"^https?://[^/]+", "", borrower.page.url)


def test_a_mistaken_payment_is_put_right_from_the_loans_screen(
    app: RunningApp, open_window: Callable[..., Window]
) -> None:
    borrower, lender, admin = open_window(), open_window(), open_window()
    register_borrower(borrower, full_name="Iris Carvalho", email="iris@example.org")
    register_lender(lender, full_name="Hugo Maier", email="hugo@example.org")
    add_money(lender, "2,000")
    loan_path = lend_to(borrower, lender)
    wallet_before = balance(app, "iris@example.org", "wallet")
    lent_before = balance(app, "hugo@example.org", "wallet")
    borrower.page.get_by_label("Payment amount").fill("300")
    borrower.page.get_by_role("button", name="Make payment").click()
    expect(borrower.page.get_by_role("cell", name=re.compile("By hand")).first).to_be_visible()
    schedule = borrower.page.get_by_role("table", name="Schedule").get_by_role("row")
    expect(schedule.nth(1).get_by_role("cell", name="Paid", exact=True)).to_be_visible()
    portfolio = watch(lender, "/portfolio")
    earned = figure(portfolio.get_by_role("region", name="Account value"), "Interest, late fees")
    expect(earned).not_to_have_text("$0.00")

    sign_in(admin, email=ADMIN[0], password=ADMIN[1])
    admin.visit("/admin/loans")
    admin.page.get_by_label("Search title or borrower").fill("gate that")
    admin.page.get_by_role("link", name="A gate that closes").click()
    admin.page.get_by_role("button", name="Reverse").first.click()
    dialog = admin.page.get_by_role("dialog")
    expect(dialog.get_by_text("+$300.00")).to_be_visible()
    dialog.get_by_label("Reason").fill("Paid twice by mistake")
    dialog.get_by_role("button", name="Reverse $300.00").click()

    happened = borrower.page.get_by_role("region", name="What happened")
    expect(happened.get_by_text("Payment reversed")).to_be_visible()
    expect(happened.get_by_text(re.compile(r"Reason: Paid twice by mistake\."))).to_be_visible()
    expect(admin.page.get_by_role("region", name="Payments").get_by_text("No payment yet")).to_be_visible()
    expect(schedule.nth(1).get_by_role("cell", name=re.compile("^Next, in"))).to_be_visible()
    expect(portfolio.get_by_role("row", name=re.compile("A gate that closes"))).to_contain_text("$1,500.00")
    expect(earned).to_have_text("$0.00")
    assert were_not_reloaded(portfolio)
    loan_id = loan_path.rsplit("/", 1)[1]
    assert ask(app, f"SELECT outstanding_cents FROM loan WHERE id = {int(loan_id)}") == 1_500_00
    assert balance(app, "iris@example.org", "wallet") == wallet_before + 300_00
    assert balance(app, "hugo@example.org", "wallet") == lent_before
    the_books_hold(app)

    with borrower.page.expect_download() as taken:
        borrower.page.get_by_role("button", name="Statement").click()
        borrower.page.get_by_role("menuitem", name="As PDF").click()
    assert taken.value.suggested_filename.startswith("statement-a-gate-that-closes-")
    assert taken.value.path().read_bytes().startswith(b"%PDF-")
