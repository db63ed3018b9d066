"""Owns writing thousands of rows column by column: plain values in, one statement each, nothing per row.

Values are as the database keeps them: whole numbers, text, and whatever a plain query gave back. What is the
same for every row goes through its column's type once.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Session

from p2p_reflex.services.bulk import batch_rows
from p2p_reflex.services.bulk.batch_rows import Columns


def insert(session: Session, table: sa.Table, *, columns: Columns, same: Mapping[str, Any]) -> None:
    """Add rows; the columns are equally long."""
    if not len(next(iter(columns.values()))):
        return
    constants = {name: plain(session, table.c[name], value) for name, value in same.items()}
    batch_rows.write(session, table, columns=columns, same=constants)


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
    expect: Columns | None = None,
) -> int:
    """Change rows by their ids, adding to some columns and replacing others; return how many there were.

    A row that does not have what is expected of it is left as it is, and does not count.
    """
    if not len(ids):
        return 0
    adding, putting, expected = dict(add or {}), dict(put or {}), dict(expect or {})
    connection = session.connection()
    if connection.dialect.name == "postgresql":
        names = (tuple(adding), tuple(putting), tuple(expected))
        statement = _update_arrays(table, *names, connection.dialect)
        values = {"id": ids, **adding, **putting} | {f"was_{name}": was for name, was in expected.items()}
        return connection.exec_driver_sql(statement, _lists(values)).rowcount
    changes = ", ".join([f"{name} = {name} + ?" for name in adding] + [f"{name} = ?" for name in putting])
    guards = "".join(f" AND {name} = ?" for name in expected)
    rows = list(zip(*adding.values(), *putting.values(), ids, *expected.values(), strict=True))
    statement = f"UPDATE {table.name} SET {changes} WHERE id = ?{guards}"  # noqa: S608
    return connection.exec_driver_sql(statement, rows).rowcount


def read(session: Session, question: str, *, ids: Sequence[int], **values: Any) -> Sequence[Any]:
    """Ask with a list of ids, written as `= ANY(:ids)`; the answers are as the database keeps them."""
    result = _execute(session, question, ids, values)
    rows: Sequence[Any] = result.cursor.fetchall()  # plain tuples: thousands of rows need no names
    result.close()
    return rows


def among(session: Session, column: sa.Column[int], ids: Sequence[int]) -> sa.ColumnElement[bool]:
    """Compare a column with ids that are sent as one parameter, however many."""
    if session.connection().dialect.name == "postgresql":
        return column == sa.any_(sa.literal(list(ids), ARRAY(sa.BigInteger)))
    listed = sa.func.json_each(f"[{','.join(map(str, ids))}]").table_valued("value")
    return column.in_(sa.select(listed.c.value))


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
def _update_arrays(
    table: sa.Table,
    adding: tuple[str, ...],
    putting: tuple[str, ...],
    expected: tuple[str, ...],
    dialect: sa.Dialect,
) -> str:
    columns = {name: name for name in ("id", *adding, *putting)} | {f"was_{each}": each for each in expected}
    arrays = ", ".join(f"%({name})s::{table.c[of].type.compile(dialect)}[]" for name, of in columns.items())
    guards = "".join(f" AND t.{name} = r.was_{name}" for name in expected)
    changes = ", ".join(
        [f"{name} = t.{name} + r.{name}" for name in adding] + [f"{name} = r.{name}" for name in putting]
    )
    return (
        f"UPDATE {table.name} t SET {changes} FROM unnest({arrays}) AS r({', '.join(columns)})"  # noqa: S608
        f" WHERE t.id = r.id{guards}"
    )
