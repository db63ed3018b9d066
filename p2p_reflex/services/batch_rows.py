"""Owns how many rows are written at once: numbered beforehand, then sent in one go.

SQLAlchemy would ask SQLite for the new ids row by row, and send PostgreSQL a parameter for every value.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from enum import StrEnum
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
    """Copy rows into PostgreSQL; to SQLite they go as plain tuples."""
    connection = session.connection()
    dialect = connection.dialect
    sent = [_as_sent(table.c[name].type, values, dialect) for name, values in columns.items()]
    rows = zip(*sent, strict=True)
    quoted = dialect.identifier_preparer
    into = f"{quoted.format_table(table)} ({', '.join(quoted.quote(name) for name in columns)})"
    if dialect.name == "postgresql":
        _copy(connection, f"COPY {into} FROM STDIN", rows)
    else:
        marks = ", ".join("?" * len(sent))
        connection.exec_driver_sql(f"INSERT INTO {into} VALUES ({marks})", list(rows))  # noqa: S608


def _copy(connection: sa.Connection, statement: str, rows: Iterable[tuple[Any, ...]]) -> None:
    """Send rows through the driver, in this transaction; what fails fails as any statement does."""
    driver: Any = connection.connection.driver_connection
    errors: Any = connection.dialect.loaded_dbapi
    try:
        with driver.cursor() as cursor, cursor.copy(statement) as copy:
            for row in rows:
                copy.write_row(row)
    except errors.Error as error:
        raise sa.exc.DBAPIError.instance(
            statement, None, error, errors.Error, dialect=connection.dialect
        ) from error


def _as_sent(kind: sa.types.TypeEngine[Any], values: Sequence[Any], dialect: sa.Dialect) -> list[Any]:
    """Bring a column's values into the form the driver takes; the type refuses what it must."""
    bind = kind.dialect_impl(dialect).bind_processor(dialect)
    if bind is None:
        return list(values)
    if not isinstance(values[0], _REPEATED):
        return [bind(value) for value in values]
    known = {value: bind(value) for value in set(values)}
    return [known[value] for value in values]


def take_ids(session: Session, table: sa.Table, count: int) -> tuple[int, ...]:
    """Take the next ids: from the sequence, or on SQLite (one writer at a time) after the highest."""
    connection = session.connection()
    if connection.dialect.name == "postgresql":
        numbers = "SELECT nextval(pg_get_serial_sequence(%(table)s, 'id')) FROM generate_series(1, %(count)s)"
        taken = connection.exec_driver_sql(numbers, {"table": table.name, "count": count})
        return tuple(taken.scalars())
    highest = connection.execute(sa.select(sa.func.max(table.c.id))).scalar() or 0
    return tuple(range(highest + 1, highest + 1 + count))
