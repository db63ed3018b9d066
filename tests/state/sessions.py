"""Owns signed-in people for tests of the screens."""

from datetime import UTC, datetime

from sqlmodel import Session

from p2p_reflex import database as house
from p2p_reflex.domain.vocabulary import Role
from p2p_reflex.services.people import sign_in
from tests.builders import a_member


def a_session_of(role: Role, full_name: str = "Maya Reed") -> str:
    """Create and sign in somebody, and return the token their browser would carry."""

    def enter(session: Session) -> str:
        member_id = a_member(session, role=role, full_name=full_name)
        return enter_as(session, member_id=member_id)

    return house.run(enter)


def enter_as(session: Session, *, member_id: int) -> str:
    """Sign a member in and return the token their browser would carry."""
    now = datetime.now(UTC)
    ticket = sign_in.issue_ticket(session, member_id=member_id, address="", user_agent="", now=now)
    return sign_in.redeem_ticket(session, ticket=ticket, now=now)
