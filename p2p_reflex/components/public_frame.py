"""Owns the frame of the open pages: the landing page, signing in, making an account."""

from collections.abc import Sequence

import reflex as rx

from p2p_reflex.components.account import sign_links
from p2p_reflex.components.buttons import link_button
from p2p_reflex.components.frame import brand, skip_link
from p2p_reflex.components.theme import Words, anchor, icon
from p2p_reflex.state.frame import FrameState

LANDING_LINKS = (("How it works", "/#how"), ("Rates", "/#rates"), ("The books", "/#books"))
FOOT_LINKS = (("Fees", "/fees"), ("How grades are made", "/how-grades-are-made"))


def public_frame(*children: Words, links: Sequence[tuple[str, str]] = LANDING_LINKS) -> rx.Component:
    """Put an open page under the top bar and over the foot; sections lay themselves out in `public_width`."""
    return rx.el.div(
        skip_link(),
        rx.el.header(
            rx.el.div(
                brand("/"),
                rx.el.nav(
                    *(rx.el.a(words, href=href) for words, href in links),
                    class_name="public-links",
                    custom_attrs={"aria-label": "This market"},
                ),
                rx.el.div(
                    rx.cond(
                        FrameState.is_signed_in, link_button("To my account", FrameState.home), sign_links()
                    ),
                    _menu(links),
                    class_name="line public-corner",
                ),
                class_name="public-in",
            ),
            class_name="public-top",
        ),
        rx.el.main(*children, id="content", tab_index=-1),
        rx.el.footer(
            rx.el.div(
                rx.el.span(FrameState.market_name, " is run by your community on its own machine."),
                rx.el.nav(
                    *(anchor(words, href=href) for words, href in FOOT_LINKS),
                    class_name="foot-links",
                    custom_attrs={"aria-label": "Terms"},
                ),
                class_name="public-in",
            ),
            class_name="public-foot",
        ),
        class_name="public",
    )


def public_width(*children: Words, class_name: str = "") -> rx.Component:
    """Hold a section to the width of the open pages."""
    return rx.el.div(*children, class_name=f"public-in {class_name}")


def sign_card(
    *children: Words, title: str, purpose: Words, below: rx.Component | None = None
) -> rx.Component:
    """Lay out signing in or making an account: one narrow card with its title above."""
    return rx.el.div(
        rx.el.h1(title, class_name="t-28"),
        rx.el.p(purpose, class_name="muted"),
        rx.el.div(*children, class_name="card card-pad sign-fields"),
        below if below is not None else rx.fragment(),
        class_name="sign-card",
    )


def _menu(links: Sequence[tuple[str, str]]) -> rx.Component:
    """Hold what a phone's top bar has no room for."""
    return rx.menu.root(
        rx.menu.trigger(
            rx.el.button(
                icon("menu", 20),
                type="button",
                class_name="button quiet icon-only only-narrow",
                custom_attrs={"aria-label": "Menu"},
            )
        ),
        rx.menu.content(
            *(
                rx.menu.item(rx.el.a(words, href=href), as_child=True, class_name="menu-item")
                for words, href in links
            ),
            rx.cond(
                FrameState.is_signed_in,
                rx.fragment(),
                rx.menu.item(
                    rx.el.a("Create account", href="/register"), as_child=True, class_name="menu-item"
                ),
            ),
            align="end",
            class_name="menu",
        ),
        modal=False,
    )
