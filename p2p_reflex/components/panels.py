"""Owns what opens and switches: tabs, the dialog that confirms money, the tooltip."""

from collections.abc import Sequence
from typing import Any

import reflex as rx

from p2p_reflex.components.buttons import button, secondary_button
from p2p_reflex.components.cards import key_values, notice
from p2p_reflex.components.theme import Flag, Words, given


def tabs(
    entries: Sequence[tuple[str, Words, Any, rx.Component]], *, current: rx.Var, on_change: Any
) -> rx.Component:
    """Draw tabs over panels: (value, words, count or "", panel); `on_change` gets the chosen value."""
    return rx.tabs.root(
        rx.tabs.list(
            *(
                rx.tabs.trigger(words, given(count, rx.el.span(count, class_name="tab-count")), value=value)
                for value, words, count, _ in entries
            ),
            class_name="tabs",
        ),
        *(rx.tabs.content(panel, value=value) for value, _, _, panel in entries),
        value=current,
        on_change=on_change,
    )


def money_dialog(
    *amounts: rx.Component,
    is_open: rx.Var,
    on_open_change: Any,
    title: Words,
    text: Words,
    confirm: Words,
    on_confirm: Any,
    busy: Flag = False,
    busy_label: str = "",
    decline: str = "Not now",
    is_danger: bool = False,
    error: Any = "",
    extra: rx.Component | None = None,
) -> rx.Component:
    """Ask once more before money moves: what happens, the amounts (`pair`s), and a button that repeats both.

    `on_open_change` gets whether it is open; Escape, the overlay and "Not now" close it.
    """
    return rx.dialog.root(
        rx.dialog.content(
            rx.dialog.title(title, class_name="t-20"),
            rx.dialog.description(text, class_name="dialog-text"),
            key_values(*amounts) if amounts else rx.fragment(),
            extra if extra is not None else rx.fragment(),
            given(error, rx.el.div(notice(error, kind="bad"), role="alert")),
            rx.el.div(
                secondary_button(decline, on_click=on_open_change(False)),
                button(
                    confirm,
                    kind="danger-solid" if is_danger else "solid",
                    on_click=on_confirm,
                    busy=busy,
                    busy_label=busy_label,
                ),
                class_name="dialog-actions",
            ),
            class_name="dialog",
        ),
        open=is_open,
        on_open_change=on_open_change,
    )


def tooltip(content: rx.Component, text: Words) -> rx.Component:
    """Explain something on hover and focus; never the only place where it is said."""
    return rx.tooltip(content, content=text)
