"""Owns how a step of the business day goes through loans: in the order of their ids, so many at a time."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from p2p_reflex.models import Loan, table_of

_loans = table_of(Loan)

# With a sign before it an engine finds the few by their state and date, not through the whole table in order.
_plain_id: sa.ColumnElement[int] = sa.literal_column("+loan.id", sa.BigInteger)


def next_loans(
    session: Session, *columns: sa.ColumnElement[Any], where: Sequence[Any], after_id: int, limit: int | None
) -> Sequence[Any]:
    """Find and lock the next loans after an id that meet the conditions, all of them without a limit."""
    query = (
        sa.select(_loans.c.id, *columns)
        .where(*where, _plain_id > after_id)
        .order_by(_plain_id)
        .limit(limit)
        .with_for_update(of=_loans)
    )
    return session.connection().execute(query).all()


def through(rows: Sequence[Any], limit: int | None) -> int | None:
    """Give the last id of a full chunk; where it is not full there is no loan after it."""
    return int(rows[-1].id) if rows and len(rows) == limit else None
