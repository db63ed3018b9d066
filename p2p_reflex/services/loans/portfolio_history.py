"""Owns what a lender's account did day by day: money put in, notes bought, payments received, losses."""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import accumulate
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from p2p_reflex.domain.dates import add_months
from p2p_reflex.domain.returns import MonthFigures
from p2p_reflex.domain.vocabulary import LoanEventKind, LoanState, TransactionKind
from p2p_reflex.models import (
    JournalEntry,
    JournalTransaction,
    LenderPayment,
    Loan,
    LoanLogEntry,
    Note,
    Payment,
    table_of,
)

OUTSIDE_KINDS = (TransactionKind.DEPOSIT, TransactionKind.WITHDRAWAL, TransactionKind.CAPITAL)

_entries = table_of(JournalEntry)
_transactions = table_of(JournalTransaction)
_events = table_of(LoanLogEntry)
_loans = table_of(Loan)
_notes = table_of(Note)
_payments = table_of(Payment)
_lender_payments = table_of(LenderPayment)


@dataclass(frozen=True, slots=True)
class Received:
    """What a lender got and lost on one day; what the reserve fund paid for notes is principal, too.

    Recoveries are what is left of them after the collection fee. What was forgiven counts as charged off.
    """

    principal_cents: int = 0
    interest_cents: int = 0
    late_fee_cents: int = 0
    servicing_fee_cents: int = 0
    charged_off_cents: int = 0
    recovered_cents: int = 0

    @property
    def earned_cents(self) -> int:
        """Give what of it is not the lender's own principal, after fees and losses."""
        received_cents = self.interest_cents + self.late_fee_cents + self.recovered_cents
        return received_cents - self.servicing_fee_cents - self.charged_off_cents

    def __add__(self, other: "Received") -> "Received":
        return Received(
            self.principal_cents + other.principal_cents,
            self.interest_cents + other.interest_cents,
            self.late_fee_cents + other.late_fee_cents,
            self.servicing_fee_cents + other.servicing_fee_cents,
            self.charged_off_cents + other.charged_off_cents,
            self.recovered_cents + other.recovered_cents,
        )


@dataclass(frozen=True, slots=True)
class HistoryPoint:
    """Where an account stood at the end of a day, interest not yet paid left out."""

    on: date
    value_cents: int
    notes_cents: int
    put_in_cents: int


@dataclass(frozen=True, slots=True)
class History:
    """An account's days: only those on which something happened."""

    put_in: dict[date, int] = field(default_factory=dict)
    bought: dict[date, int] = field(default_factory=dict)
    received: dict[date, Received] = field(default_factory=dict)

    @property
    def put_in_cents(self) -> int:
        """Give what was put in less what was taken out."""
        return sum(self.put_in.values())

    @property
    def total(self) -> Received:
        """Give all that was received."""
        return sum(self.received.values(), Received())

    def points(self, *, until: date) -> tuple[HistoryPoint, ...]:
        """Give where the account stood after each day on which something happened, and at the end."""
        put_in = notes = earned = 0
        points = []
        for on in sorted({*self.put_in, *self.bought, *self.received, until}):
            got = self.received.get(on, Received())
            put_in += self.put_in.get(on, 0)
            notes += self.bought.get(on, 0) - got.principal_cents - got.charged_off_cents
            earned += got.earned_cents
            points.append(HistoryPoint(on, put_in + earned, notes, put_in))
        return tuple(points)

    def months(self, *, until: date) -> tuple[MonthFigures, ...]:
        """Give whole months that end on a day, back to the first note, the oldest first."""
        if not self.bought:
            return ()
        first = min(self.bought)
        count = 1
        while add_months(until, -count) > first:
            count += 1
        edges = [add_months(until, -back) for back in range(count, -1, -1)]
        starts = self._principal_after(edges)
        gains = [Received()] * count
        for on, got in self.received.items():
            place = bisect_left(edges, on) - 1
            if on <= until:
                gains[min(max(place, 0), count - 1)] += got
        return tuple(
            MonthFigures(
                principal_start_cents=starts[place],
                interest_cents=gains[place].interest_cents,
                late_fee_cents=gains[place].late_fee_cents,
                servicing_fee_cents=gains[place].servicing_fee_cents,
                charged_off_cents=gains[place].charged_off_cents,
                recovered_cents=gains[place].recovered_cents,
            )
            for place in range(count)
        )

    def received_by_month(self) -> dict[date, Received]:
        """Give what was received in each calendar month, by its first day."""
        months: dict[date, Received] = defaultdict(Received)
        for on, got in self.received.items():
            months[on.replace(day=1)] += got
        return dict(months)

    def _principal_after(self, days: Sequence[date]) -> list[int]:
        """Give the principal in notes at the end of some days."""
        changes: dict[date, int] = defaultdict(int)
        for on, cents in self.bought.items():
            changes[on] += cents
        for on, got in self.received.items():
            changes[on] -= got.principal_cents + got.charged_off_cents
        dated = sorted(changes)
        standing = [0, *accumulate(changes[on] for on in dated)]
        return [standing[bisect_right(dated, on)] for on in days]


def history(session: Session, *, lender_id: int, wallet_id: int) -> History:
    """Add up a lender's account by day, with a few questions."""
    received: dict[date, Received] = defaultdict(Received)
    for part in (_received, _sold, _charged_off, _forgiven):
        for on, got in part(session, lender_id):
            received[on] += got
    return History(
        put_in=_put_in(session, wallet_id), bought=_bought(session, lender_id), received=dict(received)
    )


def total_of(column: sa.ColumnElement[int]) -> sa.ColumnElement[int]:
    """Sum cents as a whole number; PostgreSQL would make it a numeric."""
    return sa.cast(sa.func.coalesce(sa.func.sum(column), 0), sa.BigInteger)


def _put_in(session: Session, wallet_id: int) -> dict[date, int]:
    """Add up what came from outside and went out, corrections of it included."""
    original = _transactions.alias("original")
    rows = session.execute(
        sa.select(_transactions.c.business_on, total_of(_entries.c.amount_cents))
        .select_from(_entries)
        .join(_transactions, _transactions.c.id == _entries.c.transaction_id)
        .outerjoin(original, original.c.id == _transactions.c.reverses_id)
        .where(
            _entries.c.account_id == wallet_id,
            sa.func.coalesce(original.c.kind, _transactions.c.kind).in_(
                [kind.value for kind in OUTSIDE_KINDS]
            ),
        )
        .group_by(_transactions.c.business_on)
    )
    return {row[0]: row[1] for row in rows}


def _bought(session: Session, lender_id: int) -> dict[date, int]:
    rows = session.execute(
        sa.select(_notes.c.bought_on, total_of(_notes.c.principal_cents))
        .where(_notes.c.lender_id == lender_id)
        .group_by(_notes.c.bought_on)
    )
    return {row[0]: row[1] for row in rows}


def _received(session: Session, lender_id: int) -> Iterator[tuple[date, Received]]:
    """Add up the parts of payments that still stand; recoveries for themselves."""
    reversal = _transactions.alias("reversal")
    parts: list[sa.ColumnElement[Any]] = [
        total_of(column)
        for column in (
            _lender_payments.c.principal_cents,
            _lender_payments.c.interest_cents,
            _lender_payments.c.late_fee_cents,
            _lender_payments.c.servicing_fee_cents,
            _lender_payments.c.collection_fee_cents,
        )
    ]
    rows = session.execute(
        sa.select(_lender_payments.c.paid_on, _payments.c.is_recovery, *parts)
        .join(_notes, _notes.c.id == _lender_payments.c.note_id)
        .join(_payments, _payments.c.id == _lender_payments.c.payment_id)
        .outerjoin(reversal, reversal.c.reverses_id == _payments.c.transaction_id)
        .where(_notes.c.lender_id == lender_id, reversal.c.id.is_(None))
        .group_by(_lender_payments.c.paid_on, _payments.c.is_recovery)
    )
    for on, is_recovery, principal, interest, late_fee, fee, collection_fee in rows:
        if is_recovery:
            gross_cents = principal + interest + late_fee
            yield on, Received(recovered_cents=gross_cents - fee - collection_fee)
        else:
            yield on, Received(principal, interest, late_fee, fee)


def _sold(session: Session, lender_id: int) -> Iterator[tuple[date, Received]]:
    """Add up what the reserve fund paid for the lender's notes."""
    own = _notes.alias("own")
    rows = session.execute(
        sa.select(_notes.c.bought_on, total_of(_notes.c.principal_cents))
        .join(own, own.c.id == _notes.c.bought_from_id)
        .where(own.c.lender_id == lender_id)
        .group_by(_notes.c.bought_on)
    )
    for on, cents in rows:
        yield on, Received(principal_cents=cents)


def _charged_off(session: Session, lender_id: int) -> Iterator[tuple[date, Received]]:
    """Add up what the lender's notes were still owed when their loans were charged off."""
    recovered = (
        sa.select(total_of(_lender_payments.c.principal_cents))
        .join(_payments, _payments.c.id == _lender_payments.c.payment_id)
        .where(_lender_payments.c.note_id == _notes.c.id, _payments.c.is_recovery)
        .scalar_subquery()
    )
    rows = session.execute(
        sa.select(_loans.c.charged_off_on, _notes.c.outstanding_cents + recovered)
        .join(_loans, _loans.c.id == _notes.c.loan_id)
        .where(_notes.c.lender_id == lender_id, _loans.c.state == LoanState.CHARGED_OFF)
    )
    for on, cents in rows:
        yield on, Received(charged_off_cents=int(cents))


def _forgiven(session: Session, lender_id: int) -> Iterator[tuple[date, Received]]:
    """Add up what was forgiven of the lender's notes, on the last day something was."""
    last_on = (
        sa.select(sa.func.max(_events.c.effective_on))
        .where(_events.c.loan_id == _notes.c.loan_id, _events.c.kind == LoanEventKind.FORGIVEN)
        .scalar_subquery()
    )
    rows = session.execute(
        sa.select(last_on, _notes.c.forgiven_cents).where(
            _notes.c.lender_id == lender_id, _notes.c.forgiven_cents > 0
        )
    )
    for on, cents in rows:
        yield on, Received(charged_off_cents=cents)
