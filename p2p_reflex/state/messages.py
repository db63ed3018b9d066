"""Owns the messages screen: threads of private letters, and for admins everything that was written."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any, TypedDict

import reflex as rx
from reflex.event import EventSpec

from p2p_reflex.domain.errors import LendingError, UnknownError
from p2p_reflex.domain.vocabulary import Role
from p2p_reflex.services.conversations import letters, moderation
from p2p_reflex.services.conversations.conversation import WRITTEN
from p2p_reflex.services.conversations.letters import LONGEST_LETTER, LetterRow, ThreadRow
from p2p_reflex.services.conversations.moderation_rows import ModerationRow, Shows, Written, WrittenRow
from p2p_reflex.services.days import business_date
from p2p_reflex.services.touched import member_topic
from p2p_reflex.state.base import ScreenState, key_in, loads, requires, text_in
from p2p_reflex.state.frame import FrameState, unread_words
from p2p_reflex.state.listing_questions import hidden_words
from p2p_reflex.state.moments import day_and_time, since

MOST_TYPED = 2 * LONGEST_LETTER
LIVE_GAP_SECONDS = 1.0
WHAT = {Written.QUESTION: "asked", Written.ANSWER: "answered", Written.LETTER: "wrote"}


class ThreadLine(TypedDict):
    """One thread as the list shows it."""

    key: str
    name: str
    initials: str
    title: str
    newest: str
    since: str
    unread: str


class LetterLine(TypedDict):
    """One letter as the thread shows it."""

    name: str
    initials: str
    is_own: bool
    at: str
    text: str
    hidden: str


class WrittenLine(TypedDict):
    """One thing somebody wrote, as an admin's list shows it."""

    key: str
    name: str
    initials: str
    did: str
    title: str
    href: str
    at: str
    text: str
    hidden: str
    acts: list[str]


class MessagesState(ScreenState, rx.State):
    """Show a member's threads and the open one, or what an admin watches over."""

    is_admin: bool = False
    threads: list[ThreadLine] = []
    others: list[tuple[str, str]] = []
    open_key: str = ""
    with_name: str = ""
    with_initials: str = ""
    about: str = ""
    loan_href: str = ""
    lines: list[LetterLine] = []
    can_write: bool = False
    letter: str = ""
    letter_room: str = ""
    is_busy: bool = False

    written: list[WrittenLine] = []
    shows: str = Shows.QUESTIONS.value
    range_words: str = ""
    has_previous: bool = False
    has_next: bool = False
    hiding: str = ""
    showing: str = ""
    reason: str = ""

    _page: int = 1

    @rx.event
    @loads()
    async def load(self) -> EventSpec | None:
        """Show the threads, and open the one that the address names."""
        person = await self.who()
        self.is_admin = person.role is Role.ADMIN
        if self.is_admin:
            self._watch(WRITTEN, gap=LIVE_GAP_SECONDS)
            await self._fill_written()
            return None
        self._watch(member_topic(person.member_id), gap=LIVE_GAP_SECONDS)
        wanted = str(self.router.url.query_parameters.get("thread", ""))
        if wanted != self.open_key:
            self.letter, self.letter_room, self.errors = "", "", {}
        self.open_key = wanted
        return await self._show()

    async def _on_push(self, topics: frozenset[str]) -> None:
        if self.is_admin:
            await self._fill_written()
        else:
            await self._show()

    @rx.event
    @requires("borrower", "lender")
    async def type_letter(self, text: str) -> None:
        """Keep the letter as typed."""
        self.letter = text[:MOST_TYPED]
        left = LONGEST_LETTER - len(text)
        self.letter_room = "" if left > 400 else f"{left} left" if left >= 0 else f"{-left} too many"
        self.errors = {}

    @rx.event
    @requires("borrower", "lender")
    async def begin(self, key: str) -> EventSpec | None:
        """Open a thread that has no letter yet."""
        return rx.redirect(f"/messages?thread={key}") if _key_parts(key) else None

    @rx.event
    @requires("borrower", "lender")
    async def send(self, form: dict[str, Any]) -> AsyncIterator[Any]:
        """Send the letter that the field says, once."""
        form_key = key_in(form)
        if self.form_key and form_key != self.form_key:
            return  # the second press of a double click: the first has acted
        self.letter = text_in(form, "letter")[:MOST_TYPED]
        person = await self.who()
        loan_id, lender_id = self._open_parts()
        self.is_busy = True
        yield
        try:
            await self.act(
                letters.send,
                author_id=person.member_id,
                loan_id=loan_id,
                lender_id=lender_id,
                text=self.letter,
                form_key=form_key,
                business_on=await self.ask(business_date.today),
                now=datetime.now(UTC),
            )
            self.letter = self.letter_room = ""
        finally:
            self.is_busy = False
        yield await self._show()

    @rx.event
    @requires("admin")
    async def show_written(self, shows: str) -> None:
        """Show questions and answers, letters, what is hidden, or what was shown again."""
        self.shows = shows if shows in set(Shows) else Shows.QUESTIONS.value
        self._page = 1
        await self._fill_written()

    @rx.event
    @requires("admin")
    async def turn_page(self, step: int) -> None:
        """Show what was written earlier, or later again."""
        self._page = max(1, self._page + (1 if step > 0 else -1))
        await self._fill_written()

    @rx.event
    @requires("admin")
    async def open_hide(self, key: str) -> None:
        """Ask for the reason before something is hidden, or leave it."""
        self.hiding, self.reason, self.errors = key, "", {}

    @rx.event
    @requires("admin")
    async def open_show(self, key: str) -> None:
        """Ask for the reason before something is shown again, or leave it."""
        self.showing, self.reason, self.errors = key, "", {}

    @rx.event
    @requires("admin")
    async def type_reason(self, text: str) -> None:
        """Keep the reason as typed."""
        self.reason = text[:MOST_TYPED]
        self.errors = {}

    @rx.event
    @requires("admin")
    async def hide(self) -> EventSpec:
        """Hide what was chosen, with the reason in its place."""
        await self._moderate(moderation.hide, self.hiding)
        return rx.toast.success("Hidden", description="Its author was told why.")

    @rx.event
    @requires("admin")
    async def show_again(self) -> EventSpec:
        """Let those it was written for read again what was chosen."""
        await self._moderate(moderation.show_again, self.showing)
        return rx.toast.success("Shown again", description="Its author was told why.")

    async def _moderate(self, service: Any, key: str) -> None:
        """Hide something or show it again, for the reason typed."""
        person = await self.who()
        what, _, number = key.partition("-")
        is_number = number.isascii() and number.isdigit() and len(number) < 19
        if what not in set(Written) or not is_number:
            raise UnknownError("message")
        await self.act(
            service,
            admin_id=person.member_id,
            what=Written(what),
            written_id=int(number),
            reason=self.reason,
            business_on=await self.ask(business_date.today),
            now=datetime.now(UTC),
        )
        self.hiding, self.showing, self.reason = "", "", ""
        await self._fill_written()

    async def _show(self) -> EventSpec | None:
        """Show the threads and the open one, which is read with that."""
        person = await self.who()
        member_id, now = person.member_id, datetime.now(UTC)
        rows = await self.ask(letters.threads, member_id=member_id)
        others = await self.ask(letters.correspondents, member_id=member_id)
        self.threads = [_thread_line(row, now) for row in rows]
        self.others = [(row.key, f"{row.other_name}, {row.title}") for row in others]
        if not self.open_key:
            return None
        await self._show_open(member_id, now)
        if not any(row.unread_count and row.key == self.open_key for row in rows):
            return None
        await self._note_read(member_id, *self._open_parts(), now)
        rows = await self.ask(letters.threads, member_id=member_id)
        self.threads = [_thread_line(row, now) for row in rows]
        return FrameState.load

    async def _show_open(self, member_id: int, now: datetime) -> None:
        """Show the open thread; a thread of others is none."""
        try:
            loan_id, lender_id = self._open_parts()
            found = await self.ask(letters.thread, member_id=member_id, loan_id=loan_id, lender_id=lender_id)
        except LendingError:
            self.open_key = ""
            raise
        self.with_name, self.with_initials, self.about = found.other_name, found.other_initials, found.title
        self.loan_href = f"/loans/{loan_id}"
        self.lines = [_letter_line(row, now) for row in found.letters]
        self.can_write = found.can_write

    async def _note_read(self, member_id: int, loan_id: int, lender_id: int, now: datetime) -> None:
        key, errors = self.form_key, self.errors  # a letter that is being written keeps its form
        await self.act(letters.mark_read, member_id=member_id, loan_id=loan_id, lender_id=lender_id, now=now)
        self.form_key, self.errors = key, errors

    async def _fill_written(self) -> None:
        person = await self.who()
        found = await self.ask(
            moderation.page_of,
            admin_id=person.member_id,
            shows=Shows(self.shows),
            page=self._page,
        )
        now = datetime.now(UTC)
        self._page = found.page
        self.written = [_written_line(row, now) for row in found.rows]
        last = found.first_number + len(found.rows) - 1
        self.range_words = f"{found.first_number:,} to {last:,} of {found.row_count:,}"
        self.has_previous, self.has_next = found.page > 1, found.page < found.page_count

    def _open_parts(self) -> tuple[int, int]:
        """Take the open thread's loan and lender apart. Raises UnknownError."""
        parts = _key_parts(self.open_key)
        if parts is None:
            raise UnknownError("thread")
        return parts


def _key_parts(key: str) -> tuple[int, int] | None:
    """Read the name of a thread, which is the client's to choose."""
    parts = key.split("-")
    if len(parts) != 2 or not all(part.isascii() and part.isdigit() and len(part) < 19 for part in parts):
        return None
    return int(parts[0]), int(parts[1])


def _thread_line(row: ThreadRow, now: datetime) -> ThreadLine:
    newest = row.newest_text.replace("\n", " ")[:140] or "Hidden by the market"
    return ThreadLine(
        key=row.key,
        name=row.other_name,
        initials=row.other_initials,
        title=row.title,
        newest=f"You: {newest}" if row.is_newest_own else newest,
        since=since(row.newest_at, now) if row.newest_at else "",
        unread=unread_words(row.unread_count),
    )


def _letter_line(row: LetterRow, now: datetime) -> LetterLine:
    return LetterLine(
        name="You" if row.is_own else row.author_name,
        initials=row.author_initials,
        is_own=row.is_own,
        at=day_and_time(row.sent_at, now),
        text=row.text,
        hidden=hidden_words(row.hidden_reason, is_own=row.is_own),
    )


def _written_line(row: WrittenRow, now: datetime) -> WrittenLine:
    is_letter = row.what is Written.LETTER
    return WrittenLine(
        key=f"{row.what.value}-{row.id}",
        name=row.author_name,
        initials=row.author_initials,
        did=WHAT[row.what],
        title=row.title,
        href=f"/loans/{row.place_id}" if is_letter else f"/listings/{row.place_id}",
        at=day_and_time(row.written_at, now),
        text=row.text,
        hidden=hidden_words(row.hidden_reason, is_own=False),
        acts=[_act_words(act, now) for act in row.acts],
    )


def _act_words(act: ModerationRow, now: datetime) -> str:
    did = "hid this" if act.is_hidden else "showed this again"
    return f"{act.admin_name} {did}, {day_and_time(act.done_at, now)}: {act.reason}"
