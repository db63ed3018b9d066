"""A mistaken payment: an admin sees what undoing it changes, and undoes it; money and books are right."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect
from sqlmodel import Session

from p2p_reflex import database
from p2p_reflex.domain.vocabulary import Role
from tests.journeys.conftest import ADMIN
from tests.journeys.residents import (
    a_loan_of,
    a_resident,
    at_the_books,
    figure,
    let_in,
    watch,
    were_not_reloaded,
)
from tests.journeys.running import RunningApp
from tests.journeys.test_a_loan import ask, balance, the_books_hold
from tests.journeys.visitors import Window

pytestmark = pytest.mark.journey

BORROWER, LENDER = "iris@example.org", "hugo@example.org"


def a_scene(session: Session) -> int:
    """Lend $1,500 to a borrower, and return the loan's number."""
    borrower_id = a_resident(session, role=Role.BORROWER, full_name="Iris Carvalho", email=BORROWER)
    lender_id = a_resident(session, role=Role.LENDER, full_name="Hugo Maier", email=LENDER, cash="2,000")
    return a_loan_of(session, borrower_id, {lender_id: 1_500}, "A gate that closes")


def test_a_mistaken_payment_is_put_right_from_the_loans_screen(
    app: RunningApp, open_window: Callable[..., Window]
) -> None:
    borrower, lender, admin = open_window(), open_window(), open_window()
    with at_the_books(app):
        loan_id = database.run(a_scene)
        for window, email in ((borrower, BORROWER), (lender, LENDER), (admin, ADMIN[0])):
            let_in(window, email)
    borrower.visit(f"/loans/{loan_id}")
    wallet_before = balance(app, BORROWER, "wallet")
    lent_before = balance(app, LENDER, "wallet")
    borrower.page.get_by_label("Payment amount").fill("300")
    borrower.page.get_by_role("button", name="Make payment").click()
    expect(borrower.page.get_by_role("cell", name=re.compile("By hand")).first).to_be_visible()
    schedule = borrower.page.get_by_role("table", name="Schedule").get_by_role("row")
    expect(schedule.nth(1).get_by_role("cell", name="Paid", exact=True)).to_be_visible()
    portfolio = watch(lender, "/portfolio")
    earned = figure(portfolio.get_by_role("region", name="Account value"), "Interest, late fees")
    expect(earned).not_to_have_text("$0.00")

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
    assert ask(app, f"SELECT outstanding_cents FROM loan WHERE id = {loan_id}") == 1_500_00
    assert balance(app, BORROWER, "wallet") == wallet_before + 300_00
    assert balance(app, LENDER, "wallet") == lent_before
    the_books_hold(app)

    with borrower.page.expect_download() as taken:
        borrower.page.get_by_role("button", name="Statement").click()
        borrower.page.get_by_role("menuitem", name="As PDF").click()
    assert taken.value.suggested_filename.startswith("statement-a-gate-that-closes-")
    assert taken.value.path().read_bytes().startswith(b"%PDF-")
