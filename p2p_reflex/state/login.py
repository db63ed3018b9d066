"""Owns signing in: a checked password, or a demo account, becomes a ticket for the cookie."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import reflex as rx
from reflex.event import EventSpec

from p2p_reflex.domain.errors import LendingError
from p2p_reflex.domain.vocabulary import Role
from p2p_reflex.services import members, sign_in
from p2p_reflex.settings import settings
from p2p_reflex.state.base import ScreenState, home_of, loads_for_all, public, text_in
from p2p_reflex.state.cookies import enter_script, safe_path

USER_AGENT_LENGTH = 200


class LoginState(ScreenState, rx.State):
    """Show the sign-in form; the password is never kept in a var."""

    email: str = ""
    notice: str = ""

    @rx.event
    @loads_for_all
    async def load(self) -> EventSpec | None:
        """Send whoever is signed in already to where they wanted to go."""
        self.errors = {}
        again = self.router.url.query_parameters.get("again")
        self.notice = "That sign-in had expired. Please sign in again." if again else ""
        person = await self.who_if_anyone()
        return rx.redirect(self._wanted(person.role), replace=True) if person else None

    @rx.event
    @public
    async def sign_in(self, form: dict[str, Any]) -> EventSpec:
        """Check the password outside of any transaction, then hand out a ticket."""
        email, password = text_in(form, "email"), text_in(form, "password")
        self.email = email[:254]
        address, now = self.router.session.client_ip, datetime.now(UTC)
        check = await self.ask(sign_in.look_up, email=email, address=address, now=now)
        if not await asyncio.to_thread(sign_in.matches, check, password) or check.member_id is None:
            await self.act(sign_in.record_failure, email=email, address=address, now=now)
            raise sign_in.WrongPasswordError
        ticket = await self.act(
            sign_in.issue_ticket,
            member_id=check.member_id,
            address=address,
            user_agent=self.router.headers.user_agent[:USER_AGENT_LENGTH],
            now=now,
        )
        self.email = ""
        member = await self.ask(members.member, member_id=check.member_id)
        return enter_script(ticket, self._wanted(member.role))

    @rx.event
    @public
    async def enter_demo(self, role: str) -> EventSpec:
        """Sign in as the demo's borrower, lender or admin with one click; in demo mode only."""
        if not settings().demo_mode or role not in set(Role):
            raise LendingError("Demo accounts are not open here.")
        ticket = await self.act(
            sign_in.demo_ticket,
            role=role,
            address=self.router.session.client_ip,
            user_agent=self.router.headers.user_agent[:USER_AGENT_LENGTH],
            now=datetime.now(UTC),
        )
        return enter_script(ticket, home_of(Role(role)))

    def _wanted(self, role: Role) -> str:
        """Return where the person wanted to go, or else their home."""
        return safe_path(self.router.url.query_parameters.get("next", ""), home_of(role))
