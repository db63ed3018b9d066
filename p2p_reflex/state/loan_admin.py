"""Owns what an admin does to one loan: puts a payment right, decides on requests, helps in hardship."""

import uuid
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from typing import Any

import reflex as rx
from reflex.event import EventSpec

from p2p_reflex.domain import formats
from p2p_reflex.domain.errors import FieldError, LendingError
from p2p_reflex.services import business_date, corrections, hardship
from p2p_reflex.services.corrections import CorrectionOutcome
from p2p_reflex.services.hardship import HardshipOutcome
from p2p_reflex.state.base import ScreenState, key_in, requires, text_in
from p2p_reflex.state.correction_lines import CorrectionShown, write_correction
from p2p_reflex.state.loan_facts import loan_id_in

REVERSAL, BACKDATING = "reversal", "backdating"
HELPS = {
    "pause": "Pause lateness",
    "rate_cut": "Lower the rate",
    "reschedule": "Reschedule",
    "forgive": "Forgive",
}


class LoanAdminState(ScreenState, rx.State):
    """Let an admin put payments right and help a borrower, each with a reason."""

    correcting: str = ""
    preview: CorrectionShown = CorrectionShown()
    paid_on: str = ""
    latest_on: str = ""
    reason: str = ""
    helping: str = ""
    is_busy: bool = False
    refusal: str = ""

    _payment_id: int = 0

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
            business_on=await self._today(),
        )
        self.preview = write_correction(found)
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
        self.paid_on, self.preview = text, CorrectionShown()
        if not text.strip():
            return
        person = await self.who()
        found = await self.ask(
            corrections.preview_backdating,
            admin_id=person.member_id,
            payment_id=self._payment_id,
            paid_on=_day(text, "paid_on"),
            business_on=await self._today(),
        )
        self.errors, self.preview = {}, write_correction(found)

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
        try:
            outcome = await self._correct()
            self.correcting = ""
            title = "Put right" if outcome.is_done else "A second admin was asked"
            yield rx.toast.success(title, description=outcome.sentence, id=f"correction-{self._payment_id}")
        except FieldError:
            raise
        except LendingError as refused:
            self.refusal = refused.message
        finally:
            self.is_busy = False

    @rx.event
    @requires("admin")
    async def approve(self, request_id: int) -> EventSpec:
        """Carry out what another admin asked for."""
        person = await self.who()
        outcome = await self.act(
            corrections.approve,
            admin_id=person.member_id,
            request_id=request_id,
            form_key=f"approve-{request_id}",
            business_on=await self._today(),
            now=datetime.now(UTC),
        )
        return rx.toast.success("Approved", description=outcome.sentence)

    @rx.event
    @requires("admin")
    async def reject(self, request_id: int) -> EventSpec:
        """Turn down what another admin asked for, or take back what one asked for oneself."""
        person = await self.who()
        await self.act(
            corrections.reject, admin_id=person.member_id, request_id=request_id, now=datetime.now(UTC)
        )
        return rx.toast.success("The request is gone", description="Nothing has changed on the loan.")

    @rx.event
    @requires("admin")
    async def close(self, is_open: bool) -> None:
        """Close the question without doing anything."""
        if not is_open:
            self.correcting, self.helping = "", ""

    @rx.event
    @requires("admin")
    async def ask_help(self, kind: str) -> None:
        """Open the form of one kind of help."""
        self._open(0)
        self.helping = kind if kind in HELPS else ""

    @rx.event
    @requires("admin")
    async def help_borrower(self, form: dict[str, Any]) -> AsyncIterator[Any]:
        """Pause, lower, lengthen or forgive, as the form says."""
        self.is_busy, self.refusal = True, ""
        yield
        try:
            outcome = await self._help(form)
            self.helping = ""
            yield rx.toast.success(
                "Done",
                description=f"{formats.money(outcome.outstanding_cents)} of principal is owed, "
                f"the installment is {formats.money(outcome.installment_cents)}.",
                id=f"help-{outcome.event_id}",
            )
        except FieldError:
            raise
        except LendingError as refused:
            self.refusal = refused.message
        finally:
            self.is_busy = False

    def _open(self, payment_id: int) -> None:
        """Start a question afresh, with a key of its own."""
        self._payment_id = payment_id
        self.preview, self.paid_on, self.latest_on, self.reason = CorrectionShown(), "", "", ""
        self.errors, self.refusal, self.correcting, self.helping = {}, "", "", ""
        self.form_key = uuid.uuid4().hex

    async def _today(self) -> date:
        return await self.ask(business_date.today)

    async def _correct(self) -> CorrectionOutcome:
        person = await self.who()
        asked: dict[str, Any] = {
            "admin_id": person.member_id,
            "payment_id": self._payment_id,
            "reason": self.reason,
            "form_key": key_in({"form_key": self.form_key}),
            "business_on": await self._today(),
            "now": datetime.now(UTC),
        }
        if self.correcting == BACKDATING:
            return await self.act(
                corrections.backdate_payment, paid_on=_day(self.paid_on, "paid_on"), **asked
            )
        return await self.act(corrections.reverse_payment, **asked)

    async def _help(self, form: dict[str, Any]) -> HardshipOutcome:
        person = await self.who()
        asked: dict[str, Any] = {
            "admin_id": person.member_id,
            "loan_id": loan_id_in(self.router.url.path),
            "reason": text_in(form, "reason"),
            "form_key": key_in(form),
            "business_on": await self._today(),
            "now": datetime.now(UTC),
        }
        match self.helping:
            case "pause":
                from_on, until_on = _day_in(form, "from_on"), _day_in(form, "until_on")
                return await self.act(hardship.pause, from_on=from_on, until_on=until_on, **asked)
            case "rate_cut":
                rate, from_on = text_in(form, "rate"), _day_in(form, "from_on")
                return await self.act(hardship.cut_rate, rate=rate, from_on=from_on, **asked)
            case "reschedule":
                return await self.act(hardship.reschedule, months=text_in(form, "months"), **asked)
            case "forgive":
                amounts = {
                    name: text_in(form, name) or "0" for name in ("late_fees", "interest", "principal")
                }
                return await self.act(hardship.forgive, **amounts, **asked)
        raise LendingError("Choose what shall be done first.")


def _day_in(form: dict[str, Any], field: str) -> date:
    return _day(text_in(form, field), field)


def _day(text: str, field: str) -> date:
    """Read a day as a date field writes it."""
    try:
        return date.fromisoformat(text.strip()) if len(text.strip()) == 10 else _no_day(field)
    except ValueError:
        return _no_day(field)


def _no_day(field: str) -> date:
    raise FieldError(field, "Choose a day.")
