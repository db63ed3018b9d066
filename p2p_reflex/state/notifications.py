"""Owns the notice centre: what one was told, what of it is unread, and how one wants to hear."""

from datetime import UTC, date, datetime
from typing import TypedDict

import reflex as rx
from reflex.event import EventSpec

from p2p_reflex.domain.notice_kinds import NoticeEvent, NoticeKind
from p2p_reflex.domain.vocabulary import Role
from p2p_reflex.services.days import business_date
from p2p_reflex.services.notices import notice_preferences, notices
from p2p_reflex.services.notices.notice_preferences import KINDS_OF, PreferenceRow
from p2p_reflex.services.notices.notices import NoticeRow
from p2p_reflex.services.touched import member_topic
from p2p_reflex.state.base import ScreenState, loads, requires
from p2p_reflex.state.frame import FrameState, unread_words
from p2p_reflex.state.moments import since_or_day

EVERYTHING = ""

KIND_NAMES = {
    NoticeKind.OUTBID: "Outbid",
    NoticeKind.ACCEPTED: "Accepted bids",
    NoticeKind.REJECTED: "Bids not taken",
    NoticeKind.FUNDED: "Funded loans",
    NoticeKind.FIRST_BID: "First bids",
    NoticeKind.COVERED: "Fully covered",
    NoticeKind.CLOSING_SOON: "Closing",
    NoticeKind.QUESTION: "Questions",
    NoticeKind.LETTER: "Letters",
    NoticeKind.MONEY: "Money in and out",
    NoticeKind.REMINDER: "Payment reminders",
    NoticeKind.LATE: "Late loans",
    NoticeKind.CHANGE: "Changes to a loan",
    NoticeKind.SYSTEM: "From the market",
}

KIND_NOTES = {
    NoticeKind.OUTBID: "at most one an hour for each listing",
    NoticeKind.ACCEPTED: "a borrower took your bid",
    NoticeKind.REJECTED: "declined, lapsed, or left over",
    NoticeKind.FUNDED: "a listing became a loan",
    NoticeKind.FIRST_BID: "the first offer on your listing",
    NoticeKind.COVERED: "all you asked for leads",
    NoticeKind.CLOSING_SOON: "the day before, and when it is over",
    NoticeKind.QUESTION: "asked and answered in public",
    NoticeKind.LETTER: "private, about a loan",
    NoticeKind.MONEY: "deposits, withdrawals, payments",
    NoticeKind.REMINDER: "before, on and after the due date",
    NoticeKind.LATE: "late fees, default, charge-off",
    NoticeKind.CHANGE: "put right, paused, rescheduled, forgiven",
    NoticeKind.SYSTEM: "such as words of yours that were hidden",
}

ROLE_NOTES = {
    (Role.LENDER, NoticeKind.LATE): "late, in default, charged off, recovered",
    (Role.ADMIN, NoticeKind.CHANGE): "what waits for a second admin, and what became of it",
    (Role.ADMIN, NoticeKind.LATE): "at most one a day of each kind",
    (Role.ADMIN, NoticeKind.SYSTEM): "a bot was stopped by an error",
}
"""Where a kind means something of its own to one role."""

PURPOSES = {
    Role.BORROWER: "What happened to your listings, loans and money.",
    Role.LENDER: "What happened to your bids, notes and money.",
    Role.ADMIN: "What needs a look.",
}

ICONS = {
    NoticeEvent.OUTBID: "arrow_down",
    NoticeEvent.BID_ACCEPTED: "circle_check",
    NoticeEvent.BID_REJECTED: "circle_x",
    NoticeEvent.BID_DECLINED: "circle_x",
    NoticeEvent.BID_LAPSED: "wallet",
    NoticeEvent.BID_CUT: "wallet",
    NoticeEvent.LOAN_FUNDED: "landmark",
    NoticeEvent.NOTE_FUNDED: "landmark",
    NoticeEvent.FIRST_BID: "arrow_up",
    NoticeEvent.COVERED: "check",
    NoticeEvent.CLOSING_SOON: "clock",
    NoticeEvent.BOOK_CLOSING_SOON: "clock",
    NoticeEvent.DECIDE_NOW: "triangle_alert",
    NoticeEvent.LISTING_EXPIRED: "clock",
    NoticeEvent.QUESTION_ASKED: "message_circle_question",
    NoticeEvent.QUESTION_ANSWERED: "message_circle",
    NoticeEvent.LETTER_CAME: "mail",
    NoticeEvent.MONEY_ADDED: "banknote",
    NoticeEvent.MONEY_WITHDRAWN: "banknote",
    NoticeEvent.PAYMENT_MADE: "banknote",
    NoticeEvent.PAYMENT_RECEIVED: "banknote",
    NoticeEvent.DEPOSIT_CONFIRMED: "banknote",
    NoticeEvent.WITHDRAWAL_CONFIRMED: "banknote",
    NoticeEvent.MONEY_REFUSED: "circle_x",
    NoticeEvent.MONEY_WAITS: "clock",
    NoticeEvent.MONEY_WAITS_FOR_SECOND: "clock",
    NoticeEvent.TEXT_HIDDEN: "eye_off",
    NoticeEvent.TEXT_SHOWN: "eye",
    NoticeEvent.BOT_STOPPED: "triangle_alert",
    NoticeEvent.PAYMENT_REMINDER: "calendar_clock",
    NoticeEvent.LATE_FEE_CHARGED: "clock",
    NoticeEvent.LOAN_DEFAULTED: "triangle_alert",
    NoticeEvent.LOAN_CHARGED_OFF: "circle_x",
    NoticeEvent.NOTE_LATE: "clock",
    NoticeEvent.NOTE_LATE_FEE: "clock",
    NoticeEvent.NOTE_DEFAULTED: "triangle_alert",
    NoticeEvent.NOTE_BOUGHT: "shield",
    NoticeEvent.NOTE_CHARGED_OFF: "circle_x",
    NoticeEvent.RECOVERY_RECEIVED: "banknote",
    NoticeEvent.LOANS_LATE: "clock",
    NoticeEvent.LOANS_DEFAULTED: "triangle_alert",
    NoticeEvent.LOANS_CHARGED_OFF: "circle_x",
    NoticeEvent.PAYMENT_REVERSED: "undo_2",
    NoticeEvent.PAYMENT_BACKDATED: "undo_2",
    NoticeEvent.NOTE_CORRECTED: "undo_2",
    NoticeEvent.LOAN_PAUSED: "circle_pause",
    NoticeEvent.PAUSE_ENDED: "circle_play",
    NoticeEvent.RATE_LOWERED: "arrow_down",
    NoticeEvent.LOAN_RESCHEDULED: "calendar_clock",
    NoticeEvent.DEBT_FORGIVEN: "circle_check",
    NoticeEvent.APPROVAL_WAITS: "clock",
    NoticeEvent.APPROVAL_DECIDED: "circle_check",
}


class NoticeLine(TypedDict):
    """One notice as the list shows it."""

    id: int
    icon: str
    title: str
    meaning: str
    href: str
    since: str
    is_unread: bool


class PreferenceLine(TypedDict):
    """One kind with its two switches."""

    kind: str
    name: str
    note: str
    in_app: bool
    by_email: bool


class NotificationsState(ScreenState, rx.State):
    """Show a member's notices, and how they hear of each kind."""

    purpose: str = ""
    lines: list[NoticeLine] = []
    unread_only: str = ""
    kind: str = EVERYTHING
    kinds: list[tuple[str, str]] = []
    unread: str = ""
    range_words: str = ""
    has_previous: bool = False
    has_next: bool = False
    preferences: list[PreferenceLine] = []

    _page: int = 1

    @rx.event
    @loads()
    async def load(self) -> None:
        """Show the newest notices."""
        person = await self.who()
        self.purpose = PURPOSES[person.role]
        self.kinds = [(kind.value, KIND_NAMES[kind]) for kind in KINDS_OF[person.role]]
        if self.kind not in [kind for kind, _ in self.kinds]:
            self.kind = EVERYTHING
        self._page = 1
        self._watch(member_topic(person.member_id))
        await self._fill()
        await self._fill_preferences()

    async def _on_push(self, topics: frozenset[str]) -> None:
        await self._fill()

    @rx.event
    @requires()
    async def show_unread(self, unread_only: str) -> None:
        """Show everything, or what is unread."""
        self.unread_only = "unread" if unread_only == "unread" else ""
        self._page = 1
        await self._fill()

    @rx.event
    @requires()
    async def show_kind(self, kind: str) -> None:
        """Show everything, or one kind."""
        self.kind = kind if kind in set(NoticeKind) else EVERYTHING
        self._page = 1
        await self._fill()

    @rx.event
    @requires()
    async def turn_page(self, step: int) -> None:
        """Show older notices, or newer ones again."""
        self._page = max(1, self._page + (1 if step > 0 else -1))
        await self._fill()

    @rx.event
    @requires()
    async def read(self, notice_id: int) -> EventSpec:
        """Note that a notice was read; the link beside it leads to what it is about."""
        person = await self.who()
        await self.act(
            notices.mark_read, member_id=person.member_id, notice_id=notice_id, now=datetime.now(UTC)
        )
        await self._fill()
        return FrameState.load

    @rx.event
    @requires()
    async def read_all(self) -> EventSpec:
        """Note that everything was read."""
        person = await self.who()
        await self.act(notices.mark_all_read, member_id=person.member_id, now=datetime.now(UTC))
        await self._fill()
        return FrameState.load

    @rx.event
    @requires()
    async def choose(self, kind: str, channel: str, wanted: bool) -> None:
        """Switch one way of hearing of a kind on or off."""
        person = await self.who()
        try:
            await self.act(
                notice_preferences.choose,
                member_id=person.member_id,
                kind=kind,
                channel=channel,
                wanted=wanted,
            )
        finally:
            await self._fill_preferences()

    async def _fill(self) -> None:
        person = await self.who()
        found = await self.ask(
            notices.page_of,
            member_id=person.member_id,
            kind=NoticeKind(self.kind) if self.kind else None,
            unread_only=bool(self.unread_only),
            page=self._page,
        )
        now, today = datetime.now(UTC), await self.ask(business_date.today)
        self._page = found.page
        self.lines = [_line(row, now=now, today=today) for row in found.rows]
        self.unread = unread_words(found.unread_count)
        last = found.first_number + len(found.rows) - 1
        self.range_words = f"{found.first_number:,} to {last:,} of {found.row_count:,}"
        self.has_previous, self.has_next = found.page > 1, found.page < found.page_count

    async def _fill_preferences(self) -> None:
        person = await self.who()
        rows = await self.ask(notice_preferences.preferences, member_id=person.member_id)
        self.preferences = [_preference(row, person.role) for row in rows]


def _line(row: NoticeRow, *, now: datetime, today: date) -> NoticeLine:
    return NoticeLine(
        id=row.notice_id,
        icon=ICONS[row.event],
        title=row.text.title,
        meaning=row.text.meaning,
        href=row.text.path,
        since=since_or_day(row.told_at, row.business_on, now=now, today=today),
        is_unread=row.is_unread,
    )


def _preference(row: PreferenceRow, role: Role) -> PreferenceLine:
    return PreferenceLine(
        kind=row.kind.value,
        name=KIND_NAMES[row.kind],
        note=ROLE_NOTES.get((role, row.kind), KIND_NOTES[row.kind]),
        in_app=row.in_app,
        by_email=row.by_email,
    )
