"""A month passes, and four more: autopay, reminders, a borrower who is late and defaults, the reserve fund.

A market in demo mode: its clock is moved by the buttons in the frame, and every other window follows.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from sqlmodel import Session

from p2p_reflex import database
from p2p_reflex.domain.dates import add_months
from p2p_reflex.domain.delinquency import CHARGE_OFF_DAYS, DEFAULT_DAYS
from p2p_reflex.domain.formats import long_date
from p2p_reflex.domain.vocabulary import Role
from p2p_reflex.services.days import opening
from p2p_reflex.services.money import ledger, wallets
from p2p_reflex.services.paying import autopay
from tests.builders import a_form_key
from tests.journeys.residents import (
    a_loan_of,
    a_resident,
    at_the_books,
    figure,
    go_to,
    let_in,
    number_of,
    watch,
    were_not_reloaded,
)
from tests.journeys.running import RunningApp, in_place_of
from tests.journeys.test_a_loan import ask, balance, the_books_hold
from tests.journeys.visitors import a_window

pytestmark = pytest.mark.journey

PAYS, STOPS = "gwen@example.org", "ivo@example.org"
LENDER, PARTNER, ADMIN = "juna@example.org", "karl@example.org", "sam@example.org"
PAID_TITLE, LATE_TITLE = "New windows for the library", "A stall on the Saturday market"
MONTH_MS = 60_000
ONE_DAY = timedelta(days=1)
REMINDERS = (
    "SELECT count(*) FROM notice n JOIN member m ON m.id = n.member_id"
    " WHERE n.event = 'payment_reminder' AND m.email = '{}'"
)
NOTE_SAYINGS = """
() => {
  window.said = [];
  const clock = document.querySelector('.side .demo-clock [aria-live]');
  new MutationObserver(() => window.said.push(clock.textContent))
    .observe(clock, { childList: true, characterData: true, subtree: true });
}
"""


@dataclass(frozen=True)
class Scene:
    """The borrower who pays, a lender of both loans, and the admin; each at a window."""

    app: RunningApp
    borrower: Page
    lender: Page
    admin: Page
    opened_on: date


def a_small_market(session: Session, business_on: date) -> None:
    """Two loans by two lenders: one borrower pays by autopay, the other takes the money and is gone."""
    opening.open_market(session, business_on=business_on)
    people = {
        email: a_resident(session, role=role, full_name=name, email=email, cash=cash)
        for role, name, email, cash in (
            (Role.BORROWER, "Gwen Hart", PAYS, ""),
            (Role.BORROWER, "Ivo Kern", STOPS, ""),
            (Role.LENDER, "Juna Lake", LENDER, "15,000"),
            (Role.LENDER, "Karl Moss", PARTNER, "15,000"),
            (Role.ADMIN, "Sam Whitfield", ADMIN, ""),
        )
    }
    first, second = people[LENDER], people[PARTNER]
    paid = a_loan_of(session, people[PAYS], {first: 8_000, second: 4_000}, PAID_TITLE)
    a_loan_of(session, people[STOPS], {first: 2_000, second: 1_000}, LATE_TITLE)
    now = datetime.now(UTC)
    autopay.set_autopay(session, borrower_id=people[PAYS], loan_id=paid, enabled=True, now=now)
    cents, _held = ledger.balances(session, member_id=people[STOPS])
    wallets.withdraw(
        session,
        member_id=people[STOPS],
        amount=str(Decimal(cents) / 100),
        form_key=a_form_key(),
        business_on=business_on,
        now=now,
    )


@pytest.fixture
def scene(app: RunningApp, browser: Browser, tmp_path: Path) -> Iterator[Scene]:
    """Serve the small market in demo mode in place of the other, and seat everybody."""
    opened_on = datetime.now(UTC).date()
    folder = tmp_path / "month"
    folder.mkdir()
    with at_the_books(RunningApp("", folder, {})):
        database.migrate()
        database.run(a_small_market, opened_on)
    with in_place_of(app, folder, P2P_DEMO="true", P2P_BCRYPT_COST="4") as demo:
        windows = [a_window(browser, demo.address) for _ in range(3)]
        with at_the_books(demo):
            for window, email in zip(windows, (PAYS, LENDER, ADMIN), strict=True):
                let_in(window, email)
        borrower, lender, admin = windows
        yield Scene(
            demo,
            watch(borrower, "/loans/1"),
            watch(lender, "/portfolio"),
            watch(admin, "/admin/risk"),
            opened_on,
        )
        complaints = [complaint for window in windows for complaint in window.complaints]
        for window in windows:
            window.context.close()
    assert complaints == []


def test_a_month_passes(scene: Scene) -> None:
    due_on = add_months(scene.opened_on, 1)
    day = the_first_installment_is_paid_by_autopay(scene)
    day = advance(scene, "month", until=add_months(day, 1))
    one_borrower_is_late(scene, days=(day - due_on).days)
    while (add_months(day, 1) - due_on).days < CHARGE_OFF_DAYS:
        day = advance(scene, "month", until=add_months(day, 1))
    while (day - due_on).days <= DEFAULT_DAYS:  # where months are short
        day = advance(scene, "day", until=day + ONE_DAY)
    the_fund_steps_in_at_default(scene)

    assert were_not_reloaded(scene.borrower, scene.lender, scene.admin)
    the_books_hold(scene.app)


def the_first_installment_is_paid_by_autopay(scene: Scene) -> date:
    """A month and a day: the borrower is reminded and pays, the lenders are paid, each in their window."""
    borrower, lender = scene.borrower, scene.lender
    owned, lent = balance(scene.app, PAYS, "wallet"), balance(scene.app, LENDER, "wallet")
    partner = balance(scene.app, PARTNER, "wallet")
    expect(borrower.get_by_role("region", name="Payments").get_by_text("No payment yet")).to_be_visible()

    scene.admin.evaluate(NOTE_SAYINGS)
    due_on = advance(scene, "month", until=add_months(scene.opened_on, 1))
    said = scene.admin.evaluate("() => window.said")
    expect(bell_of(borrower)).to_have_accessible_description(re.compile(r"^\d+ unread$"))
    day = advance(scene, "day", until=due_on + ONE_DAY)

    assert [words for words in said if words.startswith("Closing ")] != []
    installment = ask(scene.app, "SELECT installment_cents FROM loan WHERE id = 1")
    payments = borrower.get_by_role("region", name="Payments")
    expect(payments.get_by_role("cell", name=re.compile("Autopay")).first).to_be_visible()
    expect(borrower.locator(".top-money")).to_contain_text(money(owned - installment))
    kept = ask(scene.app, "SELECT sum(servicing_fee_cents) FROM payment")
    now_lent, now_partner = balance(scene.app, LENDER, "wallet"), balance(scene.app, PARTNER, "wallet")
    assert now_lent - lent + now_partner - partner == installment - kept
    expect(lender.locator(".top-money")).to_contain_text(money(now_lent))
    go_to(borrower, "Notifications")
    notices = borrower.get_by_role("region", name="Notices")
    expect(notices.get_by_role("link", name=f"{money(installment)} is due today")).to_be_visible()
    assert [ask(scene.app, REMINDERS.format(email)) for email in (PAYS, STOPS)] == [3, 4]
    return day


def one_borrower_is_late(scene: Scene, *, days: int) -> None:
    """The lender's portfolio, open all the time, says which loan is late and how late."""
    lender = scene.lender
    late = lender.get_by_role("row", name=re.compile(LATE_TITLE))

    expect(late.get_by_role("cell", name=f"{days} days late", exact=True)).to_be_visible()
    expect(lender.get_by_role("tab", name=re.compile(r"^Late"))).to_contain_text("1")
    expect(
        lender.get_by_role("row", name=re.compile(PAID_TITLE)).get_by_role("cell", name="Current")
    ).to_be_visible()
    stage = scene.admin.get_by_role("table", name="Running loans by days past due").get_by_role(
        "row", name=re.compile("31 to 120" if days > 30 else "16 to 30")
    )
    expect(stage.get_by_role("cell").nth(1)).to_have_text("1")


def the_fund_steps_in_at_default(scene: Scene) -> None:
    """The fund buys what it can; the lender and the admin see it, and the books are green."""
    lender, admin = scene.lender, scene.admin
    bought = -ask(
        scene.app,
        "SELECT sum(e.amount_cents) FROM journal_entry e JOIN ledger_account a ON a.id = e.account_id"
        " JOIN journal_transaction t ON t.id = e.transaction_id"
        " WHERE a.kind = 'reserve_fund' AND e.amount_cents < 0",
    )
    assert bought > 0
    late = lender.get_by_role("row", name=re.compile(LATE_TITLE))

    expect(late.get_by_role("cell", name="Default", exact=True)).to_be_visible()
    late.get_by_role("link", name=LATE_TITLE).click()
    lender.wait_for_url("**/loans/2")
    happened = lender.get_by_role("region", name="What happened")
    expect(happened.get_by_text("Reserve fund stepped in")).to_be_visible()
    fund = admin.get_by_role("region", name="Reserve fund")
    paid = fund.locator("dl > div").filter(has_text="Paid to lenders at defaults").locator("dd")
    expect(paid).to_have_text(f"−{money(bought)}")
    assert number_of(figure(fund, "In the fund").inner_text()) == 0
    go_to(admin, "Overview")
    laws = admin.get_by_role("region", name="Laws of the books")
    expect(laws.get_by_role("listitem").first).to_be_visible()
    expect(laws.get_by_text("Broken:")).to_have_count(0)
    expect(admin.get_by_role("region", name="Money").get_by_text(re.compile("laws? hold"))).to_be_visible()


def advance(scene: Scene, span: str, *, until: date) -> date:
    """Press a button of the demo's clock, wait until its own window shows the new day, and return it."""
    clock = clock_of(scene.admin)

    clock.get_by_role("button", name=f"Advance one {span}").click()

    expect(clock.locator("[aria-live]")).to_have_text(long_date(until), timeout=MONTH_MS)
    expect(clock.get_by_role("button", name="Advance one day")).to_be_enabled()
    return until


def clock_of(page: Page) -> Locator:
    """Find the demo's clock in the sidebar."""
    return page.get_by_role("complementary", name="Sidebar").locator(".demo-clock")


def bell_of(page: Page) -> Locator:
    """Find the bell in the header."""
    return page.get_by_role("button", name="Notifications")


def money(cents: int) -> str:
    """Write cents as the screens do."""
    return f"${cents / 100:,.2f}"
