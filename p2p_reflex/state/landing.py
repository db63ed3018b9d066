"""Owns the landing page: the market in live figures, one order book, the look over the books."""

import asyncio
from dataclasses import dataclass, field

import reflex as rx

from p2p_reflex.domain import formats
from p2p_reflex.services.days import business_date
from p2p_reflex.services.listings import market
from p2p_reflex.services.money.published_books import PublishedBooks
from p2p_reflex.services.people import sign_in
from p2p_reflex.services.people.sign_in import Identity
from p2p_reflex.settings import settings
from p2p_reflex.state import public_look
from p2p_reflex.state.base import ScreenState, loads_for_all
from p2p_reflex.state.landing_lines import (
    FeaturedShown,
    FiguresShown,
    GradeLine,
    write_featured,
    write_figures,
    write_grades,
    write_recent,
)
from p2p_reflex.state.public_look import Look


@dataclass
class DemoPerson:
    """Somebody whom a visitor of the demo may look around as."""

    role: str = ""
    role_name: str = ""
    name: str = ""
    initials: str = ""


@dataclass
class LawLine:
    """One law of the books."""

    title: str = ""
    holds: bool = True


@dataclass
class BooksShown:
    """The look over the books, as text."""

    verdict: str = ""
    verdict_kind: str = "done"
    checked: str = ""
    laws: list[LawLine] = field(default_factory=list)
    bank: str = ""
    wallets: str = ""
    held: str = ""
    reserve_fund: str = ""
    income: str = ""


class LandingState(ScreenState, rx.State):
    """Show the market to whoever passes by; nothing here knows who that is."""

    demo_people: list[DemoPerson] = []
    featured: FeaturedShown = FeaturedShown()
    figures: FiguresShown = FiguresShown()
    grades: list[GradeLine] = []
    recent: str = ""
    books: BooksShown = BooksShown()

    @rx.event
    @loads_for_all
    async def load(self) -> None:
        """Show the market and its books as they are now."""
        business_on = await self.ask(business_date.today)
        found = await self.ask(market.figures, business_on=business_on)
        self.featured = write_featured(found.featured)
        self.figures = write_figures(found, business_on)
        self.grades = write_grades(found.grades)
        self.recent = write_recent(found.grades)
        self.books = _write_books(await asyncio.to_thread(public_look.look))
        if settings().demo_mode:
            self.demo_people = [_write_person(each) for each in await self.ask(sign_in.demo_members)]


def _write_person(member: Identity) -> DemoPerson:
    return DemoPerson(
        role=member.role.value,
        role_name=member.role.value.capitalize(),
        name=formats.person(member.full_name),
        initials=formats.initials(member.full_name),
    )


def _write_books(seen: Look) -> BooksShown:
    books: PublishedBooks = seen.books
    total, holding = len(books.laws), books.holding_count
    at = seen.checked_at
    return BooksShown(
        verdict=f"{holding} of {total} hold",
        verdict_kind="done" if holding == total else "bad",
        checked=f"Checked {formats.long_date(at.date())}, {at:%H:%M} UTC, over "
        f"{formats.count(books.entry_count, 'entry', 'entries')}.",
        laws=[LawLine(law.title, law.holds) for law in books.laws],
        bank=formats.money(books.bank.bank_cents),
        wallets=formats.money(books.bank.wallets_cents),
        held=formats.money(books.bank.held_cents),
        reserve_fund=formats.money(books.bank.reserve_fund_cents),
        income=formats.money(books.bank.income_cents),
    )
