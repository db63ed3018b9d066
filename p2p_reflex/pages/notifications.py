"""The notice centre: what one was told, the newest first, and how one wants to hear of each kind."""

import reflex as rx

from p2p_reflex import components as ui
from p2p_reflex.components.theme import attributes, pick
from p2p_reflex.state.frame import FrameState
from p2p_reflex.state.notifications import (
    EVERYTHING,
    ICONS,
    NoticeLine,
    NotificationsState,
    PreferenceLine,
)

STATE = NotificationsState
DRAWN = {name: ui.icon(name) for name in sorted(set(ICONS.values()))}


@rx.page(route="/notifications", title="Notifications", on_load=[FrameState.load, NotificationsState.load])
def notifications() -> rx.Component:
    """Lay out the notices, and beside them the ways to hear of each kind."""
    return ui.frame(
        rx.el.div(
            rx.el.div(_notices(), class_name="facts"),
            rx.el.div(_preferences(), class_name="panel"),
            class_name="with-panel",
        ),
        title="Notifications",
        purpose=STATE.purpose,
        actions=ui.secondary_button(
            "Mark all as read", icon_name="check", on_click=STATE.read_all, disabled=STATE.unread == ""
        ),
        active="/notifications",
    )


def _notices() -> rx.Component:
    return ui.card(
        rx.el.div(
            ui.segmented(
                "Which notices",
                [("", "All"), ("unread", "Unread")],
                current=STATE.unread_only,
                on_change=STATE.show_unread,
            ),
            rx.cond(
                STATE.kinds.length() > 1,
                ui.select_field(
                    "Kind",
                    STATE.kinds,
                    name="kind",
                    value=STATE.kind,
                    on_change=STATE.show_kind,
                    hide_label=True,
                    placeholder="Every kind",
                ),
            ),
            class_name="filters notice-filters",
        ),
        ui.loaded(STATE.loaded, _list(), ui.skeleton_rows(6, 44)),
        flush=True,
        region="Notices",
    )


def _list() -> rx.Component:
    is_filtered = (STATE.kind != EVERYTHING) | (STATE.unread_only != "")
    return rx.cond(
        STATE.lines.length() > 0,
        rx.fragment(
            rx.el.ul(rx.foreach(STATE.lines, _line), class_name="notice-lines"),
            ui.pager(
                STATE.range_words,
                on_previous=STATE.turn_page(-1),
                on_next=STATE.turn_page(1),
                has_previous=STATE.has_previous,
                has_next=STATE.has_next,
            ),
        ),
        rx.cond(
            is_filtered,
            ui.empty_state(
                "Nothing here",
                "No notice is of this kind and unread. Choose All to see more.",
                icon_name="bell",
            ),
            ui.empty_state(
                "No notices yet",
                "When something happens that concerns you, you read it here first.",
                ui.link_button("Look at the market", "/market"),
                icon_name="bell",
            ),
        ),
    )


def _line(row: rx.vars.ObjectVar[NoticeLine]) -> rx.Component:
    return rx.el.li(
        rx.el.span(class_name="notice-dot", custom_attrs={"aria-hidden": "true"}),
        pick(row["icon"], DRAWN, ui.icon("bell")),
        rx.el.div(
            ui.anchor(row["title"], href=row["href"], class_name="row-link", on_click=STATE.read(row["id"])),
            rx.cond(row["is_unread"], rx.el.span(", unread", class_name="visually-hidden")),
            rx.el.p(row["meaning"], class_name="t-12 muted"),
            class_name="notice-words",
        ),
        rx.el.span(row["since"], class_name="t-12 muted num"),
        custom_attrs=attributes(data_unread=rx.cond(row["is_unread"], "true", "false")),
    )


def _preferences() -> rx.Component:
    return ui.card(
        ui.loaded(
            STATE.loaded,
            rx.el.table(
                rx.el.thead(
                    rx.el.tr(
                        rx.el.th("Kind", custom_attrs={"scope": "col"}),
                        rx.el.th("In the app", custom_attrs={"scope": "col"}),
                        rx.el.th("E-mail", custom_attrs={"scope": "col"}),
                    )
                ),
                rx.el.tbody(rx.foreach(STATE.preferences, _preference)),
                class_name="notice-ways",
            ),
            ui.skeleton(320),
        ),
        title="What you hear of",
        region="What you hear of",
    )


def _preference(row: rx.vars.ObjectVar[PreferenceLine]) -> rx.Component:
    return rx.el.tr(
        rx.el.th(
            rx.el.div(row["name"], class_name="w-500"),
            rx.el.div(row["note"], class_name="t-12 muted"),
            custom_attrs={"scope": "row"},
        ),
        rx.el.td(
            ui.switch(
                row["name"].to(str) + " in the app",
                checked=row["in_app"],
                on_change=lambda wanted: STATE.choose(row["kind"], "in_app", wanted),
            )
        ),
        rx.el.td(
            ui.switch(
                row["name"].to(str) + " by e-mail",
                checked=row["by_email"],
                on_change=lambda wanted: STATE.choose(row["kind"], "by_email", wanted),
            )
        ),
    )
