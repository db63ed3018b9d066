"""The screen on which a borrower asks for money, with the consequences beside it."""

import reflex as rx

from p2p_reflex import components as ui
from p2p_reflex.state.consequences import FactorShown
from p2p_reflex.state.frame import FrameState
from p2p_reflex.state.new_listing import PURPOSES, NewListingState

STATE = NewListingState
MEANT = NewListingState.meant
TIGHT = {"padding_block": "16px"}
"""The panel's sections, so that all of it is seen at once on a screen 900 high."""


@rx.page(route="/borrow/new", title="New listing", on_load=[FrameState.load, NewListingState.load])
def new_listing() -> rx.Component:
    """Lay out the form at the left and what it means at the right."""
    return ui.frame(
        rx.cond(STATE.loaded, _form(), _waiting()),
        title="New listing",
        purpose="Ask for what you need. Nothing is binding until you accept the offers.",
        actions=_draft_note(),
        active="/borrow/new",
    )


def _draft_note() -> rx.Component:
    return rx.cond(
        STATE.draft_note,
        rx.el.div(
            rx.el.span(STATE.draft_note, class_name="t-12 muted", custom_attrs={"aria-live": "polite"}),
            ui.quiet_button("Start over", size="small", on_click=STATE.start_over),
            class_name="line-wrap",
        ),
    )


def _waiting() -> rx.Component:
    return rx.el.div(
        rx.el.div(ui.card(ui.skeleton_rows(12, 28)), class_name="facts"),
        rx.el.div(ui.card(ui.skeleton_rows(8, 28)), class_name="panel"),
        class_name="with-panel wide-panel",
    )


def _form() -> rx.Component:
    return rx.el.form(
        rx.el.input(type="hidden", name="form_key", value=STATE.form_key),
        rx.el.div(
            rx.cond(STATE.obstacle, ui.notice(STATE.obstacle, kind="warning", large=True, live=True)),
            _summary(),
            ui.card(_money(), _section_rule(), _plan(), _section_rule(), _bidding()),
            class_name="facts",
        ),
        rx.el.div(_consequences(), class_name="panel", id="consequences"),
        rx.el.div(_publishing(), class_name="rest"),
        on_submit=STATE.publish,
        no_validate=True,
        class_name="with-panel wide-panel",
    )


def _section_rule() -> rx.Component:
    return rx.el.div(ui.rule(), style={"margin": "24px 0"})


def _heading(words: str) -> rx.Component:
    return rx.el.h2(words, class_name="t-16", style={"margin_bottom": "16px"})


def _money() -> rx.Component:
    return rx.el.div(
        _heading("The money"),
        rx.el.div(
            ui.money_field(
                "Amount",
                name="amount",
                value=STATE.amount,
                on_change=lambda text: STATE.change("amount", text),
                error=STATE.errors["amount"],
                slider=ui.Slider(1_000, 100_000, 500, "$1,000", "$100,000"),
            ),
            ui.number_field(
                "Term in months",
                name="term_months",
                value=STATE.term_months,
                on_change=lambda text: STATE.change("term_months", text),
                error=STATE.errors["term_months"],
                unit_right="months",
                slider=ui.Slider(12, 60, 1, "12", "60"),
            ),
            ui.select_field(
                "Purpose",
                PURPOSES,
                name="purpose",
                value=STATE.purpose,
                on_change=lambda value: STATE.change("purpose", value),
                error=STATE.errors["purpose"],
                placeholder="Choose a purpose",
                help_="Lenders filter by purpose, and some bots lend only for some.",
            ),
            ui.rate_field(
                "Highest rate (%)",
                name="highest_rate",
                value=STATE.highest_rate,
                on_change=lambda text: STATE.change("highest_rate", text),
                error=STATE.errors["highest_rate"],
                slider=ui.Slider(
                    (MEANT.floor_hundredths / 100).to(float),
                    36,
                    0.05,
                    rx.cond(MEANT.floor, MEANT.floor + ", your floor", ""),
                    "36.00, legal ceiling",
                    decimals=2,
                ),
            ),
            class_name="field-grid",
        ),
    )


def _plan() -> rx.Component:
    return rx.el.div(
        _heading("Your plan"),
        rx.el.div(
            ui.text_field(
                "Title",
                name="title",
                value=STATE.title,
                on_change=lambda text: STATE.change("title", text),
                error=STATE.errors["title"],
                aside=STATE.title_count,
                auto_complete="off",
            ),
            ui.textarea_field(
                "Story",
                name="story",
                value=STATE.story,
                on_change=lambda text: STATE.change("story", text),
                error=STATE.errors["story"],
                counter=STATE.story_count,
                rows=5,
                help_="Say what you will buy, what it brings, and how you will pay it back. "
                "Leave out names and addresses.",
            ),
            class_name="stack",
        ),
    )


def _bidding() -> rx.Component:
    return rx.el.div(
        _heading("The bidding"),
        rx.el.div(
            rx.el.div(
                ui.number_field(
                    "Days of bidding",
                    name="window_days",
                    value=STATE.window_days,
                    on_change=lambda text: STATE.change("window_days", text),
                    error=STATE.errors["window_days"],
                    unit_right="days",
                    help_=STATE.closes,
                ),
                ui.number_field(
                    "Smallest share worth taking",
                    name="smallest_share",
                    value=STATE.smallest_share,
                    on_change=lambda text: STATE.change("smallest_share", text),
                    error=STATE.errors["smallest_share"],
                    unit_right="%",
                    help_=STATE.smallest_note,
                ),
                class_name="field-grid",
            ),
            ui.switch_row(
                "Accept automatically once covered",
                rx.cond(
                    STATE.accepts_automatically,
                    "On: if it is covered when the bidding ends, the offers are accepted for you.",
                    "Off: you get 48 hours after the bidding to decide.",
                ),
                checked=STATE.accepts_automatically,
                on_change=STATE.turn_acceptance,
            ),
            class_name="stack",
        ),
    )


def _publishing() -> rx.Component:
    return ui.card(
        rx.el.div(
            rx.el.span("You can withdraw at no cost until you accept.", class_name="t-12 muted"),
            rx.el.div(
                ui.secondary_button("Save draft", on_click=STATE.save_draft),
                ui.primary_button(
                    "Publish listing",
                    type_="submit",
                    busy=STATE.is_publishing,
                    busy_label="Publishing listing",
                ),
                class_name="dialog-actions",
                style={"margin_top": "0", "flex": "1 1 auto"},
            ),
            class_name="between",
            style={"flex_wrap": "wrap"},
        )
    )


def _summary() -> rx.Component:
    """Show on phones, above the form, what the panel below says at length."""
    return rx.el.a(
        rx.el.div(
            rx.el.div(
                rx.el.div(
                    ui.grade_square(MEANT.grade),
                    rx.el.span("Likely ", MEANT.likely, class_name="w-600 num"),
                    class_name="line",
                ),
                ui.icon("chevron_down"),
                class_name="between",
            ),
            rx.el.div(
                rx.el.span("Installment ", rx.el.b(MEANT.installment), class_name="num"),
                rx.el.span("APR ", rx.el.b(MEANT.apr), class_name="num"),
                class_name="between",
                style={"margin_top": "8px"},
            ),
            class_name="card card-pad",
        ),
        href="#consequences",
        class_name="only-phone",
        style={"color": "inherit", "text_decoration": "none"},
    )


def _consequences() -> rx.Component:
    return rx.el.section(
        rx.el.div(
            rx.el.div(
                rx.el.h2("What this means for you", class_name="t-16"),
                rx.el.span(
                    rx.cond(STATE.is_current, "Updates as you type", "Waits for an amount and a term"),
                    class_name="t-12 muted",
                ),
                class_name="card-head",
            ),
            _grade(),
            class_name="card-pad",
            style=TIGHT,
        ),
        ui.rule(),
        rx.el.div(_likely_rate(), class_name="card-pad", style=TIGHT),
        ui.rule(),
        rx.el.div(
            ui.figure("Installment", MEANT.installment, MEANT.installment_note),
            ui.figure("APR", MEANT.apr, "rate and fee together"),
            class_name="strip",
        ),
        ui.rule(),
        rx.el.div(
            ui.figure("You receive", MEANT.net, MEANT.fee_note),
            ui.figure("Total cost", MEANT.cost, "interest and fee"),
            class_name="strip",
        ),
        ui.rule(),
        rx.el.div(
            rx.el.div(
                rx.el.h3("Every installment", class_name="w-600"),
                ui.legend(("1", "Principal"), ("behind", "Interest")),
                class_name="card-head",
            ),
            ui.chart(STATE.chart, height=172),
            class_name="card-pad",
            style=TIGHT,
        ),
        class_name="card",
        custom_attrs={"aria-label": "What this means for you"},
        style={"opacity": rx.cond(STATE.is_current, "1", "0.6")},
    )


def _grade() -> rx.Component:
    return rx.el.div(
        ui.grade_square(MEANT.grade, large=True),
        rx.el.div(
            rx.el.div(
                rx.el.span("Grade ", MEANT.grade, ", ", MEANT.points, class_name="w-600 num"),
                _all_factors(),
                class_name="between",
            ),
            rx.foreach(MEANT.top_factors, _top_factor),
            rx.cond(
                MEANT.is_assumed,
                rx.el.p("Counted as another purpose until you choose yours.", class_name="t-12 muted"),
            ),
            class_name="stack-4",
            style={"flex": "1"},
        ),
        style={"display": "flex", "gap": "16px", "align_items": "flex-start"},
    )


def _top_factor(factor: rx.vars.ObjectVar[FactorShown]) -> rx.Component:
    return rx.el.div(
        rx.el.span(factor.label),
        rx.el.span(factor.points, class_name=rx.cond(factor.side == "for", "num accent", "num")),
        class_name="between t-12",
    )


def _all_factors() -> rx.Component:
    return rx.dialog.root(
        rx.dialog.trigger(
            rx.el.button(
                "All factors",
                type="button",
                class_name="link t-12",
                style={"background": "none", "border": "0", "padding": "0", "cursor": "pointer"},
            )
        ),
        rx.dialog.content(
            rx.dialog.title("Grade ", MEANT.grade, ", ", MEANT.grade_words.lower(), class_name="t-20"),
            rx.dialog.description(
                MEANT.points,
                ". Everyone starts with ",
                MEANT.starting_points,
                "; the rest is yours. If you publish today, the assessment is good until ",
                MEANT.expires,
                ".",
                class_name="dialog-text",
            ),
            ui.factors(
                rx.foreach(
                    MEANT.factors,
                    lambda each: ui.factor(each.label, each.points, each.side, each.size),
                )
            ),
            rx.el.div(rx.dialog.close(ui.secondary_button("Close")), class_name="dialog-actions"),
            class_name="dialog",
        ),
    )


def _likely_rate() -> rx.Component:
    return rx.el.div(
        rx.el.div(
            rx.el.span("Likely rate", class_name="w-500"),
            rx.el.span(MEANT.likely, class_name="t-20 num", custom_attrs={"aria-live": "polite"}),
            class_name="between",
        ),
        ui.range_bar(MEANT.range_from, MEANT.range_to, MEANT.range_middle),
        rx.el.div(
            rx.el.span(MEANT.range_low), rx.el.span(MEANT.range_high), class_name="between t-12 muted num"
        ),
        rx.cond(
            MEANT.is_within_reach,
            rx.el.p(MEANT.likely_note, class_name="t-12 muted"),
            ui.notice("Low for this grade.", MEANT.likely_note, kind="warning"),
        ),
        class_name="stack-8",
    )
