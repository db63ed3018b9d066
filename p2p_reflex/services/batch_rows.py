"""Owns how many rows are written at once: numbered beforehand, then sent in one statement.

SQLAlchemy would ask SQLite for the new ids row by row, and send PostgreSQL a parameter for every value.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

_REPEATED = (date, Decimal, StrEnum)
"""Kinds of values of which thousands of rows have only a few; dates and moments are among them."""


def insert_numbered(session: Session, table: sa.Table, rows: Sequence[Mapping[str, Any]]) -> tuple[int, ...]:
    """Add rows (all with the same columns) to a table with a plain `id`, and return their ids in order."""
    if not rows:
        return ()
    ids = take_ids(session, table, len(rows))
    _insert(session, table, {"id": ids, **_columns_of(rows)})
    return ids


def insert(session: Session, table: sa.Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Add rows, all with the same columns, with one statement; defaults of columns do not apply."""
    if rows:
        _insert(session, table, _columns_of(rows))


def _columns_of(rows: Sequence[Mapping[str, Any]]) -> dict[str, Sequence[Any]]:
    return {name: [row[name] for row in rows] for name in rows[0]}


def _insert(session: Session, table: sa.Table, columns: Mapping[str, Sequence[Any]]) -> None:
    """Send columns as arrays to PostgreSQL, and as plain rows to SQLite."""
    connection = session.connection()
    dialect = connection.dialect
    sent = {name: _as_sent(table.c[name].type, values, dialect) for name, values in columns.items()}
    if dialect.name == "postgresql":
        connection.exec_driver_sql(_from_arrays(table, tuple(sent), dialect), sent)
    else:
        connection.exec_driver_sql(
            _from_rows(table, tuple(sent), dialect), list(zip(*sent.values(), strict=True))
        )


def _as_sent(kind: sa.types.TypeEngine[Any], values: Sequence[Any], dialect: sa.Dialect) -> list[Any]:
    """Bring a column's values into the form the driver takes; the type refuses what it must."""
    bind = kind.dialect_impl(dialect).bind_processor(dialect)
    if bind is None:
        return list(values)
    if not isinstance(values[0], _REPEATED):
        return [bind(value) for value in values]
    known = {value: bind(value) for value in set(values)}
    return [known[value] for value in values]


@lru_cache(maxsize=64)
def _from_arrays(table: sa.Table, names: tuple[str, ...], dialect: sa.Dialect) -> str:
    """Write the statement that takes one array for each column."""
    arrays = ", ".join(f"%({name})s::{table.c[name].type.compile(dialect)}[]" for name in names)
    return f"{_into(table, names, dialect)} SELECT * FROM unnest({arrays})"  # noqa: S608


@lru_cache(maxsize=64)
def _from_rows(table: sa.Table, names: tuple[str, ...], dialect: sa.Dialect) -> str:
    """Write the statement that takes one row."""
    return f"{_into(table, names, dialect)} VALUES ({', '.join('?' * len(names))})"


def _into(table: sa.Table, names: Sequence[str], dialect: sa.Dialect) -> str:
    quoted = dialect.identifier_preparer
    listed = ", ".join(quoted.quote(name) for name in names)
    return f"INSERT INTO {quoted.format_table(table)} ({listed})"


def take_ids(session: Session, table: sa.Table, count: int) -> tuple[int, ...]:
    """Take the next ids: from the sequence, or on SQLite (one writer at a time) after the highest."""
    connection = session.connection()
    if connection.dialect.name == "postgresql":
        numbers = "SELECT nextval(pg_get_serial_sequence(%(table)s, 'id')) FROM generate_series(1, %(count)s)"
        taken = connection.exec_driver_sql(numbers, {"table": table.name, "count": count})
        return tuple(taken.scalars())
    highest = connection.execute(sa.select(sa.func.max(table.c.id))).scalar() or 0
    return tuple(range(highest + 1, highest + 1 + count))
