"""Owns the small parts every component is made of: links, icons, words that may be absent, attributes."""

from collections.abc import Mapping
from typing import Any

import reflex as rx
from reflex_components_core.react_router.dom import ReactRouterLink

Words = str | rx.Var | rx.Component
Flag = bool | rx.Var


def icon(name: str, size: int = 16, **props: Any) -> rx.Component:
    """Draw a lucide icon that stands beside words."""
    return rx.icon(name, size=size, custom_attrs={"aria-hidden": "true"}, **props)


def anchor(*children: Words, href: str | rx.Var, class_name: str | rx.Var = "", **props: Any) -> rx.Component:
    """Link to another screen without a reload."""
    return ReactRouterLink.create(*children, to=href, class_name=class_name, **props)


def link(text: Words, href: str | rx.Var, **props: Any) -> rx.Component:
    """Write a link in the accent."""
    return anchor(text, href=href, class_name="link", **props)


def given(words: Words | None, component: rx.Component) -> rx.Component:
    """Show a component only where its words are there, at build time or in the browser."""
    if isinstance(words, rx.Var):
        return rx.cond(words, component, rx.fragment())
    return component if words not in (None, "") else rx.fragment()


def attributes(**values: Any) -> dict[str, Any]:
    """Turn aria_label="…", data_kind="…" into HTML attributes; absent ones are left out."""
    return {name.replace("_", "-"): value for name, value in values.items() if value is not None}


def measures(**values: Any) -> dict[str, Any]:
    """Hand figures to the stylesheet as its variables: covered=84 becomes --covered."""
    # A var inside a plain dict would not bring its state along.
    return {"style": rx.Var.create({f"--{name}": value for name, value in values.items()})}


def pick(value: str | rx.Var, choices: Mapping[str, rx.Component], otherwise: rx.Component) -> rx.Component:
    """Choose a component by a word known now or only in the browser."""
    if isinstance(value, rx.Var):
        return rx.match(value, *choices.items(), otherwise)
    return choices.get(value, otherwise)
