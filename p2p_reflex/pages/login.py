"""The sign-in screen."""

import reflex as rx

from p2p_reflex.state.frame import FrameState
from p2p_reflex.state.login import LoginState


@rx.page(route="/login", title="Sign in", on_load=[FrameState.load, LoginState.load])
def login() -> rx.Component:
    """Lay out the sign-in form."""
    return rx.el.main(
        rx.el.h1("Sign in"),
        rx.form(
            rx.el.label("Email", html_for="email"),
            rx.el.input(id="email", name="email", type="email"),
            rx.el.label("Password", html_for="password"),
            rx.el.input(id="password", name="password", type="password"),
            rx.el.p(LoginState.errors["password"]),
            rx.button("Sign in", type="submit"),
            on_submit=LoginState.sign_in,
        ),
    )
