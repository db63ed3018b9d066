"""Owns the one door through which people act on a loan: the missed days are closed first."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import Any, Concatenate, ParamSpec, TypeVar

from sqlmodel import Session

from p2p_reflex import database
from p2p_reflex.domain.errors import FieldError, LendingError
from p2p_reflex.services.days import business_date, business_day
from p2p_reflex.settings import settings
from p2p_reflex.state.base import Asking

P = ParamSpec("P")
R = TypeVar("R")


class LoanActing(Asking):
    """Let a screen act on loans; plain, so that none of this is an event handler."""

    refusal: str
    is_busy: bool

    @contextmanager
    def _answered_in_dialog(self) -> Iterator[None]:
        """Show a refusal in the open dialog, one of a field beside it, and let the buttons rest again."""
        try:
            yield
        except FieldError:
            raise
        except LendingError as refused:
            self.refusal = refused.message
        finally:
            self.is_busy = False

    async def open_day(self) -> date:
        """Give the open day; where it is behind the calendar, the missed days are closed first.

        Raises BehindError where that takes too long.
        """
        now, today = datetime.now(UTC), await self.today()
        if settings().demo_mode or today >= now.date():
            return today
        await asyncio.to_thread(business_day.catch_up, database.run, now=now)
        return await self.today()

    async def today(self) -> date:
        """Give the open day as it is."""
        return await self.ask(business_date.today)

    async def act_on_loan(self, service: Callable[Concatenate[Session, P], R], /, **how: Any) -> R:
        """Run a service that changes a loan on the open day, with all that was missed done before."""
        return await self.act(service, **how, business_on=await self.open_day(), now=datetime.now(UTC))


def read_day(text: str, field: str) -> date:
    """Read a day as a date field writes it. Raises FieldError."""
    try:
        return date.fromisoformat(text.strip()) if len(text.strip()) == 10 else _no_day(field)
    except ValueError:
        return _no_day(field)


def _no_day(field: str) -> date:
    raise FieldError(field, "Choose a day.")
