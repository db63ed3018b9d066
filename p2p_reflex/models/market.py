"""Owns the table of the market's own date."""

from datetime import date

from sqlalchemy import CheckConstraint
from sqlmodel import Field, SQLModel


class BusinessClock(SQLModel, table=True):
    """The one row that says which business day is open."""

    __tablename__ = "business_clock"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: int = Field(default=1, primary_key=True)
    business_on: date
