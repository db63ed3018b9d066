"""Owns the small marks: badges by meaning, grade squares, faces, swatches and legends."""

from collections.abc import Sequence
from typing import Any

import reflex as rx

from p2p_reflex.components.theme import Words, attributes, icon, pick

BADGE_ICONS = {
    "done": "check",
    "grace": "clock",
    "warning": "triangle_alert",
    "late": "triangle_alert",
    "bad": "circle_alert",
    "paused": "pause",
}


def badge(kind: str | rx.Var, text: Words) -> rx.Component:
    """Draw a badge by its meaning.

    Kinds: good (accent), done (accent, check), neutral, outline, paused (neutral, pause), grace (amber,
    clock), warning (amber, triangle), late (red, triangle), bad (red, circle).
    """
    icons = {meaning: icon(name, 12) for meaning, name in BADGE_ICONS.items()}
    return rx.el.span(
        pick(kind, icons, rx.fragment()), text, class_name="badge", custom_attrs={"data-kind": kind}
    )


def grade_square(grade: str | rx.Var, *, large: bool = False) -> rx.Component:
    """Draw a grade as its coloured square."""
    label = rx.Var.create("Grade ") + grade if isinstance(grade, rx.Var) else f"Grade {grade}"
    return rx.el.span(
        grade,
        role="img",
        class_name="grade large" if large else "grade",
        custom_attrs={"data-grade": grade, "aria-label": label},
    )


def avatar(initials: str | rx.Var, *, size: str = "", is_own: Any = False) -> rx.Component:
    """Draw a person's initials in a round; `size` is "", "large" or "huge"."""
    own = rx.cond(is_own, " own", "") if isinstance(is_own, rx.Var) else (" own" if is_own else "")
    return rx.el.span(
        initials, class_name=f"avatar {size}" + own, custom_attrs=attributes(aria_hidden="true")
    )


def bot_avatar() -> rx.Component:
    """Draw the square face of a bot; the word bot stands beside its name."""
    return rx.el.span(icon("bot", 14), class_name="avatar bot", custom_attrs=attributes(aria_hidden="true"))


def lender_name(
    name: Words, initials: str | rx.Var, is_bot: Any = False, is_own: Any = False
) -> rx.Component:
    """Name a lender in a row: face, name, and the word bot where it is one."""
    person = avatar(initials, is_own=is_own)
    bot_word = rx.el.span("bot", class_name="badge bot-word")
    if isinstance(is_bot, rx.Var):
        face, word = rx.cond(is_bot, bot_avatar(), person), rx.cond(is_bot, bot_word, rx.fragment())
    else:
        face, word = (bot_avatar(), bot_word) if is_bot else (person, rx.fragment())
    return rx.el.span(face, rx.el.span(name), word, class_name="line")


def swatch(series: str | rx.Var = "1", *, is_line: bool = False) -> rx.Component:
    """Draw a legend's colour: 1, 2, 3, 4, behind, amber, soft-amber, red, empty."""
    return rx.el.span(
        class_name="swatch stroke" if is_line else "swatch",
        custom_attrs=attributes(data_series=series, aria_hidden="true"),
    )


def legend(*entries: tuple[str, str], is_line: bool = False) -> rx.Component:
    """List series beside a card's title, each a (series of `swatch`, name) pair."""
    return rx.el.div(
        *(rx.el.span(swatch(series, is_line=is_line), name) for series, name in entries), class_name="legend"
    )


def grade_legend(grades: Sequence[str]) -> rx.Component:
    """List the grades of a chart in the ramp."""
    return rx.el.div(
        *(
            rx.el.span(
                rx.el.span(
                    class_name="swatch",
                    custom_attrs=attributes(data_grade=grade, aria_hidden="true")
                    | {"style": {"background": "var(--grade)"}},
                ),
                grade,
            )
            for grade in grades
        ),
        class_name="legend",
    )
