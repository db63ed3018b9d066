"""Owns the seals of business days: a digest over a day's journal, chained to the day before.

What is sealed takes no more entries; what was changed behind the platform's back shows, and is named.
"""

import hashlib
import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from itertools import groupby
from operator import itemgetter
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from p2p_reflex.models import BusinessStep, JournalTransaction, SealedDay, StepState, table_of

SEAL_STEP = "seal"
PAGE = 5_000
FIRST_LINK = "0" * 64
SEALING_LOCK = 73_462_011

_seals = table_of(SealedDay)
_steps = table_of(BusinessStep)
_transactions = table_of(JournalTransaction)

_LAST = sa.select(_seals).order_by(_seals.c.business_on.desc()).limit(1)
_ADD = sa.insert(_seals)
_FIRST = itemgetter(0)
_FINGERPRINT = struct.Struct(">q8s")

_DAY = {"sqlite": "t.business_on", "postgresql": "to_char(t.business_on, 'YYYY-MM-DD')"}
_MOMENT = {
    "sqlite": "t.recorded_at",
    "postgresql": "to_char(t.recorded_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US')",
}
_NUMBERS = ("listing_id", "loan_id", "reverses_id", "actor_id")
_PAGE = "t.business_on >= :on AND (t.business_on > :on OR t.id > :after_id) AND t.business_on <= :through_on"


@dataclass(frozen=True, slots=True)
class Sealed:
    """A seal: the digest, and how much is beneath it."""

    business_on: date
    digest: str
    transaction_count: int
    entry_count: int


@dataclass(frozen=True, slots=True)
class _Found:
    """One transaction as it stands in the journal, digested with its entries."""

    business_on: date
    id: int
    digest: bytes
    entry_count: int


@dataclass(slots=True)
class _Link:
    """The digest of a day while its transactions go by."""

    digest: Any
    fingerprints: bytearray
    transaction_count: int = 0
    entry_count: int = 0


def seal(session: Session, *, business_on: date, now: datetime) -> Sealed:
    """Close the journal of a business day for good; a day that is sealed stays as it is.

    The first seal of a market covers all that came before it too.
    """
    connection = session.connection()
    if connection.dialect.name == "postgresql":
        # Entries that are on their way come before the seal, or find it there.
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(SEALING_LOCK)))
    last = connection.execute(_LAST).first()
    if last is not None and last.business_on >= business_on:
        return Sealed(last.business_on, last.digest, last.transaction_count, last.entry_count)
    after_on = last.business_on if last is not None else date.min
    previous = last.digest if last is not None else FIRST_LINK
    link = _link(previous, business_on, _journal(session, after_on=after_on, through_on=business_on))
    sealed = Sealed(business_on, link.digest.hexdigest(), link.transaction_count, link.entry_count)
    values = {
        "business_on": business_on,
        "previous_digest": previous,
        "digest": sealed.digest,
        "transaction_count": link.transaction_count,
        "entry_count": link.entry_count,
        "fingerprints": bytes(link.fingerprints),
        "sealed_at": now,
    }
    connection.execute(_ADD, values)
    return sealed


def broken_seals(session: Session) -> list[str]:
    """Compare every seal with the journal beneath it; of each broken day name the first bad transaction."""
    connection = session.connection()
    seals = connection.execute(sa.select(_seals).order_by(_seals.c.business_on)).all()
    broken = _missing(session, {seal.business_on for seal in seals})
    if not seals:
        return broken
    journal = _journal(session, after_on=date.min, through_on=seals[-1].business_on)
    days = _by_seal(journal, [seal.business_on for seal in seals])
    previous = FIRST_LINK
    for stored, found in zip(seals, days, strict=True):
        rows = list(found)
        link = _link(stored.previous_digest, stored.business_on, rows)
        if stored.previous_digest != previous:
            broken.append(f"The seal of {stored.business_on} does not follow the seal of the day before.")
        if link.digest.hexdigest() != stored.digest:
            broken.append(f"{stored.business_on}: {_first_bad(stored, rows)}")
        previous = stored.digest
    return broken


def _missing(session: Session, sealed_on: set[date]) -> list[str]:
    """Name the days that were sealed once and have no seal now."""
    query = sa.select(_steps.c.business_on).where(
        _steps.c.step == SEAL_STEP, _steps.c.chunk == 0, _steps.c.state == StepState.DONE
    )
    once = session.connection().execute(query.order_by(_steps.c.business_on)).scalars()
    return [f"The seal of {on} is missing." for on in once if on not in sealed_on]


def _link(previous: str, business_on: date, found: Iterable[_Found]) -> _Link:
    link = _Link(hashlib.sha256(f"{previous}|{business_on}".encode()), bytearray())
    for each in found:
        link.digest.update(each.digest)
        link.fingerprints += _FINGERPRINT.pack(each.id, each.digest[:8])
        link.transaction_count += 1
        link.entry_count += each.entry_count
    return link


def _by_seal(journal: Iterable[_Found], sealed_on: list[date]) -> Iterator[list[_Found]]:
    """Part the journal by the seals: each covers what is dated after the seal before."""
    rows = iter(journal)
    held = next(rows, None)
    for on in sealed_on:
        day: list[_Found] = []
        while held is not None and held.business_on <= on:
            day.append(held)
            held = next(rows, None)
        yield day


def _first_bad(stored: Any, found: list[_Found]) -> str:
    """Compare what was sealed with what is there, transaction by transaction."""
    sealed = list(_FINGERPRINT.iter_unpack(stored.fingerprints))
    for (sealed_id, mark), each in zip(sealed, found, strict=False):
        if sealed_id != each.id:
            is_gone = sealed_id not in {other.id for other in found}
            bad_id = sealed_id if is_gone else each.id
            return f"transaction {bad_id} {'is gone' if is_gone else 'was added after the seal'}."
        if mark != each.digest[:8]:
            return f"transaction {each.id} or its entries are not as they were sealed."
    if len(sealed) > len(found):
        return f"transaction {sealed[len(found)][0]} is gone."
    if len(found) > len(sealed):
        return f"transaction {found[len(sealed)].id} was added after the seal."
    return "the seal itself was changed."


def _journal(session: Session, *, after_on: date, through_on: date) -> Iterator[_Found]:
    """Walk the journal of some days in the order of dates and ids, a page at a time."""
    connection = session.connection()
    name = connection.dialect.name
    transactions, entries = _questions(name)
    on, after_id = after_on, 2**63 - 1
    while True:
        values = {key: _as_kept(session, value) for key, value in (("on", on), ("through_on", through_on))}
        page = _rows(connection, transactions, {**values, "after_id": after_id, "limit": PAGE})
        if not page:
            return
        last_on, last_id, _ = page[-1]
        values |= {"after_id": after_id, "last_on": last_on, "last_id": last_id}
        lines = {
            transaction_id: [line for _, line in rows]
            for transaction_id, rows in groupby(_rows(connection, entries, values), key=_FIRST)
        }
        for of_day, transaction_id, line in page:
            own = lines.get(transaction_id, ())
            digest = hashlib.sha256("\n".join((line, *own)).encode()).digest()
            yield _Found(_day(of_day), transaction_id, digest, len(own))
        if len(page) < PAGE:
            return
        on, after_id = _day(last_on), last_id


def _rows(connection: sa.Connection, question: sa.TextClause, values: dict[str, Any]) -> Sequence[Any]:
    """Ask for rows as plain tuples; hundreds of thousands of them need no names."""
    result = connection.execute(question, values)
    rows: Sequence[Any] = result.cursor.fetchall()
    result.close()
    return rows


@lru_cache(maxsize=2)
def _questions(engine: str) -> tuple[sa.TextClause, sa.TextClause]:
    """Ask for a page of transactions, and for its entries, each as one line of text."""
    numbers = "".join(f" || '|' || COALESCE(CAST(t.{name} AS TEXT), '')" for name in _NUMBERS)
    line = (
        f"CAST(t.id AS TEXT) || '|' || t.kind || '|' || {_DAY[engine]} || '|' || {_MOMENT[engine]}{numbers}"
        " || '|' || CAST(LENGTH(COALESCE(t.key, '')) AS TEXT) || '|' || COALESCE(t.key, '') || '|' || t.memo"
    )
    entry = (
        "CAST(e.id AS TEXT) || '|' || CAST(e.account_id AS TEXT) || '|' || CAST(e.amount_cents AS TEXT)"
        " || '|' || CAST(e.balance_after_cents AS TEXT)"
    )
    page = (
        f"SELECT t.business_on, t.id, {line} AS line FROM journal_transaction t WHERE {_PAGE}"  # noqa: S608
        " ORDER BY t.business_on, t.id LIMIT :limit"
    )
    of_page = (
        f"SELECT t.id, {entry} AS line FROM journal_transaction t"  # noqa: S608
        " JOIN journal_entry e ON e.transaction_id = t.id"
        f" WHERE {_PAGE} AND (t.business_on < :last_on OR t.id <= :last_id) AND t.business_on <= :last_on"
        " ORDER BY t.business_on, t.id, e.id"
    )
    return sa.text(page), sa.text(of_page)


def _as_kept(session: Session, on: date) -> Any:
    return on.isoformat() if session.connection().dialect.name == "sqlite" else on


def _day(value: Any) -> date:
    return date.fromisoformat(value) if isinstance(value, str) else value
