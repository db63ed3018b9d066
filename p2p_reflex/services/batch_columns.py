"""Owns writing thousands of rows column by column: plain values in, one statement each, nothing per row.

Values are as the database keeps them: whole numbers, text, and whatever a plain query gave back. What is the
same for every row goes through its column's type once.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import repeat
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from p2p_reflex.services import batch_rows

Columns = Mapping[str, Sequence[Any]]


def insert(session: Session, table: sa.Table, *, columns: Columns, same: Mapping[str, Any]) -> None:
    """Add rows; the columns are equally long."""
    count = len(next(iter(columns.values())))
    if not count:
        return
    connection = session.connection()
    constants = {name: plain(session, table.c[name], value) for name, value in same.items()}
    names, fixed = tuple(columns), tuple(constants)
    if connection.dialect.name == "postgresql":
        statement = _insert_arrays(table, names, fixed, connection.dialect)
        connection.exec_driver_sql(statement, _lists(columns) | constants)
        return
    listed = ", ".join((*names, *fixed))
    marks = ", ".join("?" * (len(names) + len(fixed)))
    rows = zip(*columns.values(), *(repeat(value, count) for value in constants.values()), strict=True)
    connection.exec_driver_sql(f"INSERT INTO {table.name} ({listed}) VALUES ({marks})", list(rows))  # noqa: S608


def insert_numbered(
    session: Session, table: sa.Table, *, columns: Columns, same: Mapping[str, Any]
) -> tuple[int, ...]:
    """Add rows to a table with a plain `id`, and return their ids in order."""
    ids = batch_rows.take_ids(session, table, len(next(iter(columns.values()))))
    insert(session, table, columns={"id": ids, **columns}, same=same)
    return ids


def update(
    session: Session,
    table: sa.Table,
    ids: Sequence[int],
    *,
    add: Columns | None = None,
    put: Columns | None = None,
) -> int:
    """Change rows by their ids, adding to some columns and replacing others; return how many there were."""
    if not len(ids):
        return 0
    adding, putting = dict(add or {}), dict(put or {})
    connection = session.connection()
    if connection.dialect.name == "postgresql":
        statement = _update_arrays(table, tuple(adding), tuple(putting), connection.dialect)
        return connection.exec_driver_sql(statement, _lists({"id": ids, **adding, **putting})).rowcount
    changes = ", ".join([f"{name} = {name} + ?" for name in adding] + [f"{name} = ?" for name in putting])
    rows = list(zip(*adding.values(), *putting.values(), ids, strict=True))
    statement = f"UPDATE {table.name} SET {changes} WHERE id = ?"  # noqa: S608
    return connection.exec_driver_sql(statement, rows).rowcount


def read(session: Session, question: str, *, ids: Sequence[int], **values: Any) -> Sequence[Any]:
    """Ask with a list of ids, written as `= ANY(:ids)`; the answers are as the database keeps them."""
    result = _execute(session, question, ids, values)
    rows: Sequence[Any] = result.cursor.fetchall()  # plain tuples: thousands of rows need no names
    result.close()
    return rows


def change(session: Session, statement: str, *, ids: Sequence[int], **values: Any) -> int:
    """Change rows with one statement and a list of ids, written as `= ANY(:ids)`; return how many."""
    return int(_execute(session, statement, ids, values).rowcount)


def _lists(columns: Columns) -> dict[str, list[Any]]:
    return {name: list(values) for name, values in columns.items()}


def _execute(session: Session, statement: str, ids: Sequence[int], values: dict[str, Any]) -> Any:
    given: Any = list(ids)
    if session.connection().dialect.name == "sqlite":
        statement = statement.replace("= ANY(:ids)", "IN (SELECT value FROM json_each(:ids))")
        given = f"[{','.join(map(str, ids))}]"
    return session.connection().execute(sa.text(statement), {"ids": given, **values})


def plan_anew(session: Session) -> None:
    """Let PostgreSQL plan again before many rows are written.

    A connection that has seen small tables would check every foreign key of the batch by reading them whole.
    """
    if session.connection().dialect.name == "postgresql":
        session.connection().exec_driver_sql("DISCARD PLANS")


def plain(session: Session, column: sa.Column[Any], value: Any) -> Any:
    """Give a value as its column keeps it."""
    dialect = session.connection().dialect
    bind = column.type.dialect_impl(dialect).bind_processor(dialect)
    return value if bind is None else bind(value)


@lru_cache(maxsize=64)
def _insert_arrays(
    table: sa.Table, names: tuple[str, ...], fixed: tuple[str, ...], dialect: sa.Dialect
) -> str:
    listed = ", ".join((*names, *fixed))
    constants = "".join(f", %({name})s::{table.c[name].type.compile(dialect)}" for name in fixed)
    arrays = ", ".join(f"%({name})s::{table.c[name].type.compile(dialect)}[]" for name in names)
    return f"INSERT INTO {table.name} ({listed}) SELECT r.*{constants} FROM unnest({arrays}) AS r"  # noqa: S608


@lru_cache(maxsize=64)
def _update_arrays(
    table: sa.Table, adding: tuple[str, ...], putting: tuple[str, ...], dialect: sa.Dialect
) -> str:
    names = ("id", *adding, *putting)
    arrays = ", ".join(f"%({name})s::{table.c[name].type.compile(dialect)}[]" for name in names)
    changes = ", ".join(
        [f"{name} = t.{name} + r.{name}" for name in adding] + [f"{name} = r.{name}" for name in putting]
    )
    return (
        f"UPDATE {table.name} t SET {changes} FROM unnest({arrays}) AS r({', '.join(names)})"  # noqa: S608
        " WHERE t.id = r.id"
    )
