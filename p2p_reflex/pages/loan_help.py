"""An admin's help for a borrower in hardship: a form for each kind, then what it changes, then the act."""

import reflex as rx

from p2p_reflex import components as ui
from p2p_reflex.pages.loan_changes import change_preview, loan_dialog, reason_field, refusal
from p2p_reflex.state.loan import LoanScreenState
from p2p_reflex.state.loan_help import HELPS, LoanHelpState

STATE = LoanHelpState
LOAN = LoanScreenState.shown
TEXTS = {
    "pause": "The days you choose do not count as late, and no late fee is charged on them. Due dates stay.",
    "end_pause": "From the day you choose, days count as late again, as if the pause had been made shorter.",
    "rate_cut": "The installments fall, the term stays. Every lender's rate falls in the same proportion.",
    "reschedule": "All principal still owed is spread over more installments. Nothing is forgiven.",
    "forgive": "What is forgiven is gone, and the lenders bear it. This cannot be undone.",
}


def help_panel() -> rx.Component:
    """Offer each kind of help."""
    return rx.fragment(
        ui.card(
            rx.el.p(
                "For a borrower in hardship. What changes is shown before anything happens; then the"
                " borrower is told, with your reason. No installment moves to another day of the month.",
                class_name="t-12 muted",
                style={"margin_bottom": "12px"},
            ),
            rx.el.div(
                *(
                    rx.cond(LOAN.pauses, _offer(kind, words)) if kind == "end_pause" else _offer(kind, words)
                    for kind, words in HELPS.items()
                ),
                class_name="line-wrap",
            ),
            title="Help the borrower",
            region="Help the borrower",
        ),
        _dialog(),
    )


def _offer(kind: str, words: str) -> rx.Component:
    return ui.secondary_button(words, size="small", on_click=STATE.ask_help(kind))


def _dialog() -> rx.Component:
    is_shown = STATE.preview.lead != ""
    return loan_dialog(
        rx.el.form(
            rx.match(STATE.helping, *((kind, _fields(kind)) for kind in HELPS), rx.fragment()),
            rx.cond(is_shown, rx.fragment(), refusal(STATE.refusal)),
            rx.el.div(
                ui.secondary_button("Not now", on_click=STATE.close(False)),
                ui.primary_button(
                    "See what changes", type_="submit", busy=STATE.is_busy, busy_label="Working it out"
                ),
                class_name="dialog-actions",
            ),
            on_submit=STATE.look,
            no_validate=True,
            class_name="stack-16",
            # What was typed stays in the form while its change is looked at.
            style={"display": rx.cond(is_shown, "none", "flex")},
        ),
        rx.cond(is_shown, _confirmation()),
        is_open=STATE.helping != "",
        on_open_change=STATE.close,
        title=rx.match(STATE.helping, *HELPS.items(), ""),
        text=rx.cond(is_shown, STATE.preview.lead, rx.match(STATE.helping, *TEXTS.items(), "")),
    )


def _confirmation() -> rx.Component:
    confirm = STATE.preview.confirm
    return rx.el.div(
        change_preview(STATE.preview),
        reason_field(STATE, "reason"),
        refusal(STATE.refusal),
        rx.el.div(
            ui.secondary_button("Change it", on_click=STATE.change),
            rx.cond(STATE.helping == "forgive", _send(confirm, "danger-solid"), _send(confirm, "solid")),
            class_name="dialog-actions",
        ),
        class_name="stack-16",
    )


def _send(words: rx.Var, kind: str) -> rx.Component:
    return ui.button(
        words, kind=kind, on_click=STATE.help_borrower, busy=STATE.is_busy, busy_label="Writing it down"
    )


def _fields(kind: str) -> rx.Component:
    match kind:
        case "pause":
            return rx.el.div(
                _day("First day", "from_on"), _day("Last day", "until_on"), class_name="field-grid"
            )
        case "end_pause":
            return _day("First day that counts again", "from_on", rx.Var.create("Paused: ") + LOAN.pauses)
        case "rate_cut":
            return rx.el.div(
                ui.rate_field("New rate (%)", name="rate", error=STATE.errors["rate"]),
                _day("From this day on", "from_on"),
                class_name="field-grid",
            )
        case "reschedule":
            return ui.number_field("Installments from here on", name="months", error=STATE.errors["months"])
    return rx.fragment(
        *(
            ui.money_field(words, name=name, error=STATE.errors[name])
            for name, words in (
                ("late_fees", "Late fees"),
                ("interest", "Interest that fell due"),
                ("principal", "Principal"),
            )
        )
    )


def _day(label: str, name: str, help_: rx.Var | str = "") -> rx.Component:
    return ui.text_field(label, name=name, type_="date", error=STATE.errors[name], help_=help_)
