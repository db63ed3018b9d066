"""Owns the questions on the listing screen: asking, answering, an admin's hiding and showing again."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import reflex as rx

from p2p_reflex.services.conversations import moderation, questions
from p2p_reflex.services.conversations.moderation_rows import Written
from p2p_reflex.services.conversations.questions import (
    LONGEST_ANSWER,
    LONGEST_QUESTION,
    MessageRow,
    QuestionRow,
)
from p2p_reflex.services.days import business_date
from p2p_reflex.services.touched import DAY, listing_topic
from p2p_reflex.state.base import ScreenState, key_in, loads_for_all, requires, text_in
from p2p_reflex.state.listing import number_in
from p2p_reflex.state.moments import day

MOST_TYPED = 2 * LONGEST_ANSWER


@dataclass
class MessageLine:
    """A question or an answer as the list shows it; `hidden` is the sentence about one that is hidden."""

    id: int = 0
    name: str = ""
    initials: str = ""
    is_own: bool = False
    is_borrower: bool = False
    on: str = ""
    text: str = ""
    hidden: str = ""


@dataclass
class QuestionLine:
    """A question with its answers."""

    question: MessageLine = field(default_factory=MessageLine)
    answers: list[MessageLine] = field(default_factory=list)
    is_answered: bool = False


class ListingQuestionsState(ScreenState, rx.State):
    """Show what was asked about a listing; what a person types is kept apart."""

    lines: list[QuestionLine] = []
    borrower: str = ""
    closed: str = ""
    can_ask: bool = False
    can_answer: bool = False
    can_hide: bool = False
    question: str = ""
    question_room: str = ""
    answer: str = ""
    answer_room: str = ""
    answering: int = 0
    hiding: int = 0
    showing: int = 0
    reason: str = ""
    is_busy: bool = False

    _listing_number: int = 0

    @rx.event
    @loads_for_all
    async def load(self) -> None:
        """Show the questions of the listing that the address names."""
        number = number_in(self.router.url.path)
        if number != self._listing_number:
            self._listing_number, self.errors = number, {}
            self.lines, self.question, self.answer, self.reason = [], "", "", ""
            self.answering = self.hiding = self.showing = 0
        self._watch(questions.questions_topic(number), listing_topic(number), DAY)
        await self._fill()

    async def _on_push(self, topics: frozenset[str]) -> None:
        await self._fill()

    @rx.event
    @requires("lender")
    async def type_question(self, text: str) -> None:
        """Keep the question as typed."""
        self.question = text[:MOST_TYPED]
        self.question_room = _room(text, LONGEST_QUESTION)
        self.errors = {}

    @rx.event
    @requires("borrower")
    async def type_answer(self, text: str) -> None:
        """Keep the answer as typed."""
        self.answer = text[:MOST_TYPED]
        self.answer_room = _room(text, LONGEST_ANSWER)
        self.errors = {}

    @rx.event
    @requires("admin")
    async def type_reason(self, text: str) -> None:
        """Keep the reason as typed."""
        self.reason = text[:MOST_TYPED]
        self.errors = {}

    @rx.event
    @requires("borrower")
    async def open_answer(self, question_id: int) -> None:
        """Open the field for an answer under one question, or close it."""
        self.answering, self.answer, self.answer_room, self.errors = question_id, "", "", {}

    @rx.event
    @requires("admin")
    async def open_hide(self, message_id: int) -> None:
        """Ask for the reason before something is hidden, or leave it."""
        self.hiding, self.reason, self.errors = message_id, "", {}

    @rx.event
    @requires("admin")
    async def open_show(self, message_id: int) -> None:
        """Ask for the reason before something is shown again, or leave it."""
        self.showing, self.reason, self.errors = message_id, "", {}

    @rx.event
    @requires("lender")
    async def ask_question(self, form: dict[str, Any]) -> AsyncIterator[Any]:
        """Ask in public what the field says."""
        if key_in(form) != self.form_key:
            return  # the second press of a double click: the first has acted
        self.question = text_in(form, "question")[:MOST_TYPED]
        person = await self.who()
        changing = {"lender_id": person.member_id, "listing_id": self._listing_number, "text": self.question}
        async for step in self._write(questions.ask, changing):
            yield step

    @rx.event
    @requires("borrower")
    async def send_answer(self, form: dict[str, Any]) -> AsyncIterator[Any]:
        """Answer in public what the field says."""
        if key_in(form) != self.form_key:
            return
        self.answer = text_in(form, "answer")[:MOST_TYPED]
        person = await self.who()
        changing = {"borrower_id": person.member_id, "question_id": self.answering, "text": self.answer}
        async for step in self._write(questions.answer, changing):
            yield step

    @rx.event
    @requires("admin")
    async def hide(self) -> AsyncIterator[Any]:
        """Hide what was chosen, with the reason in its place."""
        await self._moderate(moderation.hide, self.hiding)
        yield rx.toast.success("Hidden", description="Its author was told why.")

    @rx.event
    @requires("admin")
    async def show_again(self) -> AsyncIterator[Any]:
        """Let everybody read again what was chosen."""
        await self._moderate(moderation.show_again, self.showing)
        yield rx.toast.success("Shown again", description="Its author was told why.")

    async def _moderate(self, service: Any, message_id: int) -> None:
        """Hide something or show it again, for the reason typed."""
        person = await self.who()
        await self.act(
            service,
            admin_id=person.member_id,
            what=Written.QUESTION,
            written_id=message_id,
            reason=self.reason,
            business_on=await self.ask(business_date.today),
            now=datetime.now(UTC),
        )
        self.hiding, self.showing, self.reason = 0, 0, ""
        await self._fill()

    async def _write(self, service: Any, changing: dict[str, Any]) -> AsyncIterator[Any]:
        """Post a question or an answer once, empty the field, and show it in its place."""
        self.is_busy = True
        yield
        try:
            await self.act(
                service,
                **changing,
                form_key=self.form_key,
                business_on=await self.ask(business_date.today),
                now=datetime.now(UTC),
            )
            self.question = self.answer = self.question_room = self.answer_room = ""
            self.answering = 0
        finally:
            self.is_busy = False
            await self._fill()

    async def _fill(self) -> None:
        person = await self.who_if_anyone()
        today = await self.ask(business_date.today)
        found = await self.ask(
            questions.view,
            listing_id=self._listing_number,
            viewer_id=person.member_id if person else None,
            role=person.role if person else None,
            business_on=today,
        )

        def line(row: MessageRow) -> MessageLine:
            return MessageLine(
                id=row.message_id,
                name="You" if row.is_own else row.author_name,
                initials=row.author_initials,
                is_own=row.is_own,
                is_borrower=row.is_borrower,
                on=day(row.posted_on, today),
                text=row.text,
                hidden=hidden_words(row.hidden_reason, is_own=row.is_own),
            )

        def entry(row: QuestionRow) -> QuestionLine:
            answers = [line(each) for each in row.answers]
            return QuestionLine(question=line(row.question), answers=answers, is_answered=bool(answers))

        self.lines = [entry(row) for row in found.rows]
        self.borrower, self.closed = found.borrower_first_name, found.closed_because
        self.can_ask, self.can_answer, self.can_hide = found.can_ask, found.can_answer, found.can_hide


def hidden_words(reason: str, *, is_own: bool) -> str:
    """Say that something is hidden and why, to its author as well; nothing where it is not."""
    if not reason:
        return ""
    if is_own:
        return f"The market hid this from everybody else. The reason: {reason}"
    return f"Hidden by the market: {reason}"


def _room(text: str, longest: int) -> str:
    """Say how much may still be typed, near the end."""
    left = longest - len(text)
    if left > longest // 5:
        return ""
    return f"{left} left" if left >= 0 else f"{-left} too many"
