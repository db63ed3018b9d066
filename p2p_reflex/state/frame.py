"""Owns what the frame shows around every screen, and signing out."""

from datetime import UTC, datetime

import reflex as rx
from reflex.event import EventSpec

from p2p_reflex.domain import formats
from p2p_reflex.domain.vocabulary import Role
from p2p_reflex.services import frame, sign_in
from p2p_reflex.settings import settings
from p2p_reflex.state.base import ScreenState, home_of, loads_for_all, public
from p2p_reflex.state.cookies import leave_script
from p2p_reflex.state.visitors import forget, session_token

MONEY_LABELS = {Role.BORROWER: "Wallet", Role.LENDER: "Available"}


class FrameState(ScreenState, rx.State):
    """Show who is signed in, their money, and the market's date; every page loads it first."""

    market_name: str = settings().market_name
    is_demo_mode: bool = settings().demo_mode
    is_signed_in: bool = False
    full_name: str = ""
    first_name: str = ""
    initials: str = ""
    role: str = ""
    role_name: str = ""
    home: str = "/"
    money_label: str = ""
    money: str = ""
    business_on: str = ""
    open_listing_count: str = ""

    @rx.event
    @loads_for_all
    async def load(self) -> None:
        """Fill the frame for whoever looks at it."""
        person = await self.who_if_anyone()
        shown = await self.ask(frame.figures, member_id=person.member_id if person else None)
        self.business_on = formats.long_date(shown.business_on)
        self.open_listing_count = str(shown.open_listing_count)
        self.is_signed_in = person is not None
        self.full_name = person.full_name if person else ""
        self.first_name = person.full_name.split()[0] if person and person.full_name.split() else ""
        self.initials = formats.initials(person.full_name) if person else ""
        self.role = person.role.value if person else ""
        self.role_name = person.role.value.capitalize() if person else ""
        self.home = home_of(person.role) if person else "/"
        self.money_label = MONEY_LABELS.get(person.role, "") if person else ""
        self.money = formats.money(shown.usable_cents) if self.money_label else ""

    @rx.event
    @public
    async def sign_out(self) -> EventSpec:
        """End the session in the database, then take the cookie away."""
        token = session_token(self.router.headers.cookie)
        if token:
            await self.act(sign_in.sign_out, token=token, now=datetime.now(UTC))
            forget(token)
        return leave_script()
