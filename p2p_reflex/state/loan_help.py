"""Owns an admin's help for a borrower in hardship: asked for in a form, shown before it is given."""

import json
import uuid
from collections.abc import AsyncIterator
from datetime import date
from typing import Any

import reflex as rx

from p2p_reflex.domain.errors import LendingError
from p2p_reflex.domain.loan_life import LoanEvent
from p2p_reflex.services.hardship import hardship, help_plans
from p2p_reflex.state.base import ScreenState, key_in, requires, text_in
from p2p_reflex.state.change_lines import ChangeShown, write_help
from p2p_reflex.state.loan_acting import LoanActing, read_day
from p2p_reflex.state.loan_facts import loan_id_in

HELPS = {
    "pause": "Pause lateness",
    "end_pause": "End a pause",
    "rate_cut": "Lower the rate",
    "reschedule": "Reschedule",
    "forgive": "Forgive",
}


class LoanHelpState(LoanActing, ScreenState, rx.State):
    """Let an admin pause, lower, lengthen or forgive, each shown first and with a reason."""

    helping: str = ""
    preview: ChangeShown = ChangeShown()
    reason: str = ""
    is_busy: bool = False
    refusal: str = ""

    _asked: str = ""
    _seen: str = ""

    @rx.event
    @requires("admin")
    async def ask_help(self, kind: str) -> None:
        """Open the form of one kind of help."""
        self._start_afresh()
        self.helping = kind if kind in HELPS else ""
        self.form_key = uuid.uuid4().hex

    @rx.event
    @requires("admin")
    async def look(self, form: dict[str, Any]) -> AsyncIterator[Any]:
        """Show what the help in the form would change."""
        person = await self.who()
        self.is_busy, self.refusal, self.errors = True, "", {}
        yield
        with self._answered_in_dialog():
            today = await self.open_day()
            event = _event_in(self.helping, form, today)
            found = await self.ask(
                hardship.preview,
                admin_id=person.member_id,
                loan_id=loan_id_in(self.router.url.path),
                event=event,
                business_on=today,
            )
            self._asked, self._seen = json.dumps(help_plans.facts_of(event)), found.fingerprint
            self.preview = write_help(found)

    @rx.event
    @requires("admin")
    async def change(self) -> None:
        """Go back to the form, which is as it was."""
        self.preview, self.refusal, self._asked, self._seen = ChangeShown(), "", "", ""

    @rx.event
    @requires("admin")
    async def type_reason(self, text: str) -> None:
        """Take the reason as typed."""
        self.reason = text

    @rx.event
    @requires("admin")
    async def help_borrower(self) -> AsyncIterator[Any]:
        """Give the help that was shown, or ask a second admin for it."""
        person = await self.who()
        self.is_busy, self.refusal = True, ""
        yield
        with self._answered_in_dialog():
            if not self._asked:
                raise LendingError("Look at what changes first.")
            outcome = await self.act_on_loan(
                hardship.give,
                admin_id=person.member_id,
                loan_id=loan_id_in(self.router.url.path),
                event=help_plans.event_of(json.loads(self._asked), business_on=await self.open_day()),
                reason=self.reason,
                seen=self._seen,
                form_key=key_in({"form_key": self.form_key}),
            )
            is_of_days = outcome.is_done and self.helping in ("pause", "end_pause")
            said = self.preview.lead if is_of_days else outcome.sentence
            self._start_afresh()
            title = "Done" if outcome.is_done else "A second admin was asked"
            done_id = outcome.event_id or outcome.request_id
            yield rx.toast.success(title, description=said, id=f"help-{done_id}")

    @rx.event
    @requires("admin")
    async def close(self, is_open: bool) -> None:
        """Close the form without doing anything."""
        if not is_open:
            self._start_afresh()

    def _start_afresh(self) -> None:
        self.helping, self.preview, self.reason, self.refusal = "", ChangeShown(), "", ""
        self.errors, self._asked, self._seen = {}, "", ""


def _event_in(kind: str, form: dict[str, Any], today: date) -> LoanEvent:
    """Read which help a form asks for. Raises FieldError."""
    match kind:
        case "pause":
            from_on, until_on = _day_in(form, "from_on"), _day_in(form, "until_on")
            return help_plans.a_pause(from_on=from_on, until_on=until_on)
        case "end_pause":
            return help_plans.an_end_of_pause(from_on=_day_in(form, "from_on"))
        case "rate_cut":
            return help_plans.a_rate_cut(rate=text_in(form, "rate"), from_on=_day_in(form, "from_on"))
        case "reschedule":
            return help_plans.a_reschedule(months=text_in(form, "months"), business_on=today)
        case "forgive":
            amounts = {name: text_in(form, name) or "0" for name in ("late_fees", "interest", "principal")}
            return help_plans.a_forgiveness(**amounts, business_on=today)
    raise LendingError("Choose what shall be done first.")


def _day_in(form: dict[str, Any], field: str) -> date:
    return read_day(text_in(form, field), field)
