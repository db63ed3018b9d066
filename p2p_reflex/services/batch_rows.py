"""Owns how many rows are written at once: numbered beforehand, then sent in one statement.

SQLAlchemy would ask SQLite for the new ids row by row, and send PostgreSQL a parameter for every value.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session


def insert_numbered(session: Session, table: sa.Table, rows: Sequence[Mapping[str, Any]]) -> tuple[int, ...]:
    """Add rows (all with the same columns) to a table with a plain `id`, and return their ids in order."""
    if not rows:
        return ()
    ids = _take_ids(session, table, len(rows))
    insert(session, table, [{"id": number, **row} for number, row in zip(ids, rows, strict=True)])
    return ids


def insert(session: Session, table: sa.Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Add rows, all with the same columns, with one statement."""
    if not rows:
        return
    connection = session.connection()
    if connection.dialect.name != "postgresql":
        connection.execute(sa.insert(table), list(rows))
        return
    names = tuple(rows[0])
    columns = {}
    for name in names:
        bind = table.c[name].type.dialect_impl(connection.dialect).bind_processor(connection.dialect)
        values = [row[name] for row in rows]
        columns[name] = values if bind is None else [bind(value) for value in values]
    connection.exec_driver_sql(_from_arrays(table, names, connection.dialect), columns)


@lru_cache(maxsize=64)
def _from_arrays(table: sa.Table, names: tuple[str, ...], dialect: sa.Dialect) -> str:
    """Write the statement that takes one array for each column."""
    quoted = dialect.identifier_preparer
    listed = ", ".join(quoted.quote(name) for name in names)
    arrays = ", ".join(f"%({name})s::{table.c[name].type.compile(dialect)}[]" for name in names)
    return f"INSERT INTO {quoted.format_table(table)} ({listed}) SELECT * FROM unnest({arrays})"  # noqa: S608


def _take_ids(session: Session, table: sa.Table, count: int) -> tuple[int, ...]:
    """Take the next ids: from the sequence, or on SQLite (one writer at a time) after the highest."""
    connection = session.connection()
    if connection.dialect.name == "postgresql":
        numbers = "SELECT nextval(pg_get_serial_sequence(%(table)s, 'id')) FROM generate_series(1, %(count)s)"
        taken = connection.exec_driver_sql(numbers, {"table": table.name, "count": count})
        return tuple(taken.scalars())
    highest = connection.execute(sa.select(sa.func.max(table.c.id))).scalar() or 0
    return tuple(range(highest + 1, highest + 1 + count))
