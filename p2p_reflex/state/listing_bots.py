"""Owns the card on a listing's page that says which bots passed, and why."""

from dataclasses import dataclass

import reflex as rx

from p2p_reflex.services.bots import bot_passes
from p2p_reflex.services.touched import DAY, listing_topic
from p2p_reflex.state import bot_lines
from p2p_reflex.state.base import ScreenState, loads_for_all
from p2p_reflex.state.listing import number_in


@dataclass
class PassLine:
    """One bot with its reason."""

    name: str
    reason: str


class ListingBotsState(ScreenState, rx.State):
    """Show which bots looked at the listing and do not bid."""

    passes: list[PassLine] = []

    _listing_number: int = 0

    @rx.event
    @loads_for_all
    async def load(self) -> None:
        """Show the bots that passed on the listing the address names."""
        number = number_in(self.router.url.path)
        if number != self._listing_number:
            self._listing_number, self.passes = number, []
        self._watch(listing_topic(number), DAY)
        await self._look()

    async def _on_push(self, topics: frozenset[str]) -> None:
        await self._look()

    async def _look(self) -> None:
        person = await self.who_if_anyone()
        found = await self.ask(
            bot_passes.passes,
            listing_id=self._listing_number,
            viewer_id=person.member_id if person else None,
        )
        self.passes = [PassLine(each.bot_name, _continued(each.reason)) for each in found]


def _continued(reason: str) -> str:
    """Let a sentence go on after a colon."""
    return bot_lines.unbroken(reason[:1].lower() + reason[1:])
