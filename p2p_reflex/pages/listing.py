"""One listing: a person's plan, what it is worth, its live order book, and what the viewer can do."""

import reflex as rx

from p2p_reflex import components as ui
from p2p_reflex.pages.listing_book import order_book
from p2p_reflex.pages.listing_bots import bots_that_passed
from p2p_reflex.pages.listing_panels import side_panel
from p2p_reflex.pages.listing_questions import questions
from p2p_reflex.state.consequences import FactorShown
from p2p_reflex.state.frame import FrameState
from p2p_reflex.state.listing import ListingState
from p2p_reflex.state.listing_bots import ListingBotsState
from p2p_reflex.state.listing_questions import ListingQuestionsState
from p2p_reflex.state.listing_rows import BidLine

STATE = ListingState
FACTS = ListingState.facts


@rx.page(
    route="/listings/[listing_id]",
    title="Listing",
    on_load=[FrameState.load, ListingState.load, ListingQuestionsState.load, ListingBotsState.load],
)
def listing() -> rx.Component:
    """Lay out the facts, the panel at the right, and everything that speaks for the plan."""
    is_here = STATE.loaded & (STATE.missing == "")
    return ui.frame(
        rx.cond(
            STATE.loaded,
            ui.missing(STATE.missing, _listing(), back=ui.link_button("Look at the market", "/market")),
            _waiting(),
        ),
        title=rx.cond(is_here, FACTS.title, "Listing"),
        purpose=rx.cond(is_here, rx.fragment(FACTS.head, _soon()), rx.fragment()),
        actions=rx.cond(is_here, ui.badge(FACTS.badge_kind, FACTS.badge), rx.fragment()),
        breadcrumb=[(_home_crumb(), ""), (rx.cond(is_here, FACTS.purpose, "Listing"), "")],
        active=("/borrow", "/market"),
    )


def _soon() -> rx.Component:
    return rx.cond(
        FACTS.head_soon != "", rx.fragment(rx.el.span(FACTS.head_soon, class_name="w-500 text-ink"), ".")
    )


def _home_crumb() -> rx.Component:
    return rx.cond(STATE.is_own, ui.anchor("Borrowing", href="/borrow"), ui.anchor("Market", href="/market"))


def _listing() -> rx.Component:
    return rx.el.div(
        rx.el.div(_facts(), class_name="facts"),
        rx.el.div(side_panel(), bots_that_passed(), class_name="panel"),
        rx.el.div(
            rx.el.div(_plan(), _grade(), class_name="halves listing-plan"),
            order_book(),
            _messages(),
            questions(),
            class_name="rest",
        ),
        class_name="with-panel",
    )


def _waiting() -> rx.Component:
    return rx.el.div(
        rx.el.div(ui.card(ui.skeleton(144)), class_name="facts"),
        rx.el.div(ui.card(ui.skeleton(420)), class_name="panel"),
        rx.el.div(
            rx.el.div(ui.card(ui.skeleton(220)), ui.card(ui.skeleton(220)), class_name="halves"),
            ui.card(ui.skeleton(480)),
            class_name="rest",
        ),
        class_name="with-panel",
    )


def _facts() -> rx.Component:
    return ui.strip(
        ui.figure(FACTS.rate_label, FACTS.rate, FACTS.rate_note),
        ui.figure("APR", FACTS.apr, FACTS.apr_note),
        ui.figure("Installment", FACTS.installment, FACTS.installment_note),
        ui.figure("Highest rate", FACTS.highest, FACTS.highest_note),
        below=ui.funding_bar(
            FACTS.covered,
            FACTS.offered,
            left=rx.fragment(
                rx.el.b(FACTS.covered_amount), rx.el.span(FACTS.covered_of, class_name="only-wide")
            ),
            right=rx.fragment(FACTS.offered_amount, rx.el.span(FACTS.offered_by, class_name="only-wide")),
        ),
    )


def _plan() -> rx.Component:
    return ui.card(
        rx.el.div(rx.foreach(FACTS.story, lambda part: rx.el.p(part)), class_name="prose"),
        rx.cond(
            FACTS.marks.length() > 0,
            rx.el.ul(
                rx.foreach(
                    FACTS.marks,
                    lambda mark: rx.el.li(ui.icon("circle_check", 14), rx.el.span(mark), class_name="line"),
                ),
                class_name="listing-marks",
            ),
        ),
        title="The plan",
    )


def _grade() -> rx.Component:
    return ui.card(
        rx.el.div(
            ui.grade_square(FACTS.grade, large=True),
            rx.el.div(
                rx.el.h2("Grade ", FACTS.grade, class_name="t-16"),
                rx.el.div(FACTS.points, class_name="t-12 muted"),
            ),
            class_name="line-12",
        ),
        ui.factors(rx.foreach(FACTS.factors, _factor)),
    )


def _factor(factor: FactorShown) -> rx.Component:
    return ui.factor(factor.label, factor.points, factor.side, factor.size)


def _messages() -> rx.Component:
    return rx.cond(
        STATE.is_own & (STATE.messages.length() > 0),
        ui.card(
            rx.el.ul(rx.foreach(STATE.messages, _message), class_name="bid-messages"),
            title="Messages with the bids",
        ),
    )


def _message(line: BidLine) -> rx.Component:
    return rx.el.li(
        rx.el.div(
            ui.avatar(line.initials),
            rx.el.span(line.name, class_name="w-500"),
            rx.el.span(line.offer, ", ", line.since, class_name="t-12 muted num"),
            class_name="line-wrap",
        ),
        rx.el.p(line.message, class_name="prose"),
    )
