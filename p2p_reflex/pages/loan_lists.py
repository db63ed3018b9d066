"""The lists of one loan: its installments, its payments, and who lent."""

import reflex as rx

from p2p_reflex import components as ui
from p2p_reflex.pages.loan_admin import payment_actions
from p2p_reflex.state.loan import LoanScreenState
from p2p_reflex.state.loan_lines import TIMELINE_ICONS, NoteRow, PaymentRow, ScheduleRow, TimelineRow

STATE = LoanScreenState
LOAN = LoanScreenState.shown

EVENT_ICONS = sorted({name for name, _ in TIMELINE_ICONS.values()})
SCHEDULE_COLUMNS = (
    ui.Column("No."),
    ui.Column("Due"),
    ui.Column("Principal", "right"),
    ui.Column("Interest", "right"),
    ui.Column("Installment", "right"),
    ui.Column("Owed after", "right"),
    ui.Column("State", "right"),
)
PAYMENT_COLUMNS = (
    ui.Column("Paid on"),
    ui.Column("It went to"),
    ui.Column("Amount", "right"),
    ui.Column("Owed after", "right"),
)
ADMIN_PAYMENT_COLUMNS = (*PAYMENT_COLUMNS, ui.Column("Put right", "right"))
RECEIPT_COLUMNS = (
    ui.Column("Received on"),
    ui.Column("Your part"),
    ui.Column("Amount", "right"),
    ui.Column("Fees", "right"),
    ui.Column("You received", "right"),
)
HOLDER_COLUMNS = (ui.Column("Lender"), ui.Column("Amount", "right"), ui.Column("Rate", "right"))
LENDER_COLUMNS = (*HOLDER_COLUMNS, ui.Column("Letters", "right"))
NOTE_COLUMNS = (
    *HOLDER_COLUMNS,
    ui.Column("Outstanding", "right"),
    ui.Column("Received", "right"),
    ui.Column("Expected", "right"),
)


def schedule() -> rx.Component:
    """List the installments, around now or all of them."""
    return ui.card(
        ui.sorted_table(SCHEDULE_COLUMNS, STATE.schedule, _installment, label="Schedule"),
        title="Schedule",
        aside=rx.cond(
            LOAN.is_long,
            ui.segmented(
                "Which installments",
                [("around", "Around now"), ("all", LOAN.installment_count)],
                current=STATE.schedule_part,
                on_change=STATE.show_schedule,
                small=True,
            ),
        ),
        flush=True,
        region="Schedule",
    )


def _installment(row: rx.vars.ObjectVar[ScheduleRow]) -> rx.Component:
    state = rx.cond(row.kind, ui.badge(row.kind, row.state), rx.el.span(row.state, class_name="muted"))
    return ui.row(
        ui.cell(rx.el.span(row.number, class_name="num muted")),
        ui.cell(
            rx.el.span(row.due_on, class_name="num w-500"),
            rx.el.span(row.parts, class_name="under only-phone"),
            phone="lead",
        ),
        ui.number(row.principal, muted=True),
        ui.number(row.interest, muted=True),
        ui.cell(
            rx.el.span(row.total, class_name="num w-600"),
            rx.cond(row.total_note, rx.el.span(row.total_note, class_name="under num")),
            rx.el.div(state, class_name="only-phone", style={"margin_top": "4px"}),
            align="right",
            phone="figure",
        ),
        ui.number(row.owed_after, muted=True),
        ui.cell(state, align="right"),
        mark=row.mark,
    )


def payments() -> rx.Component:
    """List the payments; to a lender, what each brought them."""
    return ui.card(
        rx.match(
            LOAN.viewer,
            (
                "lender",
                ui.sorted_table(
                    RECEIPT_COLUMNS,
                    STATE.payments,
                    _receipt,
                    label="Payments you received",
                    two_lines=True,
                    empty=_no_payments("Your part of each payment stands here, the day it is made."),
                ),
            ),
            (
                "admin",
                ui.sorted_table(
                    ADMIN_PAYMENT_COLUMNS,
                    STATE.payments,
                    _payment_to_correct,
                    label="Payments",
                    two_lines=True,
                    empty=_no_payments("The first one stands here as soon as it is made."),
                ),
            ),
            ui.sorted_table(
                PAYMENT_COLUMNS,
                STATE.payments,
                _payment,
                label="Payments",
                two_lines=True,
                empty=_no_payments("The first one stands here as soon as it is made."),
            ),
        ),
        rx.cond(
            (STATE.payment_count > STATE.payments.length()),
            rx.el.div(
                ui.quiet_button(
                    rx.Var.create("Show all ") + STATE.payment_count.to_string() + " payments",
                    size="small",
                    on_click=STATE.show_all_payments,
                ),
                class_name="pager",
            ),
        ),
        title="Payments",
        note=STATE.year_words,
        flush=True,
        region="Payments",
    )


def _no_payments(text: str) -> rx.Component:
    return ui.empty_state("No payment yet", text, icon_name="receipt")


def timeline() -> rx.Component:
    """Tell what happened to the loan besides ordinary payments."""
    return ui.card(
        rx.el.ol(rx.foreach(STATE.timeline, _happening), class_name="stack-12"),
        rx.cond(
            STATE.event_count > STATE.timeline.length(),
            rx.el.div(
                ui.quiet_button(
                    rx.Var.create("Show all ") + STATE.event_count.to_string(),
                    size="small",
                    on_click=STATE.show_all_events,
                ),
                style={"margin_top": "12px"},
            ),
        ),
        title="What happened",
        region="What happened",
    )


def _happening(row: rx.vars.ObjectVar[TimelineRow]) -> rx.Component:
    return rx.el.li(
        rx.el.span(
            rx.match(row.icon, *((name, ui.icon(name)) for name in EVENT_ICONS), ui.icon("circle_dot")),
            class_name=row.tone,
            style={"padding_top": "2px"},
        ),
        rx.el.div(
            rx.el.div(
                rx.el.span(row.words, class_name="w-500"),
                rx.el.span(row.on, class_name="t-12 muted num"),
                class_name="between",
            ),
            rx.el.p(row.detail, class_name="t-12 muted"),
        ),
        style={"display": "grid", "grid_template_columns": "16px minmax(0, 1fr)", "gap": "12px"},
    )


def _payment_to_correct(row: rx.vars.ObjectVar[PaymentRow]) -> rx.Component:
    return ui.row(
        *_payment_cells(
            row, rx.el.div(payment_actions(row.payment_id, row.paid_on), class_name="only-phone")
        ),
        ui.cell(payment_actions(row.payment_id, row.paid_on), align="right"),
    )


def _payment(row: rx.vars.ObjectVar[PaymentRow]) -> rx.Component:
    return ui.row(*_payment_cells(row))


def _payment_cells(
    row: rx.vars.ObjectVar[PaymentRow], below: rx.Component | None = None
) -> tuple[rx.Component, ...]:
    return (
        ui.cell(
            rx.el.span(row.paid_on, class_name="num w-500"),
            rx.el.span(row.way, class_name="under"),
            rx.foreach(row.went_to, lambda words: rx.el.span(words, class_name="under only-phone")),
            below if below is not None else rx.fragment(),
            phone="lead",
        ),
        ui.cell(rx.foreach(row.went_to, lambda words: rx.el.div(words, class_name="muted num t-12"))),
        ui.cell(
            rx.el.span(row.amount, class_name="num w-600"),
            rx.el.span(row.owed_after, " owed after", class_name="under num only-phone"),
            align="right",
            phone="figure",
        ),
        ui.number(row.owed_after, muted=True),
    )


def _receipt(row: rx.vars.ObjectVar[PaymentRow]) -> rx.Component:
    return ui.row(
        ui.cell(
            rx.el.span(row.paid_on, class_name="num w-500"),
            rx.foreach(row.went_to, lambda words: rx.el.span(words, class_name="under only-phone")),
            phone="lead",
        ),
        ui.cell(rx.foreach(row.went_to, lambda words: rx.el.div(words, class_name="muted num t-12"))),
        ui.number(row.amount, muted=True),
        ui.number(row.fee, muted=True),
        ui.cell(
            rx.el.span(row.net, class_name="num w-600"),
            rx.el.span(row.fee, " fee", class_name="under num only-phone"),
            align="right",
            phone="figure",
        ),
    )


def notes() -> rx.Component:
    """List the lenders for the borrower, the notes with what they brought for an admin."""
    return rx.match(
        LOAN.viewer,
        (
            "borrower",
            ui.card(
                ui.sorted_table(
                    LENDER_COLUMNS, STATE.notes, _lender, label="Your lenders", keep_columns=True
                ),
                title="Your lenders",
                flush=True,
                region="Your lenders",
            ),
        ),
        (
            "admin",
            ui.card(
                ui.sorted_table(NOTE_COLUMNS, STATE.notes, _note, label="Notes"),
                title="Notes",
                flush=True,
                region="Notes",
            ),
        ),
        rx.fragment(),
    )


def _lender(row: rx.vars.ObjectVar[NoteRow]) -> rx.Component:
    return ui.row(
        ui.cell(ui.lender_name(row.name, row.initials, row.is_bot, row.is_own)),
        ui.number(row.principal),
        ui.number(row.rate, strong=True),
        ui.cell(
            rx.cond(
                row.letter_href,
                ui.link(
                    "Write",
                    row.letter_href,
                    custom_attrs={"aria-label": rx.Var.create("Write to ") + row.name},
                ),
            ),
            align="right",
        ),
    )


def _note(row: rx.vars.ObjectVar[NoteRow]) -> rx.Component:
    return ui.row(
        ui.cell(
            ui.lender_name(row.name, row.initials, row.is_bot, row.is_own),
            rx.el.span(
                row.outstanding,
                " outstanding, ",
                row.received,
                " received, ",
                row.expected,
                " expected",
                class_name="under only-phone",
            ),
            phone="lead",
        ),
        ui.cell(
            rx.el.span(row.principal, class_name="num"),
            rx.el.span(row.rate, class_name="under num only-phone"),
            align="right",
            phone="figure",
        ),
        ui.number(row.rate, strong=True),
        ui.number(row.outstanding),
        ui.number(row.received),
        ui.number(row.expected, muted=True),
    )
