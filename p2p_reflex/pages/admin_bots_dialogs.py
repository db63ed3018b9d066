"""The dialogs of the bots' desk: what one bot has and may, and the question before a reset."""

import reflex as rx

from p2p_reflex import components as ui
from p2p_reflex.state.admin_bots import AdminBotsState
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
            rx.el.div(_capital(), ui.rule(), _parameters(), class_name="stack-16"),
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
