"""Owns how many rows are written at once: numbered beforehand, then sent in one go.

SQLAlchemy would ask SQLite for the new ids row by row, and send PostgreSQL a parameter for every value.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from itertools import chain, islice, repeat
from types import NoneType
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from p2p_reflex.models.columns import Cents

ROWS_PER_STATEMENT = 400
"""So many rows go to SQLite at once: fewer cost more calls, more a statement that is slow to plan."""

_REPEATED = (date, Decimal, StrEnum, bool, NoneType)
"""Kinds of values of which thousands of rows have only a few; dates and moments are among them."""

_WHOLE = frozenset({int, NoneType})
_PLAIN = frozenset({int, str, bool, float, Decimal, date, datetime, NoneType})
_ESCAPES = str.maketrans({"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r"})
_NEEDS_ESCAPE = re.compile(r"[\\\t\n\r]")

Columns = Mapping[str, Sequence[Any]]


def insert_numbered(session: Session, table: sa.Table, rows: Sequence[Mapping[str, Any]]) -> tuple[int, ...]:
    """Add rows (all with the same columns) to a table with a plain `id`, and return their ids in order."""
    if not rows:
        return ()
    ids = take_ids(session, table, len(rows))
    write(session, table, columns={"id": ids, **_columns_of(session, table, rows)}, same={})
    return ids


def insert(session: Session, table: sa.Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Add rows, all with the same columns, with one statement; defaults of columns do not apply."""
    if rows:
        write(session, table, columns=_columns_of(session, table, rows), same={})


def write(session: Session, table: sa.Table, *, columns: Columns, same: Mapping[str, Any]) -> None:
    """Add rows given as columns, and what is the same for all of them; values are as the driver takes them.

    They are copied into PostgreSQL; SQLite gets hundreds with each statement.
    """
    connection = session.connection()
    quoted = connection.dialect.identifier_preparer
    names = ", ".join(quoted.quote(name) for name in (*columns, *same))
    into = f"{quoted.format_table(table)} ({names})"
    count = len(next(iter(columns.values())))
    values = [*columns.values(), *(repeat(value, count) for value in same.values())]
    if connection.dialect.name == "postgresql":
        _copy(connection, f"COPY {into} FROM STDIN", columns, same)
        return
    rows = zip(*values, strict=True)
    while few := tuple(chain.from_iterable(islice(rows, ROWS_PER_STATEMENT))):
        connection.exec_driver_sql(_insert_statement(into, len(values), len(few) // len(values)), few)


def typed(session: Session, table: sa.Table, columns: Columns) -> dict[str, Sequence[Any]]:
    """Bring columns into the form the driver takes; their types refuse what they must."""
    dialect = session.connection().dialect
    return {name: _typed(table.c[name].type, values, dialect) for name, values in columns.items()}


def take_ids(session: Session, table: sa.Table, count: int) -> tuple[int, ...]:
    """Take the next ids: from the sequence, or on SQLite (one writer at a time) after the highest."""
    if not count:
        return ()
    connection = session.connection()
    if connection.dialect.name == "postgresql":
        taken = connection.exec_driver_sql(_NUMBERS, {"table": table.name, "count": count})
        return tuple(taken.scalar_one())
    highest = connection.exec_driver_sql(f"SELECT MAX(id) FROM {table.name}").scalar() or 0  # noqa: S608
    return tuple(range(highest + 1, highest + 1 + count))


_NUMBERS = (
    "SELECT array_agg(nextval(t.sequence)) FROM generate_series(1, %(count)s),"
    " (SELECT pg_get_serial_sequence(%(table)s, 'id')::regclass AS sequence OFFSET 0) AS t"
)


def _columns_of(
    session: Session, table: sa.Table, rows: Sequence[Mapping[str, Any]]
) -> dict[str, Sequence[Any]]:
    return typed(session, table, {name: [row[name] for row in rows] for name in rows[0]})


def _typed(kind: sa.types.TypeEngine[Any], values: Sequence[Any], dialect: sa.Dialect) -> Sequence[Any]:
    kinds = set(map(type, values))
    if isinstance(kind, Cents) and kinds <= _WHOLE:
        return values  # what the type would let pass, one by one
    bind = kind.dialect_impl(dialect).bind_processor(dialect)
    if bind is None:
        return values
    if not all(issubclass(each, _REPEATED) for each in kinds):
        return [bind(value) for value in values]
    known = {value: bind(value) for value in set(values)}
    return [known[value] for value in values]


@lru_cache(maxsize=128)
def _insert_statement(into: str, width: int, size: int) -> str:
    row = f"({', '.join('?' * width)})"
    return f"INSERT INTO {into} VALUES {', '.join([row] * size)}"  # noqa: S608


def _copy(connection: sa.Connection, statement: str, columns: Columns, same: Mapping[str, Any]) -> None:
    """Send rows through the driver, in this transaction; what fails fails as any statement does."""
    driver: Any = connection.connection.driver_connection
    errors: Any = connection.dialect.loaded_dbapi
    try:
        with driver.cursor() as cursor, cursor.copy(statement) as copy:
            if _are_plain([*columns.values(), list(same.values())]):
                copy.write(_lines(columns, same))
            else:
                for row in zip(*columns.values(), strict=True):
                    copy.write_row((*row, *same.values()))
    except errors.Error as error:
        raise sa.exc.DBAPIError.instance(
            statement, None, error, errors.Error, dialect=connection.dialect
        ) from error


def _are_plain(columns: Sequence[Sequence[Any]]) -> bool:
    """Tell values whose text is what COPY reads from those that the driver has to write."""
    return all(set(map(type, values)) <= _PLAIN for values in columns)


def _lines(columns: Columns, same: Mapping[str, Any]) -> str:
    """Write rows as COPY reads them."""
    end = "".join(f"\t{_text(value)}" for value in same.values()) + "\n"
    texts = map(_texts, columns.values())
    return end.join(map("\t".join, zip(*texts, strict=True))) + end


def _texts(values: Sequence[Any]) -> list[str]:
    kinds = set(map(type, values))
    if kinds == {int}:
        return list(map(str, values))
    if kinds == {str} and not _NEEDS_ESCAPE.search("".join(values)):
        return list(values)
    return [_text(value) for value in values]


def _text(value: Any) -> str:
    return "\\N" if value is None else str(value).translate(_ESCAPES)
