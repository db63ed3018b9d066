"""Owns the question whether somebody is an admin; to others what admins do does not exist."""

from sqlmodel import Session

from p2p_reflex.domain.errors import UnknownError
from p2p_reflex.domain.vocabulary import Role
from p2p_reflex.models import Member


def check_admin(session: Session, *, admin_id: int, thing: str = "page") -> None:
    """Refuse anybody who is not an admin. Raises UnknownError."""
    member = session.get(Member, admin_id)
    if member is None or member.role is not Role.ADMIN:
        raise UnknownError(thing)
