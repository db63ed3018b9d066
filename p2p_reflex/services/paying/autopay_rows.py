"""Owns how autopay reads a chunk of loans: what is due and the wallets first, the notes of those it pays."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt
import sqlalchemy as sa
from sqlmodel import Session

from p2p_reflex.domain.vocabulary import LoanState
from p2p_reflex.models import Loan, table_of
from p2p_reflex.services.bulk import batch_columns

Numbers = npt.NDArray[np.int64]

_loans = table_of(Loan)

# A charged-off loan waits for no due date, so neither of these ever finds one.
_DUE_IDS = (
    "SELECT id FROM loan WHERE state IN ('active', 'defaulted') AND next_due_on <= :business_on"
    " AND +id > :after_id ORDER BY +id LIMIT :limit"  # by next_due_on, not through the whole table in order
)
_UNPAID = (
    "principal_cents + interest_cents + late_fee_cents"
    " > principal_paid_cents + interest_paid_cents + late_fee_paid_cents"
)
_LOANS = (
    "SELECT l.id, l.listing_id, l.borrower_id, l.title, l.state, l.outstanding_cents, l.autopay_partial,"  # noqa: S608
    " w.id AS wallet_id, w.balance_cents,"
    " (SELECT i.due_on FROM installment i WHERE i.loan_id = l.id AND i.paid_on IS NULL"
    f" AND i.due_on > :business_on AND {_UNPAID} ORDER BY i.due_on LIMIT 1) AS next_due_on"
    " FROM loan l JOIN ledger_account w ON w.member_id = l.borrower_id AND w.kind = 'wallet'"
    " WHERE l.id = ANY(:ids) AND l.autopay AND l.state IN ('active', 'defaulted')"
    " AND l.next_due_on <= :business_on ORDER BY l.id"
)
_DUES = (
    "SELECT loan_id, id, principal_cents - principal_paid_cents AS principal,"  # noqa: S608
    " interest_cents - interest_paid_cents AS interest, late_fee_cents - late_fee_paid_cents AS late_fee"
    " FROM installment WHERE loan_id = ANY(:ids) AND paid_on IS NULL AND due_on <= :business_on"
    f" AND {_UNPAID} ORDER BY loan_id, number"
)
_NOTES = (
    "SELECT n.loan_id, n.id, n.lender_id, n.outstanding_cents, n.annual_rate, w.id AS wallet_id FROM note n"
    " LEFT JOIN ledger_account w ON w.member_id = n.lender_id AND w.kind = 'wallet'"
    " WHERE n.loan_id = ANY(:ids) ORDER BY n.loan_id, n.id"
)
_INDEBTED = "SELECT DISTINCT member_id FROM receivable WHERE closed_on IS NULL AND member_id IS NOT NULL"


@dataclass(slots=True)
class DueLoan:
    """A loan on autopay with something due, its borrower's wallet, and what is due of it part by part."""

    id: int
    listing_id: int
    borrower_id: int
    title: str
    state: str
    outstanding_cents: int
    pays_part: bool
    wallet_id: int
    wallet_cents: int
    next_due_on: Any
    installment_ids: list[int] = field(default_factory=list)
    dues: list[tuple[int, int, int]] = field(default_factory=list)

    @property
    def due_cents(self) -> int:
        """Give all that is due."""
        return sum(map(sum, self.dues))

    @property
    def is_plain(self) -> bool:
        """Tell whether paying what is due leaves an ordinary loan behind: not ended, nothing replanned."""
        principal_cents = sum(due[0] for due in self.dues)
        is_going_on = self.next_due_on is not None and principal_cents < self.outstanding_cents
        return is_going_on and self.state == LoanState.ACTIVE.value


@dataclass(frozen=True, slots=True)
class NoteColumns:
    """The notes of some loans, side by side in the order of the loans."""

    ids: Numbers
    lender_ids: list[int]
    outstanding_cents: Numbers
    rate_millionths: Numbers
    wallet_ids: Numbers


def due_ids(session: Session, *, business_on: date, after_id: int, limit: int) -> list[int]:
    """Find the next loans with something due, in the order of their ids."""
    values = {"business_on": _day(session, business_on), "after_id": after_id, "limit": limit}
    return list(session.connection().execute(sa.text(_DUE_IDS), values).scalars())


def due_loans(session: Session, *, loan_ids: Sequence[int], business_on: date) -> list[DueLoan]:
    """Read and lock those of the loans that autopay collects, each with what is due."""
    on = _day(session, business_on)
    lock = " FOR UPDATE OF l" if session.connection().dialect.name == "postgresql" else ""
    found = batch_columns.read(session, _LOANS + lock, ids=loan_ids, business_on=on)
    loans = {row[0]: DueLoan(*tuple(row)) for row in found}
    for row in batch_columns.read(session, _DUES, ids=list(loans), business_on=on):
        loan = loans[row[0]]
        loan.installment_ids.append(row[1])
        loan.dues.append((row[2], row[3], row[4]))
    return [loan for loan in loans.values() if loan.dues]


def notes_of(session: Session, loans: Sequence[DueLoan]) -> tuple[list[DueLoan], NoteColumns, Numbers]:
    """Read the notes of the loans whose notes are all held by lenders who owe the platform nothing."""
    indebted = set(session.connection().execute(sa.text(_INDEBTED)).scalars())
    rows = batch_columns.read(session, _NOTES, ids=[loan.id for loan in loans])
    odd: set[int] = set()
    seen: set[tuple[int, int]] = set()
    for row in rows:
        pair = (row[0], row[2])
        if row[2] is None or row[2] in indebted or pair in seen:
            odd.add(row[0])
        seen.add(pair)
    if odd:
        rows = [row for row in rows if row[0] not in odd]
    of_loan, ids, lenders, outstanding, rates, wallets = zip(*rows, strict=True) if rows else [()] * 6
    counted = dict(zip(*(each.tolist() for each in np.unique(of_loan, return_counts=True)), strict=True))
    kept = [loan for loan in loans if loan.id in counted]
    columns = NoteColumns(numbers(ids), list(lenders), numbers(outstanding), numbers(rates), numbers(wallets))
    return kept, columns, numbers([counted[loan.id] for loan in kept])


def numbers(values: Sequence[int]) -> Numbers:
    """Put whole numbers into an array."""
    return np.array(values, dtype=np.int64)


def _day(session: Session, on: date) -> Any:
    return batch_columns.plain(session, _loans.c.next_due_on, on)
