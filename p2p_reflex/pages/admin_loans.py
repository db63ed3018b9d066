"""The admin's loans: those that need somebody first, then all of them."""

import reflex as rx

from p2p_reflex import components as ui
from p2p_reflex.state.admin_loans import BUCKETS, STATES, AdminLoansState
from p2p_reflex.state.frame import FrameState
from p2p_reflex.state.loan_desk_lines import ActLine, LoanLine

STATE = AdminLoansState
COLUMNS = (
    ui.Column("Loan", sort_key="title"),
    ui.Column("Rate", "right", "rate"),
    ui.Column("Lent", "right", "principal"),
    ui.Column("Still owed", "right", "owed"),
    ui.Column("Oldest due", "right", "late"),
    ui.Column("State"),
)


@rx.page(route="/admin/loans", title="Loans", on_load=[FrameState.load, AdminLoansState.load])
def admin_loans() -> rx.Component:
    """Lay out the loans to act on, and the list of all."""
    return ui.frame(
        ui.loaded(STATE.loaded, rx.el.div(_acts(), _list(), class_name="stack"), _waiting()),
        title="Loans",
        purpose="Those that need somebody first, then every loan there is.",
        active="/admin/loans",
    )


def _waiting() -> rx.Component:
    return rx.el.div(ui.card(ui.skeleton(160)), ui.card(ui.skeleton_rows(12, 40)), class_name="stack")


def _acts() -> rx.Component:
    return ui.card(
        rx.cond(
            STATE.act_count > 0,
            rx.el.div(
                rx.el.ul(rx.foreach(STATE.acts, _act), class_name="act-list"),
                rx.cond(
                    STATE.act_count > STATE.acts.length(),
                    ui.quiet_button(
                        rx.Var.create("Show all ") + STATE.act_count.to_string(),
                        size="small",
                        on_click=STATE.show_all_acts,
                    ),
                ),
                class_name="stack-12",
            ),
            ui.notice(
                "Nothing needs you here.",
                rx.el.span(
                    "No loan is over 30 days late or newly charged off, and nothing waits for a second admin."
                ),
                kind="good",
                icon_name="check",
            ),
        ),
        title="Loans to act on",
        aside=rx.cond(STATE.act_count > 0, ui.badge("neutral", STATE.act_count.to_string())),
        region="Loans to act on",
    )


def _act(line: rx.vars.ObjectVar[ActLine]) -> rx.Component:
    return rx.el.li(
        rx.el.span(
            rx.match(
                line.icon,
                ("calendar_clock", ui.icon("calendar_clock")),
                ("triangle_alert", ui.icon("triangle_alert")),
                ("undo_2", ui.icon("undo_2")),
                ui.icon("circle_slash"),
            ),
            class_name=line.tone,
        ),
        rx.el.div(
            rx.el.div(
                ui.anchor(line.title, href=line.href, class_name="row-link w-600"),
                rx.el.span(line.fact, class_name="t-12 w-500"),
                class_name="between",
            ),
            rx.el.div(line.detail, class_name="t-12 muted"),
        ),
        class_name="act",
    )


def _list() -> rx.Component:
    return ui.card(
        rx.el.div(
            ui.search_field("Search title or borrower", value=STATE.search, on_change=STATE.search_for),
            ui.select_field(
                "State",
                STATES,
                name="state",
                value=STATE.state_choice,
                on_change=STATE.choose_state,
                placeholder="Any state",
                hide_label=True,
            ),
            ui.select_field(
                "Days past due",
                BUCKETS,
                name="bucket",
                value=STATE.bucket_choice,
                on_change=STATE.choose_bucket,
                placeholder="Any days past due",
                hide_label=True,
            ),
            rx.el.span(
                STATE.total_words, class_name="t-12 muted num push", custom_attrs={"aria-live": "polite"}
            ),
            role="search",
            class_name="filters",
            style={"padding": "12px 20px", "margin": "0"},
            custom_attrs={"aria-label": "Loans"},
        ),
        ui.sorted_table(
            COLUMNS,
            STATE.lines,
            _row,
            label="Loans",
            two_lines=True,
            sorted_by=STATE.sort,
            is_descending=STATE.is_descending,
            on_sort=STATE.sort_by,
            empty=ui.empty_state("No loan matches", "Take a filter away to see more.", icon_name="search"),
            pager=ui.pager(
                STATE.range_words,
                on_previous=STATE.turn_page(-1),
                on_next=STATE.turn_page(1),
                has_previous=STATE.has_previous,
                has_next=STATE.has_next,
            ),
        ),
        flush=True,
        region="All loans",
    )


def _row(line: rx.vars.ObjectVar[LoanLine]) -> rx.Component:
    return ui.row(
        ui.lead_cell(
            line.title,
            href=line.href,
            grade=line.grade,
            under=line.borrower,
            phone_under=line.phone_under,
            extra=rx.el.span(ui.badge(line.kind, line.state), class_name="only-phone"),
        ),
        ui.number(line.rate),
        ui.number(line.principal, muted=True),
        ui.number(line.owed, strong=True, phone="figure"),
        ui.number(line.due, under=line.due_note),
        ui.cell(ui.badge(line.kind, line.state)),
    )
