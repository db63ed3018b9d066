"""The questions on a listing: a card that everybody sees, with a field for whoever may write."""

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
            title="Questions",
            region="Questions",
        ),
        rx.cond(STATE.can_hide, _hide_dialog()),
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
            "Nobody has asked anything. Lenders ask here while bidding is open, and the borrower answers.",
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
            rx.cond(
                STATE.can_hide & (message.hidden == ""),
                rx.el.span(
                    ui.icon_button(
                        "Hide what " + message.name + " wrote",
                        "eye_off",
                        size="small",
                        on_click=STATE.open_hide(message.id),
                    ),
                    class_name="push",
                ),
            ),
            class_name="line-wrap",
        ),
        rx.cond(
            message.hidden != "",
            rx.el.p(
                ui.icon("eye_off", 14),
                rx.el.span("Hidden by the market: ", message.hidden),
                class_name="hidden-words",
            ),
        ),
        rx.cond(
            message.text != "",
            rx.el.p(message.text, class_name=rx.cond(message.hidden != "", "prose muted", "prose")),
        ),
        class_name="written",
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


def _hide_dialog() -> rx.Component:
    return ui.money_dialog(
        is_open=STATE.hiding != 0,
        on_open_change=lambda is_open: STATE.open_hide(0),
        title="Hide this from everybody",
        text="The reason stands in its place, and its author is told.",
        extra=ui.text_field(
            "Reason",
            name="reason",
            field_id="hide-question-reason",
            value=STATE.reason,
            on_change=STATE.type_reason,
            error=STATE.errors["reason"],
            max_length=200,
        ),
        confirm="Hide it",
        on_confirm=STATE.hide,
        is_danger=True,
    )
