"""Owns what the platform advanced after a correction: opened, and collected from later receipts.

A correction takes back from lenders what they got by mistake. Where a wallet does not have it any more, the
platform pays the rest and keeps a receivable; it is collected from what that lender receives next, of any
loan, or an admin writes it off (see `write_offs`). The reserve fund is treated in the same way.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from p2p_reflex.domain.errors import LendingError, UnknownError
from p2p_reflex.domain.vocabulary import AccountKind, TransactionKind
from p2p_reflex.models import Loan, Member, Receivable, table_of
from p2p_reflex.services.loans.loan_positions import LARGEST_ID
from p2p_reflex.services.money.ledger import Leg, MemberAccounts, Movement
from p2p_reflex.services.people.authority import check_admin

FUND = None
"""The holder of the notes that the reserve fund bought."""

_receivables = table_of(Receivable)
_loans = table_of(Loan)
_members = table_of(Member)

_LEFT = (
    _receivables.c.amount_cents - _receivables.c.collected_cents - _receivables.c.written_off_cents
).label("left_cents")


class AlreadyClosedError(LendingError):
    """There is nothing left of a receivable."""

    def __init__(self) -> None:
        super().__init__("This was already collected or written off.")


@dataclass(frozen=True, slots=True)
class OpenReceivable:
    """What the platform is still owed by somebody; without a name, by the reserve fund."""

    receivable_id: int
    member_id: int | None
    member_name: str | None
    loan_id: int
    loan_title: str
    amount_cents: int
    left_cents: int
    opened_on: date


def collect(
    session: Session,
    *,
    received: Mapping[int | None, int],
    accounts: Mapping[int, MemberAccounts],
    house: Mapping[AccountKind, int],
    business_on: date,
) -> list[Movement]:
    """Take what is owed out of what holders receive now, the oldest first; post the movements with it.

    Law: nobody gives more than they receive in the same moment.
    """
    open_rows = _open_rows(session, received)
    if not open_rows:
        return []
    left = dict(received)
    taken: dict[tuple[int | None, int], int] = defaultdict(int)
    changes = []
    for row in open_rows:
        cents = min(left[row.member_id], row.left_cents)
        if cents <= 0:
            continue
        left[row.member_id] -= cents
        taken[row.member_id, row.loan_id] += cents
        changes.append(_closing(row, cents, business_on))
    if changes:
        session.connection().execute(_change("collected_cents"), changes)
    return [
        Movement(
            kind=TransactionKind.COLLECTION,
            memo="Paid back what was advanced after a correction",
            legs=(
                Leg(_account(member_id, accounts, house), -cents),
                Leg(house[AccountKind.RECEIVABLE], cents),
            ),
            loan_id=loan_id,
        )
        for (member_id, loan_id), cents in taken.items()
    ]


def open_for(
    session: Session,
    *,
    shortfalls: Mapping[int | None, int],
    loan_id: int,
    event_id: int,
    business_on: date,
) -> None:
    """Write down what was advanced for whom."""
    rows = [
        {
            "member_id": member_id,
            "loan_id": loan_id,
            "event_id": event_id,
            "amount_cents": cents,
            "collected_cents": 0,
            "written_off_cents": 0,
            "opened_on": business_on,
        }
        for member_id, cents in shortfalls.items()
    ]
    if rows:
        session.connection().execute(sa.insert(_receivables), rows)


def list_open(
    session: Session, *, admin_id: int, loan_id: int | None = None, limit: int = 200
) -> tuple[OpenReceivable, ...]:
    """List what the platform is still owed, of one loan or of all, the oldest first.

    Raises UnknownError for anybody but admins.
    """
    check_admin(session, admin_id=admin_id)
    of_loan = sa.true() if loan_id is None else _receivables.c.loan_id == loan_id
    rows = session.connection().execute(
        sa.select(_receivables, _LEFT, _loans.c.title, _members.c.full_name)
        .join(_loans, _loans.c.id == _receivables.c.loan_id)
        .outerjoin(_members, _members.c.id == _receivables.c.member_id)
        .where(_receivables.c.closed_on.is_(None), of_loan)
        .order_by(_receivables.c.id)
        .limit(limit)
    )
    return tuple(
        OpenReceivable(
            receivable_id=row.id,
            member_id=row.member_id,
            member_name=row.full_name,
            loan_id=row.loan_id,
            loan_title=row.title,
            amount_cents=row.amount_cents,
            left_cents=row.left_cents,
            opened_on=row.opened_on,
        )
        for row in rows
    )


def open_row(session: Session, *, receivable_id: int, for_update: bool = False) -> Any:
    """Give what is open of a receivable, as `left_cents`; to change it, it is locked.

    Raises UnknownError, AlreadyClosedError.
    """
    if not isinstance(receivable_id, int) or not 0 < receivable_id <= LARGEST_ID:
        raise UnknownError("receivable")
    query = sa.select(_receivables, _LEFT).where(_receivables.c.id == receivable_id)
    row = session.connection().execute(query.with_for_update() if for_update else query).first()
    if row is None:
        raise UnknownError("receivable")
    if row.closed_on is not None:
        raise AlreadyClosedError
    return row


def note_written_off(session: Session, row: Any, *, business_on: date) -> None:
    """Write down that what was open, its row locked, is not collected any more."""
    change = _closing(row, row.left_cents, business_on)
    session.connection().execute(_change("written_off_cents"), [change])


def _open_rows(session: Session, received: Mapping[int | None, int]) -> Sequence[Any]:
    """Read and lock the open receivables of those who receive something; mostly there are none."""
    connection = session.connection()
    is_open = _receivables.c.closed_on.is_(None)
    known = connection.execute(sa.select(_receivables.c.id, _receivables.c.member_id).where(is_open)).all()
    wanted = [row.id for row in known if received.get(row.member_id, 0) > 0]
    if not wanted:
        return ()
    query = sa.select(_receivables, _LEFT).where(is_open, _receivables.c.id.in_(wanted))
    return connection.execute(query.order_by(_receivables.c.id).with_for_update()).all()


def _closing(row: Any, cents: int, business_on: date) -> dict[str, Any]:
    return {
        "p_id": row.id,
        "p_cents": cents,
        "p_closed_on": business_on if cents == row.left_cents else None,
    }


def _change(column: str) -> sa.Update:
    return (
        sa.update(_receivables)
        .where(_receivables.c.id == sa.bindparam("p_id"))
        .values(
            {
                column: _receivables.c[column] + sa.bindparam("p_cents", type_=sa.BigInteger),
                "closed_on": sa.bindparam("p_closed_on", type_=sa.Date),
            }
        )
    )


def _account(
    member_id: int | None, accounts: Mapping[int, MemberAccounts], house: Mapping[AccountKind, int]
) -> int:
    return house[AccountKind.RESERVE_FUND] if member_id is None else accounts[member_id].wallet_id
