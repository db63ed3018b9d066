"""Owns who is on the platform: members, their passwords, and a borrower's financial profile."""

import base64
import hashlib
import hmac
import re
import threading
from dataclasses import dataclass
from datetime import datetime
from importlib import resources

import bcrypt
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, select

from p2p_reflex.domain import parsing
from p2p_reflex.domain.errors import FieldError, UnknownError
from p2p_reflex.domain.vocabulary import HomeOwnership, Role
from p2p_reflex.models import BorrowerProfile, Member
from p2p_reflex.services.money import ledger
from p2p_reflex.settings import settings

PASSWORD_LENGTH = (12, 128)
MAX_INCOME_CENTS = 10_000_000_00
MAX_MONTHLY_DEBT_CENTS = 500_000_00

# bcrypt at cost 12 keeps a core busy for a fifth of a second; a crowd at the door must not take them all.
_bcrypt_slots = threading.BoundedSemaphore(2)


class EmailTakenError(FieldError):
    """Somebody already registered with this address."""

    def __init__(self) -> None:
        super().__init__("email", "There is already an account with this email. Sign in instead.")


@dataclass(frozen=True, slots=True)
class ProfileForm:
    """A borrower's finances as typed into a form."""

    credit_score: str
    annual_income: str
    monthly_debt: str
    years_employed: str
    home_ownership: str


def create_member(
    session: Session,
    *,
    role: Role,
    full_name: str,
    email: str,
    password_hash: str | None,
    now: datetime,
    is_demo: bool = False,
    is_bot: bool = False,
) -> int:
    """Create a member with a wallet; without a password's hash nobody can sign in as them.

    Raises FieldError.
    """
    name, address = check_name(full_name), parsing.parse_email(email)
    if session.exec(select(Member.id).where(Member.email == address)).first() is not None:
        raise EmailTakenError
    member = Member(
        role=role,
        full_name=name,
        email=address,
        password_hash=password_hash,
        is_bot=is_bot,
        is_demo=is_demo,
        created_at=now,
    )
    session.add(member)
    try:
        session.flush()
    except IntegrityError as error:
        raise EmailTakenError from error
    ledger.open_member_accounts(session, member_id=member.id)
    return member.id


def check_name(full_name: object) -> str:
    """Accept a name of 2 to 80 characters. Raises FieldError."""
    return parsing.clean_line(
        full_name, field="full_name", minimum_length=2, maximum_length=80, name="Your name"
    )


def check_profile(form: ProfileForm) -> BorrowerProfile:
    """Check a borrower's finances as typed. Raises FieldError."""
    if form.home_ownership not in set(HomeOwnership):
        raise FieldError("home_ownership", "Choose how you live.")
    return BorrowerProfile(
        credit_score=parsing.parse_whole_number(
            form.credit_score, field="credit_score", minimum=300, maximum=850, name="The credit score"
        ),
        annual_income_cents=parsing.parse_money(
            form.annual_income,
            field="annual_income",
            minimum_cents=0,
            maximum_cents=MAX_INCOME_CENTS,
            name="The annual income",
        ),
        monthly_debt_cents=parsing.parse_money(
            form.monthly_debt,
            field="monthly_debt",
            minimum_cents=0,
            maximum_cents=MAX_MONTHLY_DEBT_CENTS,
            name="The monthly debt payments",
        ),
        years_employed=parsing.parse_whole_number(
            form.years_employed, field="years_employed", minimum=0, maximum=60, name="The years employed"
        ),
        home_ownership=HomeOwnership(form.home_ownership),
    )


def member(session: Session, *, member_id: int) -> Member:
    """Return a member. Raises UnknownError."""
    found = session.get(Member, member_id)
    if found is None:
        raise UnknownError("member")
    return found


def check_password(password: object, *, email: str = "") -> str:
    """Accept 12 to 128 characters of any kind that are not a password everybody tries. Raises FieldError."""
    shortest, longest = PASSWORD_LENGTH
    if not isinstance(password, str) or len(password) < shortest:
        raise FieldError("password", f"Use at least {shortest} characters. A few words in a row are fine.")
    if len(password) > longest:
        raise FieldError("password", f"Use at most {longest} characters.")
    if _squeezed(password) in _common_passwords() or password.lower() == email.lower():
        raise FieldError("password", "This password is one that many people use. Choose another.")
    try:
        password.encode()
    except UnicodeEncodeError as error:
        raise FieldError("password", "The password contains a character that cannot be stored.") from error
    return password


def hash_new_password(password: object, *, email: str) -> str:
    """Check a new password and hash it; slow on purpose, so it runs outside of any transaction.

    Raises FieldError.
    """
    return hash_password(check_password(password, email=email))


def hash_password(password: str) -> str:
    """Hash with bcrypt over HMAC-SHA384 under the pepper: bcrypt itself stops at 72 bytes.

    Takes about a fifth of a second of one core; call it off the event loop.
    """
    with _bcrypt_slots:
        return bcrypt.hashpw(_peppered(password), bcrypt.gensalt(settings().bcrypt_cost)).decode("ascii")


def password_matches(password: str, hashed: str | None) -> bool:
    """Check a password in the same time whether or not there is a hash to check against."""
    with _bcrypt_slots:
        if hashed is None:
            bcrypt.checkpw(_peppered(password), _decoy_hash())
            return False
        return bcrypt.checkpw(_peppered(password), hashed.encode("ascii"))


_decoys: dict[int, bytes] = {}


def _decoy_hash() -> bytes:
    """Keep one hash of the usual cost that no password matches, for e-mail addresses nobody has."""
    cost = settings().bcrypt_cost
    if cost not in _decoys:
        _decoys[cost] = bcrypt.hashpw(b"nobody", bcrypt.gensalt(cost))
    return _decoys[cost]


def _peppered(password: str) -> bytes:
    """Bring any password to 64 ASCII bytes that depend on all of it and on the pepper."""
    digest = hmac.new(
        settings().pepper.encode(),
        password.encode("utf-8", "surrogatepass"),
        hashlib.sha384,
    )
    return base64.b64encode(digest.digest())


def _squeezed(password: str) -> str:
    """Compare without case, and see through a short word typed again and again."""
    lowered = password.lower()
    repeated = re.fullmatch(r"(.{1,11}?)\1+", lowered)
    return repeated.group(1) if repeated else lowered


_common: frozenset[str] | None = None


def _common_passwords() -> frozenset[str]:
    """Read the most common passwords shipped with the package."""
    global _common
    if _common is None:
        listed = resources.files("p2p_reflex.services.people").joinpath("common_passwords.txt")
        text = listed.read_text("utf-8")
        _common = frozenset(line.strip().lower() for line in text.splitlines() if line.strip())
    return _common
