"""Owns the furniture of a page: cards, figures, key-value lists, notices, empty states, skeletons."""

from collections.abc import Sequence
from typing import Any

import reflex as rx

from p2p_reflex.components.theme import Words, attributes, given, icon, measures, pick

NOTICE_ICONS = {"good": "arrow_up", "warning": "triangle_alert", "bad": "circle_alert"}


def card(
    *children: Words,
    title: Words | None = None,
    aside: rx.Component | None = None,
    note: Words | None = None,
    flush: bool = False,
    region: str = "",
    **props: Any,
) -> rx.Component:
    """Draw a card; `aside` stands right of the title, `note` under it, `flush` lets a table reach the edges.

    `region` names the card as a landmark ("Order book", "Schedule").
    """
    head = []
    if title is not None or aside is not None:
        head.append(
            rx.el.div(
                rx.el.h2(title, class_name="t-16") if title is not None else rx.fragment(),
                aside if aside is not None else rx.fragment(),
                given(note, rx.el.p(note, class_name="card-note")),
                class_name="card-head",
            )
        )
    return rx.el.section(
        *head,
        *children,
        class_name="card card-flush" if flush else "card card-pad",
        custom_attrs=attributes(aria_label=region or None) | props.pop("custom_attrs", {}),
        **props,
    )


def rule() -> rx.Component:
    """Draw a hairline inside a card."""
    return rx.el.hr(class_name="rule")


def figure(label: Words, number: Words, note: Words | None = None, *, size: str = "") -> rx.Component:
    """Write one number with its label above and its meaning below; `size` is "", "big" or "small"."""
    return rx.el.div(
        rx.el.div(label, class_name="figure-label"),
        rx.el.div(number, class_name="figure-number"),
        given(note, rx.el.div(note, class_name="figure-note")),
        class_name=f"figure-{size}" if size else "figure",
    )


def strip(*figures: rx.Component, below: rx.Component | None = None) -> rx.Component:
    """Put three to five figures in one card with hairlines between; `below` is a bar under them."""
    under = [rule(), rx.el.div(below, class_name="card-pad")] if below is not None else []
    return rx.el.section(rx.el.div(*figures, class_name="strip"), *under, class_name="card")


def pair(key: Words, value: Words, *, kind: str = "") -> rx.Component:
    """Write one line of a key-value list; kind is "", "strong", "outcome" or "outcome return"."""
    return rx.el.div(rx.el.dt(key), rx.el.dd(value), class_name=kind)


def key_values(*pairs: rx.Component, ruled: bool = False) -> rx.Component:
    """List pairs, the value at the right."""
    return rx.el.dl(*pairs, class_name="key-values ruled" if ruled else "key-values")


def notice(
    fact: Words,
    then: Words | None = None,
    *,
    kind: str | rx.Var = "neutral",
    icon_name: str = "",
    large: bool = False,
    live: bool = False,
) -> rx.Component:
    """Say a fact in bold and what to do next; kinds neutral, good, warning, bad.

    `live` reads changes aloud, for what is worked out while a person types.
    """
    icons = {meaning: icon(name) for meaning, name in NOTICE_ICONS.items()}
    return rx.el.div(
        icon(icon_name) if icon_name else pick(kind, icons, icon("info")),
        rx.el.div(rx.el.b(fact), *([" ", then] if then is not None else [])),
        class_name="notice large" if large else "notice",
        custom_attrs=attributes(data_kind=kind, aria_live="polite" if live else None),
    )


def empty_state(
    title: Words, text: Words, action: rx.Component | None = None, *, icon_name: str = "inbox"
) -> rx.Component:
    """Say what is missing, what would fill it, and offer one button."""
    return rx.el.div(
        icon(icon_name, 24),
        rx.el.p(title, class_name="empty-title"),
        rx.el.p(text, class_name="empty-text"),
        action if action is not None else rx.fragment(),
        class_name="empty",
    )


def skeleton(height: int, width: str = "100%") -> rx.Component:
    """Hold the place of what is loading: the same height as what comes."""
    return rx.el.div(
        class_name="skeleton",
        custom_attrs={"aria-hidden": "true", "style": {"height": f"{height}px", "width": width}},
    )


def skeleton_rows(count: int, height: int = 20) -> rx.Component:
    """Hold the place of a list."""
    return rx.el.div(*(skeleton(height) for _ in range(count)), class_name="stack-12 card-pad")


def loaded(is_loaded: rx.Var, content: rx.Component, waiting: rx.Component) -> rx.Component:
    """Show the content once it is there, a skeleton of the same shape until then."""
    return rx.cond(is_loaded, content, waiting)


def missing(words: rx.Var, content: rx.Component, *, back: rx.Component | None = None) -> rx.Component:
    """Show, in the place of a screen that is not there, why; otherwise the content."""
    return rx.cond(words, card(empty_state("This is not here", words, back, icon_name="search")), content)


def factors(rows: Sequence[rx.Component] | rx.Component) -> rx.Component:
    """List the factors of an assessment; rows from `factor`."""
    return rx.el.div(*(rows if isinstance(rows, Sequence) else [rows]), class_name="factors")


def factor(words: Words, points: Words, side: str | rx.Var, size: Any) -> rx.Component:
    """Draw one factor: side "for" or "against", size 0 to 100 of the longest bar, points as signed text."""
    return rx.el.div(
        rx.el.span(words),
        rx.el.span(
            rx.el.i(),
            class_name="factor-bar",
            custom_attrs=attributes(data_side=side, aria_hidden="true") | measures(size=size),
        ),
        rx.el.span(points, class_name="num right"),
        class_name="factor",
    )
