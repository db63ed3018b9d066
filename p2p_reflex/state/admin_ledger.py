"""Owns the admin's ledger screen: what waits to be confirmed, the journal with its filters, and the laws."""

import uuid
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from typing import Any

import reflex as rx

from p2p_reflex.domain import formats
from p2p_reflex.domain.errors import FieldError, LendingError
from p2p_reflex.domain.vocabulary import MoneyRequestState, TransactionKind
from p2p_reflex.services.days import business_date
from p2p_reflex.services.money import books, journal, money_requests, waiting_money
from p2p_reflex.services.money.journal import JournalQuery
from p2p_reflex.services.money.money_requests import MONEY_WAITS
from p2p_reflex.services.touched import BOOKS, DAY
from p2p_reflex.settings import ConfirmMoney, settings
from p2p_reflex.state.admin_overview import LawLine, write_law
from p2p_reflex.state.base import ScreenState, key_in, loads, requires
from p2p_reflex.state.frame import FrameState
from p2p_reflex.state.ledger_lines import (
    KIND_WORDS,
    DecidedLine,
    JournalLine,
    WaitingLine,
    write_decided,
    write_transaction,
    write_waiting,
)

LIVE_GAP_SECONDS = 3.0
LONGEST_DATE = 10
LONGEST_REASON = 400
KINDS = [(kind.value, words) for kind, words in KIND_WORDS.items()]


class AdminLedgerState(ScreenState, rx.State):
    """Show an admin the money that waits and the money that moved, and let them decide."""

    is_by_admin: bool = False
    waiting: list[WaitingLine] = []
    decided: list[DecidedLine] = []
    chosen: WaitingLine = WaitingLine()
    asks: str = ""
    reason: str = ""
    is_deciding: bool = False

    lines: list[JournalLine] = []
    kind_choice: str = ""
    member: str = ""
    from_day: str = ""
    until_day: str = ""
    range_words: str = ""
    has_previous: bool = False
    has_next: bool = False

    laws: list[LawLine] = []
    laws_word: str = ""
    are_all_kept: bool = True

    _page: int = 1
    _open_id: int = 0

    @rx.event
    @loads("admin")
    async def load(self) -> None:
        """Show everything, the journal from the newest on; a tab that is back stays as it was."""
        if (await self.get_state(FrameState))._has_just_come:
            self.kind_choice = self.member = self.from_day = self.until_day = ""
            self._page, self._open_id = 1, 0
        self.asks, self.reason, self.errors = "", "", {}
        self._watch(MONEY_WAITS, BOOKS, DAY, gap=LIVE_GAP_SECONDS)
        await self._fill()

    async def _on_push(self, topics: frozenset[str]) -> None:
        await self._fill()

    @rx.event
    @requires("admin")
    async def ask_about(self, request_id: int, asks: str) -> None:
        """Ask once more before a request is confirmed or refused, or leave it."""
        found = [line for line in self.waiting if line.id == request_id]
        self.errors, self.reason = {}, ""
        self.asks = asks if found and asks in ("confirm", "refuse") else ""
        if found:
            self.chosen = found[0]
            self.form_key = uuid.uuid4().hex

    @rx.event
    @requires("admin")
    async def type_reason(self, text: str) -> None:
        """Keep the reason as typed."""
        self.reason = text[:LONGEST_REASON]
        self.errors = {}

    @rx.event
    @requires("admin")
    async def confirm(self) -> AsyncIterator[Any]:
        """Confirm what was chosen."""
        async for step in self._decide(money_requests.confirm):
            yield step

    @rx.event
    @requires("admin")
    async def refuse(self) -> AsyncIterator[Any]:
        """Refuse what was chosen, for the reason typed."""
        async for step in self._decide(money_requests.refuse, reason=self.reason):
            yield step

    @rx.event
    @requires("admin")
    async def choose_kind(self, kind: str) -> None:
        """Show transactions of one kind, or all."""
        self.kind_choice, self._page = (kind if kind in set(TransactionKind) else ""), 1
        await self._fill_journal()

    @rx.event
    @requires("admin")
    async def search_for(self, text: str) -> None:
        """Show what moved the money of members with such a name or e-mail address."""
        self.member, self._page = text[: journal.LONGEST_SEARCH], 1
        await self._fill_journal()

    @rx.event
    @requires("admin")
    async def choose_from(self, day: str) -> None:
        """Show what was entered from a business day on."""
        self.from_day, self._page = day[:LONGEST_DATE], 1
        await self._fill_journal()

    @rx.event
    @requires("admin")
    async def choose_until(self, day: str) -> None:
        """Show what was entered up to a business day."""
        self.until_day, self._page = day[:LONGEST_DATE], 1
        await self._fill_journal()

    @rx.event
    @requires("admin")
    async def turn_page(self, step: int) -> None:
        """Go on by a page, or back."""
        self._page, self._open_id = max(1, self._page + (1 if step > 0 else -1)), 0
        await self._fill_journal()

    @rx.event
    @requires("admin")
    async def show_entries(self, transaction_id: int) -> None:
        """Show all entries of one transaction."""
        self._open_id = transaction_id
        await self._fill_journal()

    async def _decide(self, service: Any, **more: Any) -> AsyncIterator[Any]:
        """Decide once about what was chosen, and tell what came of it."""
        if not self.asks:
            return  # the second press of a double click: the first has acted
        person = await self.who()
        self.is_deciding = True
        yield
        try:
            outcome = await self.act(
                service,
                admin_id=person.member_id,
                request_id=self.chosen.id,
                form_key=key_in({"form_key": self.form_key}),
                business_on=await self.ask(business_date.today),
                now=datetime.now(UTC),
                **more,
            )
            self.asks, self.reason = "", ""
        except FieldError:
            raise
        except LendingError:
            self.asks = ""
            await self._fill()
            raise
        finally:
            self.is_deciding = False
        await self._fill()
        amount = formats.money(outcome.amount_cents)
        if outcome.state is MoneyRequestState.WAITING:
            yield rx.toast.success(f"{amount} confirmed by you", description="Another admin has to, too.")
        else:
            yield rx.toast.success(f"{amount} {outcome.state.value}")

    async def _fill(self) -> None:
        person = await self.who()
        now = datetime.now(UTC)
        self.is_by_admin = settings().confirm_money is ConfirmMoney.BY_ADMIN
        waiting = await self.ask(waiting_money.for_admin, admin_id=person.member_id)
        decided = await self.ask(waiting_money.decided_lately, admin_id=person.member_id)
        self.waiting = [write_waiting(request, now) for request in waiting]
        self.decided = [write_decided(request, now) for request in decided]
        laws = await self.ask(books.check_books)
        kept = sum(law.holds for law in laws)
        self.laws = [write_law(law) for law in laws]
        self.laws_word, self.are_all_kept = f"{kept} of {len(laws)} laws hold", kept == len(laws)
        await self._fill_journal()

    async def _fill_journal(self) -> None:
        person = await self.who()
        from_on, until_on = _day(self.from_day), _day(self.until_day)
        self.errors = {
            name: "Choose a day of the calendar."
            for name, typed, read in (
                ("from_day", self.from_day, from_on),
                ("until_day", self.until_day, until_on),
            )
            if typed and read is None
        } | {name: words for name, words in self.errors.items() if name == "reason"}
        query = JournalQuery(
            kind=TransactionKind(self.kind_choice) if self.kind_choice else None,
            member=self.member,
            from_on=from_on,
            until_on=until_on,
            page=self._page,
        )
        found = await self.ask(journal.page_of, admin_id=person.member_id, query=query)
        self._page = found.page
        self.lines = [
            write_transaction(row, is_open=row.transaction_id == self._open_id) for row in found.rows
        ]
        last = found.first_number + len(found.rows) - 1
        total = formats.count(found.row_count, "transaction")
        self.range_words = f"{found.first_number:,} to {last:,} of {total}"
        self.has_previous, self.has_next = found.page > 1, found.page < found.page_count


def _day(text: str) -> date | None:
    """Read the value of a date field; whatever is no day counts as none."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
