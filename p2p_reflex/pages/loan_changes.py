"""The look before a loan is changed: what becomes of it, money that moves, what each lender still gets."""

from typing import Any

import reflex as rx

from p2p_reflex import components as ui
from p2p_reflex.state.change_lines import ChangeShown

LOAN_COLUMNS = (ui.Column("The loan"), ui.Column("Now", "right"), ui.Column("Then", "right"))
LENDER_COLUMNS = (
    ui.Column("Lenders still get"),
    ui.Column("Now", "right", on_phone=False),
    ui.Column("Then", "right"),
    ui.Column("Difference", "right"),
)


def loan_dialog(
    *children: rx.Component,
    is_open: Any,
    on_open_change: Any,
    title: rx.Component | rx.Var | str,
    text: rx.Component | rx.Var | str,
) -> rx.Component:
    """Ask an admin something about a loan."""
    return rx.dialog.root(
        rx.dialog.content(
            rx.dialog.title(title, class_name="t-20"),
            rx.dialog.description(text, class_name="dialog-text"),
            rx.el.div(*children, class_name="stack-16"),
            class_name="dialog loan-dialog",
        ),
        open=is_open,
        on_open_change=on_open_change,
    )


def change_preview(preview: rx.vars.ObjectVar[ChangeShown], *, is_asked: bool = False) -> rx.Component:
    """Show a change before it is made; `is_asked` leaves out that it must be asked for."""
    return rx.el.div(
        rx.cond(
            preview.loan.length() > 0,
            ui.sorted_table(LOAN_COLUMNS, preview.loan, _loan_row, label="The loan", keep_columns=True),
        ),
        rx.cond(
            preview.money.length() > 0,
            ui.key_values(rx.foreach(preview.money, lambda line: ui.pair(line[0], line[1]))),
        ),
        rx.cond(
            preview.lenders.length() > 0,
            ui.sorted_table(
                LENDER_COLUMNS,
                preview.lenders,
                _lender_row,
                label="What lenders still get",
                keep_columns=True,
            ),
        ),
        rx.foreach(preview.notes, lambda words: rx.el.p(words, class_name="t-12 muted")),
        rx.cond(
            preview.advanced,
            ui.notice("Some of the money has moved on.", preview.advanced, kind="warning"),
        ),
        rx.fragment()
        if is_asked
        else rx.cond(
            preview.needs_second_admin,
            ui.notice(
                "This is above the limit.", "Another admin has to approve it; nothing changes until then."
            ),
        ),
        class_name="stack-12 change-preview",
        custom_attrs={"aria-live": "polite"},
    )


def reason_field(state: Any, name: str, *, is_told: Any = True) -> rx.Component:
    """Ask why, of a state with `reason`, `type_reason` and `errors`."""
    return ui.text_field(
        "Reason",
        name=name,
        value=state.reason,
        on_change=state.type_reason,
        error=state.errors["reason"],
        help_=rx.cond(is_told, "Told to the borrower, and kept with the loan.", "Kept in the journal."),
        max_length=300,
    )


def refusal(words: rx.Var) -> rx.Component:
    """Say why it was not done."""
    return rx.cond(words, rx.el.div(ui.notice(words, kind="bad"), role="alert"))


def _loan_row(line: rx.vars.ArrayVar[list[str]]) -> rx.Component:
    return ui.row(
        ui.cell(line[0]),
        ui.number(line[1], muted=True),
        ui.cell(
            rx.el.span(line[2], class_name=rx.cond(line[1] == line[2], "num muted", "num w-600")),
            align="right",
        ),
    )


def _lender_row(line: rx.vars.ArrayVar[list[str]]) -> rx.Component:
    return ui.row(
        ui.cell(line[0]),
        ui.number(line[1], muted=True, phone="hide"),
        ui.number(line[2]),
        ui.number(line[3], strong=True),
    )
