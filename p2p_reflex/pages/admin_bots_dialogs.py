"""The dialogs of the bots' desk: what one bot has and may, and the question before a reset."""

import reflex as rx

from p2p_reflex import components as ui
from p2p_reflex.services.bots.bot_steering import LONGEST_WHY
from p2p_reflex.state.admin_bots import AdminBotsState
from p2p_reflex.state.bot_changes import ChangeLine
from p2p_reflex.state.bot_lines import ParameterLine

STATE = AdminBotsState
PARAMETERS_FORM = "bot-parameters"


def settings_dialog() -> rx.Component:
    """Draw one bot's capital and parameters, each with its own button, and the way to reset it alone."""
    shown = STATE.settings
    return rx.dialog.root(
        rx.dialog.content(
            rx.dialog.title(shown.name, class_name="t-20"),
            rx.dialog.description(shown.way, class_name="dialog-text"),
            rx.el.div(
                _reason(), _capital(), ui.rule(), _parameters(), ui.rule(), _history(), class_name="stack-16"
            ),
            rx.el.div(
                rx.cond(
                    shown.has_open_bids,
                    ui.danger_button(
                        rx.Var.create("Withdraw ") + shown.open_bids, on_click=STATE.ask_reset_of_one
                    ),
                ),
                ui.secondary_button("Close", on_click=STATE.show_settings(False)),
                ui.primary_button(
                    "Save settings",
                    type_="submit",
                    form=PARAMETERS_FORM,
                    busy=STATE.working == "parameters",
                    busy_label="Saving",
                ),
                class_name="dialog-actions",
            ),
            class_name="dialog bot-settings",
        ),
        open=STATE.dialog == "settings",
        on_open_change=STATE.show_settings,
    )


def _reason() -> rx.Component:
    return rx.el.div(
        ui.text_field(
            "Reason",
            name="reason",
            value=STATE.reason,
            on_change=STATE.write_reason,
            error=STATE.errors["reason"],
            help_="Kept with whatever you change here. It may stay empty.",
            max_length=LONGEST_WHY,
            auto_complete="off",
            custom_attrs={"aria-describedby": "reason-help reason-error"},
        ),
        rx.cond(
            STATE.settings.is_running,
            ui.secondary_button("Stop bot", on_click=STATE.switch_with_reason(False)),
            ui.secondary_button("Start bot", on_click=STATE.switch_with_reason(True)),
        ),
        class_name="bot-capital-form",
    )


def _history() -> rx.Component:
    return rx.el.section(
        rx.el.h2("What happened", class_name="w-600"),
        rx.cond(
            STATE.history.length() > 0,
            rx.el.ul(rx.foreach(STATE.history, _event), class_name="stack-12"),
            rx.el.p("Nothing yet.", class_name="muted"),
        ),
        class_name="stack-12",
    )


def _event(line: ChangeLine) -> rx.Component:
    return rx.el.li(
        rx.el.div(
            rx.el.p(line.what),
            rx.cond(line.reason != "", rx.el.p(line.reason, class_name="t-12 muted")),
            class_name="bot-words",
        ),
        rx.el.p(line.who, rx.el.br(), line.since, class_name="t-12 muted right"),
        class_name="between-top",
    )


def _capital() -> rx.Component:
    return rx.el.form(
        rx.el.input(type="hidden", name="form_key", value=STATE.form_key),
        ui.money_field(
            "Capital",
            name="capital",
            default=STATE.settings.capital,
            error=STATE.errors["capital"],
            help_=STATE.settings.capital_help,
            custom_attrs={"aria-describedby": "capital-help capital-error"},
        ),
        ui.secondary_button(
            "Change capital", type_="submit", busy=STATE.working == "capital", busy_label="Changing capital"
        ),
        on_submit=STATE.change_capital,
        no_validate=True,
        class_name="bot-capital-form",
    )


def _parameters() -> rx.Component:
    return rx.el.form(
        rx.el.input(type="hidden", name="form_key", value=STATE.form_key),
        rx.el.div(rx.foreach(STATE.parameters, _parameter), class_name="field-grid"),
        id=PARAMETERS_FORM,
        on_submit=STATE.change_parameters,
        no_validate=True,
    )


def _parameter(line: ParameterLine) -> rx.Component:
    return ui.text_field(
        line.label,
        name=line.field,
        default=line.value,
        error=STATE.errors[line.field],
        help_=line.help,
        unit_right=line.unit,
        input_mode="decimal",
        auto_complete="off",
        custom_attrs={"aria-describedby": f"{line.field}-help {line.field}-error"},
    )


def reset_dialog() -> rx.Component:
    """Ask once more before open bids are withdrawn."""
    shown = STATE.reset_shown
    return ui.money_dialog(
        ui.pair("Open bids", shown.bids),
        ui.pair("Of them leading", shown.leading),
        ui.pair("Free again", shown.released, kind="strong"),
        is_open=STATE.dialog == "reset",
        on_open_change=STATE.show_reset,
        title=shown.title,
        text=shown.text,
        confirm=shown.confirm,
        on_confirm=STATE.withdraw_bids(STATE.form_key),
        busy=STATE.working == "reset",
        busy_label="Withdrawing",
        is_danger=True,
    )


def enroll_dialog() -> rx.Component:
    """Ask once more before bots become lenders with capital."""
    shown = STATE.waiting
    return ui.money_dialog(
        ui.pair("Bots", shown.count),
        ui.pair("Capital paid in", shown.capital, kind="strong"),
        is_open=STATE.dialog == "enroll",
        on_open_change=STATE.show_enroll,
        title="Enroll the bots",
        text="Each becomes a lender with a wallet of its own and starts at once. Its capital is recorded as "
        "paid in at the bank, so it has to be there. A bot can be stopped at any time, but stays a lender.",
        confirm=shown.confirm,
        on_confirm=STATE.enroll(STATE.form_key),
        busy=STATE.working == "enroll",
        busy_label="Enrolling",
    )
