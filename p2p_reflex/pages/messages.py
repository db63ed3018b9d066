"""Messages: private letters about loans, thread by thread; admins read here what was written or hidden."""

import reflex as rx

from p2p_reflex import components as ui
from p2p_reflex.components.theme import attributes
from p2p_reflex.pages.listing_questions import hidden_line, hide_dialog, show_again_dialog
from p2p_reflex.services.conversations.moderation_rows import Shows
from p2p_reflex.state.frame import FrameState
from p2p_reflex.state.messages import LetterLine, MessagesState, ThreadLine, WrittenLine

STATE = MessagesState


@rx.page(route="/messages", title="Messages", on_load=[FrameState.load, MessagesState.load])
def messages() -> rx.Component:
    """Lay out the threads and the open one, or the admin's list."""
    return ui.frame(
        rx.cond(
            STATE.loaded,
            rx.cond(STATE.is_admin, _written(), _letters()),
            ui.card(ui.skeleton(320)),
        ),
        title="Messages",
        purpose=rx.cond(
            STATE.is_admin,
            "Questions on listings and letters about loans, the newest first.",
            "Letters between a borrower and the lenders of their loan. The market's admins can read them.",
        ),
        active="/messages",
    )


def _letters() -> rx.Component:
    return rx.el.div(
        rx.el.div(_threads(), class_name="letter-threads"),
        rx.el.div(
            ui.missing(
                STATE.missing,
                rx.cond(STATE.open_key != "", _thread(), _no_thread()),
                back=ui.link_button("All messages", "/messages"),
            ),
            class_name="letter-open",
        ),
        class_name="letters",
        custom_attrs=attributes(data_open=rx.cond(STATE.open_key != "", "true", "false")),
    )


def _threads() -> rx.Component:
    return ui.card(
        rx.cond(
            STATE.threads.length() > 0,
            rx.el.ul(rx.foreach(STATE.threads, _thread_line), class_name="thread-lines"),
            rx.el.p("No letters yet.", class_name="muted card-pad no-letters"),
        ),
        rx.cond(STATE.others.length() > 0, _begin()),
        title="Threads",
        flush=True,
        region="Threads",
    )


def _begin() -> rx.Component:
    return rx.el.div(
        ui.select_field(
            "Write to somebody new",
            STATE.others,
            name="begin",
            value="",
            on_change=STATE.begin,
            placeholder="Choose a person and a loan",
        ),
        class_name="letter-begin",
    )


def _thread_line(row: rx.vars.ObjectVar[ThreadLine]) -> rx.Component:
    is_here = STATE.open_key == row["key"]
    return rx.el.li(
        ui.avatar(row["initials"]),
        rx.el.div(
            rx.el.div(
                ui.anchor(
                    row["name"],
                    href="/messages?thread=" + row["key"].to(str),
                    class_name="row-link",
                    custom_attrs={"aria-current": rx.cond(is_here, "true", "false")},
                ),
                rx.el.span(row["since"], class_name="t-12 muted num"),
                class_name="between",
            ),
            rx.el.p(row["title"], class_name="t-12 muted one-line"),
            rx.el.div(
                rx.el.p(row["newest"], class_name="one-line"),
                rx.cond(
                    row["unread"] != "",
                    rx.el.span(
                        row["unread"],
                        rx.el.span(" unread", class_name="visually-hidden"),
                        class_name="unread-count",
                    ),
                ),
                class_name="between",
            ),
            class_name="thread-words",
        ),
        custom_attrs=attributes(
            data_here=rx.cond(is_here, "true", "false"),
            data_unread=rx.cond(row["unread"] != "", "true", "false"),
        ),
    )


def _no_thread() -> rx.Component:
    return rx.cond(
        (STATE.threads.length() > 0) | (STATE.others.length() > 0),
        rx.el.div(
            ui.card(
                ui.empty_state(
                    "Choose a thread",
                    "Letters are between the two of you. Nobody else in the loan reads them.",
                    icon_name="mail",
                )
            ),
            class_name="only-wide",
        ),
        ui.card(
            ui.empty_state(
                "Nobody to write to yet",
                "Once a loan is made, its borrower and the people who lent for it write to each other here.",
                ui.link_button("Look at the market", "/market"),
                icon_name="mail",
            ),
        ),
    )


def _thread() -> rx.Component:
    return ui.card(
        rx.el.div(
            rx.el.span(
                ui.anchor(ui.icon("arrow_left", 14), "All threads", href="/messages", class_name="link line"),
                class_name="only-phone",
            ),
            rx.el.div(
                ui.avatar(STATE.with_initials, size="large"),
                rx.el.div(
                    rx.el.h2(STATE.with_name, class_name="t-16"),
                    rx.el.p(ui.link(STATE.about, STATE.loan_href), class_name="t-12"),
                ),
                class_name="line-12",
            ),
            class_name="stack-8",
        ),
        rx.cond(
            STATE.lines.length() > 0,
            rx.el.ol(rx.foreach(STATE.lines, _letter), class_name="letter-lines"),
            rx.el.p("No letters yet. Nobody else in the loan reads what you write.", class_name="muted"),
        ),
        rx.cond(
            STATE.can_write,
            _write(),
            ui.notice("This thread can only be read.", "The lender holds no note in the loan any more."),
        ),
        region="Thread",
    )


def _letter(row: rx.vars.ObjectVar[LetterLine]) -> rx.Component:
    return rx.el.li(
        rx.el.div(
            ui.avatar(row["initials"], is_own=row["is_own"]),
            rx.el.span(row["name"], class_name="w-500"),
            rx.el.span(row["at"], class_name="t-12 muted num"),
            class_name="line-wrap",
        ),
        rx.cond(
            row["hidden"] != "",
            hidden_line(row["hidden"]),
        ),
        rx.cond(
            row["text"] != "",
            rx.el.p(row["text"], class_name=rx.cond(row["hidden"] != "", "prose muted", "prose")),
        ),
        class_name="written",
        custom_attrs=attributes(data_own=rx.cond(row["is_own"], "true", "false")),
    )


def _write() -> rx.Component:
    return rx.form(
        rx.el.input(type="hidden", name="form_key", value=STATE.form_key),
        ui.textarea_field(
            "Your letter",
            name="letter",
            value=STATE.letter,
            on_change=STATE.type_letter,
            error=STATE.errors["letter"],
            counter=STATE.letter_room,
            rows=3,
        ),
        rx.el.div(
            ui.primary_button("Send letter", type_="submit", busy=STATE.is_busy, busy_label="Sending letter"),
            class_name="line push-end",
        ),
        on_submit=STATE.send,
        class_name="stack-8 letter-form",
    )


def _written() -> rx.Component:
    return rx.fragment(
        ui.card(
            rx.el.div(
                ui.segmented(
                    "What was written",
                    [
                        (Shows.QUESTIONS.value, "Questions"),
                        (Shows.LETTERS.value, "Letters"),
                        (Shows.HIDDEN.value, "Hidden"),
                        (Shows.SHOWN_AGAIN.value, "Shown again"),
                    ],
                    current=STATE.shows,
                    on_change=STATE.show_written,
                    small=True,
                ),
                class_name="filters notice-filters",
            ),
            rx.cond(
                STATE.written.length() > 0,
                rx.fragment(
                    rx.el.ul(rx.foreach(STATE.written, _written_line), class_name="written-lines"),
                    ui.pager(
                        STATE.range_words,
                        on_previous=STATE.turn_page(-1),
                        on_next=STATE.turn_page(1),
                        has_previous=STATE.has_previous,
                        has_next=STATE.has_next,
                    ),
                ),
                _nothing_written(),
            ),
            flush=True,
            region="Written",
        ),
        hide_dialog(STATE, is_open=STATE.hiding != "", nothing=""),
        show_again_dialog(STATE, is_open=STATE.showing != "", nothing=""),
    )


def _nothing_written() -> rx.Component:
    return rx.match(
        STATE.shows,
        (
            Shows.HIDDEN.value,
            ui.empty_state(
                "Nothing is hidden",
                "What you hide stands here, with the reason, and can be shown again.",
                icon_name="eye_off",
            ),
        ),
        (
            Shows.SHOWN_AGAIN.value,
            ui.empty_state(
                "Nothing was shown again",
                "What was hidden once and is not any more stands here, with everything that was done to it.",
                icon_name="eye",
            ),
        ),
        ui.empty_state(
            "Nothing was written yet",
            "Questions on listings and letters about loans stand here once there are any.",
            icon_name="mail",
        ),
    )


def _written_line(row: rx.vars.ObjectVar[WrittenLine]) -> rx.Component:
    return rx.el.li(
        rx.el.div(
            rx.el.div(
                ui.avatar(row["initials"]),
                rx.el.span(row["name"], class_name="w-500"),
                rx.el.span(row["did"], class_name="muted"),
                ui.link(row["title"], row["href"]),
                rx.el.span(row["at"], class_name="t-12 muted num"),
                class_name="line-wrap",
            ),
            rx.cond(row["hidden"] != "", hidden_line(row["hidden"])),
            rx.el.p(row["text"], class_name=rx.cond(row["hidden"] != "", "prose muted", "prose")),
            rx.cond(
                row["acts"].to(list[str]).length() > 0,
                rx.el.ul(
                    rx.foreach(row["acts"].to(list[str]), lambda words: rx.el.li(words)),
                    class_name="t-12 muted stack-4",
                ),
            ),
            class_name="written",
        ),
        rx.cond(
            row["hidden"] == "",
            ui.button(
                "Hide",
                size="small",
                on_click=STATE.open_hide(row["key"]),
                custom_attrs={"aria-label": "Hide what " + row["name"].to(str) + " wrote"},
            ),
            ui.button(
                "Show again",
                size="small",
                on_click=STATE.open_show(row["key"]),
                custom_attrs={"aria-label": "Show again what " + row["name"].to(str) + " wrote"},
            ),
        ),
    )
