"""Signing in; in demo mode also with one click."""

import reflex as rx

from p2p_reflex import components as ui
from p2p_reflex.state.frame import FrameState
from p2p_reflex.state.login import LoginState

STATE = LoginState
DEMO_ROLES = (
    ("borrower", "Enter as a borrower", "house"),
    ("lender", "Enter as a lender", "coins"),
    ("admin", "Enter as an admin", "shield"),
)


@rx.page(route="/login", title="Sign in", on_load=[FrameState.load, LoginState.load])
def login() -> rx.Component:
    """Lay out the sign-in card and, in demo mode, the ways in for a look around."""
    return ui.public_frame(
        ui.sign_card(
            rx.cond(STATE.notice, ui.notice(STATE.notice, kind="warning")),
            _form(),
            title="Sign in",
            purpose="Good to see you again.",
            below=rx.el.div(
                rx.cond(FrameState.is_demo_mode, _demo()),
                rx.el.p("No account yet? ", ui.link("Create account", "/register"), class_name="muted"),
                class_name="stack-16",
            ),
        ),
        links=(),
    )


def _form() -> rx.Component:
    return rx.form(
        ui.text_field(
            "Email", name="email", type_="email", auto_complete="username", error=STATE.errors["email"]
        ),
        ui.password_field(error=STATE.errors["password"]),
        ui.primary_button(
            "Sign in", type_="submit", busy=STATE.busy, busy_label="Signing in", full=True, size="large"
        ),
        on_submit=STATE.sign_in,
        no_validate=True,
        # Pressed before the page is awake, it must not put a password into the address.
        method="post",
        class_name="stack-16",
    )


def _demo() -> rx.Component:
    return ui.card(
        rx.el.div(
            rx.el.p(
                "This market is a demo. Nobody's money is real, and one click lets you in.",
                class_name="muted",
            ),
            *(
                ui.secondary_button(
                    words,
                    icon_name=icon_name,
                    on_click=STATE.enter_demo(role),
                    disabled=STATE.busy,
                    full=True,
                )
                for role, words, icon_name in DEMO_ROLES
            ),
            class_name="stack-8",
        ),
        title="Look around",
        region="Look around",
    )
