"""Owns the journal as an admin reads it: page by page, the newest first, found by kind, member and day."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from p2p_reflex.domain.vocabulary import AccountKind, TransactionKind
from p2p_reflex.models import JournalEntry, JournalTransaction, LedgerAccount, Listing, Loan, Member, table_of
from p2p_reflex.services.people.authority import check_admin

PAGE_SIZE = 12
MOST_A_PAGE = 100
LONGEST_SEARCH = 80

_transactions = table_of(JournalTransaction)
_entries = table_of(JournalEntry)
_accounts = table_of(LedgerAccount)
_listings = table_of(Listing)
_loans = table_of(Loan)
_members = table_of(Member)


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalQuery:
    """What an admin looks for; nothing chosen means all. Both days count."""

    kind: TransactionKind | None = None
    member: str = ""
    from_on: date | None = None
    until_on: date | None = None
    page: int = 1
    page_size: int = PAGE_SIZE


@dataclass(frozen=True, slots=True)
class EntryRow:
    """One entry of a transaction: what it added to an account, credit-positive; the house's have no name."""

    account: AccountKind
    member_name: str
    amount_cents: int


@dataclass(frozen=True, slots=True)
class JournalRow:
    """One transaction with its entries; `actor_name` is empty where the market itself acted."""

    transaction_id: int
    kind: TransactionKind
    business_on: date
    recorded_at: datetime
    memo: str
    title: str
    listing_id: int | None
    loan_id: int | None
    reverses_id: int | None
    actor_name: str
    entries: tuple[EntryRow, ...]

    @property
    def amount_cents(self) -> int:
        """Give what moved: all that was added somewhere, which is all that was taken elsewhere."""
        return sum(entry.amount_cents for entry in self.entries if entry.amount_cents > 0)


@dataclass(frozen=True, slots=True)
class JournalPage:
    """A page of the journal; pages count from 1."""

    rows: tuple[JournalRow, ...]
    row_count: int
    page: int
    page_count: int
    first_number: int


def page_of(session: Session, *, admin_id: int, query: JournalQuery) -> JournalPage:
    """Return one page of the journal, the newest first; a page beyond the end is the last one.

    Raises UnknownError.
    """
    check_admin(session, admin_id=admin_id)
    chosen = _chosen(query)
    size = min(max(query.page_size, 1), MOST_A_PAGE)
    row_count = session.execute(
        sa.select(sa.func.count()).select_from(_transactions).where(*chosen)
    ).scalar_one()
    page_count = max(1, -(-row_count // size))
    page = min(max(query.page, 1), page_count)
    actors = _members.alias("actors")
    found = session.execute(
        sa.select(
            _transactions,
            sa.func.coalesce(_loans.c.title, _listings.c.title, "").label("title"),
            actors.c.full_name.label("actor_name"),
        )
        .outerjoin(_loans, _loans.c.id == _transactions.c.loan_id)
        .outerjoin(_listings, _listings.c.id == _transactions.c.listing_id)
        .outerjoin(actors, actors.c.id == _transactions.c.actor_id)
        .where(*chosen)
        .order_by(_transactions.c.id.desc())
        .limit(size)
        .offset((page - 1) * size)
    ).all()
    return JournalPage(
        rows=_rows(session, found),
        row_count=row_count,
        page=page,
        page_count=page_count,
        first_number=(page - 1) * size + 1 if row_count else 0,
    )


def _chosen(query: JournalQuery) -> list[sa.ColumnElement[bool]]:
    """Say in SQL what is looked for."""
    chosen: list[sa.ColumnElement[bool]] = []
    if query.kind is not None:
        chosen.append(_transactions.c.kind == query.kind)
    if query.from_on is not None:
        chosen.append(_transactions.c.business_on >= query.from_on)
    if query.until_on is not None:
        chosen.append(_transactions.c.business_on <= query.until_on)
    words = query.member.strip().lower()[:LONGEST_SEARCH]
    if words:
        theirs = (
            sa.select(_entries.c.transaction_id)
            .join(_accounts, _accounts.c.id == _entries.c.account_id)
            .join(_members, _members.c.id == _accounts.c.member_id)
            .where(
                sa.or_(
                    sa.func.lower(_members.c.full_name).contains(words, autoescape=True),
                    _members.c.email.contains(words, autoescape=True),
                )
            )
        )
        chosen.append(_transactions.c.id.in_(theirs))
    return chosen


def _rows(session: Session, found: Sequence[Any]) -> tuple[JournalRow, ...]:
    entries = _entries_of(session, [row.id for row in found])
    return tuple(
        JournalRow(
            transaction_id=row.id,
            kind=row.kind,
            business_on=row.business_on,
            recorded_at=row.recorded_at,
            memo=row.memo,
            title=row.title,
            listing_id=row.listing_id,
            loan_id=row.loan_id,
            reverses_id=row.reverses_id,
            actor_name=row.actor_name or "",
            entries=tuple(entries[row.id]),
        )
        for row in found
    )


def _entries_of(session: Session, transaction_ids: Sequence[int]) -> dict[int, list[EntryRow]]:
    """Read the entries of a page with one query, in the order they were written."""
    rows = session.execute(
        sa.select(_entries.c.transaction_id, _entries.c.amount_cents, _accounts.c.kind, _members.c.full_name)
        .join(_accounts, _accounts.c.id == _entries.c.account_id)
        .outerjoin(_members, _members.c.id == _accounts.c.member_id)
        .where(_entries.c.transaction_id.in_(transaction_ids))
        .order_by(_entries.c.id)
    )
    entries: dict[int, list[EntryRow]] = defaultdict(list)
    for transaction_id, amount_cents, kind, full_name in rows:
        entries[transaction_id].append(EntryRow(kind, full_name or "", amount_cents))
    return entries
