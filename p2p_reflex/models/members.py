"""Owns the tables of people and bots, how they sign in, and a borrower's financial profile."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import CheckConstraint
from sqlmodel import Field, SQLModel

from p2p_reflex.domain.vocabulary import HomeOwnership, Role
from p2p_reflex.models.columns import cents, key, link, moment, word


class Member(SQLModel, table=True):
    """A person or a bot on the platform; bots are lenders like any other, but cannot sign in."""

    __tablename__ = "member"

    id: int = key()
    role: Role = word(Role, index=True)
    full_name: str = Field(max_length=80)
    email: str = Field(max_length=254, unique=True)
    password_hash: str | None = Field(default=None, max_length=80)
    is_bot: bool = False
    is_demo: bool = False
    created_at: datetime = moment()


class BorrowerProfile(SQLModel, table=True):
    """What a borrower says about their finances; the newest assessment keeps its own copy."""

    __tablename__ = "borrower_profile"
    __table_args__ = (
        CheckConstraint("credit_score BETWEEN 300 AND 850", name="credit_score_range"),
        CheckConstraint("annual_income_cents >= 0", name="income_not_negative"),
        CheckConstraint("monthly_debt_cents >= 0", name="debt_not_negative"),
        CheckConstraint("years_employed BETWEEN 0 AND 60", name="years_employed_range"),
    )

    id: int = key()
    member_id: int = link("member.id", unique=True)
    credit_score: int
    annual_income_cents: int = cents()
    monthly_debt_cents: int = cents()
    years_employed: int
    home_ownership: HomeOwnership = word(HomeOwnership)
    updated_at: datetime = moment()


class SignInSession(SQLModel, table=True):
    """One signed-in browser; only the hash of its token is kept."""

    __tablename__ = "sign_in_session"

    id: int = key()
    member_id: int = link("member.id")
    token_hash: str = Field(max_length=64, unique=True)
    user_agent: str = Field(default="", max_length=200)
    address: str = Field(default="", max_length=64)
    created_at: datetime = moment()
    seen_at: datetime = moment()
    ended_at: datetime | None = moment(nullable=True)


class SignInTicket(SQLModel, table=True):
    """A single-use pass from a checked password to the session cookie; it lives for a minute."""

    __tablename__ = "sign_in_ticket"

    id: int = key()
    member_id: int = link("member.id")
    ticket_hash: str = Field(max_length=64, unique=True)
    address: str = Field(default="", max_length=64)
    user_agent: str = Field(default="", max_length=200)
    created_at: datetime = moment()
    used_at: datetime | None = moment(nullable=True)


class SignInThrottle(SQLModel, table=True):
    """Failed sign-ins per account and per address, and until when the next try has to wait."""

    __tablename__ = "sign_in_throttle"

    subject: str = Field(sa_column=sa.Column(sa.String(80), primary_key=True))
    failure_count: int = 0
    failed_at: datetime = moment()
    blocked_until_at: datetime | None = moment(nullable=True)
