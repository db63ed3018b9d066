"""What an admin does to one loan: requests to decide, payments to put right, help in hardship."""

import reflex as rx

from p2p_reflex import components as ui
from p2p_reflex.state.correction_lines import RequestRow
from p2p_reflex.state.loan import LoanScreenState
from p2p_reflex.state.loan_admin import BACKDATING, HELPS, LoanAdminState

STATE = LoanAdminState
LOAN = LoanScreenState.shown
TEXTS = {
    "pause": "The days you choose do not count as late, and no late fee is charged on them. Due dates stay.",
    "rate_cut": "The installments fall, the term stays. Every lender's rate falls in the same proportion.",
    "reschedule": "All principal still owed is spread over more installments. Nothing is forgiven.",
    "forgive": "What is forgiven is gone, and the lenders bear it. This cannot be undone.",
}


def admin_panel() -> rx.Component:
    """Let an admin decide on requests and help the borrower."""
    return rx.fragment(
        rx.cond(LoanScreenState.requests.length() > 0, _requests()),
        rx.cond(LOAN.is_open, _hardship()),
        _correction_dialog(),
        _help_dialog(),
    )


def payment_actions(payment_id: rx.Var, paid_on: rx.Var) -> rx.Component:
    """Offer to put one payment right."""
    return rx.el.div(
        ui.quiet_button("Date back", size="small", on_click=STATE.ask_backdating(payment_id, paid_on)),
        ui.quiet_button("Reverse", size="small", on_click=STATE.ask_reversal(payment_id)),
        class_name="line payment-actions",
    )


def _requests() -> rx.Component:
    return ui.card(
        rx.el.div(rx.foreach(LoanScreenState.requests, _request), class_name="stack-16"),
        title="Waits for a second admin",
        region="Waits for a second admin",
    )


def _request(row: rx.vars.ObjectVar[RequestRow]) -> rx.Component:
    return rx.el.div(
        rx.el.div(row.what, class_name="w-600"),
        rx.el.p(row.by, " ", row.reason, class_name="t-12 muted"),
        rx.el.div(
            rx.cond(
                row.may_approve,
                rx.fragment(
                    ui.danger_button("Approve", size="small", on_click=STATE.approve(row.request_id)),
                    ui.secondary_button("Reject", size="small", on_click=STATE.reject(row.request_id)),
                ),
                ui.secondary_button("Take back", size="small", on_click=STATE.reject(row.request_id)),
            ),
            class_name="line-wrap",
        ),
        class_name="stack-8",
    )


def _hardship() -> rx.Component:
    return ui.card(
        rx.el.p(
            "For a borrower in hardship. Each is told to the borrower with your reason, and due dates never "
            "move.",
            class_name="t-12 muted",
            style={"margin_bottom": "12px"},
        ),
        rx.el.div(
            *(
                ui.secondary_button(words, size="small", on_click=STATE.ask_help(kind))
                for kind, words in HELPS.items()
            ),
            class_name="line-wrap",
        ),
        title="Help the borrower",
        region="Help the borrower",
    )


def _dialog(
    *children: rx.Component, is_open: rx.Var, title: rx.Component | rx.Var, text: rx.Component | rx.Var
) -> rx.Component:
    return rx.dialog.root(
        rx.dialog.content(
            rx.dialog.title(title, class_name="t-20"),
            rx.dialog.description(text, class_name="dialog-text"),
            *children,
            class_name="dialog",
        ),
        open=is_open,
        on_open_change=STATE.close,
    )


def _correction_dialog() -> rx.Component:
    preview, is_backdating = STATE.preview, STATE.correcting == BACKDATING
    return _dialog(
        rx.el.div(
            rx.cond(
                is_backdating,
                ui.text_field(
                    "The day on which it arrived",
                    name="paid_on",
                    type_="date",
                    value=STATE.paid_on,
                    on_change=STATE.choose_day,
                    error=STATE.errors["paid_on"],
                    help_=rx.Var.create("Before ") + STATE.latest_on,
                ),
            ),
            rx.cond(preview.lead, _preview()),
            ui.text_field(
                "Reason",
                name="correction-reason",
                value=STATE.reason,
                on_change=STATE.type_reason,
                error=STATE.errors["reason"],
                help_="Told to the borrower, and kept with the loan.",
                max_length=300,
            ),
            _refusal(),
            rx.el.div(
                ui.secondary_button("Not now", on_click=STATE.close(False)),
                ui.danger_button(
                    rx.cond(preview.confirm, preview.confirm, "Date back"),
                    solid=True,
                    on_click=STATE.correct,
                    busy=STATE.is_busy,
                    busy_label="Putting it right",
                    disabled=~preview.confirm.bool(),
                ),
                class_name="dialog-actions",
            ),
            class_name="stack-16",
        ),
        is_open=STATE.correcting != "",
        title=rx.cond(is_backdating, "Date a payment back", "Reverse a payment"),
        text=rx.cond(
            preview.lead,
            preview.lead,
            "Choose the day on which the money arrived; what changes is shown before anything happens.",
        ),
    )


def _preview() -> rx.Component:
    preview = STATE.preview
    return rx.el.div(
        rx.cond(
            preview.loan.length() > 0,
            ui.key_values(
                rx.foreach(
                    preview.loan, lambda line: ui.pair(line[0], rx.fragment(line[1], " → ", rx.el.b(line[2])))
                )
            ),
        ),
        ui.rule(),
        ui.key_values(rx.foreach(preview.money, lambda line: ui.pair(line[0], line[1]))),
        rx.foreach(preview.notes, lambda words: rx.el.p(words, class_name="t-12 muted")),
        rx.cond(
            preview.advanced,
            ui.notice("Some of the money has moved on.", preview.advanced, kind="warning"),
        ),
        rx.cond(
            preview.needs_second_admin,
            ui.notice(
                "This is above the limit.", "Another admin has to approve it; nothing changes until then."
            ),
        ),
        class_name="stack-12",
        custom_attrs={"aria-live": "polite"},
    )


def _refusal() -> rx.Component:
    return rx.cond(STATE.refusal, rx.el.div(ui.notice(STATE.refusal, kind="bad"), role="alert"))


def _help_dialog() -> rx.Component:
    return _dialog(
        rx.form(
            rx.el.input(type="hidden", name="form_key", value=STATE.form_key),
            rx.match(STATE.helping, *((kind, _fields(kind)) for kind in HELPS), rx.fragment()),
            ui.text_field(
                "Reason",
                name="reason",
                error=STATE.errors["reason"],
                help_="Told to the borrower, and kept with the loan.",
                max_length=300,
            ),
            _refusal(),
            rx.el.div(
                ui.secondary_button("Not now", on_click=STATE.close(False)),
                rx.cond(STATE.helping == "forgive", _send("danger-solid"), _send("solid")),
                class_name="dialog-actions",
            ),
            on_submit=STATE.help_borrower,
            class_name="stack-16",
        ),
        is_open=STATE.helping != "",
        title=rx.match(STATE.helping, *HELPS.items(), ""),
        text=rx.match(STATE.helping, *TEXTS.items(), ""),
    )


def _send(kind: str) -> rx.Component:
    return ui.button(
        rx.match(STATE.helping, *HELPS.items(), ""),
        kind=kind,
        type_="submit",
        busy=STATE.is_busy,
        busy_label="Working it out",
    )


def _fields(kind: str) -> rx.Component:
    match kind:
        case "pause":
            return rx.el.div(
                _day("First day", "from_on"), _day("Last day", "until_on"), class_name="field-grid"
            )
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


def _day(label: str, name: str) -> rx.Component:
    return ui.text_field(label, name=name, type_="date", error=STATE.errors[name])
