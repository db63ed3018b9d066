"""The landing page: what this is, one live order book, the market in figures, how it works, the books."""

import reflex as rx

from p2p_reflex import components as ui
from p2p_reflex.pages.landing_books import books_section
from p2p_reflex.pages.landing_market import featured_book, figures_strip, rates_section
from p2p_reflex.pages.landing_ways import ways_section
from p2p_reflex.settings import settings
from p2p_reflex.state.frame import FrameState
from p2p_reflex.state.landing import DemoPerson, LandingState
from p2p_reflex.state.login import LoginState

STATE = LandingState
PURPOSE = (
    "Lenders compete for every loan in a live order book that everyone can read. "
    "The borrower pays the average of the winning rates. Every cent is accounted for, every day."
)


@rx.page(
    route="/",
    title=f"{settings().market_name}: borrow and lend, with the book open",
    description=PURPOSE,
    on_load=[FrameState.load, LandingState.load],
)
def landing() -> rx.Component:
    """Lay out the page from the headline down to the books."""
    return ui.public_frame(
        ui.public_width(_welcome(), featured_book(), class_name="hero"),
        figures_strip(),
        ui.public_width(ways_section(), rates_section(), class_name="landing-sections"),
        books_section(),
    )


def _welcome() -> rx.Component:
    return rx.el.div(
        rx.el.h1("Borrow and lend, ", rx.el.span("with the book open"), class_name="t-44"),
        rx.el.p(PURPOSE, class_name="t-lead"),
        rx.el.div(
            rx.cond(
                FrameState.is_signed_in,
                rx.fragment(
                    ui.link_button("To my account", FrameState.home, kind="solid", size="large"),
                    ui.link_button("Look at the market", "/market", size="large"),
                ),
                rx.fragment(
                    ui.link_button("Borrow money", "/register?role=borrower", kind="solid", size="large"),
                    ui.link_button("Lend money", "/register?role=lender", size="large"),
                ),
            ),
            class_name="hero-actions",
        ),
        rx.cond(FrameState.is_demo_mode, _demo()),
        class_name="hero-words",
    )


def _demo() -> rx.Component:
    entries = rx.el.div(
        rx.el.p(
            rx.el.b("Demo"),
            " Look around as one of these people. Nothing here is real money.",
        ),
        ui.loaded(
            STATE.loaded,
            rx.el.div(rx.foreach(STATE.demo_people, _entry), class_name="demo-people"),
            rx.el.div(*(ui.skeleton(62) for _ in range(3)), class_name="demo-people"),
        ),
        class_name="demo-entries",
    )
    return rx.cond(~STATE.loaded | (STATE.demo_people.length() > 0), entries)


def _entry(person: DemoPerson) -> rx.Component:
    return rx.el.button(
        ui.avatar(person.initials, size="huge"),
        rx.el.span(rx.el.b(person.name), " ", rx.el.span(person.role_name)),
        type="button",
        class_name="demo-person",
        on_click=LoginState.enter_demo(person.role),
    )
