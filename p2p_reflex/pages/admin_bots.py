"""The admin's desk of the bots: what each has, earns, does and why, and the switches that steer them."""

import reflex as rx

from p2p_reflex import components as ui
from p2p_reflex.domain.vocabulary import Grade
from p2p_reflex.pages.admin_bots_dialogs import enroll_dialog, reset_dialog, settings_dialog
from p2p_reflex.state.admin_bots import AdminBotsState
from p2p_reflex.state.bot_lines import BotLine, DecisionLine
from p2p_reflex.state.frame import FrameState

STATE = AdminBotsState
CHART_HEIGHT = 276
VERDICTS = [("", "All"), ("bid", "Bids"), ("pass", "Passes"), ("refused", "Refused"), ("error", "Errors")]
MARKS = {
    "bid": ("arrow_up_right", "accent"),
    "refused": ("circle_x", "amber"),
    "error": ("triangle_alert", "red"),
}


@rx.page(route="/admin/bots", title="Bots", on_load=[FrameState.load, AdminBotsState.load])
def admin_bots() -> rx.Component:
    """Lay out the bots with their switches, their charts, and everything they decided."""
    return ui.frame(
        ui.loaded(
            STATE.loaded,
            rx.cond(
                STATE.bots.length() > 0,
                rx.el.div(_strip(), _bots(), _charts(), _decisions(), class_name="stack"),
                _nobody(),
            ),
            _loading(),
        ),
        settings_dialog(),
        reset_dialog(),
        enroll_dialog(),
        title="Bots",
        purpose=rx.cond(
            STATE.bots.length() > 0, STATE.strip.purpose, "Lenders that explain every bid and every pass."
        ),
        actions=rx.cond(
            STATE.bots.length() > 0,
            rx.fragment(
                ui.secondary_button("Stop all", on_click=STATE.switch_all(False)),
                ui.secondary_button("Start all", on_click=STATE.switch_all(True)),
            ),
            rx.fragment(),
        ),
        active="/admin/bots",
    )


def _loading() -> rx.Component:
    return rx.el.div(
        ui.card(ui.skeleton(60)),
        ui.card(ui.skeleton(640)),
        rx.el.div(ui.card(ui.skeleton(276)), ui.card(ui.skeleton(276)), class_name="halves"),
        class_name="stack",
    )


def _nobody() -> rx.Component:
    return ui.card(
        ui.empty_state(
            "No bots lend here yet",
            rx.Var.create("These stand ready: ") + STATE.waiting.names + ".",
            _enroll_button(),
            icon_name="bot",
        )
    )


def _newcomers() -> rx.Component:
    """Offer the bots whose files came later."""
    return rx.cond(
        STATE.waiting.count > 0,
        rx.el.div(
            rx.el.p("Not enrolled yet: ", STATE.waiting.names, ".", class_name="t-12 muted"),
            _enroll_button(),
            class_name="between bot-foot",
        ),
    )


def _enroll_button() -> rx.Component:
    return ui.secondary_button(STATE.waiting.press, on_click=STATE.show_enroll(True))


def _strip() -> rx.Component:
    shown = STATE.strip
    return ui.strip(
        ui.figure("Running", shown.running, shown.running_note),
        ui.figure("Capital", shown.capital, shown.capital_note),
        ui.figure("Bids in 30 days", shown.bids, shown.bids_note),
        ui.figure("Won", shown.won, shown.won_note),
    )


def _bots() -> rx.Component:
    return rx.el.div(
        ui.card(
            rx.el.div(
                rx.el.span("Bot"),
                rx.el.span(
                    "Capital",
                    ui.legend(("1", "Lent"), ("behind", "Held")),
                    class_name="line",
                ),
                rx.el.span("Bids"),
                rx.el.span("Rate and return"),
                rx.el.span("Last decision"),
                rx.el.span("Runs", class_name="right"),
                class_name="bot-heads",
                custom_attrs={"aria-hidden": "true"},
            ),
            rx.el.ul(rx.foreach(STATE.bots, _bot), class_name="bot-rows"),
            flush=True,
            region="Bots",
        ),
        rx.el.div(
            rx.el.p(
                "A stopped bot keeps its open bids: what leads is binding. One that is started or changed "
                "looks at the whole market at once. Reset withdraws open bids, and asks first. A realised "
                "return shows 90 days after a bot's first note.",
                class_name="t-12 muted",
            ),
            ui.danger_button("Reset", size="small", on_click=STATE.ask_reset),
            class_name="between bot-foot",
        ),
        _newcomers(),
        class_name="stack-12",
    )


def _bot(bot: BotLine) -> rx.Component:
    return rx.el.li(
        rx.el.div(
            ui.bot_avatar(),
            rx.el.div(
                rx.el.h2(bot.name, class_name="w-600"),
                rx.el.p(bot.way, class_name="t-12 muted"),
                ui.badge(bot.badge_kind, bot.badge),
                class_name="bot-words",
            ),
            class_name="bot-who",
        ),
        _capital(bot),
        _figures(
            ("Placed", bot.bids), ("Open", bot.open_bids), ("Won", bot.wins), ("Win rate", bot.win_rate)
        ),
        _figures(
            ("Average rate", bot.average_rate),
            ("Expected return", bot.expected),
            ("Realised return", bot.realised),
        ),
        _last(bot),
        rx.el.div(
            ui.switch(
                bot.name,
                checked=bot.is_running,
                on_change=lambda wanted: STATE.switch(bot.bot_id, wanted),
            ),
            ui.icon_button(
                rx.Var.create("Settings of ") + bot.name,
                "sliders_horizontal",
                size="small",
                on_click=STATE.open_settings(bot.bot_id),
            ),
            class_name="bot-runs",
        ),
        custom_attrs={"data-changed": bot.changed},
    )


def _capital(bot: BotLine) -> rx.Component:
    return rx.el.div(
        rx.el.div(
            rx.el.b(bot.capital, class_name="w-600 num"),
            rx.el.span(" of capital", class_name="t-12 muted"),
        ),
        rx.el.div(
            _part("1", bot.lent_share),
            _part("behind", bot.held_share),
            class_name="bot-bar",
            custom_attrs={"aria-hidden": "true", "style": rx.Var.create({"width": bot.capital_share})},
        ),
        _figures(("Lent", bot.lent), ("Held", bot.held), ("Free", bot.free)),
        class_name="bot-capital",
    )


def _part(series: str, share: rx.Var) -> rx.Component:
    return rx.el.i(custom_attrs={"data-series": series, "style": rx.Var.create({"width": share})})


def _figures(*pairs: tuple[str, rx.Var]) -> rx.Component:
    return rx.el.dl(
        *(rx.el.div(rx.el.dt(name), rx.el.dd(figure)) for name, figure in pairs), class_name="bot-figures"
    )


def _last(bot: BotLine) -> rx.Component:
    return rx.el.div(
        rx.cond(
            bot.stopped_by != "",
            _decided(
                "error",
                rx.el.p("Stopped by an error", class_name="w-500"),
                rx.fragment(bot.stopped_by, " What leads stays binding. Switch it on to start it again."),
            ),
            rx.cond(
                bot.has_decided,
                _decided(
                    bot.last.verdict,
                    rx.el.p(rx.el.span(bot.last.did, class_name="bot-did"), " ", _listing_link(bot.last)),
                    rx.fragment(bot.last.reason, " ", rx.el.span("· ", bot.last.since, class_name="num")),
                ),
                rx.el.p("It has not looked at a listing yet.", class_name="muted"),
            ),
        ),
        rx.cond(bot.last_change != "", rx.el.p(bot.last_change, class_name="t-12 muted bot-errors")),
        rx.cond(
            bot.errors != "0",
            rx.el.p(bot.errors, " refused or failed so far", class_name="t-12 muted bot-errors"),
        ),
        class_name="bot-last",
    )


def _decided(verdict: str | rx.Var, did: rx.Component, reason: rx.Component) -> rx.Component:
    return rx.el.div(
        _mark(verdict),
        rx.el.div(did, rx.el.p(reason, class_name="t-12 muted"), class_name="bot-words"),
        class_name="bot-decided",
    )


def _mark(verdict: str | rx.Var) -> rx.Component:
    drawn = {each: rx.el.span(ui.icon(name), class_name=colour) for each, (name, colour) in MARKS.items()}
    plain = rx.el.span(ui.icon("minus"), class_name="muted")
    if isinstance(verdict, rx.Var):
        return rx.match(verdict, *drawn.items(), plain)
    return drawn.get(verdict, plain)


def _listing_link(decision: DecisionLine) -> rx.Component:
    return rx.cond(decision.title != "", ui.link(decision.title, decision.href), rx.fragment())


def _charts() -> rx.Component:
    return rx.el.div(
        ui.card(
            rx.cond(
                STATE.has_bids,
                ui.chart(STATE.bids, height=CHART_HEIGHT),
                rx.el.p("No bot has bid in the last 30 days.", class_name="muted"),
            ),
            title="Bids by day",
            note="All bots together, the last 30 days.",
            region="Bids by day",
        ),
        ui.card(
            rx.cond(
                STATE.has_grades,
                ui.chart(STATE.grades, height=CHART_HEIGHT),
                rx.el.p("Nothing is lent, and no bid leads.", class_name="muted"),
            ),
            title="Capital by grade",
            aside=ui.grade_legend([grade.value for grade in Grade]),
            note="In loans and in bids that lead.",
            region="Capital by grade",
        ),
        class_name="halves",
    )


def _decisions() -> rx.Component:
    return ui.card(
        rx.el.div(
            ui.segmented(
                "Which decisions",
                VERDICTS,
                current=STATE.verdict_filter,
                on_change=STATE.filter_verdict,
                small=True,
            ),
            ui.select_field(
                "Decisions of",
                STATE.names,
                name="bot",
                value=STATE.bot_filter,
                on_change=STATE.filter_bot,
                hide_label=True,
                placeholder="Every bot",
            ),
            class_name="filters bot-filters",
        ),
        rx.cond(
            STATE.decisions.length() > 0,
            rx.fragment(
                rx.el.ul(rx.foreach(STATE.decisions, _decision), class_name="bot-decisions"),
                ui.pager(
                    STATE.range_words,
                    on_previous=STATE.turn_page(-1),
                    on_next=STATE.turn_page(1),
                    has_previous=STATE.has_previous,
                    has_next=STATE.has_next,
                ),
            ),
            _no_decisions(),
        ),
        title="What they decided, and why",
        note="Kept for at least 30 days.",
        flush=True,
        region="Decisions",
    )


def _no_decisions() -> rx.Component:
    return rx.cond(
        (STATE.bot_filter != "") | (STATE.verdict_filter != ""),
        ui.empty_state(
            "No decision is of this kind", "Choose All and every bot to see more.", icon_name="bot"
        ),
        ui.empty_state(
            "No decisions yet",
            "As soon as a listing opens, every bot that runs looks at it and says here what it does.",
            ui.link_button("Look at the market", "/market"),
            icon_name="bot",
        ),
    )


def _decision(row: DecisionLine) -> rx.Component:
    return rx.el.li(
        _mark(row.verdict),
        rx.el.div(
            rx.el.p(rx.el.b(row.bot_name, class_name="w-500"), " ", row.did, " ", _listing_link(row)),
            rx.el.p(row.reason, class_name="t-12 muted"),
            class_name="bot-words",
        ),
        rx.el.span(row.since, class_name="t-12 muted num"),
        custom_attrs={"data-changed": row.changed},
    )
