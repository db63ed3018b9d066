"""The order book on a listing's page: its depth as a picture, its bids as a table."""

from collections.abc import Callable

import reflex as rx

from p2p_reflex import components as ui
from p2p_reflex.state.listing import ListingState
from p2p_reflex.state.listing_rows import BidLine

STATE = ListingState
CHART_HEIGHT = 196
COLUMNS = (
    ui.Column("Lender"),
    ui.Column("Size"),
    ui.Column("Amount", "right"),
    ui.Column("Rate", "right"),
    ui.Column("Since", "right"),
    ui.Column("State", "right"),
)
DECIDING_COLUMNS = (*COLUMNS[:4], ui.Column("State", "right"), ui.Column("Decline", "right"))


def order_book() -> rx.Component:
    """Draw who offers what, in the order in which it counts."""
    return ui.card(
        rx.cond(
            STATE.leading.length() + STATE.outbid.length() > 0,
            rx.fragment(
                ui.chart(STATE.depth, height=CHART_HEIGHT),
                rx.cond(STATE.can_decline, _table(DECIDING_COLUMNS, _deciding_row), _table(COLUMNS, _row)),
            ),
            ui.empty_state("No bids yet", "The first bid leads, whatever its rate.", icon_name="chart_line"),
        ),
        title="Order book",
        aside=ui.legend(("1", "Leading"), ("4", "Outbid"), is_line=True),
        note="Lowest rate first, then the earlier bid. Bots stand behind people at the same rate. "
        "Everyone is paid the rate they bid.",
        flush=True,
        region="Order book",
    )


def _table(columns: tuple[ui.Column, ...], draw: Callable[[BidLine], rx.Component]) -> rx.Component:
    return ui.sorted_table(
        columns,
        [
            rx.foreach(STATE.leading, draw),
            rx.cond(STATE.line_words, ui.covered_row(STATE.line_words, len(columns))),
            rx.foreach(STATE.outbid, draw),
        ],
        label="Bids",
    )


def _row(line: BidLine) -> rx.Component:
    return ui.row(
        *_figures(line), ui.number(line.since, muted=True), _state(line), mark=line.mark, changed=line.changed
    )


def _deciding_row(line: BidLine) -> rx.Component:
    decline = ui.icon_button(
        "Decline bid",
        "x",
        size="small",
        title=line.decline_label,
        on_click=STATE.decline_bid(line.bid_id, STATE.form_key),
    )
    return ui.row(
        *_figures(line),
        _state(line),
        ui.cell(decline, align="right", phone="end", class_name="tight"),
        mark=line.mark,
        changed=line.changed,
    )


def _figures(line: BidLine) -> tuple[rx.Component, ...]:
    of_amount = rx.cond(line.of_amount, rx.el.span(" ", line.of_amount, class_name="muted only-wide"))
    return (
        ui.cell(
            ui.lender_name(
                rx.el.span(line.name, class_name=rx.cond(line.is_own, "w-600", "")),
                line.initials,
                is_bot=line.is_bot,
                is_own=line.is_own,
            ),
            phone_under=_size(line),
            phone="lead",
            class_name="lender-cell",
        ),
        ui.cell(_size(line), class_name="size-cell"),
        ui.number(rx.fragment(line.amount, of_amount), phone_under=line.of_amount, phone="figure"),
        ui.number(
            line.rate,
            strong=True,
            phone_under=rx.el.span(line.words, class_name=rx.cond(line.mark == "outbid", "", "accent")),
            phone="figure",
        ),
    )


def _size(line: BidLine) -> rx.Component:
    return ui.size_bar(line.leading, line.behind)


def _state(line: BidLine) -> rx.Component:
    return ui.cell(ui.badge(line.kind, line.words), align="right")
