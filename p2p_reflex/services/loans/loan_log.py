"""Owns the log of what happened to loans: written beside every change, read back as the events of a life."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session

from p2p_reflex.domain.hardship import Forgiveness
from p2p_reflex.domain.ladder import Window
from p2p_reflex.domain.loan_life import FundPart, LoanEvent, LoanTerms
from p2p_reflex.domain.loan_standing import HeldNote
from p2p_reflex.domain.vocabulary import LadderStep, LoanEventKind, PrepaymentChoice
from p2p_reflex.models import Bid, LadderWindow, Loan, LoanLogVoid, Note, table_of
from p2p_reflex.services.bulk import batch_rows
from p2p_reflex.services.loans.standing_events import EVENTS, in_order, standing
from p2p_reflex.services.paying.payment_plans import PaymentPlan

_voids = table_of(LoanLogVoid)
_windows = table_of(LadderWindow)
_bids = table_of(Bid)
_notes = table_of(Note)


def _widening(claim: Any) -> Any:
    """Widen the window that a step has already, where the new day lies outside of it."""
    first, last, new = _windows.c.first_on, _windows.c.last_on, claim.excluded
    return claim.on_conflict_do_update(
        index_elements=[_windows.c.step],
        set_={
            "first_on": sa.case((new.first_on < first, new.first_on), else_=first),
            "last_on": sa.case((new.last_on > last, new.last_on), else_=last),
        },
        where=sa.or_(new.first_on < first, new.last_on > last),
    )


_NOTE = {
    "sqlite": _widening(sqlite.insert(_windows)),
    "postgresql": _widening(postgresql.insert(_windows)),
}


def record(
    session: Session,
    events: Sequence[tuple[int, LoanEvent]],
    *,
    reason: str = "",
    actor_id: int | None = None,
    details: dict[str, Any] | None = None,
    business_on: date,
    now: datetime,
) -> tuple[int, ...]:
    """Add events to the log, each with the loan it is of, and return their ids.

    `details` is for events that say nothing about the loan's state.
    """
    return batch_rows.insert_numbered(
        session,
        EVENTS,
        [_row(loan_id, event, reason, actor_id, details, business_on, now) for loan_id, event in events],
    )


def record_payments(
    session: Session,
    *,
    plans: Sequence[PaymentPlan],
    payment_ids: Sequence[int],
    business_on: date,
    now: datetime,
) -> None:
    """Log payments just written."""
    events = [
        (
            plan.loan.id,
            LoanEvent(
                kind=LoanEventKind.PAID,
                effective_on=plan.paid_on,
                payment_id=payment_id,
                amount_cents=plan.amount_cents,
                choice=plan.choice,
            ),
        )
        for plan, payment_id in zip(plans, payment_ids, strict=True)
    ]
    record(session, events, business_on=business_on, now=now)


def record_disbursed(session: Session, *, loan: Loan, now: datetime) -> None:
    """Log that a loan was made, and on which terms."""
    event = LoanEvent(
        kind=LoanEventKind.DISBURSED,
        effective_on=loan.disbursed_on,
        amount_cents=loan.principal_cents,
        rate=loan.annual_rate,
        months=loan.term_months,
    )
    record(session, [(loan.id, event)], actor_id=loan.borrower_id, business_on=loan.disbursed_on, now=now)


def void(session: Session, *, event_ids: Sequence[int], by_event_id: int) -> None:
    """Say that events no longer stand."""
    rows = [{"event_id": event_id, "by_event_id": by_event_id} for event_id in event_ids]
    if rows:
        session.connection().execute(sa.insert(_voids), rows)


def standing_events(session: Session, *, loan_id: int) -> list[LoanEvent]:
    """Read what happened to a loan and stands, in order."""
    query = (
        standing(EVENTS)
        .where(EVENTS.c.loan_id == loan_id, EVENTS.c.kind != LoanEventKind.CORRECTED)
        .order_by(*in_order())
    )
    return [_event(row) for row in session.connection().execute(query)]


def terms_of(session: Session, *, loan_id: int, events: Sequence[LoanEvent]) -> LoanTerms:
    """Give what was agreed when a loan was made: its first event, and its notes as they were bought.

    Raises LookupError for a loan without a log.
    """
    made = next((event for event in events if event.kind is LoanEventKind.DISBURSED), None)
    if made is None or made.rate is None or made.months is None:
        raise LookupError(f"Loan {loan_id} has no log.")
    rows = session.connection().execute(
        sa.select(_notes.c.id, _notes.c.lender_id, _notes.c.principal_cents, _bids.c.rate)
        .join(_bids, _bids.c.id == _notes.c.bid_id)
        .where(_notes.c.loan_id == loan_id)
        .order_by(_notes.c.id)
    )
    return LoanTerms(
        principal_cents=made.amount_cents,
        annual_rate=made.rate,
        term_months=made.months,
        disbursed_on=made.effective_on,
        notes=tuple(
            HeldNote(note_id, lender_id, cents, rate, cents) for note_id, lender_id, cents, rate in rows
        ),
    )


def windows(session: Session) -> dict[LadderStep, Window]:
    """Read on which days each step of the ladder was taken."""
    return {
        LadderStep(row.step): Window(row.first_on, row.last_on)
        for row in session.connection().execute(sa.select(_windows))
    }


def note_step(session: Session, *, step: LadderStep, business_on: date) -> None:
    """Note that a step of the ladder was taken on a day."""
    values = {"step": step.value, "first_on": business_on, "last_on": business_on}
    session.connection().execute(_NOTE[session.get_bind().dialect.name], values)


def _row(
    loan_id: int,
    event: LoanEvent,
    reason: str,
    actor_id: int | None,
    details: dict[str, Any] | None,
    business_on: date,
    now: datetime,
) -> dict[str, Any]:
    if event.kind is LoanEventKind.FORGIVEN:
        details = asdict(event.forgiven)
    elif event.bought:
        details = {"bought": [[part.note_id, part.fund_note_id, part.cents] for part in event.bought]}
    return {
        "loan_id": loan_id,
        "kind": event.kind,
        "effective_on": event.effective_on,
        "place": event.place or None,
        "payment_id": event.payment_id,
        "amount_cents": event.amount_cents,
        "choice": event.choice.value if event.kind is LoanEventKind.PAID else None,
        "number": event.number,
        "rate": event.rate,
        "months": event.months,
        "until_on": event.until_on,
        "details": details,
        "reason": reason,
        "actor_id": actor_id,
        "recorded_on": business_on,
        "recorded_at": now,
    }


def _event(row: Any) -> LoanEvent:
    details = row.details or {}
    is_forgiven = row.kind is LoanEventKind.FORGIVEN
    return LoanEvent(
        kind=row.kind,
        effective_on=row.effective_on,
        id=row.id,
        place=row.place or row.id,
        payment_id=row.payment_id,
        amount_cents=row.amount_cents,
        choice=PrepaymentChoice(row.choice) if row.choice else PrepaymentChoice.KEEP_INSTALLMENT,
        number=row.number,
        rate=row.rate,
        months=row.months,
        until_on=row.until_on,
        forgiven=Forgiveness(**details) if is_forgiven else Forgiveness(),
        bought=tuple(FundPart(*part) for part in details.get("bought", ())),
    )
