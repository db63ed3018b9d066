"""Owns what a person may take away as a file: only their own, whoever asks."""

from sqlmodel import Session

from p2p_reflex.services.days import business_date
from p2p_reflex.services.loans import notes as lender_notes
from p2p_reflex.services.loans import portfolio
from p2p_reflex.services.loans.notes import NoteRow
from p2p_reflex.services.money import statements, wallets
from p2p_reflex.services.money.statements import StatementRow


def statement(session: Session, *, member_id: int) -> tuple[StatementRow, ...]:
    """Return a member's whole statement, the oldest first. Raises UnknownError."""
    wallets.wallet_of(session, member_id=member_id)
    return statements.whole(session, member_id=member_id)


def notes(session: Session, *, lender_id: int) -> tuple[NoteRow, ...]:
    """Return all notes of a lender, the oldest first. Raises UnknownError."""
    portfolio.check_lender(session, lender_id=lender_id)
    return lender_notes.whole(session, lender_id=lender_id, business_on=business_date.today(session))
