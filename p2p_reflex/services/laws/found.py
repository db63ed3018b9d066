"""Owns how a law asks the database, and how many violations it spells out."""

from collections.abc import Callable, Sequence
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

MOST_NAMED = 20


def violations(session: Session, question: str, sentence: Callable[[Any], str]) -> list[str]:
    """Write one sentence for each row that should not be there; a flood is counted, not spelled out."""
    rows: Sequence[Any] = session.connection().execute(sa.text(question)).all()
    named = [sentence(row) for row in rows[:MOST_NAMED]]
    if len(rows) > MOST_NAMED:
        named.append(f"And {len(rows) - MOST_NAMED:,} more of this kind.")
    return named
