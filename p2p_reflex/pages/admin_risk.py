"""The admin's risk: how late the book is, what rolls on from month to month, and the reserve fund."""

import reflex as rx

from p2p_reflex import components as ui
from p2p_reflex.state.admin_risk import AdminRiskState
from p2p_reflex.state.frame import FrameState
from p2p_reflex.state.risk_lines import RollLine, StageLine

STATE = AdminRiskState
STAGE_COLUMNS = (
    ui.Column("Days past due"),
    ui.Column("Loans", "right"),
    ui.Column("Owed", "right"),
    ui.Column("Share", "right", on_phone=False),
)
ROLL_COLUMNS = (
    ui.Column("Month"),
    ui.Column("Current", "right"),
    ui.Column("Grace", "right"),
    ui.Column("16 to 30 days", "right"),
    ui.Column("31 to 120 days", "right"),
    ui.Column("Default", "right"),
)


@rx.page(route="/admin/risk", title="Risk", on_load=[FrameState.load, AdminRiskState.load])
def admin_risk() -> rx.Component:
    """Lay out the figures, the stages beside their history, the roll rates and the fund."""
    return ui.frame(
        ui.loaded(
            STATE.loaded,
            rx.el.div(
                _figures(),
                rx.el.div(_stages(), _late_history(), class_name="halves"),
                _rolls(),
                rx.el.div(_fund(), _fund_history(), class_name="halves"),
                class_name="stack",
            ),
            _waiting(),
        ),
        title="Risk",
        purpose="How late the book is, what rolls on, and how far the reserve fund reaches.",
        active="/admin/risk",
    )


def _waiting() -> rx.Component:
    row = rx.el.div(ui.card(ui.skeleton(280)), ui.card(ui.skeleton(280)), class_name="halves")
    return rx.el.div(ui.card(ui.skeleton(68)), row, ui.card(ui.skeleton_rows(6, 40)), row, class_name="stack")


def _figures() -> rx.Component:
    shown = STATE.shown
    return ui.strip(
        ui.figure("Owed on running loans", shown.owed, "principal"),
        ui.figure("Late", shown.late, shown.late_note),
        ui.figure("Over 30 days late", shown.late_30, shown.late_30_note),
        ui.figure("Charged off", shown.charged_off, shown.charged_off_note),
    )


def _stages() -> rx.Component:
    return ui.card(
        rx.el.div(
            rx.foreach(STATE.stages, _stage_part),
            class_name="share-bar",
            style={"margin": "4px 20px 8px"},
            custom_attrs={"aria-hidden": "true"},
        ),
        ui.sorted_table(
            STAGE_COLUMNS, STATE.stages, _stage, label="Running loans by days past due", keep_columns=True
        ),
        title="Delinquency",
        flush=True,
        region="Delinquency",
    )


def _stage_part(row: rx.vars.ObjectVar[StageLine]) -> rx.Component:
    return rx.el.i(
        custom_attrs={
            "data-series": row.series,
            "style": {"--share": row.cents, "display": rx.cond(row.cents > 0, "block", "none")},
        }
    )


def _stage(row: rx.vars.ObjectVar[StageLine]) -> rx.Component:
    return ui.row(
        ui.cell(rx.el.span(ui.swatch(row.series), row.name, class_name="line")),
        ui.number(row.loan_count),
        ui.number(row.owed, strong=True),
        ui.number(row.share, muted=True, phone="hide"),
    )


def _late_history() -> rx.Component:
    return ui.card(
        rx.cond(
            STATE.has_late_history,
            ui.chart(STATE.late_history, height=196),
            _later("The close of each business day adds a point."),
        ),
        title="Late share of principal",
        aside=ui.legend(("1", "Late"), ("2", "Over 30 days"), is_line=True),
        region="Late share of principal",
    )


def _later(text: str) -> rx.Component:
    return ui.empty_state("Not known yet", text, icon_name="chart_line")


def _rolls() -> rx.Component:
    return ui.card(
        ui.sorted_table(
            ROLL_COLUMNS,
            STATE.rolls,
            _roll,
            label="Roll rates by month",
            two_lines=True,
            empty=_later("Roll rates show once a month has ended on running loans."),
        ),
        title="Roll rates",
        note="Of the loans in a bucket when the month began, how many were in a worse one at its end.",
        flush=True,
        region="Roll rates",
    )


def _roll(row: rx.vars.ObjectVar[RollLine]) -> rx.Component:
    return ui.row(
        ui.cell(
            rx.el.span(row.month, class_name="w-500"),
            rx.el.span(row.in_words, class_name="under only-phone"),
            phone="lead",
        ),
        ui.number(row.current, under=row.current_of),
        ui.number(row.grace, under=row.grace_of),
        ui.number(row.late_16_30, under=row.late_16_30_of),
        ui.number(row.late_31_120, under=row.late_31_120_of),
        ui.number(row.default, under=row.default_of),
    )


def _fund() -> rx.Component:
    fund = STATE.fund
    return ui.card(
        rx.el.div(
            ui.figure("In the fund", fund.balance),
            ui.figure("Fund ÷ expected losses", fund.coverage, fund.coverage_note),
            ui.figure("With future income", fund.coverage_with_income, fund.income_note),
            class_name="thirds",
        ),
        rx.el.div(ui.rule(), style={"margin": "16px 0"}),
        ui.key_values(
            ui.pair("Came in from origination fees", fund.contributed),
            ui.pair("Paid to lenders at defaults", fund.bought),
            ui.pair("Came back from borrowers", fund.returned),
            ui.pair("Still owed to the fund", fund.held),
        ),
        rx.el.p(
            "In the last twelve months. The fund buys the principal of defaulted notes as far as it reaches; "
            "when it is empty, lenders bear the rest.",
            class_name="t-12 muted",
            style={"margin_top": "12px"},
        ),
        title="Reserve fund",
        region="Reserve fund",
    )


def _fund_history() -> rx.Component:
    return ui.card(
        rx.cond(
            STATE.has_fund_history,
            ui.chart(STATE.fund_history, height=276),
            _later("The close of each business day adds a point."),
        ),
        title="Fund over time",
        aside=ui.legend(("1", "In the fund"), ("4", "Expected losses"), is_line=True),
        region="Fund over time",
    )
