"""Owns the tables: sorted, filtered and paged on the server; rows of two lines on phones."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import reflex as rx

from p2p_reflex.components.badges import grade_square
from p2p_reflex.components.buttons import secondary_button
from p2p_reflex.components.cards import skeleton_rows
from p2p_reflex.components.theme import Flag, Words, anchor, attributes, given, icon


@dataclass(frozen=True)
class Column:
    """One column: its title, its side, and the word it sorts by where it sorts."""

    title: str
    align: str = "left"
    sort_key: str = ""
    on_phone: bool = True


def sorted_table(
    columns: Sequence[Column],
    rows: rx.Var | Sequence[rx.Component],
    render: Callable[[Any], rx.Component] | None = None,
    *,
    label: str,
    sorted_by: Any = "",
    is_descending: Any = False,
    on_sort: Any = None,
    two_lines: bool = False,
    keep_columns: bool = False,
    is_loaded: rx.Var | None = None,
    empty: rx.Component | None = None,
    pager: rx.Component | None = None,
) -> rx.Component:
    """Draw a table inside a flush card; `on_sort` gets the pressed column's `sort_key`.

    On phones only the cells marked `phone="lead"`, "figure" and "end" stay, as one row of two lines; with
    `keep_columns` the columns stay instead, but those with `on_phone=False`.
    """
    body = rx.foreach(rows, render) if render is not None else rx.fragment(*rows)
    classes = ["table", "two-lines" if two_lines else "", "keep" if keep_columns else ""]
    drawn = rx.el.table(
        rx.el.thead(
            rx.el.tr(*(_head(column, sorted_by, is_descending, on_sort) for column in columns), role="row")
        ),
        rx.el.tbody(body, role="rowgroup"),
        role="table",
        class_name=" ".join(filter(None, classes)),
        custom_attrs=attributes(aria_label=label),
    )
    whole = rx.fragment(drawn, pager) if pager is not None else drawn
    if empty is not None and isinstance(rows, rx.Var):
        whole = rx.cond(rows.length() > 0, whole, empty)
    return rx.cond(is_loaded, whole, skeleton_rows(6, 32)) if is_loaded is not None else whole


def row(*cells: rx.Component, mark: Any = None, changed: Any = None, **props: Any) -> rx.Component:
    """Draw a row; mark is "", "own" or "outbid". It lights up and fades when `changed` gets another word."""
    return rx.el.tr(
        *cells, role="row", custom_attrs=attributes(data_mark=mark, data_changed=changed), **props
    )


def cell(
    *children: Words,
    under: Words | None = None,
    phone_under: Words | None = None,
    align: str = "left",
    phone: str = "",
    class_name: str = "",
) -> rx.Component:
    """Draw a cell; `under` is a second, muted line, `phone_under` takes its place on phones.

    `phone` says what the cell becomes there: "lead", "figure" and "end" stay, the others are left out.
    """
    return rx.el.td(
        *children,
        _second_line(under, phone_under),
        role="cell",
        class_name=class_name,
        custom_attrs=attributes(data_align=align, data_phone=phone or None),
    )


def number(
    text: Words,
    *,
    under: Words | None = None,
    phone_under: Words | None = None,
    strong: bool = False,
    muted: bool = False,
    phone: str = "",
) -> rx.Component:
    """Draw a cell with a figure or date, at the right."""
    weight = "w-600" if strong else "muted" if muted else ""
    figure = rx.el.span(text, class_name=f"num {weight}")
    return cell(figure, under=under, phone_under=phone_under, align="right", phone=phone)


def lead_cell(
    title: Words,
    *,
    href: str | rx.Var = "",
    grade: str | rx.Var = "",
    under: Words | None = None,
    phone_under: Words | None = None,
    extra: rx.Component | None = None,
) -> rx.Component:
    """Draw the first cell: the grade, the name that opens the row, its second line, `extra` beside that.

    `phone_under` repeats on phones the figures whose cells are not shown there.
    """
    name = (
        anchor(title, href=href, class_name="row-link lead-title")
        if isinstance(href, rx.Var) or href
        else rx.el.span(title, class_name="lead-title w-500")
    )
    second = _second_line(under, phone_under)
    return cell(
        rx.el.div(
            given(grade, grade_square(grade)),
            rx.el.div(
                name,
                rx.el.div(second, extra, class_name="line-wrap") if extra is not None else second,
                class_name="lead-text",
            ),
            class_name="lead",
        ),
        phone="lead",
    )


def covered_row(words: Words, column_count: int) -> rx.Component:
    """Draw the dashed line of the order book where the request is full."""
    return rx.el.tr(
        rx.el.td(
            rx.el.div(words, class_name="the-line-words"),
            col_span=column_count,
            role="cell",
            custom_attrs={"data-phone": "lead"},
        ),
        role="row",
        class_name="covered-row",
    )


def pager(text: Words, *, on_previous: Any, on_next: Any, has_previous: Flag, has_next: Flag) -> rx.Component:
    """Draw the foot of a table: "1 to 10 of 17 listings", Previous and Next."""
    return rx.el.div(
        rx.el.span(text, custom_attrs={"aria-live": "polite"}),
        rx.el.div(
            secondary_button("Previous", size="small", on_click=on_previous, disabled=_not(has_previous)),
            secondary_button("Next", size="small", on_click=on_next, disabled=_not(has_next)),
            class_name="line",
        ),
        class_name="pager",
    )


def _second_line(under: Words | None, phone_under: Words | None) -> rx.Component:
    if phone_under is None:
        return given(under, rx.el.span(under, class_name="under"))
    return rx.fragment(
        given(under, rx.el.span(under, class_name="under only-wide")),
        given(phone_under, rx.el.span(phone_under, class_name="under only-phone")),
    )


def _head(column: Column, sorted_by: Any, is_descending: Any, on_sort: Any) -> rx.Component:
    marks = attributes(data_align=column.align, data_phone=None if column.on_phone else "hide", scope="col")
    if not column.sort_key or on_sort is None:
        return rx.el.th(column.title, role="columnheader", custom_attrs=marks)
    direction = rx.cond(is_descending, "descending", "ascending")
    marks["aria-sort"] = rx.cond(sorted_by == column.sort_key, direction, "none")
    return rx.el.th(
        rx.el.button(
            column.title,
            icon("chevron_down", 12),
            type="button",
            class_name="sort",
            on_click=on_sort(column.sort_key),
        ),
        role="columnheader",
        custom_attrs=marks,
    )


def _not(flag: Flag) -> Any:
    return ~flag if isinstance(flag, rx.Var) else not flag
