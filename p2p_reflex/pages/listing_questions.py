"""The questions on a listing: a card that everybody sees, with a field for whoever may write."""

from typing import Any

import reflex as rx

from p2p_reflex import components as ui
from p2p_reflex.state.listing_questions import ListingQuestionsState, MessageLine, QuestionLine

STATE = ListingQuestionsState


def questions() -> rx.Component:
    """Draw the card of questions."""
    return rx.el.div(
        ui.card(
            ui.loaded(STATE.loaded, _list(), ui.skeleton(96)),
            rx.cond(STATE.can_ask, _ask()),
            rx.cond(
                STATE.closed != "",
                rx.el.p(STATE.closed, class_name="t-12 muted question-form"),
            ),
            title="Questions",
            region="Questions",
        ),
        rx.cond(
            STATE.can_hide,
            rx.fragment(
                hide_dialog(STATE, is_open=STATE.hiding != 0, nothing=0),
                show_again_dialog(STATE, is_open=STATE.showing != 0, nothing=0),
            ),
        ),
        id="questions",
        class_name="questions-place",
    )


def _list() -> rx.Component:
    nothing = rx.cond(
        STATE.can_ask,
        "Nobody has asked yet. What you ask and what the borrower answers is seen by everybody.",
        rx.cond(
            STATE.can_answer,
            "Lenders have not asked anything yet. You answer here, and everybody sees it.",
            rx.cond(
                STATE.closed != "",
                "Nobody asked anything.",
                "Nobody has asked anything. Lenders ask while bidding is open, and the borrower answers.",
            ),
        ),
    )
    return rx.cond(
        STATE.lines.length() > 0,
        rx.el.ul(rx.foreach(STATE.lines, _question), class_name="questions"),
        rx.el.p(nothing, class_name="muted"),
    )


def _question(line: rx.vars.ObjectVar[QuestionLine]) -> rx.Component:
    question = line.question
    is_open = STATE.answering == question.id
    return rx.el.li(
        _message(question),
        rx.cond(line.answers.length() > 0, rx.el.ul(rx.foreach(line.answers, _answer), class_name="answers")),
        rx.cond(
            STATE.can_answer & (question.hidden == ""),
            rx.cond(
                is_open,
                _answer_form(),
                rx.el.div(
                    ui.button(
                        rx.cond(line.is_answered, "Add something", "Answer"),
                        size="small",
                        on_click=STATE.open_answer(question.id),
                        custom_attrs={
                            "aria-label": rx.cond(line.is_answered, "Add to the answer to ", "Answer ").to(
                                str
                            )
                            + question.name
                        },
                    ),
                ),
            ),
        ),
    )


def _answer(message: rx.vars.ObjectVar[MessageLine]) -> rx.Component:
    return rx.el.li(_message(message))


def _message(message: rx.vars.ObjectVar[MessageLine]) -> rx.Component:
    return rx.el.div(
        rx.el.div(
            ui.avatar(message.initials, is_own=message.is_own),
            rx.el.span(message.name, class_name="w-500"),
            rx.cond(message.is_borrower, ui.badge("outline", "borrower")),
            rx.el.span(message.on, class_name="t-12 muted num"),
            rx.cond(STATE.can_hide, rx.el.span(_moderation(message), class_name="push")),
            class_name="line-wrap",
        ),
        rx.cond(message.hidden != "", hidden_line(message.hidden)),
        rx.cond(
            message.text != "",
            rx.el.p(message.text, class_name=rx.cond(message.hidden != "", "prose muted", "prose")),
        ),
        class_name="written",
    )


def _moderation(message: rx.vars.ObjectVar[MessageLine]) -> rx.Component:
    return rx.cond(
        message.hidden == "",
        ui.icon_button(
            "Hide what " + message.name + " wrote",
            "eye_off",
            size="small",
            on_click=STATE.open_hide(message.id),
        ),
        ui.icon_button(
            "Show again what " + message.name + " wrote",
            "eye",
            size="small",
            on_click=STATE.open_show(message.id),
        ),
    )


def _ask() -> rx.Component:
    return rx.form(
        rx.el.input(type="hidden", name="form_key", value=STATE.form_key),
        ui.textarea_field(
            "Ask " + STATE.borrower + " a question",
            name="question",
            value=STATE.question,
            on_change=STATE.type_question,
            error=STATE.errors["question"],
            counter=STATE.question_room,
            rows=2,
        ),
        rx.el.div(
            rx.el.span("Everybody sees the question and the answer.", class_name="t-12 muted"),
            ui.secondary_button("Ask", type_="submit", busy=STATE.is_busy, busy_label="Asking"),
            class_name="between",
        ),
        on_submit=STATE.ask_question,
        class_name="stack-8 question-form",
    )


def _answer_form() -> rx.Component:
    return rx.form(
        rx.el.input(type="hidden", name="form_key", value=STATE.form_key),
        ui.textarea_field(
            "Your answer",
            name="answer",
            value=STATE.answer,
            on_change=STATE.type_answer,
            error=STATE.errors["answer"],
            counter=STATE.answer_room,
            rows=3,
        ),
        rx.el.div(
            ui.quiet_button("Not now", on_click=STATE.open_answer(0)),
            ui.secondary_button("Send", type_="submit", busy=STATE.is_busy, busy_label="Sending"),
            class_name="line push-end",
        ),
        on_submit=STATE.send_answer,
        class_name="stack-8",
    )


def hidden_line(words: rx.Var) -> rx.Component:
    """Say in the place of what is hidden that it is, and why."""
    return rx.el.p(ui.icon("eye_off", 14), rx.el.span(words), class_name="hidden-words")


def hide_dialog(state: Any, *, is_open: rx.Var, nothing: str | int) -> rx.Component:
    """Ask for the reason before something is hidden."""
    return ui.money_dialog(
        is_open=is_open,
        on_open_change=lambda is_open: state.open_hide(nothing),
        title="Hide this",
        text="The reason stands in its place. Its author still reads it, and is told why.",
        extra=_reason_field(state, "hide-reason"),
        confirm="Hide it",
        on_confirm=state.hide,
        is_danger=True,
    )


def show_again_dialog(state: Any, *, is_open: rx.Var, nothing: str | int) -> rx.Component:
    """Ask for the reason before something hidden is shown again."""
    return ui.money_dialog(
        is_open=is_open,
        on_open_change=lambda is_open: state.open_show(nothing),
        title="Show this again",
        text="Everybody who could read it before can read it again, and its author is told why.",
        extra=_reason_field(state, "show-again-reason"),
        confirm="Show it again",
        on_confirm=state.show_again,
    )


def _reason_field(state: Any, field_id: str) -> rx.Component:
    return ui.text_field(
        "Reason",
        name="reason",
        field_id=field_id,
        value=state.reason,
        on_change=state.type_reason,
        error=state.errors["reason"],
        max_length=200,
    )
