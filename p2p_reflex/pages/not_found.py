"""What stands under an address that nobody has."""

import reflex as rx

from p2p_reflex import components as ui
from p2p_reflex.state.frame import FrameState


@rx.page(route="404", title="Page not found", on_load=FrameState.load)
def not_found() -> rx.Component:
    """Say so, and offer the ways back."""
    return ui.public_frame(
        rx.el.div(
            ui.icon("search", 24),
            rx.el.h1("There is no page at this address", class_name="t-28"),
            rx.el.p(
                "It may be mistyped, or what stood here has ended. Nothing was changed.", class_name="muted"
            ),
            rx.el.div(
                ui.link_button("Look at the market", "/market", kind="solid"),
                rx.cond(
                    FrameState.is_signed_in,
                    ui.link_button("To my account", FrameState.home),
                    ui.link_button("To the front page", "/"),
                ),
                class_name="line-wrap",
            ),
            class_name="not-found",
        ),
        links=(),
    )
