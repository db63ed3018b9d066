"""The admin's overview: is the market alive, the money right, the risk in hand, the machine well."""

import reflex as rx

from p2p_reflex import components as ui
from p2p_reflex.domain.vocabulary import Grade
from p2p_reflex.state.admin_overview import AdminOverviewState, BucketLine, LawLine
from p2p_reflex.state.frame import FrameState

STATE = AdminOverviewState
BANK_PARTS = (
    ("1", "In wallets", "wallets"),
    ("2", "Held for bids and withdrawals", "held"),
    ("3", "Reserve fund", "reserve_fund"),
    ("4", "Platform income", "income"),
)

BUCKET_COLUMNS = (
    ui.Column("Days past due"),
    ui.Column("Loans", "right"),
    ui.Column("Owed", "right"),
    ui.Column("Share", "right", on_phone=False),
)


@rx.page(route="/admin", title="Overview", on_load=[FrameState.load, AdminOverviewState.load])
def admin_overview() -> rx.Component:
    """Lay out market, money, laws, risk, volume and machine."""
    return ui.frame(
        ui.loaded(
            STATE.loaded,
            rx.el.div(
                rx.el.div(_market(), _money(), class_name="halves"),
                rx.el.div(_laws(), _risk(), class_name="halves"),
                rx.el.div(_lent(), _machine(), class_name="halves"),
                class_name="stack",
            ),
            _waiting(),
        ),
        title="Overview",
        purpose=STATE.day + " Market, money, risk and machine at a glance.",
        actions=ui.secondary_button("Check again", icon_name="refresh_cw", on_click=STATE.load),
        active="/admin",
    )


def _waiting() -> rx.Component:
    row = rx.el.div(ui.card(ui.skeleton(320)), ui.card(ui.skeleton(320)), class_name="halves")
    return rx.el.div(row, row, class_name="stack")


def _market() -> rx.Component:
    shown = STATE.shown
    return ui.card(
        rx.el.div(
            ui.figure("Open listings", shown.open_listings),
            ui.figure("Covered", shown.covered),
            ui.figure("Bids today", shown.bids_today),
            style={"display": "grid", "grid_template_columns": "repeat(3, minmax(0, 1fr))", "gap": "12px"},
        ),
        rx.el.div(
            rx.el.span("Bids by day", class_name="t-12 muted"),
            ui.legend(("1", "People"), ("behind", "Bots")),
            class_name="between",
            style={"margin": "20px 0 8px"},
        ),
        rx.cond(
            STATE.has_bids,
            ui.chart(STATE.bids, height=172),
            rx.el.p("No bids in the last two weeks.", class_name="muted"),
        ),
        rx.el.p(shown.people, class_name="t-12 muted", style={"margin_top": "12px"}),
        title="Market",
        aside=ui.badge("neutral", shown.market_word),
        region="Market",
    )


def _money() -> rx.Component:
    shown = STATE.shown
    return ui.card(
        ui.figure("At the bank", shown.bank),
        rx.el.div(
            ui.share_bar(*((series, shown.parts[place]) for place, (series, _, _) in enumerate(BANK_PARTS))),
            style={"margin": "12px 0 16px"},
        ),
        ui.key_values(
            *(
                ui.pair(rx.el.span(ui.swatch(series), name, class_name="line"), getattr(shown, stem))
                for series, name, stem in BANK_PARTS
            ),
        ),
        rx.el.div(ui.rule(), style={"margin": "12px 0"}),
        ui.key_values(ui.pair("Difference", shown.difference, kind="strong")),
        title="Money",
        aside=_laws_badge(),
        region="Money",
    )


def _laws_badge() -> rx.Component:
    return rx.cond(
        STATE.shown.are_all_kept,
        ui.badge("done", STATE.shown.laws_word),
        ui.badge("bad", STATE.shown.laws_word),
    )


def _laws() -> rx.Component:
    return ui.card(
        rx.el.ol(rx.foreach(STATE.laws, law_row), class_name="stack-8"),
        title="Laws of the books",
        region="Laws of the books",
    )


def law_row(law: rx.vars.ObjectVar[LawLine]) -> rx.Component:
    """Draw one law with what breaks it."""
    return rx.el.li(
        rx.cond(law["holds"], _mark("check", "Holds: ", "accent"), _mark("circle_alert", "Broken: ", "red")),
        rx.el.span(law["number"], class_name="muted num right"),
        rx.el.div(
            law["title"],
            rx.foreach(law["violations"].to(list[str]), lambda words: rx.el.p(words, class_name="t-12 red")),
        ),
        style={"display": "grid", "grid_template_columns": "16px 24px minmax(0, 1fr)", "gap": "8px"},
    )


def _mark(icon_name: str, words: str, colour: str) -> rx.Component:
    return rx.el.span(
        ui.icon(icon_name),
        rx.el.span(words, class_name="visually-hidden"),
        class_name=colour,
        style={"padding_top": "2px"},
    )


def _risk() -> rx.Component:
    return ui.card(
        rx.cond(
            STATE.shown.has_loans,
            rx.el.div(
                rx.el.div(
                    rx.foreach(STATE.buckets, _bucket_part),
                    class_name="share-bar",
                    style={"margin": "4px 20px 8px"},
                    custom_attrs={"aria-hidden": "true"},
                ),
                ui.sorted_table(
                    BUCKET_COLUMNS,
                    STATE.buckets,
                    _bucket,
                    label="Loans by days past due",
                    keep_columns=True,
                ),
            ),
            rx.el.p("No loans yet. The first accepted listing becomes one.", class_name="muted card-pad"),
        ),
        title="Risk",
        aside=ui.badge(STATE.shown.late_kind, STATE.shown.late_word),
        flush=True,
        region="Risk",
    )


def _bucket_part(row: rx.vars.ObjectVar[BucketLine]) -> rx.Component:
    is_there = rx.cond(row["cents"].to(int) > 0, "block", "none")
    return rx.el.i(
        custom_attrs={
            "data-series": row["series"],
            "style": {"--share": row["cents"], "display": is_there},
        }
    )


def _bucket(row: rx.vars.ObjectVar[BucketLine]) -> rx.Component:
    return ui.row(
        ui.cell(rx.el.span(ui.swatch(row["series"]), row["name"], class_name="line")),
        ui.number(row["loan_count"]),
        ui.number(row["owed"], strong=True),
        ui.number(row["share"], muted=True, phone="hide"),
    )


def _lent() -> rx.Component:
    return ui.card(
        ui.figure("Lent in all", STATE.shown.lent, STATE.shown.lent_note),
        rx.el.div(style={"height": "12px"}),
        rx.cond(
            STATE.has_loans,
            ui.chart(STATE.lent, height=196),
            rx.el.p("Nothing was lent in the last twelve months.", class_name="muted"),
        ),
        title="Lent per month",
        aside=ui.grade_legend([grade.value for grade in Grade]),
        region="Lent per month",
    )


def _machine() -> rx.Component:
    shown = STATE.shown
    return ui.card(
        ui.key_values(
            ui.pair("Application", shown.version),
            ui.pair("Database", shown.engine),
            ui.pair("Size of the database", shown.size),
            ui.pair("Journal", shown.journal),
            ruled=True,
        ),
        title="Machine",
        region="Machine",
    )
