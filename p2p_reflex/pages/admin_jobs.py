"""The jobs: every business day with its steps, how long each took, what failed, and trying again."""

import reflex as rx

from p2p_reflex import components as ui
from p2p_reflex.state.admin_jobs import AdminJobsState, DayShown, StepShown
from p2p_reflex.state.frame import FrameState

STATE = AdminJobsState

DAY_COLUMNS = (
    ui.Column("Business day"),
    ui.Column("What it did", on_phone=False),
    ui.Column("Took", "right"),
    ui.Column("State", "right"),
)
STEP_COLUMNS = (
    ui.Column("Step"),
    ui.Column("What it did", on_phone=False),
    ui.Column("Took", "right", on_phone=False),
    ui.Column("State", "right"),
)


@rx.page(route="/admin/jobs", title="Jobs", on_load=[FrameState.load, AdminJobsState.load])
def admin_jobs() -> rx.Component:
    """Lay out the steps of one day and the list of days."""
    return ui.frame(
        ui.loaded(
            STATE.loaded,
            rx.cond(
                STATE.days.length() > 0,
                rx.el.div(_stopped(), _steps(), _days(), class_name="stack"),
                _nothing(),
            ),
            rx.el.div(
                ui.card(ui.skeleton_rows(11, 32)), ui.card(ui.skeleton_rows(8, 32)), class_name="stack"
            ),
        ),
        title="Jobs",
        purpose=rx.Var.create("The close of every business day, step by step. Open now: ")
        + STATE.open_day
        + ".",
        active="/admin/jobs",
    )


def _nothing() -> rx.Component:
    return ui.card(
        ui.empty_state(
            "No business day has closed yet",
            "Here stands every day with its steps, once the first one closes.",
            icon_name="calendar_clock",
        )
    )


def _stopped() -> rx.Component:
    return rx.cond(
        STATE.is_stopped,
        rx.el.div(
            ui.notice(
                rx.Var.create("Closing ") + STATE.open_day + " stopped.",
                rx.el.span("What was done is done; the day goes on where it stopped."),
                kind="bad",
            ),
            ui.primary_button("Retry", on_click=STATE.retry, busy=STATE.is_retrying, busy_label="Retrying"),
            class_name="stack-12",
        ),
    )


def _steps() -> rx.Component:
    return ui.card(
        ui.sorted_table(STEP_COLUMNS, STATE.steps, _step, label="Steps of the day", keep_columns=True),
        title=rx.Var.create("Steps of ") + STATE.shown_day,
        flush=True,
        region="Steps of the day",
    )


def _step(step: rx.vars.ObjectVar[StepShown]) -> rx.Component:
    return ui.row(
        ui.cell(
            rx.el.div(
                rx.el.span(step.number, class_name="muted num step-number"),
                rx.el.span(step.title, class_name="w-500"),
                class_name="line",
            ),
            rx.el.p(step.did, class_name="t-12 muted only-phone"),
            rx.foreach(step.errors, lambda error: rx.el.p(error, class_name="t-12 red")),
        ),
        ui.cell(rx.el.span(step.did, class_name="muted"), phone="hide"),
        ui.number(step.took, under=step.tries, muted=True, phone="hide"),
        ui.cell(ui.badge(step.kind, step.word), align="right"),
    )


def _days() -> rx.Component:
    return ui.card(
        ui.sorted_table(DAY_COLUMNS, STATE.days, _day, label="Business days", keep_columns=True),
        title="Business days",
        note="The last 30. Press one to see its steps.",
        flush=True,
        region="Business days",
    )


def _day(day: rx.vars.ObjectVar[DayShown]) -> rx.Component:
    return ui.row(
        ui.cell(
            rx.el.button(
                day.name,
                type="button",
                class_name="link w-500",
                on_click=STATE.show(day.on),
                custom_attrs={"aria-pressed": day.is_shown},
            )
        ),
        ui.cell(rx.el.span(day.did, class_name="muted"), phone="hide"),
        ui.number(day.took, muted=True),
        ui.cell(ui.badge(day.kind, day.word), align="right"),
        mark=rx.cond(day.is_shown, "own", ""),
    )
