"""Owns leases: of several runners that stand ready for a kind of work, one acts, until its time is up."""

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session

from p2p_reflex.models import Lease, table_of

_leases = table_of(Lease)


def acquire(session: Session, *, name: str, holder: str, now: datetime, seconds: int) -> bool:
    """Take a lease that is free or has run out, or prolong one's own; say whether it is held now.

    One guarded statement decides, so of two runners at once one gets it. It frees itself where its holder
    dies, after `seconds`; a holder that works longer than that prolongs it on the way.
    """
    expires_at = now + timedelta(seconds=seconds)
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    claim = insert(_leases).values(name=name, holder=holder, expires_at=expires_at)
    statement = claim.on_conflict_do_update(
        index_elements=[_leases.c.name],
        set_={"holder": holder, "expires_at": expires_at},
        where=sa.or_(_leases.c.holder == holder, _leases.c.expires_at <= now),
    ).returning(_leases.c.holder)
    return session.connection().execute(statement).first() is not None


def release(session: Session, *, name: str, holder: str) -> None:
    """Give a lease back; somebody else's stays theirs."""
    session.connection().execute(sa.delete(_leases).where(_leases.c.name == name, _leases.c.holder == holder))
