"""One loan: how far it is, what comes next, every payment, and paying; each person sees their part."""

import reflex as rx

from p2p_reflex import components as ui
from p2p_reflex.state.frame import FrameState
from p2p_reflex.state.loan import LoanScreenState
from p2p_reflex.state.loan_lines import NoteRow, PaymentRow, ScheduleRow

STATE = LoanScreenState
LOAN = LoanScreenState.shown

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
RECEIPT_COLUMNS = (
    ui.Column("Received on"),
    ui.Column("Your part"),
    ui.Column("Amount", "right"),
    ui.Column("Servicing fee", "right"),
    ui.Column("You received", "right"),
)
LENDER_COLUMNS = (ui.Column("Lender"), ui.Column("Amount", "right"), ui.Column("Rate", "right"))
NOTE_COLUMNS = (
    *LENDER_COLUMNS,
    ui.Column("Outstanding", "right"),
    ui.Column("Received", "right"),
    ui.Column("Expected", "right"),
)


@rx.page(route="/loans/[loan_id]", title="Loan", on_load=[FrameState.load, LoanScreenState.load])
def loan() -> rx.Component:
    """Lay out the facts, the panel beside them, and the lists beneath."""
    return ui.frame(
        ui.missing(
            STATE.missing,
            ui.loaded(STATE.loaded, _content(), _waiting()),
            back=ui.link_button("Back to the start", FrameState.home),
        ),
        title=rx.cond(LOAN.title, LOAN.title, "Loan"),
        purpose=rx.cond(STATE.missing, "", LOAN.purpose),
        actions=rx.cond(
            LOAN.badge & ~STATE.missing,
            rx.el.div(
                ui.badge(LOAN.badge_kind, LOAN.badge),
                ui.link_button("See the listing", LOAN.listing_href),
                class_name="line-wrap",
            ),
        ),
        breadcrumb=((rx.cond(LOAN.home_name, LOAN.home_name, "Home"), FrameState.home), ("Loan", "")),
        active=("/borrow", "/portfolio", "/admin"),
    )


def _waiting() -> rx.Component:
    return rx.el.div(
        rx.el.div(ui.card(ui.skeleton_rows(3, 40)), class_name="facts"),
        rx.el.div(ui.card(ui.skeleton_rows(6, 32)), class_name="panel"),
        rx.el.div(ui.card(ui.skeleton_rows(8, 32)), class_name="rest"),
        class_name="with-panel",
    )


def _content() -> rx.Component:
    return rx.el.div(
        rx.el.div(_facts(), class_name="facts"),
        # Three cards are taller than the screen, so this panel scrolls with the page.
        rx.el.div(
            rx.match(
                LOAN.viewer,
                ("borrower", rx.cond(LOAN.is_open, _borrower_panel(), _ended())),
                ("lender", _own_notes()),
                _servicing(),
            ),
            class_name="panel",
            custom_attrs={"style": {"position": "static", "maxHeight": "none", "overflow": "visible"}},
        ),
        rx.el.div(_balance(), _schedule(), _payments(), _notes(), class_name="rest"),
        class_name="with-panel",
    )


def _facts() -> rx.Component:
    return ui.strip(
        rx.foreach(LOAN.figures, lambda each: ui.figure(each.label, each.number, each.note)),
        below=rx.el.div(
            rx.el.div(
                rx.el.span(
                    rx.el.b(LOAN.progress, class_name="w-600"),
                    " ",
                    rx.el.span(LOAN.progress_note),
                    class_name="muted",
                ),
                rx.el.span(LOAN.progress_share, class_name="muted num"),
                class_name="between t-12",
                style={"flex_wrap": "wrap", "margin_bottom": "8px"},
            ),
            ui.installments_bar(LOAN.dashes),
        ),
    )


def _balance() -> rx.Component:
    return ui.card(
        ui.chart(STATE.chart, height=172),
        title="Balance",
        aside=rx.cond(
            LOAN.is_open,
            ui.legend(("1", "So far"), ("4", "Planned"), is_line=True),
            ui.legend(("1", "So far"), is_line=True),
        ),
    )


def _schedule() -> rx.Component:
    return ui.card(
        ui.data_table(SCHEDULE_COLUMNS, STATE.schedule, _installment, label="Schedule"),
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


def _payments() -> rx.Component:
    return ui.card(
        rx.cond(
            LOAN.viewer == "lender",
            ui.data_table(
                RECEIPT_COLUMNS,
                STATE.payments,
                _receipt,
                label="Payments you received",
                two_lines=True,
                empty=_no_payments("Your part of each payment stands here, the day it is made."),
            ),
            ui.data_table(
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
        flush=True,
        region="Payments",
    )


def _no_payments(text: str) -> rx.Component:
    return ui.empty_state("No payment yet", text, icon_name="receipt")


def _payment(row: rx.vars.ObjectVar[PaymentRow]) -> rx.Component:
    return ui.row(
        ui.cell(
            rx.el.span(row.paid_on, class_name="num w-500"),
            rx.el.span(row.way, class_name="under"),
            rx.foreach(row.went_to, lambda words: rx.el.span(words, class_name="under only-phone")),
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


def _notes() -> rx.Component:
    return rx.match(
        LOAN.viewer,
        (
            "borrower",
            ui.card(
                ui.data_table(LENDER_COLUMNS, STATE.notes, _lender, label="Your lenders", keep_columns=True),
                title="Your lenders",
                flush=True,
                region="Your lenders",
            ),
        ),
        (
            "admin",
            ui.card(
                ui.data_table(NOTE_COLUMNS, STATE.notes, _note, label="Notes"),
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


def _borrower_panel() -> rx.Component:
    return rx.fragment(_make_payment(), _autopay(), _pay_off())


def _make_payment() -> rx.Component:
    return ui.card(
        rx.el.form(
            rx.el.input(type="hidden", name="form_key", value=STATE.form_key),
            ui.money_field(
                "Payment amount",
                name="amount",
                value=STATE.amount,
                on_change=STATE.change_amount,
                error=STATE.errors["amount"],
            ),
            rx.el.div(
                ui.secondary_button(LOAN.quick_label, size="small", on_click=STATE.take_due),
                ui.secondary_button("All of it", size="small", on_click=STATE.take_all),
                class_name="line-wrap",
            ),
            rx.cond(STATE.preview.lines.length() > 0, _preview()),
            ui.primary_button(
                "Make payment",
                type_="submit",
                full=True,
                busy=STATE.is_paying & ~STATE.is_payoff_open,
                busy_label="Making payment",
            ),
            rx.el.p(
                "The money comes from your bank through your wallet. A payment that is made stands.",
                class_name="t-12 muted",
            ),
            on_submit=STATE.pay,
            no_validate=True,
            class_name="stack-12",
        ),
        title="Make a payment",
        region="Make a payment",
    )


def _preview() -> rx.Component:
    meant = STATE.preview
    return rx.el.div(
        ui.key_values(rx.foreach(meant.lines, lambda line: ui.pair(line[0], line[1]))),
        rx.cond(meant.note, rx.el.p(meant.note, class_name="w-500", style={"margin_top": "8px"})),
        rx.cond(
            meant.keep_term,
            rx.el.div(
                ui.rule(),
                ui.radio_group(
                    "What paying ahead shortens",
                    [
                        ("keep_installment", "Keep the installment", meant.keep_installment),
                        ("keep_term", "Keep the term", meant.keep_term),
                    ],
                    name="choice",
                    value=STATE.choice,
                    on_change=lambda choice: STATE.choose(choice),
                    hide_legend=True,
                ),
                class_name="stack-12",
                style={"margin_top": "12px"},
            ),
        ),
        custom_attrs={"aria-live": "polite"},
    )


def _autopay() -> rx.Component:
    return ui.card(
        ui.switch_row(
            "Autopay",
            "Takes each installment from your wallet on its due date.",
            checked=LOAN.autopay,
            on_change=STATE.turn_autopay,
        ),
        rx.el.div(
            rx.cond(
                LOAN.autopay & ~LOAN.covers,
                ui.notice(
                    LOAN.coverage,
                    rx.el.span("Add money before it is due."),
                    kind="warning",
                    icon_name="wallet",
                ),
                rx.el.div(
                    ui.icon("wallet"),
                    rx.el.div(LOAN.coverage),
                    class_name="notice",
                    custom_attrs={"data-kind": "neutral"},
                ),
            ),
            style={"margin_top": "12px"},
        ),
        region="Autopay",
    )


def _payoff_amounts() -> list[rx.Component]:
    return [
        ui.pair("Principal", LOAN.payoff.principal),
        ui.pair(LOAN.payoff.interest_label, LOAN.payoff.interest),
        ui.pair("Fees", LOAN.payoff.fees),
        ui.pair("Payoff today", LOAN.payoff.total, kind="outcome"),
    ]


def _pay_off() -> rx.Component:
    return ui.card(
        ui.key_values(*_payoff_amounts()),
        rx.el.p(LOAN.payoff.note, class_name="t-12 muted", style={"margin": "4px 0 12px"}),
        ui.secondary_button("Pay off loan", full=True, on_click=STATE.ask_payoff(True)),
        ui.money_dialog(
            *_payoff_amounts(),
            is_open=STATE.is_payoff_open,
            on_open_change=STATE.ask_payoff,
            title="Pay off the loan",
            text="This ends the loan today and cannot be undone. The money comes from your bank.",
            confirm=rx.Var.create("Pay off with ") + LOAN.payoff.total,
            on_confirm=STATE.pay_off(STATE.form_key),
            busy=STATE.is_paying,
            busy_label="Paying off",
        ),
        title="Pay it all off",
        region="Pay it all off",
    )


def _ended() -> rx.Component:
    return ui.card(
        ui.notice(
            "This loan has ended.", rx.el.span("Nothing more is owed on it."), kind="good", icon_name="check"
        ),
        title="Nothing left to pay",
    )


def _own_notes() -> rx.Component:
    return rx.foreach(STATE.notes, _own_note)


def _own_note(row: rx.vars.ObjectVar[NoteRow]) -> rx.Component:
    return ui.card(
        ui.key_values(
            ui.pair("Principal", row.principal),
            ui.pair("Rate", row.rate, kind="strong"),
            ui.pair("Outstanding", row.outstanding),
            ui.pair("Received so far", row.received),
            ui.pair("Still expected", row.expected, kind="outcome"),
        ),
        rx.el.p(
            "Received: ",
            row.received_note,
            ". Expected: after the 1 % servicing fee, if all is paid as planned.",
            class_name="t-12 muted",
            style={"margin_top": "8px"},
        ),
        title="Your note",
        region="Your note",
    )


def _servicing() -> rx.Component:
    return ui.card(
        rx.cond(
            LOAN.is_open,
            rx.el.div(
                ui.key_values(ui.pair("Autopay", rx.cond(LOAN.autopay, "On", "Off")), *_payoff_amounts()),
                rx.el.p(LOAN.payoff.note, class_name="t-12 muted"),
                rx.el.p(LOAN.coverage, class_name="t-12 muted"),
                class_name="stack-8",
            ),
            rx.el.p("This loan has ended. Nothing more is owed on it.", class_name="muted"),
        ),
        title="Servicing",
        region="Servicing",
    )
