"""Owns the wallet screen: what can be used, is held or waits, money in and out, and the statement."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from typing import Any, TypedDict

import reflex as rx

from p2p_reflex.domain import formats
from p2p_reflex.domain.vocabulary import MoneyRequestKind, Role
from p2p_reflex.services.days import business_date
from p2p_reflex.services.money import money_requests, wallets
from p2p_reflex.services.money.statements import StatementFilter, StatementRow
from p2p_reflex.services.money.waiting_money import OwnRequest
from p2p_reflex.services.money.wallets import HeldForListing, WalletChange, WalletView
from p2p_reflex.services.touched import DAY, member_topic
from p2p_reflex.settings import ConfirmMoney, settings
from p2p_reflex.state.base import ScreenState, key_in, loads, requires, text_in
from p2p_reflex.state.frame import FrameState

FILTERS = {
    Role.LENDER: [("all", "All"), ("money", "In and out"), ("bids", "Bids"), ("loans", "Loans")],
    Role.BORROWER: [("all", "All"), ("money", "In and out"), ("loans", "Loans")],
}
LONGEST_AMOUNT = 40


class HeldLine(TypedDict):
    """One hold as the list shows it."""

    title: str
    href: str
    amount: str
    under: str


class WaitingLine(TypedDict):
    """A deposit or withdrawal that waits for an admin."""

    id: int
    words: str
    amount: str
    under: str


class StatementLine(TypedDict):
    """One movement as the statement shows it."""

    words: str
    href: str
    under: str
    phone_under: str
    on: str
    amount: str
    available: str
    held: str


class WalletState(ScreenState, rx.State):
    """Show a member's money and move it."""

    amount: str = ""
    moving: str = ""
    is_lender: bool = False
    available: str = ""
    held: str = ""
    held_note: str = ""
    held_for_bids: str = ""
    together: str = ""
    holds: list[HeldLine] = []
    waiting: list[WaitingLine] = []
    is_by_admin: bool = False
    lines: list[StatementLine] = []
    shows: str = StatementFilter.ALL.value
    range_words: str = ""
    has_previous: bool = False
    has_next: bool = False
    is_unused: bool = True

    _page: int = 1

    @rx.event
    @loads("borrower", "lender")
    async def load(self) -> None:
        """Show the wallet, its statement from the newest movement on; a tab that is back stays as it was."""
        if (await self.get_state(FrameState))._has_just_come:
            self.amount, self.errors, self._page = "", {}, 1
            self.shows = StatementFilter.ALL.value
        person = await self.who()
        self._watch(member_topic(person.member_id), DAY)
        await self._fill()

    @rx.event
    @requires("borrower", "lender")
    async def type_amount(self, text: str) -> None:
        """Keep what is typed; a sentence beside the field has done its work."""
        self.amount = text[:LONGEST_AMOUNT]
        if self.errors:
            self.errors = {}

    @rx.event
    @requires("borrower", "lender")
    async def add_money(self, form: dict[str, Any]) -> AsyncIterator[Any]:
        """Add the amount in the form to the wallet."""
        async for step in self._move(wallets.add_money, "adding", text_in(form, "amount"), key_in(form)):
            yield step

    @rx.event
    @requires("borrower", "lender")
    async def withdraw(self, amount: str, form_key: str) -> AsyncIterator[Any]:
        """Take an amount out of the wallet."""
        key = key_in({"form_key": form_key})
        async for step in self._move(wallets.withdraw, "withdrawing", amount, key):
            yield step

    @rx.event
    @requires("borrower", "lender")
    async def cancel(self, request_id: int) -> AsyncIterator[Any]:
        """Take back a deposit or withdrawal that waits for an admin."""
        person = await self.who()
        ended = await self.act(
            money_requests.cancel,
            member_id=person.member_id,
            request_id=request_id,
            form_key=f"cancel-money-{request_id}",
            business_on=await self.ask(business_date.today),
            now=datetime.now(UTC),
        )
        await self._fill()
        yield rx.toast.success(f"{formats.money(ended.amount_cents)} cancelled")
        yield FrameState.load

    @rx.event
    @requires("borrower", "lender")
    async def show_kind(self, kind: str) -> None:
        """Show all movements, or those of one kind."""
        self.shows = kind if kind in set(StatementFilter) else StatementFilter.ALL.value
        self._page = 1
        await self._fill()

    @rx.event
    @requires("borrower", "lender")
    async def turn_page(self, step: int) -> None:
        """Show older movements, or newer ones again."""
        self._page = max(1, self._page + (1 if step > 0 else -1))
        await self._fill()

    async def _move(self, service: Any, moving: str, amount: str, form_key: str) -> AsyncIterator[Any]:
        """Run a deposit or a withdrawal, tell what came of it, and show the wallet after it."""
        if self.form_key and form_key != self.form_key:
            return  # the second press of a double click: the first has acted and told so
        person = await self.who()
        self.moving = moving
        yield
        try:
            change = await self.act(
                service,
                member_id=person.member_id,
                amount=amount,
                form_key=form_key,
                business_on=await self.ask(business_date.today),
                now=datetime.now(UTC),
            )
            self.amount, self._page = "", 1
            await self._fill()
            yield _told(change, is_deposit=moving == "adding")
            yield FrameState.load
        finally:
            self.moving = ""

    async def _on_push(self, topics: frozenset[str]) -> None:
        await self._fill()

    async def _fill(self) -> None:
        person = await self.who()
        today = await self.ask(business_date.today)
        self.is_lender = person.role is Role.LENDER
        self.is_by_admin = settings().confirm_money is ConfirmMoney.BY_ADMIN
        view = await self.ask(
            wallets.view, member_id=person.member_id, page=self._page, shows=StatementFilter(self.shows)
        )
        self._show_balances(view, today)
        statement = view.statement
        self._page = statement.page
        self.lines = [_statement_line(row) for row in statement.rows]
        last = statement.first_number + len(statement.rows) - 1
        self.range_words = f"{statement.first_number:,} to {last:,} of {statement.row_count:,}"
        self.has_previous, self.has_next = statement.page > 1, statement.page < statement.page_count
        self.is_unused = statement.row_count == 0 and self.shows == StatementFilter.ALL

    def _show_balances(self, view: WalletView, today: date) -> None:
        self.available = formats.money(view.available_cents)
        self.held = formats.money(view.held_cents)
        leaving = sum(each.kind is MoneyRequestKind.WITHDRAWAL for each in view.waiting)
        self.held_note = _held_note(len(view.holds), leaving)
        self.held_for_bids = formats.money(sum(hold.amount_cents for hold in view.holds))
        self.together = formats.money(view.available_cents + view.held_cents)
        self.holds = [_held_line(hold, today) for hold in view.holds]
        self.waiting = [_waiting_line(each, today) for each in view.waiting]


def _told(change: WalletChange, *, is_deposit: bool) -> Any:
    """Tell what became of a press of the button."""
    amount = formats.money(change.amount_cents)
    if change.transaction_id is not None:
        available = f"{formats.money(change.available_cents)} is available now."
        return rx.toast.success(
            f"{amount} added" if is_deposit else f"{amount} withdrawn", description=available
        )
    then = "It counts once an admin confirms it." if is_deposit else "It is held until an admin confirms it."
    return rx.toast.success(f"{amount} waits for an admin", description=then)


def _held_note(bid_count: int, withdrawal_count: int) -> str:
    """Say what money is held for."""
    parts = [
        f"{formats.count(count, what)} that {verb}{'s' if count == 1 else ''}"
        for count, what, verb in ((bid_count, "bid", "lead"), (withdrawal_count, "withdrawal", "wait"))
        if count
    ]
    return f"for {' and '.join(parts)}" if parts else "nothing is held"


def _waiting_line(request: OwnRequest, today: date) -> WaitingLine:
    asked = f"asked {formats.days_away(request.requested_on, today)}"
    second = " one admin has confirmed it, a second has to" if request.is_first_confirmed else ""
    if request.needs_second_admin and not second:
        second = " two admins have to confirm it"
    return WaitingLine(
        id=request.request_id,
        words="Deposit" if request.kind is MoneyRequestKind.DEPOSIT else "Withdrawal",
        amount=formats.money(request.amount_cents),
        under=f"{asked};{second}" if second else asked,
    )


def _held_line(hold: HeldForListing, today: date) -> HeldLine:
    is_part = hold.amount_cents < hold.bid_cents
    closes = "closed" if hold.closes_on < today else f"closes {formats.days_away(hold.closes_on, today)}"
    return HeldLine(
        title=hold.title,
        href=f"/listings/{hold.listing_id}",
        amount=formats.money(hold.amount_cents),
        under=f"part of {formats.whole_money(hold.bid_cents)} bid, {closes}" if is_part else closes,
    )


def _statement_line(row: StatementRow) -> StatementLine:
    """Write one movement: what changed in the money one can use, or else in what was held."""
    href = f"/loans/{row.loan_id}" if row.loan_id else f"/listings/{row.listing_id}" if row.listing_id else ""
    under = ": ".join(part for part in (row.title, row.detail) if part)
    on = formats.long_date(row.business_on)
    return StatementLine(
        words=row.words,
        href=href,
        under=under,
        phone_under=", ".join(part for part in (row.title, formats.short_date(row.business_on)) if part),
        on=on,
        amount=formats.signed_money(row.available_change_cents or row.held_change_cents),
        available=formats.money(row.available_after_cents),
        held=formats.money(row.held_after_cents),
    )
