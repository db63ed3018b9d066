"""Owns what everybody in the demo market shares: the dice, the clock, and trying things at the counter."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from typing import TypeVar

from sqlmodel import Session

from p2p_reflex.domain.errors import LendingError
from p2p_reflex.services.demo.people import DemoBorrower, DemoLender
from p2p_reflex.services.money import wallets
from p2p_reflex.settings import ConfirmMoney

T = TypeVar("T")


@dataclass(slots=True)
class World:
    """The people of the demo and the dice they throw."""

    session: Session
    luck: random.Random
    borrowers: dict[int, DemoBorrower] = field(default_factory=dict)
    lenders: dict[int, DemoLender] = field(default_factory=dict)
    played: frozenset[int] = frozenset()
    """Members whom a visitor may be playing: they ask, bid and decide only by the visitor's hand."""
    days_left: int = 0
    """How far the demo's today is away while its past is made."""
    form_prefix: str = "demo"
    form_count: int = 0

    @property
    def first_borrower_id(self) -> int:
        """Name the borrower whom the sign-in page offers."""
        return next(iter(self.borrowers))

    @property
    def offered_members(self) -> frozenset[int]:
        """Name the borrower and the lender whom the sign-in page offers."""
        return frozenset({self.first_borrower_id, next(iter(self.lenders))})

    def form_key(self) -> str:
        """Make the next form's key."""
        self.form_count += 1
        return f"{self.form_prefix}-{self.form_count:06d}"

    def attempt(self, act: Callable[[], T]) -> T | None:
        """Let a person try something; where a rule says no, nothing has happened."""
        try:
            with self.session.begin_nested():
                return act()
        except LendingError:
            return None


def moment(business_on: date, hour: int, minute: int = 0) -> datetime:
    """Name a moment of a day."""
    return datetime.combine(business_on, time(hour, minute), tzinfo=UTC)


def add_money(world: World, member_id: int, cents: int, business_on: date) -> None:
    """Add money from outside, as anybody does on the wallet page."""
    world.attempt(
        lambda: wallets.add_money(
            world.session,
            member_id=member_id,
            amount=f"{cents // 100}.{cents % 100:02d}",
            form_key=world.form_key(),
            business_on=business_on,
            now=moment(business_on, 8),
            confirm=ConfirmMoney.AT_ONCE,
        )
    )


def take_money(world: World, member_id: int, cents: int, business_on: date) -> None:
    """Take money out to the outside, as anybody does on the wallet page."""
    world.attempt(
        lambda: wallets.withdraw(
            world.session,
            member_id=member_id,
            amount=f"{cents // 100}.{cents % 100:02d}",
            form_key=world.form_key(),
            business_on=business_on,
            now=moment(business_on, 20),
            confirm=ConfirmMoney.AT_ONCE,
        )
    )
