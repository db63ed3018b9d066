"""The market: open listings to look through, for anyone."""

import reflex as rx

from p2p_reflex import components as ui
from p2p_reflex.domain.vocabulary import Grade
from p2p_reflex.state.frame import FrameState
from p2p_reflex.state.market import ORDERS, PURPOSES, RETURN_WORDS, TERM_WORDS, MarketState
from p2p_reflex.state.market_lines import MarketLine

STATE = MarketState
COLUMNS = (
    ui.Column("Listing", sort_key="title"),
    ui.Column("Amount", "right", "amount"),
    ui.Column("Covered", sort_key="covered"),
    ui.Column("Rate now", "right", "rate"),
    ui.Column("Expected return", "right", "return"),
    ui.Column("Time left", "right", "time_left"),
)


@rx.page(route="/market", title="Market", on_load=[FrameState.load, MarketState.load])
def market() -> rx.Component:
    """Lay out the figures, the filters and the listings: a table, or cards on phones."""
    return ui.frame(
        rx.el.div(ui.loaded(STATE.loaded, _summary(), ui.card(ui.skeleton(68))), class_name="only-wide"),
        _filters(),
        rx.el.div(_table(), class_name="only-wide"),
        rx.el.div(ui.loaded(STATE.loaded, _cards(), _waiting_cards()), class_name="only-phone"),
        rx.el.p(
            "The expected return is the rate now, less the servicing fee and the loss to expect in a year "
            "at this grade and term. It is an estimate, and not promised.",
            class_name="t-12 muted",
        ),
        title="Market",
        purpose="Open listings, each with a live book of offers. Rates fall as lenders compete.",
        active="/market",
    )


def _summary() -> rx.Component:
    shown = STATE.summary
    return ui.strip(
        ui.figure("Open listings", shown.open_count, shown.asked),
        ui.figure("Still to cover", shown.to_cover, shown.to_cover_note),
        ui.figure("Average leading rate", shown.average, shown.average_note),
        ui.figure("Bids today", shown.bid_count, shown.bid_note),
    )


def _filters() -> rx.Component:
    return rx.el.div(
        ui.search_field("Search title or purpose", value=STATE.text, on_change=STATE.search_for),
        rx.el.div(_unfold_button(), class_name="only-phone"),
        rx.el.div(
            ui.toggles(
                "Grades",
                [(grade.value, grade.value) for grade in Grade],
                chosen=STATE.grades,
                on_toggle=STATE.toggle_grade,
            ),
            _choice("Purpose", PURPOSES, STATE.purpose, STATE.choose_purpose, "Any purpose"),
            _choice("Term", TERM_WORDS, STATE.term, STATE.choose_term, "Any term"),
            _choice("Return", RETURN_WORDS, STATE.least_return, STATE.choose_return, "Any return"),
            rx.el.div(
                ui.switch("Not covered yet", checked=STATE.is_uncovered_only, on_change=STATE.turn_uncovered),
                rx.el.span("Not covered yet", class_name="w-500", custom_attrs={"aria-hidden": "true"}),
                class_name="line push",
            ),
            id="more-filters",
            class_name="more-filters",
            custom_attrs={"data-open": rx.cond(STATE.are_filters_open, "true", "false")},
        ),
        role="search",
        class_name="filters market-filters",
        custom_attrs={"aria-label": "Listings"},
    )


def _unfold_button() -> rx.Component:
    return ui.secondary_button(
        rx.fragment(
            ui.icon("sliders_horizontal"),
            "Filters",
            rx.cond(STATE.filter_count > 0, ui.badge("good", STATE.filter_count.to_string())),
        ),
        on_click=STATE.turn_filters,
        custom_attrs={
            "aria-expanded": rx.cond(STATE.are_filters_open, "true", "false"),
            "aria-controls": "more-filters",
        },
    )


def _choice(
    label: str, options: list[tuple[str, str]], value: rx.Var, on_change: rx.EventHandler, any_words: str
) -> rx.Component:
    return ui.select_field(
        label,
        options,
        name=label.lower(),
        value=value,
        on_change=on_change,
        hide_label=True,
        placeholder=any_words,
    )


def _table() -> rx.Component:
    return ui.card(
        ui.sorted_table(
            COLUMNS,
            STATE.lines,
            _row,
            label="Open listings",
            sorted_by=STATE.sort,
            is_descending=STATE.is_descending,
            on_sort=STATE.sort_by,
            two_lines=True,
            is_loaded=STATE.loaded,
            empty=_nothing(),
            pager=_pager(),
        ),
        flush=True,
    )


def _row(line: MarketLine) -> rx.Component:
    return ui.row(
        ui.lead_cell(
            line.title,
            href=line.href,
            grade=line.grade,
            under=line.purpose,
            extra=rx.cond(line.own_words, ui.badge(line.own_kind, line.own_words)),
        ),
        ui.number(line.amount, under=line.term),
        ui.cell(
            ui.funding_bar(
                line.covered, line.offered, left=line.covered_words, right=line.beyond_words, small=True
            ),
            class_name="covered-cell",
        ),
        ui.number(line.rate, strong=True, under=line.rate_note),
        ui.number(rx.el.span(line.expected, class_name="accent"), strong=True, under=line.loss),
        ui.number(
            rx.el.span(line.time_left, class_name=rx.cond(line.ends_soon, "amber", "")), under=line.closes
        ),
        changed=line.changed,
    )


def _cards() -> rx.Component:
    return rx.el.div(
        rx.el.div(
            rx.el.span(STATE.match_words, class_name="t-12 muted", custom_attrs={"aria-live": "polite"}),
            ui.select_field(
                "Order",
                ORDERS,
                name="order",
                value=STATE.order,
                on_change=STATE.choose_order,
                hide_label=True,
            ),
            class_name="between market-order",
        ),
        rx.cond(
            STATE.lines.length() > 0,
            rx.fragment(
                rx.el.ul(
                    rx.foreach(STATE.lines, _card_item),
                    class_name="market-cards",
                ),
                ui.card(_pager(), flush=True),
            ),
            ui.card(_nothing()),
        ),
        class_name="stack-12",
    )


def _card_item(line: MarketLine) -> rx.Component:
    return rx.el.li(_card(line), class_name="card card-pad", custom_attrs={"data-changed": line.changed})


def _card(line: MarketLine) -> rx.Component:
    return rx.fragment(
        rx.el.div(
            ui.grade_square(line.grade),
            rx.el.div(
                ui.anchor(line.title, href=line.href, class_name="row-link w-600"),
                rx.el.div(
                    rx.el.span(line.purpose, ", ", line.term),
                    rx.cond(line.own_words, ui.badge(line.own_kind, line.own_words)),
                    class_name="line-wrap t-12 muted",
                ),
                class_name="lead-text",
            ),
            class_name="lead",
        ),
        rx.el.div(
            ui.figure("Amount", line.amount, size="small"),
            ui.figure("Rate now", line.rate, size="small"),
            ui.figure("You can expect", rx.el.span(line.expected, class_name="accent"), size="small"),
            class_name="market-figures",
        ),
        ui.funding_bar(
            line.covered, line.offered, left=line.covered_words, right=line.beyond_words, small=True
        ),
        rx.el.div(
            rx.el.span(
                ui.icon("clock", 14),
                line.time_left_words,
                class_name=rx.cond(line.ends_soon, "line amber", "line muted"),
            ),
            rx.el.span(line.loss, class_name="muted num"),
            class_name="between t-12",
        ),
    )


def _pager() -> rx.Component:
    return ui.pager(
        STATE.range_words,
        on_previous=STATE.turn_page(-1),
        on_next=STATE.turn_page(1),
        has_previous=STATE.has_previous,
        has_next=STATE.has_next,
    )


def _nothing() -> rx.Component:
    return rx.cond(
        STATE.is_market_empty,
        ui.empty_state(
            "No open listings",
            "A listing appears here the moment a borrower publishes one.",
            rx.match(
                FrameState.role,
                ("borrower", ui.link_button("New listing", "/borrow/new")),
                ("", ui.link_button("Create account", "/register")),
                rx.fragment(),
            ),
            icon_name="store",
        ),
        ui.empty_state(
            "No listing matches",
            "Take a filter away, or look again later.",
            ui.secondary_button("Clear filters", on_click=STATE.clear),
            icon_name="search",
        ),
    )


def _waiting_cards() -> rx.Component:
    return rx.el.div(*(ui.card(ui.skeleton(136)) for _ in range(4)), class_name="stack-12")
