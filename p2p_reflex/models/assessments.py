"""Owns the table of credit assessments, kept forever."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy import CheckConstraint
from sqlmodel import Field, SQLModel

from p2p_reflex.domain.vocabulary import Grade, HomeOwnership
from p2p_reflex.models.columns import cents, key, link, moment, rate, word


class Assessment(SQLModel, table=True):
    """One assessment: what it looked at, what it found, and why."""

    __tablename__ = "assessment"
    __table_args__ = (
        CheckConstraint("points >= 0 AND points <= max_points", name="points_range"),
        CheckConstraint("expires_on > assessed_on", name="expires_later"),
    )

    id: int = key()
    borrower_id: int = link("member.id")
    assessed_on: date
    expires_on: date
    credit_score: int
    annual_income_cents: int = cents()
    monthly_debt_cents: int = cents()
    years_employed: int
    home_ownership: HomeOwnership = word(HomeOwnership)
    loans_paid_off: int = 0
    late_payments: int = 0
    points: int
    max_points: int
    grade: Grade = word(Grade)
    floor_rate: Decimal = rate()
    expected_loss_rate: Decimal = rate()
    debt_to_income: Decimal = rate()
    factors: list[dict[str, Any]] = Field(default_factory=list, sa_column=sa.Column(sa.JSON, nullable=False))
    created_at: datetime = moment()
