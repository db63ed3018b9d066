"""Owns what the frame shows around every screen, and signing out."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, date, datetime
from typing import Any

import reflex as rx
from reflex.event import EventSpec
from reflex.state import OnLoadInternalState

from p2p_reflex import database
from p2p_reflex.domain import formats
from p2p_reflex.domain.errors import LendingError
from p2p_reflex.domain.vocabulary import Role
from p2p_reflex.live.hub import hub
from p2p_reflex.services import frame
from p2p_reflex.services.days import business_day
from p2p_reflex.services.demo import world
from p2p_reflex.services.money.money_requests import MONEY_WAITS
from p2p_reflex.services.notices.notices import NoticeRow
from p2p_reflex.services.people import sign_in
from p2p_reflex.services.touched import DAY, LISTINGS, member_topic
from p2p_reflex.settings import settings
from p2p_reflex.state.base import ScreenState, home_of, loads_for_all, public, requires
from p2p_reflex.state.cookies import leave_script
from p2p_reflex.state.visitors import forget, session_token

PROGRESS_SECONDS = 0.2

MONEY_LABELS = {Role.BORROWER: "Wallet", Role.LENDER: "Available"}


class FrameState(ScreenState, rx.State):
    """Show who is signed in, their money, and the market's date; every page loads it first."""

    market_name: str = settings().market_name
    is_demo_mode: bool = settings().demo_mode
    is_signed_in: bool = False
    full_name: str = ""
    first_name: str = ""
    initials: str = ""
    role: str = ""
    role_name: str = ""
    home: str = "/"
    money_label: str = ""
    money: str = ""
    business_on: str = ""
    open_listing_count: str = ""
    notice_count: str = ""
    letter_count: str = ""
    waiting_money_count: str = ""
    outbid_news: dict[str, str] = {}
    advancing: str = ""
    advancing_note: str = ""

    _path: str = ""
    _has_just_come: bool = True

    @rx.event
    @loads_for_all
    async def load(self) -> None:
        """Fill the frame for whoever looks at it."""
        path = self.router.url.path
        self._path, self._has_just_come = path, path != self._path
        await self._fill()

    async def _on_push(self, topics: frozenset[str]) -> None:
        await self._fill()

    async def _fill(self) -> None:
        person = await self.who_if_anyone()
        member_id = person.member_id if person else None
        topics: tuple[str, ...] = (DAY, LISTINGS)
        if person is not None:
            topics = (*topics, member_topic(person.member_id))
            topics = (*topics, MONEY_WAITS) if person.role is Role.ADMIN else topics
        self._watch(*topics)
        shown = await hub.shared.get(
            ("frame", member_id), topics, lambda: self.ask(frame.figures, member_id=member_id)
        )
        self.business_on = formats.long_date(shown.business_on)
        self.open_listing_count = str(shown.open_listing_count)
        self.is_signed_in = person is not None
        self.full_name = person.full_name if person else ""
        self.first_name = person.full_name.split()[0] if person and person.full_name.split() else ""
        self.initials = formats.initials(person.full_name) if person else ""
        self.role = person.role.value if person else ""
        self.role_name = person.role.value.capitalize() if person else ""
        self.home = home_of(person.role) if person else "/"
        self.money_label = MONEY_LABELS.get(person.role, "") if person else ""
        self.money = formats.money(shown.usable_cents) if self.money_label else ""
        self.notice_count = unread_words(shown.unread_notice_count)
        self.letter_count = unread_words(shown.unread_letter_count)
        self.waiting_money_count = unread_words(shown.waiting_money_count)
        self.outbid_news = _news_of(shown.newest_outbid)

    @rx.event
    @public
    async def sign_out(self) -> EventSpec:
        """End the session in the database, then take the cookie away."""
        token = session_token(self.router.headers.cookie)
        if token:
            await self.act(sign_in.sign_out, token=token, now=datetime.now(UTC))
            forget(token)
        return leave_script()

    @rx.event
    @requires()
    async def advance_day(self) -> AsyncIterator[Any]:
        """Close the demo's business day and open the next."""
        async for step in self._advance("day"):
            yield step

    @rx.event
    @requires()
    async def advance_month(self) -> AsyncIterator[Any]:
        """Close the demo's business days up to the same day of the next month."""
        async for step in self._advance("month"):
            yield step

    async def _advance(self, span: str) -> AsyncIterator[Any]:
        """Move the demo's clock on, then show the screen anew as it is on the new day."""
        if not settings().demo_mode:
            raise LendingError("The clock can be moved in the demo only.")
        self.advancing = span
        yield
        days: list[date] = []
        moving = asyncio.create_task(asyncio.to_thread(_move_on, span, days.append))
        try:
            while not moving.done():
                await asyncio.wait({moving}, timeout=PROGRESS_SECONDS)
                if days:
                    self.advancing_note = f"Closing {formats.long_date(days[-1])}"
                    yield
            await moving
            yield OnLoadInternalState.on_load_internal
        finally:
            self.advancing = self.advancing_note = ""


def _move_on(span: str, tell: Callable[[date], None]) -> None:
    """Close the days, each after the demo's people have lived through it; a day that stopped goes on."""
    now, seed = datetime.now(UTC), settings().demo_seed

    def live(business_on: date) -> None:
        database.run(world.live_one_day, business_on=business_on, seed=seed)

    if span == "day":
        business_day.advance(database.run, days=1, now=now, tell=tell, live=live)
    else:
        business_day.advance_month(database.run, now=now, tell=tell, live=live)


def unread_words(count: int) -> str:
    """Write how much is unread; nothing where all is read."""
    return "" if not count else "99+" if count > 99 else str(count)


def _news_of(row: NoticeRow | None) -> dict[str, str]:
    """Write the newest word of being outbid for a toast."""
    if row is None:
        return {}
    text = row.text
    return {
        "number": str(row.notice_id),
        "title": text.title,
        "meaning": text.meaning,
        "href": text.path,
        "action": text.action,
    }
