"""The market on the landing page: its liveliest order book, its figures, what each grade costs and earns."""

import reflex as rx

from p2p_reflex import components as ui
from p2p_reflex.state.landing import LandingState
from p2p_reflex.state.landing_lines import GradeLine, OfferLine

STATE = LandingState
BOOK_COLUMNS = (
    ui.Column("Lender"),
    ui.Column("Size", on_phone=False),
    ui.Column("Amount", "right"),
    ui.Column("Rate", "right"),
)
GRADE_COLUMNS = (
    ui.Column("Grade"),
    ui.Column("Borrowers pay", "right"),
    ui.Column("Fees, losses", "right"),
    ui.Column("Lenders keep", "right"),
    ui.Column("Of what is paid", on_phone=False),
)
ROW_HEIGHT = 34
BOOK_SKELETON = (24, 56, 28, *(ROW_HEIGHT,) * 9, 16)


def featured_book() -> rx.Component:
    """Show one open listing with everything that is offered for it."""
    return ui.loaded(
        STATE.loaded,
        rx.cond(STATE.featured.title, _book(), _no_book()),
        rx.el.div(*(ui.skeleton(height) for height in BOOK_SKELETON), class_name="card card-pad stack-12"),
    )


def figures_strip() -> rx.Component:
    """Show what the market comes to; each figure that is not known yet says when it will be."""
    shown = STATE.figures
    figures = (
        ("Lent so far", shown.lent, shown.lent_note),
        ("Open listings", shown.open_count, shown.open_note),
        ("Average rate now", shown.rate, shown.rate_note),
        ("Lenders can expect, a year", shown.earned, shown.earned_note),
        ("Loans up to date", shown.up_to_date, shown.up_to_date_note),
    )
    return rx.el.section(
        ui.public_width(
            *(_figure(label, number, note) for label, number, note in figures), class_name="landing-figures"
        ),
        class_name="band",
        custom_attrs={"aria-label": "The market in figures"},
    )


def rates_section() -> rx.Component:
    """Show what borrowers pay and lenders keep, grade by grade."""
    return rx.el.section(
        rx.el.div(
            rx.el.div(
                rx.el.h2("What money costs, and what it earns", class_name="t-28"),
                rx.el.p(
                    rx.cond(STATE.recent, rx.fragment(STATE.recent, " ")),
                    "Higher rates carry higher losses, so the highest rate is not the best one.",
                    class_name="muted",
                ),
            ),
            rx.cond(STATE.grades.length() > 0, ui.legend(("1", "Kept"), ("4", "Fees and expected losses"))),
            class_name="section-head",
        ),
        ui.card(ui.loaded(STATE.loaded, _grades(), ui.skeleton_rows(8, 24)), flush=True),
        rx.cond(
            STATE.grades.length() > 0,
            rx.el.p(
                "What lenders keep is the rate less the servicing fee and the loss to expect of the grade. ",
                ui.link("How grades are made", "/how-grades-are-made"),
                class_name="t-12 muted",
            ),
        ),
        id="rates",
        class_name="stack-16 rates-section",
    )


def _grades() -> rx.Component:
    return ui.sorted_table(
        GRADE_COLUMNS,
        STATE.grades,
        _grade_row,
        label="Rates by grade",
        keep_columns=True,
        empty=ui.empty_state(
            "No loan in the last 90 days",
            "What borrowers pay and lenders keep shows here by grade with the next loan. "
            "How a grade comes about is public already.",
            ui.link_button("How grades are made", "/how-grades-are-made"),
            icon_name="chart_column",
        ),
    )


def _book() -> rx.Component:
    shown = STATE.featured
    return ui.card(
        rx.el.div(
            rx.el.div(
                ui.grade_square(shown.grade),
                rx.el.h2(ui.anchor(shown.title, href=shown.href), class_name="t-16"),
                class_name="line",
            ),
            rx.el.div(
                ui.figure("Rate now", shown.rate, size="big"),
                ui.figure("Asked for", shown.asked, size="big"),
                class_name="book-figures",
            ),
            ui.funding_bar(shown.covered, shown.offered, left=shown.covered_words, right=shown.offered_words),
            class_name="book-head",
        ),
        ui.sorted_table(
            BOOK_COLUMNS,
            [
                rx.foreach(shown.leading, _offer_row),
                rx.cond(shown.more_words, _more_row()),
                rx.foreach(shown.last_leading, _offer_row),
                rx.cond(shown.line_words, ui.covered_row(shown.line_words, len(BOOK_COLUMNS))),
                rx.foreach(shown.outbid, _outbid_row),
            ],
            label="Bids",
            keep_columns=True,
        ),
        rx.el.div(ui.link("See the whole listing", shown.href), class_name="book-foot"),
        flush=True,
        region="Order book",
        custom_attrs={"data-look": "featured"},
    )


def _no_book() -> rx.Component:
    return rx.el.div(
        ui.empty_state(
            "The first order book stands here",
            "When a borrower asks for money and lenders bid, the liveliest book is shown to everyone, "
            "offer by offer, with the line where the request is fully covered.",
            ui.link_button("Look at the market", "/market"),
            icon_name="book_open",
        ),
        class_name="card no-book",
    )


def _offer_row(line: OfferLine) -> rx.Component:
    return ui.row(*_offer_cells(line))


def _outbid_row(line: OfferLine) -> rx.Component:
    return ui.row(*_offer_cells(line), mark="outbid")


def _offer_cells(line: OfferLine) -> tuple[rx.Component, ...]:
    of_amount = rx.cond(line.of_amount, rx.el.span(" ", line.of_amount, class_name="muted only-wide"))
    return (
        ui.cell(ui.lender_name(line.name, line.initials, is_bot=line.is_bot)),
        rx.el.td(
            ui.size_bar(line.leading, line.behind),
            role="cell",
            class_name="size-cell",
            custom_attrs={"data-phone": "hide"},
        ),
        ui.number(rx.fragment(line.amount, of_amount)),
        ui.number(line.rate, strong=True),
    )


def _more_row() -> rx.Component:
    return rx.el.tr(
        rx.el.td(
            ui.link(STATE.featured.more_words, STATE.featured.href),
            col_span=len(BOOK_COLUMNS),
            role="cell",
        ),
        role="row",
    )


def _figure(label: str, number: rx.Var, note: rx.Var) -> rx.Component:
    return rx.el.div(
        rx.el.div(label, class_name="figure-label"),
        ui.loaded(
            STATE.loaded,
            rx.fragment(
                rx.el.div(number, class_name="figure-number"), rx.el.div(note, class_name="figure-note")
            ),
            rx.fragment(ui.skeleton(24, "96px"), ui.skeleton(16, "120px")),
        ),
        class_name="figure",
    )


def _grade_row(line: GradeLine) -> rx.Component:
    known = (
        ui.number(line.pays),
        ui.number(line.costs, muted=True),
        ui.number(rx.el.span(line.keeps, class_name="accent"), strong=True),
        rx.el.td(
            ui.size_bar(line.kept, line.behind),
            role="cell",
            class_name="kept-cell",
            custom_attrs={"data-phone": "hide"},
        ),
    )
    no_loan = rx.el.td(
        "No loan in the last 90 days",
        col_span=3,
        role="cell",
        class_name="muted",
        custom_attrs={"data-align": "right"},
    )
    unknown = (no_loan, rx.el.td(role="cell", custom_attrs={"data-phone": "hide"}))
    return ui.row(
        ui.cell(
            rx.el.div(
                ui.grade_square(line.grade), rx.el.span(line.words, class_name="only-wide"), class_name="lead"
            )
        ),
        rx.cond(line.is_known, rx.fragment(*known), rx.fragment(*unknown)),
    )
