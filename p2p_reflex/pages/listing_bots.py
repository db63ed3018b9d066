"""The card at the side of a listing that says which bots passed, and why."""

import reflex as rx

from p2p_reflex import components as ui
from p2p_reflex.state.listing_bots import ListingBotsState, PassLine

STATE = ListingBotsState


def bots_that_passed() -> rx.Component:
    """Draw the card, where any bot passed that this viewer may read of."""
    return rx.cond(
        STATE.passes.length() > 0,
        ui.card(
            rx.el.ul(rx.foreach(STATE.passes, _pass), class_name="stack-12"),
            title="Bots that passed",
            region="Bots that passed",
        ),
    )


def _pass(line: PassLine) -> rx.Component:
    return rx.el.li(
        ui.bot_avatar(),
        rx.el.p(rx.el.b(line.name, class_name="w-500"), " passed: ", line.reason, class_name="bot-words"),
        class_name="bot-pass",
    )
