"""Owns how money, rates, words and moments lie in a column, alike on SQLite and PostgreSQL."""

from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator
from sqlmodel import Field, SQLModel

MILLION = 1_000_000


class Cents(TypeDecorator[int]):
    """Whole cents in 64 bits; anything but an `int` is refused before it reaches the database."""

    impl = sa.BigInteger
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> int | None:
        """Refuse floats, decimals and booleans."""
        if value is None or type(value) is int:
            return value
        raise TypeError(f"Money is whole cents in an int, not {type(value).__name__}.")


class RateType(TypeDecorator[Decimal]):
    """A nominal annual rate, a `Decimal` fraction of at most 6 decimals, stored as whole millionths."""

    impl = sa.BigInteger
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> int | None:
        """Store exact millionths; a finer rate is refused, never rounded."""
        if value is None:
            return None
        millionths = Decimal(value) * MILLION
        if not millionths.is_finite() or millionths != int(millionths):
            raise ValueError("A rate has at most 6 decimals.")
        return int(millionths)

    def process_result_value(self, value: int | None, dialect: Dialect) -> Decimal | None:
        """Read millionths back as a fraction."""
        return None if value is None else Decimal(value) / MILLION


class Moment(TypeDecorator[datetime]):
    """An aware UTC timestamp; SQLite drops the zone, so it is put back when read."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse a naive moment; store UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("A moment needs its time zone.")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give every moment back in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Word(TypeDecorator[StrEnum]):
    """One word of a closed list; a word outside the list is refused when written."""

    impl = sa.String(32)
    cache_ok = True

    def __init__(self, words: type[StrEnum]) -> None:
        super().__init__()
        self.words = words

    def process_bind_param(self, value: StrEnum | str | None, dialect: Dialect) -> str | None:
        """Store the word itself."""
        return None if value is None else self.words(value).value

    def process_result_value(self, value: str | None, dialect: Dialect) -> StrEnum | None:
        """Read the word back as its member."""
        return None if value is None else self.words(value)


def key() -> Any:
    """Declare a 64-bit primary key (SQLite needs plain INTEGER to number rows itself)."""
    big = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    return Field(default=None, sa_column=sa.Column(big, primary_key=True, autoincrement=True))


def link(target: str, *, nullable: bool = False, index: bool = True, unique: bool = False) -> Any:
    """Declare a 64-bit foreign key to `target`, such as `"member.id"`."""
    column = sa.Column(
        sa.BigInteger(),
        sa.ForeignKey(target),
        nullable=nullable,
        index=index and not unique,
        unique=unique,
    )
    return Field(default=None if nullable else ..., sa_column=column)


def cents(*, default: int | None = None, nullable: bool = False) -> Any:
    """Declare a column of whole cents."""
    column: sa.Column[Any] = sa.Column(Cents(), nullable=nullable)
    if nullable or default is not None:
        return Field(default=default, sa_column=column)
    return Field(sa_column=column)


def rate(*, nullable: bool = False) -> Any:
    """Declare a column holding a rate."""
    column: sa.Column[Any] = sa.Column(RateType(), nullable=nullable)
    return Field(default=None, sa_column=column) if nullable else Field(sa_column=column)


def moment(*, nullable: bool = False, index: bool = False) -> Any:
    """Declare a column holding an aware UTC timestamp."""
    column: sa.Column[Any] = sa.Column(Moment(), nullable=nullable, index=index)
    return Field(default=None, sa_column=column) if nullable else Field(sa_column=column)


def word(words: type[StrEnum], *, default: StrEnum | None = None, index: bool = False) -> Any:
    """Declare a column holding one word of a closed list."""
    column: sa.Column[Any] = sa.Column(Word(words), nullable=False, index=index)
    return Field(sa_column=column) if default is None else Field(default=default, sa_column=column)


def table_of(model: type[SQLModel]) -> sa.Table:
    """Give the table beneath a model, for statements that are about rows and not about objects."""
    table: sa.Table = model.__table__  # type: ignore[attr-defined]
    return table
