"""A borrower and a lender, two browsers: from "I need $2,000" to "paid in full", on screen and in books."""

import json
import re
from collections.abc import Callable
from decimal import Decimal

import pytest
import sqlalchemy as sa
from playwright.sync_api import expect

from p2p_reflex import database
from tests.journeys.people import add_money, place_bid, publish_listing, register_borrower, register_lender
from tests.journeys.running import RunningApp, operator
from tests.journeys.visitors import PHONE, Window

pytestmark = pytest.mark.journey

PAID = "SELECT sum({}) FROM payment WHERE loan_id = (SELECT max(id) FROM loan)"
"""The newest loan's payments only, for other journeys may have walked in this market before."""


def ask(app: RunningApp, question: str) -> int:
    """Ask the database one number, from outside of the app."""
    engine = database.connect(app.database_url)
    with engine.connect() as connection:
        answer = connection.execute(sa.text(question)).scalar()
    engine.dispose()
    return int(answer or 0)


def balance(app: RunningApp, email: str, kind: str) -> int:
    """Read a member's balance in cents."""
    return ask(
        app,
        "SELECT balance_cents FROM ledger_account a JOIN member m ON m.id = a.member_id "
        f"WHERE m.email = '{email}' AND a.kind = '{kind}'",
    )


def the_books_hold(app: RunningApp) -> None:
    """Let the operator's command judge."""
    judged = operator(app, "books", "--json")
    assert judged.returncode == 0, judged.stdout + judged.stderr
    assert json.loads(judged.stdout)["ok"] is True


def test_a_listing_becomes_a_loan_and_is_paid_back(
    app: RunningApp, open_window: Callable[..., Window]
) -> None:
    borrower, lender = open_window(), open_window(size=PHONE, theme="dark")
    register_borrower(borrower, full_name="Nora Gallagher", email="nora@example.org")
    register_lender(lender, full_name="Walter Greene", email="walter@example.org")
    add_money(lender, "5,000.50")
    path = publish_listing(
        borrower, amount="2000", term="12", highest_rate="20", title="A roof that keeps dry"
    )

    lender.visit(path)
    floor = lender.page.get_by_text(re.compile(r"floor for [A-G] is \d+\.\d\d %")).first.inner_text()
    rate = re.search(r"(\d+\.\d\d) %", floor)
    assert rate
    place_bid(lender, amount="2000", rate=rate.group(1))
    expect(lender.page.get_by_role("region", name="Order book").get_by_text("Leading").first).to_be_visible()
    assert balance(app, "walter@example.org", "held") == 2_000_00
    assert balance(app, "walter@example.org", "wallet") == 3_000_50

    borrower.visit(path)
    borrower.page.get_by_role("button", name="Accept offers").click()
    borrower.page.get_by_role("button", name=re.compile(r"^Accept and take \$")).click()
    borrower.page.wait_for_url(re.compile(r"/loans/\d+"))
    borrower.settle()
    loan_path = re.sub(r"^https?://[^/]+", "", borrower.page.url)
    fee = ask(app, "SELECT origination_fee_cents FROM loan ORDER BY id DESC LIMIT 1")
    assert fee > 0
    assert balance(app, "nora@example.org", "wallet") == 2_000_00 - fee
    assert balance(app, "walter@example.org", "held") == 0
    the_books_hold(app)

    schedule = borrower.page.get_by_role("region", name="Schedule")
    expect(schedule).to_be_visible()
    lender.visit("/portfolio")
    expect(lender.page.get_by_text("A roof that keeps dry").first).to_be_visible()

    installment = ask(app, "SELECT installment_cents FROM loan ORDER BY id DESC LIMIT 1")
    ahead = installment + 250_00
    borrower.page.get_by_label("Payment amount").fill(str(Decimal(ahead) / 100))
    borrower.page.get_by_role("button", name="Make payment").dblclick()
    expect(borrower.page.get_by_role("cell", name=re.compile("By hand")).first).to_be_visible()
    assert ask(app, PAID.format("amount_cents")) == ahead
    assert balance(app, "nora@example.org", "wallet") == 2_000_00 - fee
    the_books_hold(app)

    borrower.page.get_by_role("button", name="Pay off loan").first.click()
    borrower.page.get_by_role("dialog").get_by_role("button", name=re.compile(r"^Pay off")).click()
    expect(borrower.page.get_by_text(re.compile("Paid (off|in full)")).first).to_be_visible()
    assert ask(app, "SELECT outstanding_cents FROM loan ORDER BY id DESC LIMIT 1") == 0
    paid = ask(app, PAID.format("amount_cents"))
    kept = ask(app, PAID.format("servicing_fee_cents"))
    assert balance(app, "walter@example.org", "wallet") == 3_000_50 + paid - kept
    the_books_hold(app)

    lender.visit(loan_path)
    expect(lender.page.get_by_text(re.compile("Paid off")).first).to_be_visible()


def test_a_stranger_sees_neither_the_loan_nor_the_wallet(
    app: RunningApp, open_window: Callable[..., Window]
) -> None:
    stranger = open_window()

    stranger.page.goto(app.address + "/wallet")
    stranger.page.wait_for_url("**/login**")

    register_lender(stranger, full_name="Vera Sokolova", email="vera@example.org")
    stranger.visit("/loans/1")
    expect(stranger.page.get_by_text("does not exist, or it is not yours to see").first).to_be_visible()


def test_bad_amounts_are_refused_beside_their_field_and_change_nothing(
    app: RunningApp, open_window: Callable[..., Window]
) -> None:
    lender = open_window(size=PHONE)
    register_lender(lender, full_name="Joel Pereira", email="joel@example.org")

    for amount in ("-5", "1e30", "NaN", "0.001", "0"):
        lender.visit("/wallet")
        field = lender.page.get_by_label("Amount", exact=True)
        field.fill(amount)
        lender.page.get_by_role("button", name="Add money").click()
        expect(field).to_have_attribute("aria-invalid", "true")
        assert field.input_value() == amount

    assert balance(app, "joel@example.org", "wallet") == 0
    the_books_hold(app)
