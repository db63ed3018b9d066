"""Owns the law of sealed days: their journal is as it was when they were sealed."""

import sqlalchemy as sa
from sqlmodel import Session

from p2p_reflex.services.days import sealing
from p2p_reflex.services.laws.found import MOST_NAMED

_GUARDS = {
    "sqlite": frozenset(
        {
            "journal_transaction_refuses_sealed",
            "journal_entry_refuses_sealed",
            "sealed_day_refuses_update",
            "sealed_day_refuses_delete",
        }
    ),
    "postgresql": frozenset(
        {
            "journal_transaction_refuses_sealed",
            "journal_entry_refuses_sealed",
            "sealed_day_refuses_change",
            "sealed_day_refuses_truncate",
        }
    ),
}
_PRESENT = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger'",
    "postgresql": "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled IN ('O', 'A')",
}


def sealed_days_verify(session: Session) -> list[str]:
    """Law 11: sealed days verify; of each day that does not, the first bad transaction is named."""
    engine = session.connection().dialect.name
    present = set(session.connection().execute(sa.text(_PRESENT[engine])).scalars())
    missing = [
        f"The guard {name} is missing from the database." for name in sorted(_GUARDS[engine] - present)
    ]
    broken = sealing.broken_seals(session)
    if len(broken) > MOST_NAMED:
        broken = [*broken[:MOST_NAMED], f"And {len(broken) - MOST_NAMED:,} more of this kind."]
    return missing + broken
