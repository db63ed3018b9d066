"""Owns the question which events of loans' logs stand: all but those that a correction voided."""

from typing import Any

import sqlalchemy as sa

from p2p_reflex.models import LoanLogEntry, LoanLogVoid, table_of

EVENTS = table_of(LoanLogEntry)

_voids = table_of(LoanLogVoid)


def standing(*columns: Any) -> sa.Select[Any]:
    """Ask for columns of the events that stand."""
    return (
        sa.select(*columns)
        .select_from(EVENTS.outerjoin(_voids, _voids.c.event_id == EVENTS.c.id))
        .where(_voids.c.event_id.is_(None))
    )


def in_order() -> tuple[sa.ColumnElement[Any], ...]:
    """Sort events as they count: by their day, then by the place they took."""
    return EVENTS.c.effective_on, sa.func.coalesce(EVENTS.c.place, EVENTS.c.id)
