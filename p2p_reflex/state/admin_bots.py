"""Owns the admin's desk of the bots: what each has, does and why, and steering them."""

import uuid
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from operator import attrgetter
from typing import Any

import plotly.graph_objects as go
import reflex as rx
from reflex.event import EventSpec

from p2p_reflex.charts import EMPTY_FIGURE, bot_bids_chart, bot_grades_chart
from p2p_reflex.domain import formats
from p2p_reflex.domain.errors import UnknownError
from p2p_reflex.models import Verdict
from p2p_reflex.services.bots import bot_desk, bot_steering
from p2p_reflex.services.bots.bot_desk import BotDesk
from p2p_reflex.services.bots.bot_figures import BotCard, DecisionFilter
from p2p_reflex.services.days import business_date
from p2p_reflex.services.touched import BOOKS, BOTS, DAY
from p2p_reflex.state import bot_lines
from p2p_reflex.state.base import LONGEST_TEXT, ScreenState, key_in, loads, requires, text_in
from p2p_reflex.state.bot_changes import ChangeLine, write_history
from p2p_reflex.state.bot_lines import (
    BotLine,
    DecisionLine,
    ParameterLine,
    ResetShown,
    SettingsShown,
    StripShown,
    WaitingShown,
)

LIVE_GAP_SECONDS = 1.0
PAGE_SIZE = 10
EVERY_BOT = 0
FIGURES = attrgetter("badge", "lent", "held", "bids", "wins", "last.decision_id")


class AdminBotsState(ScreenState, rx.State):
    """Show an admin what the bots do and why, and let them be steered."""

    strip: StripShown = StripShown()
    bots: list[BotLine] = []
    names: list[tuple[str, str]] = []
    bids: go.Figure = EMPTY_FIGURE
    grades: go.Figure = EMPTY_FIGURE
    has_bids: bool = False
    has_grades: bool = False

    decisions: list[DecisionLine] = []
    bot_filter: str = ""
    verdict_filter: str = ""
    range_words: str = ""
    has_previous: bool = False
    has_next: bool = False

    dialog: str = ""
    settings: SettingsShown = SettingsShown()
    parameters: list[ParameterLine] = []
    history: list[ChangeLine] = []
    reason: str = ""
    reset_shown: ResetShown = ResetShown()
    waiting: WaitingShown = WaitingShown()
    working: str = ""

    _page: int = 1
    _bot_number: int = EVERY_BOT

    @rx.event
    @loads("admin")
    async def load(self) -> None:
        """Show the desk as it stands."""
        self._watch(BOTS, BOOKS, DAY, gap=LIVE_GAP_SECONDS)
        self.dialog, self.errors = "", {}
        await self._look()

    async def _on_push(self, topics: frozenset[str]) -> None:
        bots, decisions = self.get_value("bots"), self.get_value("decisions")
        await self._look()
        self.bots = self._light(self.get_value("bots"), bots, key=attrgetter("bot_id"), figures=FIGURES)
        decided = attrgetter("decision_id")
        self.decisions = self._light(self.get_value("decisions"), decisions, key=decided, figures=decided)

    @rx.event
    @requires("admin")
    async def switch(self, bot_id: int, wanted: bool) -> None:
        """Start one bot, or stop it."""
        await self._switch(bot_id, wanted, reason="")

    @rx.event
    @requires("admin")
    async def switch_with_reason(self, wanted: bool) -> None:
        """Start the bot whose settings are open, or stop it, for the reason that stands there."""
        self.errors = {}
        await self._switch(self._bot_number, wanted, reason=self.reason)

    @rx.event
    @requires("admin")
    async def write_reason(self, reason: str) -> None:
        """Take down why something is changed."""
        self.reason = reason[:LONGEST_TEXT]

    @rx.event
    @requires("admin")
    async def switch_all(self, wanted: bool) -> EventSpec | None:
        """Start every bot, or stop them all."""
        person = await self.who()
        changed = await self.act(
            bot_steering.switch_all,
            admin_id=person.member_id,
            is_running=wanted,
            form_key=uuid.uuid4().hex,
            business_on=await self._today(),
            now=datetime.now(UTC),
        )
        desk = await self._look()
        left = len(desk.bots) - len(changed.bot_ids)
        if left:
            words = f"{formats.count(left, 'bot')} cannot be started. What stands beside each says why."
            return rx.toast.error(words, duration=2**31 - 1, close_button=True)
        return None

    @rx.event
    @requires("admin")
    async def open_settings(self, bot_id: int) -> None:
        """Open the settings of one bot."""
        card = _card(await self._look(), bot_id)
        self._bot_number, self.errors, self.reason = bot_id, {}, ""
        self.parameters = bot_lines.write_parameters(card)
        self._show(card, datetime.now(UTC), await self._today())
        self.dialog = "settings"

    @rx.event
    @requires("admin")
    async def show_settings(self, is_open: bool) -> None:
        """Close the settings; a button of a bot opens them."""
        if not is_open:
            self.dialog, self.errors = "", {}

    @rx.event
    @requires("admin")
    async def change_capital(self, form: dict[str, Any]) -> AsyncIterator[EventSpec | None]:
        """Pay capital into the wallet of the bot whose settings are open, or out of it."""
        person = await self.who()
        form_key = key_in(form)
        self.working = "capital"
        yield
        try:
            capital_cents = await self.act(
                bot_steering.change_capital,
                admin_id=person.member_id,
                bot_id=self._bot_number,
                capital=text_in(form, "capital"),
                reason=self.reason,
                form_key=form_key,
                business_on=await self._today(),
                now=datetime.now(UTC),
            )
            self.dialog = ""
            await self._look()
            told = f"{self.settings.name} has {formats.whole_money(capital_cents)} to lend."
            yield rx.toast.success("Capital changed", description=told)
        finally:
            self.working = ""

    @rx.event
    @requires("admin")
    async def change_parameters(self, form: dict[str, Any]) -> AsyncIterator[EventSpec | None]:
        """Set what was typed over in the settings that are open."""
        person = await self.who()
        form_key = key_in(form)
        shown = self.get_value("parameters")
        typed = {line.field: text_in(form, line.field) for line in shown}
        self.working = "parameters"
        yield
        try:
            await self.act(
                bot_steering.change_parameters,
                admin_id=person.member_id,
                bot_id=self._bot_number,
                typed=bot_lines.changed_parameters(typed, shown),
                reason=self.reason,
                form_key=form_key,
                business_on=await self._today(),
                now=datetime.now(UTC),
            )
            self.dialog = ""
            await self._look()
            told = f"{self.settings.name} goes by them from its next look at the market."
            yield rx.toast.success("Settings saved", description=told)
        finally:
            self.working = ""

    @rx.event
    @requires("admin")
    async def ask_reset(self) -> EventSpec | None:
        """Ask before the open bids of every bot are withdrawn."""
        self.reason = ""
        return await self._ask_reset(EVERY_BOT)

    @rx.event
    @requires("admin")
    async def ask_reset_of_one(self) -> EventSpec | None:
        """Ask before the open bids of the bot whose settings are open are withdrawn."""
        return await self._ask_reset(self._bot_number)

    @rx.event
    @requires("admin")
    async def show_reset(self, is_open: bool) -> None:
        """Close the question; a button asks it."""
        if not is_open:
            self.dialog = ""

    @rx.event
    @requires("admin")
    async def withdraw_bids(self, form_key: str) -> AsyncIterator[EventSpec | None]:
        """Withdraw the open bids that the question was about."""
        person = await self.who()
        self.working = "reset"
        yield
        try:
            done = await self.act(
                bot_steering.reset,
                admin_id=person.member_id,
                bot_id=self._bot_number or None,
                reason=self.reason,
                form_key=key_in({"form_key": form_key}),
                business_on=await self._today(),
                now=datetime.now(UTC),
            )
            yield rx.toast.success(
                f"{formats.count(done.bid_count, 'bid')} withdrawn",
                description=f"{formats.money(done.released_cents)} is free again. Notes stay.",
            )
        finally:
            self.working, self.dialog = "", ""
            await self._look()

    @rx.event
    @requires("admin")
    async def show_enroll(self, is_open: bool) -> None:
        """Ask before bots become lenders with capital, or close the question."""
        await self._look()
        self.dialog = "enroll" if is_open else ""

    @rx.event
    @requires("admin")
    async def enroll(self, form_key: str) -> AsyncIterator[EventSpec | None]:
        """Make the bots that wait lenders."""
        person = await self.who()
        self.working = "enroll"
        yield
        try:
            count = await self.act(
                bot_steering.enroll,
                admin_id=person.member_id,
                form_key=key_in({"form_key": form_key}),
                business_on=await self._today(),
                now=datetime.now(UTC),
            )
            yield rx.toast.success(
                f"{formats.count(count, 'bot')} enrolled", description="They run from now on."
            )
        finally:
            self.working, self.dialog = "", ""
            await self._look()

    @rx.event
    @requires("admin")
    async def filter_bot(self, bot: str) -> None:
        """Show what one bot decided, or all of them."""
        self.bot_filter = bot if bot in [value for value, _ in self.names] else ""
        self._page = 1
        await self._look()

    @rx.event
    @requires("admin")
    async def filter_verdict(self, verdict: str) -> None:
        """Show bids, passes, refusals or errors only, or everything."""
        self.verdict_filter = verdict if verdict in set(Verdict) else ""
        self._page = 1
        await self._look()

    @rx.event
    @requires("admin")
    async def turn_page(self, step: int) -> None:
        """Show older decisions, or newer ones again."""
        self._page = max(1, self._page + (1 if step > 0 else -1))
        await self._look()

    async def _ask_reset(self, bot_id: int) -> EventSpec | None:
        """Open the question with the figures of now; where nothing is open there is nothing to ask."""
        desk = await self._look()
        bots = list(desk.bots) if bot_id == EVERY_BOT else [_card(desk, bot_id)]
        if not any(bot.live_count for bot in bots):
            self.dialog = ""
            return rx.toast.info("There is nothing to withdraw", description="No open bid stands in a book.")
        self._bot_number = bot_id
        self.reset_shown = bot_lines.write_reset(bots, is_all=bot_id == EVERY_BOT)
        self.dialog = "reset"
        return None

    async def _today(self) -> date:
        return await self.ask(business_date.today)

    async def _look(self) -> BotDesk:
        """Read the desk anew; what a dialog shows and what is typed there stay."""
        person = await self.who()
        today = await self._today()
        desk = await self.ask(bot_desk.desk, admin_id=person.member_id, business_on=today)
        now = datetime.now(UTC)
        self.strip = bot_lines.write_strip(desk)
        self.waiting = bot_lines.write_waiting(desk)
        self.bots = bot_lines.write_bots(desk, now=now, today=today)
        self.names = [(str(bot.bot_id), bot.name) for bot in desk.bots]
        self.bids = bot_bids_chart(
            bot_lines.bids_by_day(desk, today=today), names=[bot.name for bot in desk.bots]
        )
        self.grades = bot_grades_chart(bot_lines.capital_by_grade(desk))
        self.has_bids, self.has_grades = self.bids is not EMPTY_FIGURE, self.grades is not EMPTY_FIGURE
        if self.dialog == "settings":
            self._show(_card(desk, self._bot_number), now, today)
        await self._look_at_decisions(person.member_id, now, today)
        return desk

    def _show(self, card: BotCard, now: datetime, today: date) -> None:
        """Write what stands around the fields of the bot whose settings are open; what is typed stays."""
        self.settings = bot_lines.write_settings(card)
        self.history = write_history(card, now=now, today=today)

    async def _switch(self, bot_id: int, wanted: bool, *, reason: str) -> None:
        person = await self.who()
        try:
            # A position is asked for, not a turn: a second press of the same changes nothing.
            await self.act(
                bot_steering.switch,
                admin_id=person.member_id,
                bot_id=bot_id,
                is_running=wanted,
                reason=reason,
                form_key=uuid.uuid4().hex,
                business_on=await self._today(),
                now=datetime.now(UTC),
            )
        finally:
            await self._look()

    async def _look_at_decisions(self, admin_id: int, now: datetime, today: date) -> None:
        found = await self.ask(
            bot_desk.find_decisions,
            admin_id=admin_id,
            query=DecisionFilter(
                bot_id=int(self.bot_filter) if self.bot_filter else None,
                verdict=Verdict(self.verdict_filter) if self.verdict_filter else None,
            ),
            page=self._page,
            page_size=PAGE_SIZE,
        )
        self._page = found.page
        self.decisions = [bot_lines.write_decision(row, now=now, today=today) for row in found.rows]
        first = (found.page - 1) * PAGE_SIZE + 1
        self.range_words = f"{first:,} to {first + len(found.rows) - 1:,} of {found.total_count:,}"
        self.has_previous, self.has_next = found.page > 1, found.page < found.page_count


def _card(desk: BotDesk, bot_id: int) -> BotCard:
    found = next((bot for bot in desk.bots if bot.bot_id == bot_id), None)
    if found is None:
        raise UnknownError("bot")
    return found
