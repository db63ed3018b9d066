"""Owns the new-listing screen: the form as typed, its consequences as they change, drafts, publishing."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from typing import Any

import plotly.graph_objects as go
import reflex as rx
from reflex.event import EventSpec

from p2p_reflex.charts.layout import EMPTY_FIGURE
from p2p_reflex.charts.loan import ScheduleBar, schedule_chart
from p2p_reflex.domain import formats
from p2p_reflex.domain.vocabulary import Purpose
from p2p_reflex.services.days import business_date
from p2p_reflex.services.listings import listings
from p2p_reflex.services.listings.listing_form import STORY_LENGTH, TITLE_LENGTH
from p2p_reflex.services.listings.listings import ListingForm, ListingPreview
from p2p_reflex.state.base import ScreenState, key_in, loads, requires, text_in
from p2p_reflex.state.consequences import ConsequencesShown, percent_text, write_consequences

FIELDS = (
    "amount",
    "term_months",
    "purpose",
    "highest_rate",
    "title",
    "story",
    "window_days",
    "smallest_share",
)
FIRST_FORM = ListingForm(amount="10,000", term_months="36")
PURPOSES = [(purpose.value, formats.purpose(purpose)) for purpose in Purpose]


class NewListingState(ScreenState, rx.State):
    """Follow a borrower's request while it is typed."""

    amount: str = FIRST_FORM.amount
    term_months: str = FIRST_FORM.term_months
    purpose: str = ""
    highest_rate: str = ""
    title: str = ""
    story: str = ""
    window_days: str = FIRST_FORM.window_days
    smallest_share: str = FIRST_FORM.smallest_share
    accepts_automatically: bool = False

    meant: ConsequencesShown = ConsequencesShown()
    chart: go.Figure = EMPTY_FIGURE
    is_current: bool = False
    obstacle: str = ""
    closes: str = ""
    smallest_note: str = ""
    title_count: str = ""
    story_count: str = ""
    draft_note: str = ""
    is_publishing: bool = False

    _borrower_id: int = 0
    _touched: set[str] = set()
    _rate_follows: bool = True
    _has_unsaved: bool = False

    @rx.event
    @loads("borrower")
    async def load(self) -> None:
        """Bring back what was typed: in this tab, or else the saved draft, or else a first proposal."""
        person = await self.who()
        draft = await self.ask(listings.load_draft, borrower_id=person.member_id)
        self.draft_note = f"Draft saved {_ago(draft.saved_at)}" if draft else ""
        if not self._has_unsaved or self._borrower_id != person.member_id:
            self._borrower_id = person.member_id
            self._fill(draft.form if draft else FIRST_FORM)
        await self._work_out()

    @rx.event
    @requires("borrower")
    async def change(self, field: str, text: str) -> None:
        """Take one field as typed, and show what follows from it."""
        if field not in FIELDS:
            return
        setattr(self, field, text)
        self._touched.add(field)
        self._has_unsaved = True
        if field == "highest_rate":
            self._rate_follows = False
        await self._work_out()

    @rx.event
    @requires("borrower")
    async def turn_acceptance(self) -> None:
        """Turn automatic acceptance on or off."""
        self.accepts_automatically = not self.accepts_automatically
        self._has_unsaved = True

    @rx.event
    @requires("borrower")
    async def save_draft(self) -> EventSpec:
        """Keep the form for another day, right or wrong."""
        person = await self.who()
        shown_errors = self.errors
        await self.act(
            listings.save_draft, borrower_id=person.member_id, form=self._form(), now=datetime.now(UTC)
        )
        self.errors = shown_errors
        self._has_unsaved = False
        self.draft_note = "Draft saved just now"
        return rx.toast.success("Draft saved", description="You find it here when you come back.")

    @rx.event
    @requires("borrower")
    async def start_over(self) -> None:
        """Forget the draft and what was typed."""
        person = await self.who()
        await self.act(listings.discard_draft, borrower_id=person.member_id)
        self.draft_note = ""
        self._fill(FIRST_FORM)
        await self._work_out()

    @rx.event
    @requires("borrower")
    async def publish(self, form: dict[str, Any]) -> AsyncIterator[EventSpec | None]:
        """Publish what the form says, and open the listing; or point at the first field to mend."""
        person = await self.who()
        form_key = key_in(form)
        self.is_publishing = True
        yield
        try:
            for field in FIELDS:
                setattr(self, field, text_in(form, field))
            self._touched = set(FIELDS)
            await self._work_out()
            if self.errors:
                yield _focus(next(field for field in FIELDS if field in self.errors))
                return
            listing_id = await self.act(
                listings.publish,
                borrower_id=person.member_id,
                form=self._form(),
                form_key=form_key,
                business_on=await self.ask(business_date.today),
                now=datetime.now(UTC),
            )
            self._has_unsaved = False
            yield rx.redirect(f"/listings/{listing_id}")
        finally:
            self.is_publishing = False

    def _fill(self, form: ListingForm) -> None:
        """Put a form's texts into the fields; what is there already may be judged at once."""
        for field in FIELDS:
            setattr(self, field, getattr(form, field))
        self.accepts_automatically = form.accepts_automatically
        self._touched = {field for field in FIELDS if getattr(form, field)}
        self._rate_follows = not form.highest_rate
        self._has_unsaved = False

    def _form(self) -> ListingForm:
        return ListingForm(
            accepts_automatically=self.accepts_automatically,
            **{field: getattr(self, field) for field in FIELDS},
        )

    async def _work_out(self) -> None:
        """Check the form and show its consequences; an untouched highest rate follows the proposal."""
        person = await self.who()
        today = await self.ask(business_date.today)
        found = await self._preview(person.member_id, today)
        if self._rate_follows and found.consequences:
            proposed = percent_text(found.consequences.suggested_highest_rate)
            if proposed != self.highest_rate:
                self.highest_rate = proposed
                found = await self._preview(person.member_id, today)
        self._show(found)

    async def _preview(self, borrower_id: int, today: date) -> ListingPreview:
        return await self.ask(listings.preview, borrower_id=borrower_id, form=self._form(), business_on=today)

    def _show(self, found: ListingPreview) -> None:
        self.errors = {field: sentence for field, sentence in found.errors.items() if field in self._touched}
        self.obstacle = found.obstacle
        self.closes = f"Until {formats.long_date(found.closes_on)}" if found.closes_on else ""
        self.title_count = f"{len(self.title):,} of {TITLE_LENGTH[1]:,}"
        self.story_count = f"{len(self.story):,} of {STORY_LENGTH[1]:,}"
        self.smallest_note = (
            "Less than the full amount is refused"
            if self.smallest_share.strip() == "100"
            else "Offers for this share of the amount are enough for a loan"
        )
        self.is_current = found.consequences is not None
        if found.consequences is not None:
            self.meant = write_consequences(found.consequences)
            self.chart = schedule_chart(
                [
                    ScheduleBar(row.due_on, row.principal_cents, row.interest_cents)
                    for row in found.consequences.schedule
                ]
            )


def _focus(field: str) -> EventSpec:
    """Move the keyboard to a field, once its sentence stands beside it."""
    return rx.call_script(f"document.getElementById('{field}')?.focus()")


def _ago(moment: datetime) -> str:
    """Say how long ago something was, in the largest unit that fits."""
    minutes = int((datetime.now(UTC) - moment).total_seconds() // 60)
    for size, word in ((24 * 60, "day"), (60, "hour"), (1, "minute")):
        if minutes >= size:
            return f"{formats.count(minutes // size, word)} ago"
    return "just now"
