"""Owns the server that the live benchmark measures: the app, and an empty handler to compare with."""

import reflex as rx

from p2p_reflex.p2p_reflex import app
from p2p_reflex.state.base import public


class EmptyState(rx.State):
    """Do next to nothing: what Reflex itself costs."""

    beats: int = 0

    @rx.event
    @public
    async def beat(self) -> None:
        """Count, so that there is an answer to wait for."""
        self.beats += 1


def serve() -> object:
    """Make the server's application."""
    return app()
