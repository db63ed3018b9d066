"""Owns the tables of the market's own date, and of who runs what."""

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy import CheckConstraint
from sqlmodel import Field, SQLModel

from p2p_reflex.models.columns import moment


class BusinessClock(SQLModel, table=True):
    """The one row that says which business day is open."""

    __tablename__ = "business_clock"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: int = Field(default=1, primary_key=True)
    business_on: date


class Lease(SQLModel, table=True):
    """Who may do a kind of work now, until when; where several runners stand ready, one acts."""

    __tablename__ = "lease"

    name: str = Field(sa_column=sa.Column(sa.String(40), primary_key=True))
    holder: str = Field(max_length=80)
    expires_at: datetime = moment()
