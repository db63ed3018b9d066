"""Owns the books as anybody may read them: every law, the bank's equation, how much was looked through."""

from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import Session

from p2p_reflex.models import JournalEntry
from p2p_reflex.services.money import books
from p2p_reflex.services.money.books import BankEquation


@dataclass(frozen=True, slots=True)
class PublishedLaw:
    """One law and whether it holds; what breaks it names people's accounts, so only admins read that."""

    title: str
    holds: bool


@dataclass(frozen=True, slots=True)
class PublishedBooks:
    """The look over the whole book without a name in it."""

    laws: tuple[PublishedLaw, ...]
    bank: BankEquation
    entry_count: int

    @property
    def holding_count(self) -> int:
        """Give how many laws hold."""
        return sum(law.holds for law in self.laws)


def published_books(session: Session) -> PublishedBooks:
    """Check every law on one picture of the books, and add up who the money at the bank belongs to."""
    return PublishedBooks(
        laws=tuple(PublishedLaw(result.title, result.holds) for result in books.check_books(session)),
        bank=books.bank_equation(session),
        entry_count=session.execute(sa.select(sa.func.count()).select_from(JournalEntry)).scalar_one(),
    )
