"""Owns registering: a borrower tells about their finances, a lender does not."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import reflex as rx
from reflex.event import EventSpec

from p2p_reflex.domain.vocabulary import Role
from p2p_reflex.services.people import members, registering, sign_in
from p2p_reflex.state.base import ScreenState, home_of, loads_for_all, public, text_in
from p2p_reflex.state.cookies import enter_script

USER_AGENT_LENGTH = 200


class RegisterState(ScreenState, rx.State):
    """Show the registration form for the chosen side of the market."""

    role: str = Role.BORROWER.value
    is_borrower: bool = True
    busy: bool = False

    @rx.event
    @loads_for_all
    async def load(self) -> EventSpec | None:
        """Take the side from the address, and send whoever is signed in already home."""
        wished = self.router.url.query_parameters.get("role", "")
        if wished in (Role.BORROWER, Role.LENDER):
            self._choose(wished)
        self.errors, self.busy = {}, False
        person = await self.who_if_anyone()
        return rx.redirect(home_of(person.role), replace=True) if person else None

    @rx.event
    @public
    async def choose_role(self, role: str) -> None:
        """Show the fields of the chosen side."""
        if role in (Role.BORROWER, Role.LENDER):
            self._choose(role)
            self.errors = {}

    @rx.event
    @public
    async def create_account(self, form: dict[str, Any]) -> AsyncIterator[EventSpec | None]:
        """Register the person and sign them in."""
        self.busy, self.errors = True, {}
        yield None
        try:
            member_id = await self._register(form)
            ticket = await self.act(
                sign_in.issue_ticket,
                member_id=member_id,
                address=self.router.session.client_ip,
                user_agent=self.router.headers.user_agent[:USER_AGENT_LENGTH],
                now=datetime.now(UTC),
            )
            yield enter_script(ticket, home_of(Role(self.role)))
        except Exception:
            self.busy = False
            raise

    async def _register(self, form: dict[str, Any]) -> int:
        registration = await asyncio.to_thread(
            registering.prepare,
            role=self.role,
            full_name=text_in(form, "full_name"),
            email=text_in(form, "email"),
            password=text_in(form, "password"),
            profile=_profile_in(form) if self.role == Role.BORROWER else None,
        )
        return await self.act(
            registering.register,
            registration=registration,
            address=self.router.session.client_ip,
            now=datetime.now(UTC),
        )

    def _choose(self, role: str) -> None:
        self.role, self.is_borrower = role, role == Role.BORROWER


def _profile_in(form: dict[str, Any]) -> members.ProfileForm:
    """Take a borrower's finances as typed."""
    return members.ProfileForm(
        credit_score=text_in(form, "credit_score"),
        annual_income=text_in(form, "annual_income"),
        monthly_debt=text_in(form, "monthly_debt"),
        years_employed=text_in(form, "years_employed"),
        home_ownership=text_in(form, "home_ownership"),
    )
