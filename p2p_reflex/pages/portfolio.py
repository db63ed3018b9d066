"""A lender's home: value, return, cash flow, spread, notes, active bids, late ones."""

import reflex as rx

from p2p_reflex import components as ui
from p2p_reflex.components.downloads import download_button, download_items, download_menu
from p2p_reflex.domain.vocabulary import Grade
from p2p_reflex.state.frame import FrameState
from p2p_reflex.state.portfolio import PortfolioState
from p2p_reflex.state.portfolio_lines import BidLine, NoteLine, ReturnShown, SpreadShown

STATE = PortfolioState
NOTE_COLUMNS = (
    ui.Column("Loan", sort_key="loan"),
    ui.Column("Rate", "right", "rate"),
    ui.Column("Bought for", "right", "bought"),
    ui.Column("Still owed", "right", "owed"),
    ui.Column("Installments left", "right"),
    ui.Column("Next due", "right", "due"),
    ui.Column("State"),
)
BID_COLUMNS = (
    ui.Column("Listing"),
    ui.Column("Amount", "right"),
    ui.Column("Rate", "right"),
    ui.Column("Closes", "right"),
    ui.Column("State"),
)
PARTS = (
    ("1", "In notes", "in_notes"),
    ("2", "Held for bids and withdrawals", "held"),
    ("3", "Available", "available"),
    ("4", "Accrued interest", "accrued"),
)


@rx.page(route="/portfolio", title="Portfolio", on_load=[FrameState.load, PortfolioState.load])
def portfolio() -> rx.Component:
    """Lay out what the money is worth, what it earned, where it lies, and the notes behind it."""
    return ui.frame(
        ui.loaded(STATE.loaded, rx.cond(STATE.is_new, _welcome(), _home()), _waiting()),
        title="Portfolio",
        purpose="What your money is doing, with idle cash and losses counted in.",
        actions=rx.fragment(
            rx.cond(
                STATE.summaries.length() > 0,
                download_menu("Interest summary", download_items(STATE.summaries)),
            ),
            download_button("Export", "/api/exports/notes.csv"),
            ui.link_button("Add money", "/wallet", kind="solid", icon_name="plus"),
        ),
        active="/portfolio",
    )


def _welcome() -> rx.Component:
    return ui.card(
        ui.empty_state(
            "Nothing lent yet",
            "Add money to your wallet, then bid on a listing. What you win becomes a note, "
            "and everything it earns shows here.",
            ui.link_button("Look at the market", "/market"),
            icon_name="chart_pie",
        )
    )


def _waiting() -> rx.Component:
    return rx.el.div(
        rx.el.div(
            rx.el.div(ui.card(ui.skeleton(216)), class_name="facts"),
            rx.el.div(ui.card(ui.skeleton(216)), class_name="panel"),
            class_name="with-panel",
        ),
        ui.card(ui.skeleton_rows(8, 32), flush=True),
        class_name="stack",
    )


def _home() -> rx.Component:
    return rx.el.div(
        rx.el.div(
            rx.el.div(_account(), class_name="facts"),
            rx.el.div(_returns(), _spread(), class_name="panel", style={"position": "static"}),
            rx.el.div(rx.el.div(_value_chart(), _cash_flow(), class_name="halves"), class_name="rest"),
            class_name="with-panel",
        ),
        _notes(),
        class_name="stack",
    )


def _account() -> rx.Component:
    shown = STATE.shown
    return ui.card(
        rx.el.div("Account value", class_name="muted"),
        rx.el.div(
            rx.el.span(shown.value, class_name="t-28 num"),
            rx.el.span(
                rx.cond(shown.is_up, ui.icon("trending_up"), rx.fragment()),
                shown.earned,
                class_name=rx.cond(shown.is_up, "line num accent", "line num muted"),
            ),
            class_name="line-wrap",
            style={"margin_bottom": "16px"},
        ),
        ui.share_bar(*((series, shown.parts[place]) for place, (series, _, _) in enumerate(PARTS))),
        ui.share_legend(*((series, name, getattr(shown, stem)) for series, name, stem in PARTS)),
        rx.cond(
            shown.owed_back,
            rx.el.p(
                "Less ",
                rx.el.span(shown.owed_back, class_name="num w-500"),
                " that the platform advanced after a correction and takes from what you receive next.",
                class_name="t-12 muted",
                style={"margin_top": "12px"},
            ),
        ),
        rx.el.div(ui.rule(), style={"margin": "16px 0"}),
        rx.el.div("Where the earnings come from", class_name="t-12 muted", style={"margin_bottom": "8px"}),
        rx.el.div(
            ui.figure("Interest, late fees", shown.interest, size="small"),
            ui.figure("Servicing fees", shown.fees, size="small"),
            ui.figure("Accrued", shown.accrued_signed, size="small"),
            rx.cond(shown.losses, ui.figure("Losses, less recovered", shown.losses, size="small")),
            rx.cond(shown.given_up, ui.figure("Advances given up", shown.given_up, size="small")),
            class_name="share-legend",
            style={"margin_top": "0"},
        ),
        region="Account value",
    )


def _returns() -> rx.Component:
    return ui.card(
        rx.el.div(rx.foreach(STATE.shown.returns, _return), class_name="stack-12"),
        rx.cond(
            STATE.shown.waiting,
            rx.el.div(ui.notice("Not known yet.", STATE.shown.waiting), style={"margin_top": "16px"}),
        ),
        title="Return, a year",
        region="Return, a year",
    )


def _return(row: rx.vars.ObjectVar[ReturnShown]) -> rx.Component:
    return rx.el.div(
        rx.el.div(
            rx.el.span(row.name, class_name="w-500"),
            rx.el.span(row.figure, class_name="w-600 num"),
            class_name="between",
        ),
        rx.el.div(_bar(row.percent, {"data-series": row.series}), style={"margin": "4px 0"}),
        rx.el.div(row.note, class_name="t-12 muted"),
    )


def _bar(percent: rx.Var, colour: dict[str, rx.Var]) -> rx.Component:
    """Draw a length in percent of the widest, in the colour of a series or a grade."""
    fill = {"background": "var(--grade)"} if "data-grade" in colour else {}
    return rx.el.div(
        rx.el.div(
            style={
                "width": f"{percent}%",
                "height": "8px",
                "border_radius": "2px",
            }
            | fill,
            custom_attrs=colour,
        ),
        style={"flex": "1", "min_width": "0"},
        custom_attrs={"aria-hidden": "true"},
    )


def _value_chart() -> rx.Component:
    return ui.card(
        ui.chart(STATE.value, height=276),
        title="Value over time",
        aside=ui.legend(("1", "Value"), ("3", "In notes"), ("4", "Put in")),
        region="Value over time",
    )


def _cash_flow() -> rx.Component:
    return ui.card(
        rx.cond(
            STATE.has_flow,
            ui.chart(STATE.cash_flow, height=276),
            ui.empty_state(
                "Nothing came back yet",
                "Payments show here month by month once a bid of yours becomes a note.",
                icon_name="chart_column",
            ),
        ),
        title="Cash flow",
        aside=ui.legend(("1", "Principal"), ("2", "Interest")),
        region="Cash flow",
    )


def _spread() -> rx.Component:
    return ui.card(
        rx.cond(
            STATE.shown.spread.length() > 0,
            rx.el.div(
                rx.el.div(rx.foreach(STATE.shown.spread, _grade_row), class_name="stack-8"),
                ui.notice("Your largest borrower", STATE.shown.largest),
                class_name="stack-16",
            ),
            rx.el.p("No notes yet. Each bid you win is a note in its grade.", class_name="muted"),
        ),
        title="Spread",
        aside=rx.el.span(STATE.shown.spread_words, class_name="t-12 muted"),
        region="Spread",
    )


def _grade_row(row: rx.vars.ObjectVar[SpreadShown]) -> rx.Component:
    return rx.el.div(
        ui.grade_square(row.grade),
        _bar(row.percent, {"data-grade": row.grade}),
        rx.el.span(row.amount, class_name="w-500 num right", style={"min_width": "88px"}),
        rx.el.span(row.share, class_name="muted num right", style={"min_width": "40px"}),
        class_name="line",
    )


def _notes() -> rx.Component:
    return ui.card(
        ui.tabs(
            (
                (
                    "notes",
                    "Notes",
                    STATE.note_count,
                    _note_table(
                        "Notes",
                        "No notes here",
                        "When a borrower accepts a bid of yours, the note stands here. With a filter on, "
                        "only what matches is shown.",
                        "chart_pie",
                    ),
                ),
                ("bids", "Active bids", STATE.bid_count, _bid_table()),
                (
                    "late",
                    "Late",
                    STATE.late_count,
                    _note_table(
                        "Late notes", "Nothing is late", "Every loan you lent to is paid on time.", "check"
                    ),
                ),
                (
                    "paid_off",
                    "Paid off",
                    STATE.paid_off_count,
                    _note_table(
                        "Paid off notes",
                        "Nothing is paid off yet",
                        "Notes of loans that were paid in full stand here.",
                        "chart_pie",
                    ),
                ),
            ),
            current=STATE.tab,
            on_change=STATE.choose_tab,
        ),
        flush=True,
        region="Notes",
    )


def _note_table(label: str, empty_title: str, empty_text: str, icon_name: str) -> rx.Component:
    return rx.fragment(
        rx.el.div(
            ui.search_field(
                "Search by title",
                name=f"search-{icon_name}-{len(label)}",
                value=STATE.search,
                on_change=STATE.search_for,
            ),
            ui.select_field(
                "Grade",
                [(grade.value, f"Grade {grade.value}") for grade in Grade],
                name=f"grade-{len(label)}",
                value=STATE.grade,
                on_change=STATE.choose_grade,
                placeholder="Any grade",
                hide_label=True,
            ),
            class_name="filters",
            style={"padding": "12px 20px", "margin": "0"},
        ),
        ui.sorted_table(
            NOTE_COLUMNS,
            STATE.lines,
            _note,
            label=label,
            sorted_by=STATE.sort,
            is_descending=STATE.is_descending,
            on_sort=STATE.sort_by,
            empty=ui.empty_state(empty_title, empty_text, icon_name=icon_name),
            pager=ui.pager(
                STATE.range_words,
                on_previous=STATE.turn_page(-1),
                on_next=STATE.turn_page(1),
                has_previous=STATE.has_previous,
                has_next=STATE.has_next,
            ),
        ),
    )


def _note(row: rx.vars.ObjectVar[NoteLine]) -> rx.Component:
    late = rx.cond(row["is_late"], rx.el.span(ui.badge(row["kind"], row["state"]), class_name="only-phone"))
    return ui.row(
        ui.lead_cell(
            row["title"],
            href=row["href"],
            grade=row["grade"],
            phone_under=row["phone_under"],
            extra=late,
        ),
        ui.number(row["rate"]),
        ui.number(row["bought"], muted=True),
        ui.number(
            row["owed"],
            under=rx.el.span(row["phone_due"], class_name="only-phone"),
            strong=True,
            phone="figure",
        ),
        ui.number(row["left"], muted=True),
        ui.number(row["due"]),
        ui.cell(ui.badge(row["kind"], row["state"])),
    )


def _bid_table() -> rx.Component:
    return ui.sorted_table(
        BID_COLUMNS,
        STATE.bids,
        _bid,
        label="Active bids",
        empty=ui.empty_state(
            "No bids in open books",
            "When you bid on a listing, you can follow it here.",
            ui.link_button("Look at the market", "/market"),
            icon_name="gavel",
        ),
    )


def _bid(row: rx.vars.ObjectVar[BidLine]) -> rx.Component:
    return ui.row(
        ui.lead_cell(row["title"], href=row["href"], grade=row["grade"], phone_under=row["phone_under"]),
        ui.number(row["amount"], strong=True, phone="figure"),
        ui.number(row["rate"]),
        ui.number(row["closes"], under=row["closes_away"]),
        ui.cell(ui.badge(row["kind"], row["state"]), phone="end"),
        changed=row["changed"],
    )
