"""Owns the mark that tells whether a screen follows what happens, or waits for its connection."""

import reflex as rx
from reflex_components_core.core.banner import has_connection_errors

from p2p_reflex.components.theme import attributes


def live_mark() -> rx.Component:
    """Draw the dot and the word Live, or "Reconnecting" while the connection is lost."""
    state = rx.cond(has_connection_errors, "lost", "live")
    return rx.el.span(
        rx.el.i(custom_attrs={"aria-hidden": "true"}),
        rx.el.span(rx.cond(has_connection_errors, "Reconnecting", "Live")),
        role="status",
        class_name="live-mark",
        custom_attrs=attributes(data_live=state),
    )
