"""Owns the buttons, and the links that look like one."""

from typing import Any

import reflex as rx

from p2p_reflex.components.theme import Flag, Words, anchor, attributes, icon


def button(
    label: Words,
    *,
    on_click: Any = None,
    kind: str = "secondary",
    size: str = "",
    icon_name: str = "",
    busy: Flag = False,
    busy_label: str = "",
    disabled: Flag = False,
    type_: str = "button",
    full: bool = False,
    **props: Any,
) -> rx.Component:
    """Draw a button; while busy it shows a spinner before `busy_label` and keeps its width."""
    words: list[Words] = [icon(icon_name), label] if icon_name else [label]
    if busy is not False:
        idle, working = _shown(busy, "false", "true"), _shown(busy, "true", "false")
        words = [
            rx.el.span(
                rx.el.span(*words, custom_attrs={"data-shown": idle}),
                rx.el.span(
                    rx.el.span(class_name="spinner"),
                    busy_label or label,
                    custom_attrs={"data-shown": working},
                ),
                class_name="button-words",
            )
        ]
    if on_click is not None:
        props["on_click"] = on_click
    if busy is not False or disabled is not False:
        props["disabled"] = _either(busy, disabled)
    extra = attributes(aria_busy=_shown(busy, "true", "false")) if busy is not False else {}
    return rx.el.button(
        *words,
        type=type_,
        class_name=_classes(kind, size, full),
        custom_attrs=extra | props.pop("custom_attrs", {}),
        **props,
    )


def primary_button(label: Words, **props: Any) -> rx.Component:
    """Draw the one solid button of a page head or panel."""
    return button(label, kind="solid", **props)


def secondary_button(label: Words, **props: Any) -> rx.Component:
    """Draw a button with a border."""
    return button(label, kind="secondary", **props)


def quiet_button(label: Words, **props: Any) -> rx.Component:
    """Draw a button without a border."""
    return button(label, kind="quiet", **props)


def danger_button(label: Words, *, solid: bool = False, **props: Any) -> rx.Component:
    """Draw a button that undoes or refuses; solid only in the dialog that confirms."""
    return button(label, kind="danger-solid" if solid else "danger", **props)


def icon_button(
    name: str, icon_name: str, *, kind: str = "quiet", size: str = "", title: Words = "", **props: Any
) -> rx.Component:
    """Draw a button that is only an icon; a screen reader says `name`, then `title` where there is one."""
    return rx.el.button(
        icon(icon_name),
        type="button",
        class_name=f"{_classes(kind, size, False)} icon-only",
        custom_attrs=attributes(aria_label=name) | props.pop("custom_attrs", {}),
        title=title if isinstance(title, rx.Var) else title or name,
        **props,
    )


def link_button(
    label: Words,
    href: str | rx.Var,
    *,
    kind: str = "secondary",
    size: str = "",
    icon_name: str = "",
    full: bool = False,
) -> rx.Component:
    """Draw a link as a button: it goes somewhere, it does nothing."""
    words = [icon(icon_name), label] if icon_name else [label]
    return anchor(*words, href=href, class_name=_classes(kind, size, full))


def _classes(kind: str, size: str, full: bool) -> str:
    return " ".join(part for part in ("button", kind, size, "full" if full else "") if part)


def _shown(flag: Flag, yes: str, no: str) -> Any:
    return rx.cond(flag, yes, no) if isinstance(flag, rx.Var) else (yes if flag else no)


def _either(first: Flag, second: Flag) -> Any:
    if first is False:
        return second
    if second is False:
        return first
    return rx.cond(first, True, second)
