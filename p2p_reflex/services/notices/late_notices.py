"""Owns who is told that loans are late: borrowers, lenders and admins, once at the close of a day.

What the ladder did is read from the log of loans, back to the last day of which people were told. So after an
outage they hear once, of each loan only how far it has come.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from p2p_reflex.domain.notice_kinds import NoticeEvent
from p2p_reflex.domain.vocabulary import LoanEventKind, LoanState, Role
from p2p_reflex.models import LoanLogEntry, LoanLogVoid, Member, table_of
from p2p_reflex.services.days import step_rows
from p2p_reflex.services.loans.loan_positions import CHUNK, LoanPosition, positions
from p2p_reflex.services.notices.notices import Fact, is_hushed, tell

STEP = "late_notices"
LONGEST_LOOK_BACK_DAYS = 60
TOLD_AT_ONCE = 5_000
RUNGS = (
    LoanEventKind.LATE_FEE,
    LoanEventKind.DEFAULTED,
    LoanEventKind.FUND_BOUGHT,
    LoanEventKind.CHARGED_OFF,
)

_events = table_of(LoanLogEntry)
_voids = table_of(LoanLogVoid)
_members = table_of(Member)

_OF_BORROWER = {
    NoticeEvent.NOTE_LATE: NoticeEvent.LATE_FEE_CHARGED,
    NoticeEvent.NOTE_LATE_FEE: NoticeEvent.LATE_FEE_CHARGED,
    NoticeEvent.NOTE_DEFAULTED: NoticeEvent.LOAN_DEFAULTED,
    NoticeEvent.NOTE_CHARGED_OFF: NoticeEvent.LOAN_CHARGED_OFF,
}
_OF_ADMIN = {
    NoticeEvent.NOTE_LATE: NoticeEvent.LOANS_LATE,
    NoticeEvent.NOTE_DEFAULTED: NoticeEvent.LOANS_DEFAULTED,
    NoticeEvent.NOTE_CHARGED_OFF: NoticeEvent.LOANS_CHARGED_OFF,
}
_TELLS_OF_FUND = frozenset({NoticeEvent.NOTE_DEFAULTED, NoticeEvent.NOTE_CHARGED_OFF})
_DAY_OF = {
    NoticeEvent.NOTE_LATE: LoanEventKind.LATE_FEE,
    NoticeEvent.NOTE_DEFAULTED: LoanEventKind.DEFAULTED,
    NoticeEvent.NOTE_CHARGED_OFF: LoanEventKind.CHARGED_OFF,
}
"""What in the log says on which day it happened."""


@dataclass(slots=True)
class _Climb:
    """What the ladder did to one loan: when it took each rung, the late fees, what the fund bought."""

    days: dict[LoanEventKind, date] = field(default_factory=dict)
    fees: dict[int, int] = field(default_factory=dict)
    bought: dict[int, int] = field(default_factory=dict)

    def tale(self, loan: LoanPosition) -> NoticeEvent | None:
        """Choose what is told of it: how far it came and still is; a late fee where it came no further."""
        if LoanEventKind.CHARGED_OFF in self.days and loan.state is LoanState.CHARGED_OFF:
            return NoticeEvent.NOTE_CHARGED_OFF
        if LoanEventKind.DEFAULTED in self.days and loan.state is LoanState.DEFAULTED:
            return NoticeEvent.NOTE_DEFAULTED
        if not self.fees:
            return NoticeEvent.NOTE_BOUGHT if self.bought else None
        # The ladder charges the oldest installment on the very day its loan goes from grace to late.
        oldest = loan.unpaid[0].number if loan.unpaid else None
        is_newly_late = loan.state is LoanState.ACTIVE and oldest in self.fees
        return NoticeEvent.NOTE_LATE if is_newly_late else NoticeEvent.NOTE_LATE_FEE


@dataclass(slots=True)
class _Sum:
    """What one lender, or the admins, are told of several loans; a single one goes by its title."""

    loan_id: int
    title: str
    days_late: int
    loan_count: int = 0
    owed_cents: int = 0
    bought_cents: int = 0
    fee_cents: int = 0
    fee_count: int = 0
    days: set[date] = field(default_factory=set)

    def facts(self) -> dict[str, str | int]:
        """Write it down."""
        return {
            "loan_id": self.loan_id,
            "title": self.title,
            "days_late": self.days_late,
            "loan_count": self.loan_count,
            "owed_cents": self.owed_cents,
            "bought_cents": self.bought_cents,
            "fee_cents": self.fee_cents,
            "fee_count": self.fee_count,
        }


@dataclass(slots=True)
class _Tales:
    """All that is to be told: borrowers loan by loan, lenders and admins added up by what happened."""

    borrowers: list[Fact] = field(default_factory=list)
    lenders: dict[tuple[int, NoticeEvent], _Sum] = field(default_factory=dict)
    admins: dict[NoticeEvent, _Sum] = field(default_factory=dict)


def tell_late(session: Session, *, business_on: date, now: datetime) -> int:
    """Tell people what the ladder did up to the close of a day; return how many notices that made.

    What happened on days of which nobody was told is told along. Corrections tell of what they change.
    """
    if is_hushed(session):
        return 0
    back_to = business_on - timedelta(days=LONGEST_LOOK_BACK_DAYS)
    since = step_rows.told_through(session, step=STEP, since=back_to) or back_to
    climbs = _climbs(session, since=since, until=business_on)
    tales = _Tales()
    ids = sorted(climbs)
    for start in range(0, len(ids), CHUNK):
        for loan in positions(session, loan_ids=ids[start : start + CHUNK]):
            _add(tales, loan, climbs[loan.id], business_on)
    facts = [*tales.borrowers, *_lenders(tales), *_admins(session, tales)]
    return sum(
        tell(session, facts[start : start + TOLD_AT_ONCE], business_on=business_on, now=now)
        for start in range(0, len(facts), TOLD_AT_ONCE)
    )


def _climbs(session: Session, *, since: date, until: date) -> dict[int, _Climb]:
    """Read what the ladder did after a day, by loan; what a correction rewrote is not of these days."""
    columns = _events.c
    query = (
        sa.select(
            columns.loan_id,
            columns.kind,
            columns.effective_on,
            columns.number,
            columns.amount_cents,
            columns.details,
        )
        .outerjoin(_voids, _voids.c.event_id == columns.id)
        .where(
            columns.kind.in_(RUNGS),
            columns.effective_on > since,
            columns.effective_on <= until,
            columns.recorded_on == columns.effective_on,
            _voids.c.event_id.is_(None),
        )
        .order_by(columns.effective_on, columns.id)
    )
    climbs: dict[int, _Climb] = defaultdict(_Climb)
    for row in session.connection().execute(query):
        climb = climbs[row.loan_id]
        climb.days[row.kind] = row.effective_on
        if row.kind is LoanEventKind.LATE_FEE:
            climb.fees[row.number] = row.amount_cents
        elif row.kind is LoanEventKind.FUND_BOUGHT:
            parts = (row.details or {}).get("bought", ())
            climb.bought.update({note_id: cents for note_id, _, cents in parts})
    return climbs


def _add(tales: _Tales, loan: LoanPosition, climb: _Climb, business_on: date) -> None:
    """Add one loan to what everybody is told."""
    event = climb.tale(loan)
    if event is None:
        return
    if event in _OF_BORROWER:
        tales.borrowers.append(_borrowers(loan, climb, _OF_BORROWER[event], business_on))
    for lender_id, (owed_cents, bought_cents) in _by_lender(loan, climb).items():
        # Those in default hear of the fund in the same breath; others may have got out of it since.
        is_apart = bought_cents and event not in _TELLS_OF_FUND
        for one in {event, NoticeEvent.NOTE_BOUGHT} if is_apart else {event}:
            if bought_cents or one is not NoticeEvent.NOTE_BOUGHT:
                to_lender = tales.lenders.setdefault((lender_id, one), _begin(loan, business_on))
                _count(to_lender, climb, owed_cents, bought_cents)
    if event in _OF_ADMIN:
        to_admins = tales.admins.setdefault(_OF_ADMIN[event], _begin(loan, business_on))
        _count(to_admins, climb, loan.outstanding_cents, sum(climb.bought.values()))
        to_admins.days.add(climb.days[_DAY_OF[event]])


def _by_lender(loan: LoanPosition, climb: _Climb) -> dict[int, tuple[int, int]]:
    """Add up what each lender is owed of a loan, and what the fund bought of them; who has nothing is out."""
    found: dict[int, tuple[int, int]] = {}
    for note in loan.notes:
        bought_cents = climb.bought.get(note.id, 0)
        if note.lender_id is not None and (note.outstanding_cents or bought_cents):
            owed, bought = found.get(note.lender_id, (0, 0))
            found[note.lender_id] = (owed + note.outstanding_cents, bought + bought_cents)
    return found


def _begin(loan: LoanPosition, business_on: date) -> _Sum:
    return _Sum(loan.id, loan.title, loan.days_past_due(business_on))


def _count(told: _Sum, climb: _Climb, owed_cents: int, bought_cents: int) -> None:
    told.loan_count += 1
    told.owed_cents += owed_cents
    told.bought_cents += bought_cents
    told.fee_cents += sum(climb.fees.values())
    told.fee_count += len(climb.fees)


def _borrowers(loan: LoanPosition, climb: _Climb, event: NoticeEvent, business_on: date) -> Fact:
    facts: dict[str, str | int] = {
        "loan_id": loan.id,
        "title": loan.title,
        "days_late": loan.days_past_due(business_on),
        "owed_cents": loan.owed_cents,
        "fee_cents": sum(climb.fees.values()),
        "fee_count": len(climb.fees),
    }
    return Fact(loan.borrower_id, event, facts)


def _lenders(tales: _Tales) -> Iterator[Fact]:
    for (lender_id, event), told in sorted(tales.lenders.items()):
        yield Fact(lender_id, event, told.facts())


def _admins(session: Session, tales: _Tales) -> Iterator[Fact]:
    if not tales.admins:
        return
    query = sa.select(_members.c.id).where(_members.c.role == Role.ADMIN).order_by(_members.c.id)
    admin_ids: Sequence[Any] = session.connection().execute(query).scalars().all()
    for event, told in tales.admins.items():
        days = {"first_on": min(told.days).isoformat(), "last_on": max(told.days).isoformat()}
        for admin_id in admin_ids:
            yield Fact(admin_id, event, told.facts() | days)
