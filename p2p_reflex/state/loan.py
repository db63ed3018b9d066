"""Owns the screen of one loan: what it shows to whom, paying, paying ahead, paying off, autopay."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from typing import Any

import plotly.graph_objects as go
import reflex as rx
from reflex.event import EventSpec

from p2p_reflex.charts import EMPTY_FIGURE, balance_chart
from p2p_reflex.domain.vocabulary import PrepaymentChoice, Role
from p2p_reflex.services.corrections import receivables
from p2p_reflex.services.desk import approval_requests
from p2p_reflex.services.loans import loan_statements, loans
from p2p_reflex.services.loans.loan_records import LoanView
from p2p_reflex.services.paying import autopay, payments
from p2p_reflex.services.paying.payments import PaymentOutcome
from p2p_reflex.services.touched import DAY, loan_topic, member_topic
from p2p_reflex.settings import ConfirmMoney, settings
from p2p_reflex.state.base import ScreenState, key_in, loads, requires, text_in
from p2p_reflex.state.frame import FrameState
from p2p_reflex.state.loan_acting import LoanActing
from p2p_reflex.state.loan_admin import LoanAdminState
from p2p_reflex.state.loan_facts import LoanShown, loan_id_in, write_loan
from p2p_reflex.state.loan_help import LoanHelpState
from p2p_reflex.state.loan_lines import (
    NoteRow,
    PaymentRow,
    PreviewShown,
    ScheduleRow,
    TimelineRow,
    balance_points,
    plain_amount,
    write_notes,
    write_payments,
    write_preview,
    write_schedule,
    write_timeline,
    write_year,
)
from p2p_reflex.state.request_lines import AdvanceRow, RequestRow, write_advance, write_request

FEW_PAYMENTS = 6
FEW_EVENTS = 5


class LoanScreenState(LoanActing, ScreenState, rx.State):
    """Show one loan to whoever may see it, and take the borrower's payments."""

    shown: LoanShown = LoanShown()
    chart: go.Figure = EMPTY_FIGURE
    schedule: list[ScheduleRow] = []
    schedule_part: str = "around"
    payments: list[PaymentRow] = []
    payment_count: int = 0
    has_all_payments: bool = False
    notes: list[NoteRow] = []
    timeline: list[TimelineRow] = []
    event_count: int = 0
    has_all_events: bool = False
    year_words: str = ""
    requests: list[RequestRow] = []
    advances: list[AdvanceRow] = []

    amount: str = ""
    choice: str = PrepaymentChoice.KEEP_INSTALLMENT.value
    preview: PreviewShown = PreviewShown()
    is_paying: bool = False
    is_payoff_open: bool = False
    is_from_wallet: bool = False

    _due_cents: int = 0
    _payoff_cents: int = 0
    _shown_to: tuple[str, int] = ("", 0)

    @rx.event
    @loads()
    async def load(self) -> None:
        """Show the loan that the address names."""
        person = await self.who()
        asked = (self.router.url.path, person.member_id)
        if asked != self._shown_to:
            self._start_afresh()
        if asked != self._shown_to or (await self.get_state(FrameState))._has_just_come:
            await self._close_questions()
        self._shown_to = asked
        self.is_from_wallet = settings().confirm_money is ConfirmMoney.BY_ADMIN
        self._watch(loan_topic(self._loan_id()), member_topic(person.member_id), DAY)
        await self._fill()

    @rx.event
    @requires()
    async def show_schedule(self, part: str) -> None:
        """Show the installments around now, or all of them."""
        self.schedule_part = "all" if part == "all" else "around"
        await self._fill()

    @rx.event
    @requires()
    async def show_all_payments(self) -> None:
        """Show the older payments too."""
        self.has_all_payments = True
        await self._fill()

    @rx.event
    @requires()
    async def show_all_events(self) -> None:
        """Show everything that happened to the loan."""
        self.has_all_events = True
        await self._fill()

    @rx.event
    @requires("borrower")
    async def change_amount(self, text: str) -> None:
        """Take the amount as typed, and show what it would do."""
        self.amount = text
        await self._preview()

    @rx.event
    @requires("borrower")
    async def choose(self, choice: str) -> None:
        """Choose what money paid ahead of time shall shorten."""
        self.choice = payments.parse_choice(choice).value

    @rx.event
    @requires("borrower")
    async def take_due(self) -> None:
        """Fill in what is due, or else the next installment."""
        await self._fill()
        self.amount = plain_amount(self._due_cents)
        await self._preview()

    @rx.event
    @requires("borrower")
    async def take_all(self) -> None:
        """Fill in the payoff of today."""
        await self._fill()
        self.amount = plain_amount(self._payoff_cents)
        await self._preview()

    @rx.event
    @requires("borrower")
    async def pay(self, form: dict[str, Any]) -> AsyncIterator[Any]:
        """Make the payment that the form says."""
        person = await self.who()
        form_key = key_in(form)
        self.is_paying = True
        yield
        try:
            outcome = await self.act_on_loan(
                payments.pay,
                borrower_id=person.member_id,
                loan_id=self._loan_id(),
                amount=text_in(form, "amount"),
                choice=self.choice,
                form_key=form_key,
            )
            yield await self._paid(outcome)
            yield FrameState.load
        finally:
            self.is_paying = False

    @rx.event
    @requires("borrower")
    async def ask_payoff(self, is_open: bool) -> None:
        """Open the question before paying off with the quote of now, or close it."""
        if is_open:
            await self._fill()
        self.is_payoff_open = is_open

    @rx.event
    @requires("borrower")
    async def pay_off(self, seen_total_cents: int, form_key: str) -> AsyncIterator[Any]:
        """Pay the loan off for the quote that stood on the button."""
        person = await self.who()
        self.is_paying = True
        yield
        try:
            outcome = await self.act_on_loan(
                payments.pay_off,
                borrower_id=person.member_id,
                loan_id=self._loan_id(),
                seen_total_cents=seen_total_cents,
                form_key=key_in({"form_key": form_key}),
            )
            yield await self._paid(outcome)
            yield FrameState.load
        finally:
            self.is_paying, self.is_payoff_open = False, False

    @rx.event
    @requires("borrower")
    async def turn_autopay(self) -> EventSpec:
        """Switch autopay over."""
        person = await self.who()
        await self.open_day()
        is_on = await self.act(
            autopay.set_autopay,
            borrower_id=person.member_id,
            loan_id=self._loan_id(),
            enabled=not self.shown.autopay,
            now=datetime.now(UTC),
        )
        await self._fill()
        if is_on:
            return rx.toast.success("Autopay is on", description="Each installment is paid on its due date.")
        return rx.toast.success("Autopay is off", description="You pay each installment by hand.")

    @rx.event
    @requires("borrower")
    async def turn_partial(self) -> None:
        """Let autopay take what is there where the wallet is short, or not."""
        person = await self.who()
        await self.open_day()
        await self.act(
            autopay.set_partial,
            borrower_id=person.member_id,
            loan_id=self._loan_id(),
            enabled=not self.shown.autopay_partial,
            now=datetime.now(UTC),
        )
        await self._fill()

    async def _on_push(self, topics: frozenset[str]) -> None:
        await self._fill()
        if self.amount.strip():
            await self._preview()

    def _loan_id(self) -> int:
        """Read which loan the address names."""
        return loan_id_in(self.router.url.path)

    def _start_afresh(self) -> None:
        """Forget all that belongs to another loan or to another person."""
        self.shown, self.chart, self.schedule = LoanShown(), EMPTY_FIGURE, []
        self.payments, self.payment_count, self.notes = [], 0, []
        self.amount, self.preview, self.errors = "", PreviewShown(), {}
        self.choice = PrepaymentChoice.KEEP_INSTALLMENT.value
        self.schedule_part, self.has_all_payments = "around", False
        self.timeline, self.event_count, self.has_all_events = [], 0, False
        self.year_words, self.requests, self.advances = "", [], []
        self._due_cents, self._payoff_cents = 0, 0

    async def _close_questions(self) -> None:
        """Close what was asked on the screen one came from: it was about that loan, as it was then."""
        self.is_payoff_open = False
        (await self.get_state(LoanHelpState))._start_afresh()
        (await self.get_state(LoanAdminState))._start_afresh()

    async def _fill(self) -> None:
        """Read the loan again and show it."""
        person = await self.who()
        today = await self.today()
        view = await self.ask(
            loans.view,
            loan_id=self._loan_id(),
            viewer_id=person.member_id,
            role=Role(person.role),
            business_on=today,
        )
        self._show(view, today)
        statement = await self.ask(
            loan_statements.loan_statement, loan_id=view.loan_id, reader_id=person.member_id
        )
        events = write_timeline(statement)
        self.timeline = events if self.has_all_events else events[:FEW_EVENTS]
        self.event_count = len(events)
        self.year_words = write_year(statement)
        if view.viewer is Role.ADMIN:
            await self._fill_desk(person.member_id, view.loan_id, today)

    async def _fill_desk(self, admin_id: int, loan_id: int, today: date) -> None:
        """Show an admin what waits for a second one, and what the platform advanced."""
        of_loan = {"admin_id": admin_id, "loan_id": loan_id}
        waiting = await self.ask(approval_requests.pending, **of_loan, business_on=today)
        self.requests = [write_request(each) for each in waiting]
        self.advances = [write_advance(each) for each in await self.ask(receivables.list_open, **of_loan)]

    def _show(self, view: LoanView, today: date) -> None:
        self.shown = write_loan(view, business_on=today)
        self.schedule = write_schedule(view, is_all=self.schedule_part == "all")
        rows = write_payments(view)
        self.payments = rows if self.has_all_payments else rows[:FEW_PAYMENTS]
        self.payment_count = len(rows)
        self.notes = write_notes(view)
        self.chart = balance_chart(*balance_points(view, business_on=today))
        self._due_cents = view.due_cents
        self._payoff_cents = view.payoff.quote.total_cents if view.payoff else 0

    async def _preview(self) -> None:
        """Work out what the typed amount would do; an empty field says nothing."""
        person = await self.who()
        self.preview = PreviewShown()
        if not self.amount.strip():
            self.errors = {}
            return
        found = await self.ask(
            payments.preview,
            borrower_id=person.member_id,
            loan_id=self._loan_id(),
            amount=self.amount,
            choice=self.choice,
            business_on=await self.today(),
        )
        self.errors = {}
        self.preview = write_preview(found)

    async def _paid(self, outcome: PaymentOutcome) -> EventSpec:
        """Empty the form and say what happened."""
        self.amount, self.preview = "", PreviewShown()
        await self._fill()
        title = "The loan is paid off" if outcome.is_payoff else "Payment made"
        # Pressed twice, it is one payment and one toast.
        return rx.toast.success(title, description=outcome.sentence, id=f"payment-{outcome.payment_id}")
