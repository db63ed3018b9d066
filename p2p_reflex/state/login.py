"""Owns signing in: a checked password, or a demo account, becomes a ticket for the cookie."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import reflex as rx
from reflex.event import EventSpec

from p2p_reflex.domain.errors import LendingError
from p2p_reflex.domain.vocabulary import Role
from p2p_reflex.services.people import sign_in
from p2p_reflex.settings import settings
from p2p_reflex.state.base import ScreenState, home_of, loads_for_all, public, text_in
from p2p_reflex.state.cookies import enter_script, safe_path

USER_AGENT_LENGTH = 200


class LoginState(ScreenState, rx.State):
    """Show the sign-in form; the password is never kept in a var."""

    notice: str = ""
    busy: bool = False

    @rx.event
    @loads_for_all
    async def load(self) -> EventSpec | None:
        """Send whoever is signed in already to where they wanted to go."""
        self.errors, self.busy = {}, False
        again = self.router.url.query_parameters.get("again")
        self.notice = "That sign-in had expired. Please sign in again." if again else ""
        person = await self.who_if_anyone()
        return rx.redirect(self._wanted(person.role), replace=True) if person else None

    @rx.event
    @public
    async def sign_in(self, form: dict[str, Any]) -> AsyncIterator[EventSpec | None]:
        """Check the password, then trade it for a session."""
        self.busy, self.errors = True, {}
        yield None
        try:
            member_id, role, tried_at = await self._check(text_in(form, "email"), text_in(form, "password"))
            ticket = await self._ticket(sign_in.issue_ticket, member_id=member_id, tried_at=tried_at)
            yield enter_script(ticket, self._wanted(role))
        except Exception:
            self.busy = False
            raise

    @rx.event
    @public
    async def enter_demo(self, role: str) -> EventSpec:
        """Sign in as the demo's borrower, lender or admin with one click; in demo mode only."""
        if not settings().demo_mode or role not in set(Role):
            raise LendingError("Demo accounts are not open here.")
        ticket = await self._ticket(sign_in.demo_ticket, role=role)
        return enter_script(ticket, home_of(Role(role)))

    async def _check(self, email: str, password: str) -> tuple[int, Role, datetime | None]:
        """Return whose password it is, and when it was tried; the slow part is outside of any transaction."""
        address, now = self.router.session.client_ip, datetime.now(UTC)
        check = await self.act(sign_in.count_try, email=email, address=address, now=now)
        is_right = await asyncio.to_thread(sign_in.matches, check, password)
        if not is_right or check.member_id is None or check.role is None:
            raise sign_in.WrongPasswordError
        return check.member_id, check.role, check.tried_at

    async def _ticket(self, service: Any, **whose: Any) -> str:
        """Ask for a ticket that names the device it was asked from."""
        return await self.act(
            service,
            address=self.router.session.client_ip,
            user_agent=self.router.headers.user_agent[:USER_AGENT_LENGTH],
            now=datetime.now(UTC),
            **whose,
        )

    def _wanted(self, role: Role) -> str:
        """Return where the person wanted to go, or else their home."""
        return safe_path(self.router.url.query_parameters.get("next", ""), home_of(role))
