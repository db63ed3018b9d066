"""Owns the account corner of the header: the menu of whoever is signed in, or the ways to sign in."""

import reflex as rx
from reflex.style import set_color_mode

from p2p_reflex.components.badges import avatar
from p2p_reflex.components.buttons import link_button
from p2p_reflex.components.theme import anchor, icon
from p2p_reflex.state.frame import FrameState

COLOUR_MODES = (("light", "Light", "sun"), ("dark", "Dark", "moon"), ("system", "As the system", "monitor"))


def account_menu() -> rx.Component:
    """Draw who is signed in, under the button "Account" that opens the menu."""
    return rx.el.div(
        avatar(FrameState.initials, size="large"),
        rx.el.span(FrameState.full_name, class_name="account-name"),
        icon("chevron_down"),
        rx.menu.root(
            rx.menu.trigger(
                rx.el.button(
                    type="button", class_name="account-cover", custom_attrs={"aria-label": "Account"}
                )
            ),
            _menu(),
            modal=False,
        ),
        class_name="account",
    )


def _menu() -> rx.Component:
    return rx.menu.content(
        rx.el.div(
            rx.el.div(FrameState.full_name, class_name="w-600"),
            rx.el.div(FrameState.role_name, class_name="t-12 muted"),
            class_name="menu-head",
        ),
        rx.menu.separator(),
        *(colour_item(mode, words, icon_name) for mode, words, icon_name in COLOUR_MODES),
        rx.menu.separator(),
        rx.menu.item(icon("log_out"), "Sign out", on_select=FrameState.sign_out, class_name="menu-item"),
        align="end",
        class_name="menu",
    )


def colour_item(mode: str, words: str, icon_name: str) -> rx.Component:
    """Choose light, dark, or what the system says."""
    is_chosen = rx.color_mode == mode
    return rx.menu.item(
        icon(icon_name),
        words,
        rx.cond(is_chosen, icon("check", class_name="tick"), rx.fragment()),
        on_select=set_color_mode(mode),
        class_name="menu-item",
        custom_attrs={"role": "menuitemradio", "aria-checked": rx.cond(is_chosen, "true", "false")},
    )


def sign_links() -> rx.Component:
    """Offer signing in and making an account."""
    return rx.el.div(
        anchor("Sign in", href="/login"),
        link_button("Create account", "/register"),
        class_name="public-sign",
    )
