"""The books, on the landing page: every law with its result, and whom the money at the bank belongs to."""

import reflex as rx

from p2p_reflex import components as ui
from p2p_reflex.domain import formats
from p2p_reflex.domain.fees import RESERVE_SHARE
from p2p_reflex.state.landing import LandingState, LawLine

STATE = LandingState
LAW_COUNT = 10


def books_section() -> rx.Component:
    """Show the look over the books that anybody may take."""
    return rx.el.section(
        ui.public_width(
            rx.el.div(
                rx.el.h2("The books balance", class_name="t-28"),
                rx.el.p(
                    "Every entry is checked against these laws, anew whenever somebody looks. "
                    "Anyone may read the result.",
                    class_name="t-lead",
                ),
                ui.loaded(
                    STATE.loaded,
                    rx.el.div(
                        ui.badge(STATE.books.verdict_kind, STATE.books.verdict),
                        rx.el.p(STATE.books.checked, class_name="t-12 muted num-wrap"),
                        class_name="stack-8 start",
                    ),
                    rx.el.div(ui.skeleton(22, "96px"), ui.skeleton(16), class_name="stack-8"),
                ),
                ui.notice(
                    f"{formats.share(RESERVE_SHARE)} of every origination fee goes to a reserve fund.",
                    "It is not a guarantee: lenders can lose money.",
                ),
                class_name="books-words",
            ),
            rx.el.div(
                ui.loaded(
                    STATE.loaded,
                    rx.el.ul(rx.foreach(STATE.books.laws, _law), class_name="laws"),
                    rx.el.div(*(ui.skeleton(28) for _ in range(LAW_COUNT)), class_name="laws"),
                ),
                _bank(),
                class_name="books-facts",
            ),
            class_name="books-in",
        ),
        id="books",
        class_name="band books-band",
    )


def _law(line: LawLine) -> rx.Component:
    holds = rx.el.span(ui.icon("check"), class_name="accent")
    broken = rx.el.span(ui.icon("circle_alert"), class_name="red")
    return rx.el.li(
        rx.cond(line.holds, holds, broken),
        rx.el.span(line.title, rx.cond(line.holds, "", rx.el.b(" does not hold now", class_name="red"))),
    )


def _bank() -> rx.Component:
    shown = STATE.books
    parts = (
        ("At the bank", shown.bank),
        ("In wallets", shown.wallets),
        ("Held for bids and withdrawals", shown.held),
        ("Reserve fund", shown.reserve_fund),
        ("Platform income", shown.income),
    )
    return rx.el.dl(
        *(
            rx.el.div(
                rx.el.dt(name), rx.el.dd(ui.loaded(STATE.loaded, rx.el.span(amount), ui.skeleton(20, "88px")))
            )
            for name, amount in parts
        ),
        class_name="bank-equation",
    )
