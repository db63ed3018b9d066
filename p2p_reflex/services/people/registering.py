"""Owns how somebody becomes a member: everything typed is checked, the password hashed, then the row made."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session

from p2p_reflex.domain import parsing
from p2p_reflex.domain.errors import FieldError
from p2p_reflex.domain.vocabulary import Role
from p2p_reflex.models import BorrowerProfile
from p2p_reflex.services.people import members
from p2p_reflex.services.people.members import ProfileForm
from p2p_reflex.services.people.sign_in import SlowDownError, subject_of, throttle_of

REGISTRATIONS_PER_ADDRESS = 200
REGISTRATION_PERIOD = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Registration:
    """A registration that has been checked, with the password's hash in place of the password."""

    role: Role
    full_name: str
    email: str
    password_hash: str
    finances: BorrowerProfile | None


def prepare(
    *, role: str, full_name: str, email: str, password: str, profile: ProfileForm | None
) -> Registration:
    """Check everything typed and hash the password; slow on purpose, so it runs outside of any transaction.

    Raises FieldError for the first field that is not acceptable.
    """
    if role not in (Role.BORROWER, Role.LENDER):
        raise FieldError("role", "Choose whether you want to borrow or to lend.")
    name = members.check_name(full_name)
    address = parsing.parse_email(email)
    members.check_password(password, email=address)
    finances = None
    if role == Role.BORROWER:
        if profile is None:
            raise FieldError("credit_score", "A borrower tells about their finances.")
        finances = members.check_profile(profile)
    return Registration(
        role=Role(role),
        full_name=name,
        email=address,
        password_hash=members.hash_new_password(password, email=address),
        finances=finances,
    )


def register(session: Session, *, registration: Registration, address: str, now: datetime) -> int:
    """Make a borrower or a lender with a wallet, and return the member's id.

    Raises EmailTakenError, or SlowDownError where too many came from one network address.
    """
    _count(session, address, now)
    member_id = members.create_member(
        session,
        role=registration.role,
        full_name=registration.full_name,
        email=registration.email,
        password_hash=registration.password_hash,
        now=now,
    )
    if registration.finances is not None:
        finances = registration.finances.model_copy(update={"member_id": member_id, "updated_at": now})
        session.add(BorrowerProfile(**finances.model_dump(exclude={"id"})))
        session.flush()
    return member_id


def _count(session: Session, address: str, now: datetime) -> None:
    """Let one network address register a crowd, but not a flood."""
    throttle = throttle_of(session, subject=subject_of("register", address), now=now)
    if now - throttle.failed_at > REGISTRATION_PERIOD:
        throttle.failure_count, throttle.failed_at = 0, now
    if throttle.failure_count >= REGISTRATIONS_PER_ADDRESS:
        raise SlowDownError(throttle.failed_at + REGISTRATION_PERIOD - now)
    throttle.failure_count += 1
    session.add(throttle)
    session.flush()
