"""The panels beside one loan: paying, autopay, paying off; a lender's own note; an admin's view."""

import reflex as rx

from p2p_reflex import components as ui
from p2p_reflex.state.loan import LoanScreenState
from p2p_reflex.state.loan_lines import NoteRow

STATE = LoanScreenState
LOAN = LoanScreenState.shown


def borrower_panel() -> rx.Component:
    """Let the borrower pay, switch autopay, and pay off."""
    return rx.fragment(_make_payment(), rx.cond(LOAN.is_open, _autopay()), _pay_off())


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
                rx.cond(
                    LOAN.is_open,
                    rx.cond(
                        STATE.is_from_wallet,
                        "The money comes from your wallet. You cannot take a payment back.",
                        "The money comes from your bank through your wallet. You cannot take a payment back.",
                    ),
                    "This loan was charged off; what you pay goes to your lenders as a recovery. No interest "
                    "is added any more.",
                ),
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
        rx.cond(meant.early, rx.el.p(meant.early, class_name="t-12 muted", style={"margin_top": "8px"})),
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
        rx.cond(
            LOAN.autopay,
            rx.el.div(
                ui.switch_row(
                    "Take a part",
                    "Where the wallet is short, takes what is there and tries again each day.",
                    checked=LOAN.autopay_partial,
                    on_change=STATE.turn_partial,
                ),
                style={"margin_top": "12px"},
            ),
        ),
        rx.el.div(
            rx.cond(
                LOAN.autopay & ~LOAN.covers,
                ui.notice(
                    LOAN.coverage,
                    rx.el.span(LOAN.coverage_hint),
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
            text=rx.cond(
                STATE.is_from_wallet,
                "This ends the loan today and cannot be undone. The money comes from your wallet.",
                "This ends the loan today and cannot be undone. The money comes from your bank.",
            ),
            confirm=rx.Var.create("Pay off with ") + LOAN.payoff.total,
            on_confirm=STATE.pay_off(LOAN.payoff.total_cents, STATE.form_key),
            busy=STATE.is_paying,
            busy_label="Paying off",
        ),
        title="Pay it all off",
        region="Pay it all off",
    )


def ended() -> rx.Component:
    """Say that nothing is left to pay."""
    return ui.card(
        ui.notice(
            "This loan has ended.", rx.el.span("Nothing more is owed on it."), kind="good", icon_name="check"
        ),
        title="Nothing left to pay",
    )


def own_notes() -> rx.Component:
    """Show a lender their own share of the loan."""
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
            rx.cond(LOAN.is_open, ". Expected: after the 1 % servicing fee, if all is paid as planned.", "."),
            class_name="t-12 muted",
            style={"margin_top": "8px"},
        ),
        rx.cond(
            row.letter_href,
            rx.el.div(
                ui.link_button("Write to the borrower", row.letter_href, icon_name="mail", full=True),
                style={"margin_top": "12px"},
            ),
        ),
        title="Your note",
        region="Your note",
    )


def servicing() -> rx.Component:
    """Show an admin how the loan is paid and what would end it."""
    return ui.card(
        rx.cond(
            LOAN.is_payable,
            rx.el.div(
                ui.key_values(
                    rx.cond(LOAN.is_open, ui.pair("Autopay", rx.cond(LOAN.autopay, "On", "Off"))),
                    *_payoff_amounts(),
                ),
                rx.el.p(LOAN.payoff.note, class_name="t-12 muted"),
                rx.el.p(LOAN.coverage, class_name="t-12 muted"),
                class_name="stack-8",
            ),
            rx.el.p("This loan has ended. Nothing more is owed on it.", class_name="muted"),
        ),
        title="Servicing",
        region="Servicing",
    )
