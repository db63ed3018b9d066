"""Owns the bars: how far a request is funded, how large a bid is, how a whole divides, what is paid."""

from typing import Any

import reflex as rx

from p2p_reflex.components.badges import swatch
from p2p_reflex.components.cards import figure
from p2p_reflex.components.theme import Words, attributes, measures


def funding_bar(
    covered: Any, offered: Any, *, left: Words, right: Words = "", small: bool = False
) -> rx.Component:
    """Draw how much is covered, what is offered beyond, and the line where it is full.

    `covered` and `offered` are whole percents of the asked amount (84, 119); the words stand above.
    """
    return rx.el.div(
        rx.el.div(rx.el.span(left), rx.el.span(right), class_name="funding-words"),
        rx.el.div(
            rx.el.i(class_name="beyond"),
            rx.el.i(class_name="covered"),
            rx.el.i(class_name="the-line"),
            class_name="funding-bar",
            custom_attrs=measures(covered=covered, offered=offered) | attributes(aria_hidden="true"),
        ),
        class_name="funding small" if small else "funding",
    )


def size_bar(leading: Any, behind: Any = 0) -> rx.Component:
    """Draw a bid's size in percent of the largest: what leads of it, and in grey what does not."""
    return rx.el.span(
        _part(leading),
        _part(behind, "behind"),
        class_name="size-bar",
        custom_attrs=attributes(aria_hidden="true"),
    )


def _part(percent: Any, class_name: str = "") -> rx.Component:
    width = percent.to_string() + "%" if isinstance(percent, rx.Var) else f"{percent}%"
    return rx.el.i(class_name=class_name, custom_attrs={"style": rx.Var.create({"width": width})})


def share_bar(*parts: tuple[str, Any]) -> rx.Component:
    """Divide a whole into (series of `swatch`, amount) pairs."""
    return rx.el.div(
        *(
            rx.el.i(custom_attrs=measures(share=amount) | attributes(data_series=series))
            for series, amount in parts
        ),
        class_name="share-bar",
        custom_attrs=attributes(aria_hidden="true"),
    )


def share_legend(*parts: tuple[str, Words, Words]) -> rx.Component:
    """Name the parts of a share bar beneath it: (series, name, amount)."""
    return rx.el.div(
        *(figure(rx.fragment(swatch(series), name), amount, size="small") for series, name, amount in parts),
        class_name="share-legend",
    )


def installments_bar(kinds: rx.Var) -> rx.Component:
    """Draw one dash per installment from a list of "paid", "late", "overdue" and "planned"."""
    return rx.el.div(
        rx.foreach(kinds, lambda kind: rx.el.i(custom_attrs={"data-kind": kind})),
        class_name="installments",
        custom_attrs=attributes(aria_hidden="true"),
    )


def range_bar(start: Any, end: Any, middle: Any) -> rx.Component:
    """Draw a likely range on a scale, with its middle; all three as text like "38%"."""
    return rx.el.div(
        rx.el.i(),
        rx.el.b(),
        class_name="range-bar",
        custom_attrs=measures(**{"from": start, "to": end, "middle": middle})
        | attributes(aria_hidden="true"),
    )
