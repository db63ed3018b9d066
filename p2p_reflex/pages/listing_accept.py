"""The borrower's panel on a listing's page: accept the offers, or withdraw the listing."""

import reflex as rx

from p2p_reflex import components as ui
from p2p_reflex.state.listing import ListingState

STATE = ListingState
OFFER = ListingState.offer
CHART_HEIGHT = 104


def accept_panel() -> rx.Component:
    """Show what the offers come to, and the two decisions a borrower can take."""
    return ui.card(
        rx.el.div(
            rx.el.p(OFFER.words, class_name="muted"),
            rx.cond(OFFER.has_figures, _figures(), rx.fragment()),
            rx.el.div(
                ui.primary_button(
                    "Accept offers",
                    full=True,
                    disabled=~OFFER.can_accept,
                    on_click=STATE.show_accept(True),
                ),
                rx.cond(
                    OFFER.can_accept,
                    rx.el.p("You see everything once more before it is final.", class_name="t-12 muted"),
                ),
                class_name="stack-8",
            ),
            rx.cond(STATE.has_average, _average(), rx.fragment()),
            ui.rule(),
            ui.danger_button("Withdraw listing", full=True, on_click=STATE.show_withdraw(True)),
            class_name="stack-16",
        ),
        _accept_dialog(),
        _withdraw_dialog(),
        title="Accept the offers",
        aside=ui.badge(OFFER.badge_kind, OFFER.badge),
    )


def _figures() -> rx.Component:
    return ui.key_values(
        ui.pair("Loan", OFFER.loan),
        ui.pair(OFFER.fee_label, OFFER.fee),
        ui.pair("You receive", OFFER.net, kind="outcome"),
        ui.pair("Average rate", OFFER.average),
        ui.pair("APR", OFFER.apr),
        ui.pair(OFFER.installments_label, OFFER.installment),
        ui.pair("Total cost", OFFER.cost),
    )


def _average() -> rx.Component:
    return rx.el.div(
        ui.rule(),
        rx.el.div(
            rx.el.h3("Average rate so far", class_name="w-600"),
            rx.el.span(STATE.average_change, class_name="t-12 accent num"),
            class_name="between",
        ),
        ui.chart(STATE.average, height=CHART_HEIGHT, has_table=True),
        class_name="stack-12",
    )


def _accept_dialog() -> rx.Component:
    return ui.money_dialog(
        ui.pair("Loan", OFFER.loan),
        ui.pair(OFFER.fee_label, OFFER.fee),
        ui.pair("To your wallet, now", OFFER.net, kind="strong"),
        is_open=STATE.dialog == "accept",
        on_open_change=STATE.show_accept,
        title="Accept the offers",
        text=OFFER.question,
        confirm=OFFER.confirm,
        on_confirm=STATE.accept(OFFER.seen, STATE.form_key),
        busy=STATE.is_busy,
        busy_label="Accepting",
        error=STATE.dialog_error,
        extra=rx.el.div(
            ui.rule(),
            ui.key_values(
                ui.pair("Average rate", OFFER.average),
                ui.pair("APR", OFFER.apr),
                ui.pair(OFFER.installments_label, OFFER.installment),
                ui.pair("First one", OFFER.first_due),
            ),
            class_name="stack-12 dialog-extra",
        ),
    )


def _withdraw_dialog() -> rx.Component:
    return ui.money_dialog(
        is_open=STATE.dialog == "withdraw",
        on_open_change=STATE.show_withdraw,
        title="Withdraw the listing",
        text="Every bid is rejected, and its money is free again at once. This cannot be undone; you can "
        "publish a new listing at any time.",
        confirm="Withdraw listing",
        on_confirm=STATE.withdraw_listing(STATE.form_key),
        busy=STATE.is_busy,
        busy_label="Withdrawing",
        is_danger=True,
    )
