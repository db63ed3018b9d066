"""What an admin puts right on one loan: requests to decide, payments, advances; and the look before it."""

import reflex as rx

from p2p_reflex import components as ui
from p2p_reflex.pages.loan_changes import change_preview, loan_dialog, reason_field, refusal
from p2p_reflex.pages.loan_help import help_panel
from p2p_reflex.state.loan import LoanScreenState
from p2p_reflex.state.loan_admin import APPROVAL, BACKDATING, WRITE_OFF, LoanAdminState
from p2p_reflex.state.request_lines import AdvanceRow, RequestRow

STATE = LoanAdminState


def admin_panel() -> rx.Component:
    """Let an admin decide on requests, help the borrower, and give up advances."""
    return rx.fragment(
        rx.cond(LoanScreenState.requests.length() > 0, _requests()),
        rx.cond(LoanScreenState.shown.is_open, help_panel()),
        rx.cond(LoanScreenState.advances.length() > 0, _advances()),
        _correction_dialog(),
        _approval_dialog(),
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
        rx.el.p(row.by, class_name="t-12 muted"),
        rx.el.p("Reason: ", row.reason, class_name="t-12 muted"),
        rx.el.div(
            rx.cond(
                row.may_approve,
                rx.fragment(
                    ui.secondary_button(
                        "See what changes", size="small", on_click=STATE.ask_approval(row.request_id)
                    ),
                    ui.quiet_button("Reject", size="small", on_click=STATE.reject(row.request_id)),
                ),
                ui.secondary_button("Take back", size="small", on_click=STATE.reject(row.request_id)),
            ),
            class_name="line-wrap",
        ),
        class_name="stack-8",
    )


def _advances() -> rx.Component:
    return ui.card(
        rx.el.p(
            "Paid by the platform where money had moved on; collected from what these lenders receive next.",
            class_name="t-12 muted",
            style={"margin_bottom": "12px"},
        ),
        rx.el.div(rx.foreach(LoanScreenState.advances, _advance), class_name="stack-12"),
        title="Advanced",
        region="Advanced",
    )


def _advance(row: rx.vars.ObjectVar[AdvanceRow]) -> rx.Component:
    return rx.el.div(
        rx.el.div(
            rx.el.div(rx.el.span(row.name, class_name="w-500"), rx.el.b(row.left, class_name="num"),
                      class_name="between"),
            rx.el.p(row.since, class_name="t-12 muted num"),
        ),
        rx.el.div(
            ui.secondary_button("Write off", size="small", on_click=STATE.ask_write_off(row.receivable_id)),
            class_name="line-wrap",
        ),
        class_name="stack-8",
    )  # fmt: skip


def _correction_dialog() -> rx.Component:
    preview, is_backdating = STATE.preview, STATE.correcting == BACKDATING
    return loan_dialog(
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
        rx.cond(preview.lead, change_preview(preview)),
        reason_field(STATE, "correction-reason", is_told=STATE.correcting != WRITE_OFF),
        refusal(STATE.refusal),
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
        is_open=(STATE.correcting != "") & (STATE.correcting != APPROVAL),
        on_open_change=STATE.close,
        title=rx.match(
            STATE.correcting,
            (BACKDATING, "Date a payment back"),
            (WRITE_OFF, "Write off an advance"),
            "Reverse a payment",
        ),
        text=rx.cond(
            preview.lead,
            preview.lead,
            "Choose the day on which the money arrived; what changes is shown before anything happens.",
        ),
    )


def _approval_dialog() -> rx.Component:
    return loan_dialog(
        change_preview(STATE.preview, is_asked=True),
        rx.el.p(rx.el.span("Reason: ", class_name="muted"), STATE.reason),
        rx.cond(STATE.outdated, ui.notice("This cannot be approved.", STATE.outdated, kind="warning")),
        refusal(STATE.refusal),
        rx.el.div(
            ui.secondary_button("Not now", on_click=STATE.close(False)),
            ui.danger_button(
                "Approve",
                solid=True,
                on_click=STATE.approve_shown,
                busy=STATE.is_busy,
                busy_label="Putting it right",
                disabled=STATE.outdated != "",
            ),
            class_name="dialog-actions",
        ),
        is_open=STATE.correcting == APPROVAL,
        on_open_change=STATE.close,
        title="Approve what another admin asked for",
        text=STATE.preview.lead,
    )
