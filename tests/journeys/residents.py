"""Owns people who live in the market already: made by the services, and let in by their session's cookie.

Registering and signing in by hand is walked elsewhere; here the time belongs to what comes after.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from typing import cast

import pytest
from playwright.sync_api import Locator, Page, expect
from sqlmodel import Session, select

from p2p_reflex import database
from p2p_reflex.domain.vocabulary import Role
from p2p_reflex.models import BorrowerProfile, Listing, Member
from p2p_reflex.services.bidding import acceptance, bidding
from p2p_reflex.services.days import business_date
from p2p_reflex.services.listings import listings
from p2p_reflex.services.money import wallets
from p2p_reflex.services.people import members, sign_in
from p2p_reflex.services.people.members import ProfileForm
from p2p_reflex.settings import settings
from tests.builders import a_form_key, a_listing_form
from tests.journeys.running import RunningApp
from tests.journeys.visitors import Window

PROFILE = ProfileForm(
    credit_score="742",
    annual_income="72,000",
    monthly_debt="350",
    years_employed="8",
    home_ownership="own",
)


@contextmanager
def at_the_books(app: RunningApp) -> Iterator[None]:
    """Let the services run on an app's database, from outside of the app."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(database, "_engine", None)
        database.use(database.connect(app.database_url))
        yield
        database.current_engine().dispose()


def a_resident(session: Session, *, role: Role, full_name: str, email: str, cash: str = "") -> int:
    """Make a member, a borrower with their finances, and put money into their wallet."""
    now = datetime.now(UTC)
    member_id = members.create_member(
        session, role=role, full_name=full_name, email=email, password_hash=None, now=now
    )
    if role is Role.BORROWER:
        profile: BorrowerProfile = members.check_profile(PROFILE)
        profile.member_id, profile.updated_at = member_id, now
        session.add(profile)
    if cash:
        wallets.add_money(
            session,
            member_id=member_id,
            amount=cash,
            form_key=a_form_key(),
            business_on=business_date.today(session),
            now=now,
        )
    return member_id


def a_loan_of(session: Session, borrower_id: int, parts: dict[int, int], title: str) -> int:
    """Publish, bid and accept, as people do; the parts are dollars by lender."""
    at = {"business_on": business_date.today(session), "now": datetime.now(UTC)}
    form = a_listing_form(amount=str(sum(parts.values())), term_months="12", highest_rate="20", title=title)
    listing_id = listings.publish(session, borrower_id=borrower_id, form=form, form_key=a_form_key(), **at)
    for lender_id, dollars in parts.items():
        bid = {"lender_id": lender_id, "listing_id": listing_id, "amount": str(dollars), "rate": "14"}
        bidding.place_bid(session, **bid, message="", form_key=a_form_key(), **at)
    return acceptance.accept(
        session,
        borrower_id=borrower_id,
        listing_id=listing_id,
        seen_average_rate=Decimal("0.14"),
        seen_covered_cents=session.get_one(Listing, listing_id).covered_cents,
        form_key=a_form_key(),
        **at,
    )


def let_in(window: Window, email: str) -> None:
    """Give a window the cookie of a member's fresh session; call it at the books."""

    def token(session: Session) -> str:
        now = datetime.now(UTC)
        member_id = session.exec(select(Member.id).where(Member.email == email)).one()
        ticket = sign_in.issue_ticket(session, member_id=member_id, address="", user_agent="", now=now)
        return sign_in.redeem_ticket(session, ticket=ticket, now=now)

    cookie = {"name": settings().cookie_name, "value": database.run(token), "url": window.address}
    window.context.add_cookies([{**cookie, "httpOnly": True, "sameSite": "Lax"}])  # type: ignore[typeddict-item]


def watch(window: Window, path: str) -> Page:
    """Open a page and leave a mark in it that a reload would take away."""
    window.visit(path)
    expect(window.page.get_by_role("status").get_by_text("Live")).to_be_attached()
    window.page.evaluate("() => { window.wasNotReloaded = true }")
    return window.page


def were_not_reloaded(*pages: Page) -> bool:
    """Tell whether the marks are still there; going to another screen by a link keeps them."""
    return all(page.evaluate("() => window.wasNotReloaded === true") for page in pages)


def go_to(page: Page, place: str) -> None:
    """Go to another screen by its link in the sidebar, which loads nothing anew."""
    page.get_by_role("complementary", name="Sidebar").get_by_role("link", name=place).first.click()
    expect(page.get_by_role("heading", level=1, name=place, exact=True)).to_be_visible()


def figure(within: Page | Locator, label: str) -> Locator:
    """Find the number under a label."""
    figures = within.locator(".figure, .figure-small, .figure-big")
    titled = within.page if isinstance(within, Locator) else within
    return figures.filter(has=titled.locator(".figure-label").get_by_text(label, exact=True)).locator(
        ".figure-number"
    )


def number_of(text: str) -> int:
    """Read the number that stands in a text, in cents where it has them."""
    return int("".join(character for character in cast(str, text) if character.isdigit()) or 0)
