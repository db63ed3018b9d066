"""Owns who is told of what admins change on a loan, and of the end of a pause: its borrower, its lenders."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta

import sqlalchemy as sa
from sqlmodel import Session

from p2p_reflex.domain.loan_life import LoanEvent
from p2p_reflex.domain.notice_kinds import NoticeEvent
from p2p_reflex.domain.vocabulary import LoanEventKind, LoanState
from p2p_reflex.models import Loan, LoanLogEntry, table_of
from p2p_reflex.services.corrections.correction_previews import CorrectionPreview
from p2p_reflex.services.desk.loan_figures import LoanFigures
from p2p_reflex.services.hardship.help_previews import HelpPreview
from p2p_reflex.services.loans.loan_positions import PAYABLE_STATES, LoanPosition, positions
from p2p_reflex.services.notices import notices
from p2p_reflex.services.notices.notices import Fact

LOOK_BACK_DAYS = 7
ONE_DAY = timedelta(days=1)

_events = table_of(LoanLogEntry)
_loans = table_of(Loan)

_OF_HELP = {
    LoanEventKind.PAUSED: NoticeEvent.LOAN_PAUSED,
    LoanEventKind.PAUSE_ENDED: NoticeEvent.PAUSE_ENDED,
    LoanEventKind.RATE_CUT: NoticeEvent.RATE_LOWERED,
    LoanEventKind.RESCHEDULED: NoticeEvent.LOAN_RESCHEDULED,
    LoanEventKind.FORGIVEN: NoticeEvent.DEBT_FORGIVEN,
}


def tell_corrected(
    session: Session,
    *,
    loan: LoanPosition,
    preview: CorrectionPreview,
    reason: str,
    business_on: date,
    now: datetime,
) -> None:
    """Tell the borrower that a payment was put right, and each lender what that changed in their wallet."""
    moved_to = preview.moved_to_on.isoformat() if preview.moved_to_on else ""
    about = {
        **_of_loan(loan),
        "payment_cents": preview.amount_cents,
        "paid_on": preview.paid_on.isoformat(),
        "moved_to_on": moved_to,
    }
    figures = _of_figures(preview.after)
    event = NoticeEvent.PAYMENT_BACKDATED if moved_to else NoticeEvent.PAYMENT_REVERSED
    to_borrower = {**about, **figures, "returned_cents": preview.borrower_cents, "reason": reason}
    facts = [Fact(loan.borrower_id, event, to_borrower)]
    facts += [
        Fact(
            holder.member_id,
            NoticeEvent.NOTE_CORRECTED,
            {**about, "change_cents": holder.amount_cents, "advanced_cents": holder.advanced_cents},
        )
        for holder in preview.holders
        if holder.member_id is not None
    ]
    notices.tell(session, facts, business_on=business_on, now=now)


def tell_helped(
    session: Session,
    *,
    loan: LoanPosition,
    preview: HelpPreview,
    reason: str,
    business_on: date,
    now: datetime,
) -> None:
    """Tell the borrower and every lender of a help; lenders hear what they still get, and not the reason."""
    about = {**_of_loan(loan), **_of_help(preview.event), **_of_figures(preview.after)}
    event, subject = _OF_HELP[preview.event.kind], ""
    if event is NoticeEvent.PAUSE_ENDED:
        subject = _end_of(loan, preview.event.effective_on - ONE_DAY)
    to_borrower = {**about, "reason": reason, "is_lender": 0, "change_cents": 0}
    facts = [Fact(loan.borrower_id, event, to_borrower, subject)]
    facts += [
        Fact(
            holder.member_id,
            event,
            {**about, "reason": "", "is_lender": 1, "change_cents": holder.change_cents},
            subject,
        )
        for holder in preview.holders
        if holder.member_id is not None
    ]
    notices.tell(session, facts, business_on=business_on, now=now)


def tell_pauses_over(session: Session, *, business_on: date, now: datetime) -> int:
    """Tell of pauses whose last day closes, or closed a few days ago, once; return how many were told."""
    if notices.is_hushed(session):
        return 0
    # One that was ended early is over before the last day it was given for.
    recent = sa.select(_events.c.loan_id).where(
        _events.c.kind == LoanEventKind.PAUSED,
        _events.c.effective_on <= business_on,
        _events.c.until_on >= business_on - timedelta(days=LOOK_BACK_DAYS),
        _events.c.until_on >= _events.c.recorded_on,
    )
    ids = session.execute(
        sa.select(_loans.c.id)
        .where(_loans.c.id.in_(recent), _loans.c.state.in_(PAYABLE_STATES))
        .order_by(_loans.c.id)
    ).scalars()
    facts: list[Fact] = []
    for loan in positions(session, loan_ids=list(ids)):
        for pause in loan.pauses:
            if 0 <= (business_on - pause.until_on).days <= LOOK_BACK_DAYS:
                facts += _over(loan, pause.until_on, business_on)
    return notices.tell(session, facts, business_on=business_on, now=now)


def _of_loan(loan: LoanPosition) -> dict[str, str | int]:
    return {"loan_id": loan.id, "title": loan.title}


def _of_figures(figures: LoanFigures) -> dict[str, str | int]:
    return {
        "is_open": int(figures.state in (LoanState.ACTIVE, LoanState.DEFAULTED)),
        "outstanding_cents": figures.outstanding_cents,
        "installment_cents": figures.installment_cents,
        "installment_count": figures.installment_count,
        "final_due_on": figures.final_due_on.isoformat() if figures.final_due_on else "",
        "days_late": figures.days_past_due,
    }


def _of_help(event: LoanEvent) -> dict[str, str | int]:
    return {
        "since_on": event.effective_on.isoformat(),
        "until_on": event.until_on.isoformat() if event.until_on else "",
        "rate": "" if event.rate is None else str(event.rate),
        "late_fee_cents": event.forgiven.late_fee_cents,
        "interest_cents": event.forgiven.interest_cents,
        "principal_cents": event.forgiven.principal_cents,
    }


def _over(loan: LoanPosition, last_on: date, business_on: date) -> Iterable[Fact]:
    since_on = last_on + ONE_DAY
    facts = {**_of_loan(loan), "since_on": since_on.isoformat(), "reason": "", "change_cents": 0}
    facts |= {"days_late": loan.days_past_due(business_on), "is_open": 1, "is_lender": 0}
    people = [loan.borrower_id, *{note.lender_id for note in loan.notes if note.lender_id is not None}]
    for member_id in people:
        told = {**facts, "is_lender": int(member_id != loan.borrower_id)}
        yield Fact(member_id, NoticeEvent.PAUSE_ENDED, told, _end_of(loan, last_on))


def _end_of(loan: LoanPosition, last_on: date) -> str:
    """Name the end of a pause, which is told once, by whomever it was brought about."""
    return f"pause over:{loan.id}:{last_on}"
