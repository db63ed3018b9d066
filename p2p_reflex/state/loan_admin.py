"""Owns what an admin puts right on one loan: payments, requests of other admins, advances given up."""

import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import reflex as rx
from reflex.event import EventSpec

from p2p_reflex.domain.errors import LendingError
from p2p_reflex.services.corrections import corrections, write_offs
from p2p_reflex.services.desk import approval_requests, approvals
from p2p_reflex.services.desk.desk_work import DeskOutcome
from p2p_reflex.state.base import ScreenState, key_in, requires
from p2p_reflex.state.change_lines import ChangeShown, write_change
from p2p_reflex.state.loan_acting import LoanActing, read_day

REVERSAL, BACKDATING, WRITE_OFF, APPROVAL = "reversal", "backdating", "write_off", "approval"
OUTDATED = (
    "The loan has changed since this was asked for, so it would do something else than was shown then. "
    "Reject it and ask anew."
)


class LoanAdminState(LoanActing, ScreenState, rx.State):
    """Let an admin put payments right, decide on requests, and give up advances, each with a reason."""

    correcting: str = ""
    preview: ChangeShown = ChangeShown()
    paid_on: str = ""
    latest_on: str = ""
    reason: str = ""
    is_busy: bool = False
    refusal: str = ""
    outdated: str = ""

    _subject_id: int = 0
    _seen: str = ""

    @rx.event
    @requires("admin")
    async def ask_reversal(self, payment_id: int) -> None:
        """Show what reversing a payment would change, before asking for the reason."""
        self._open(payment_id)
        person = await self.who()
        found = await self.ask(
            corrections.preview_reversal,
            admin_id=person.member_id,
            payment_id=payment_id,
            business_on=await self.open_day(),
        )
        self._show(found)
        self.correcting = REVERSAL

    @rx.event
    @requires("admin")
    async def ask_backdating(self, payment_id: int, latest_on: str) -> None:
        """Ask from which earlier day on a payment shall count."""
        self._open(payment_id)
        self.latest_on = latest_on[:40]
        self.correcting = BACKDATING

    @rx.event
    @requires("admin")
    async def choose_day(self, text: str) -> None:
        """Show what dating the payment back to a day would change."""
        self.paid_on, self.preview, self._seen = text, ChangeShown(), ""
        if not text.strip():
            return
        person = await self.who()
        found = await self.ask(
            corrections.preview_backdating,
            admin_id=person.member_id,
            payment_id=self._subject_id,
            paid_on=read_day(text, "paid_on"),
            business_on=await self.open_day(),
        )
        self.errors = {}
        self._show(found)

    @rx.event
    @requires("admin")
    async def ask_write_off(self, receivable_id: int) -> None:
        """Show what giving up an advance costs, before asking for the reason."""
        self._open(receivable_id)
        person = await self.who()
        found = await self.ask(write_offs.preview, admin_id=person.member_id, receivable_id=receivable_id)
        self._show(found)
        self.correcting = WRITE_OFF

    @rx.event
    @requires("admin")
    async def ask_approval(self, request_id: int) -> None:
        """Show what another admin asked for, as it would be now."""
        self._open(request_id)
        person = await self.who()
        found = await self.ask(
            approvals.preview,
            admin_id=person.member_id,
            request_id=request_id,
            business_on=await self.open_day(),
        )
        self._show(found.preview)
        self.reason = found.reason
        self.outdated = OUTDATED if found.is_outdated else ""
        self.correcting = APPROVAL

    @rx.event
    @requires("admin")
    async def type_reason(self, text: str) -> None:
        """Take the reason as typed."""
        self.reason = text

    @rx.event
    @requires("admin")
    async def correct(self) -> AsyncIterator[Any]:
        """Carry out what was shown, or ask a second admin for it."""
        self.is_busy, self.refusal = True, ""
        yield
        with self._answered_in_dialog():
            outcome = await self._correct()
            self.correcting = ""
            title = "Put right" if outcome.is_done else "A second admin was asked"
            yield rx.toast.success(title, description=outcome.sentence, id=f"correction-{self._subject_id}")

    @rx.event
    @requires("admin")
    async def approve(self, request_id: int) -> AsyncIterator[Any]:
        """Carry out what another admin asked for."""
        person = await self.who()
        self.is_busy, self.refusal = True, ""
        yield
        try:
            outcome = await self.act_on_loan(
                approvals.approve,
                admin_id=person.member_id,
                request_id=request_id,
                form_key=f"approve-{request_id}",
            )
            self.correcting = ""
            yield rx.toast.success("Approved", description=outcome.sentence)
        except LendingError as refused:
            if self.correcting != APPROVAL:
                raise
            self.refusal = refused.message
        finally:
            self.is_busy = False

    @rx.event
    @requires("admin")
    async def approve_shown(self) -> EventSpec:
        """Approve the request whose change is shown."""
        return LoanAdminState.approve(self._subject_id)  # type: ignore[operator, no-any-return]

    @rx.event
    @requires("admin")
    async def reject(self, request_id: int) -> EventSpec:
        """Turn down what another admin asked for, or take back what one asked for oneself."""
        person = await self.who()
        await self.act(
            approval_requests.reject,
            admin_id=person.member_id,
            request_id=request_id,
            business_on=await self.today(),
            now=datetime.now(UTC),
        )
        self.correcting = ""
        return rx.toast.success("The request is gone", description="Nothing has changed on the loan.")

    @rx.event
    @requires("admin")
    async def close(self, is_open: bool) -> None:
        """Close the question without doing anything."""
        if not is_open:
            self.correcting = ""

    def _open(self, subject_id: int) -> None:
        """Start a question afresh, with a key of its own."""
        self._start_afresh()
        self._subject_id = subject_id
        self.form_key = uuid.uuid4().hex

    def _start_afresh(self) -> None:
        self._subject_id, self._seen = 0, ""
        self.preview, self.paid_on, self.latest_on, self.reason = ChangeShown(), "", "", ""
        self.errors, self.refusal, self.outdated, self.correcting = {}, "", "", ""

    def _show(self, found: approvals.Preview) -> None:
        self.preview, self._seen = write_change(found), found.fingerprint

    async def _correct(self) -> DeskOutcome:
        person = await self.who()
        asked: dict[str, Any] = {
            "admin_id": person.member_id,
            "reason": self.reason,
            "seen": self._seen,
            "form_key": key_in({"form_key": self.form_key}),
        }
        match self.correcting:
            case "backdating":
                paid_on = read_day(self.paid_on, "paid_on")
                return await self.act_on_loan(
                    corrections.backdate_payment, payment_id=self._subject_id, paid_on=paid_on, **asked
                )
            case "reversal":
                return await self.act_on_loan(
                    corrections.reverse_payment, payment_id=self._subject_id, **asked
                )
            case "write_off":
                return await self.act_on_loan(write_offs.write_off, receivable_id=self._subject_id, **asked)
        raise LendingError("Choose what shall be put right first.")
