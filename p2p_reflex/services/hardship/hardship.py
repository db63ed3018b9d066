"""Owns what an admin may do for a borrower in hardship, with a reason: pause, lower, lengthen, forgive.

Nothing is forgiven unless it is forgiven here, and then the log says so. What writes off more than the limit
waits for a second admin.
"""

from datetime import date, datetime
from typing import Any

from sqlmodel import Session

from p2p_reflex.domain import formats
from p2p_reflex.domain.loan_life import LoanEvent
from p2p_reflex.domain.vocabulary import ApprovalKind, LoanEventKind
from p2p_reflex.services.corrections import correction_posting
from p2p_reflex.services.desk import desk_work
from p2p_reflex.services.desk.desk_work import DeskOutcome, Hand, Work
from p2p_reflex.services.hardship import help_plans, help_previews
from p2p_reflex.services.hardship.help_plans import HelpPlan
from p2p_reflex.services.hardship.help_previews import HelpPreview
from p2p_reflex.services.loans import loan_log, loan_rewriting
from p2p_reflex.services.notices import change_notices
from p2p_reflex.services.people.authority import check_admin

REPLAYED_WORDS = {
    LoanEventKind.PAUSED: "Pause",
    LoanEventKind.PAUSE_ENDED: "End of a pause",
    LoanEventKind.RATE_CUT: "Rate cut",
}


def preview(
    session: Session, *, admin_id: int, loan_id: int, event: LoanEvent, business_on: date
) -> HelpPreview:
    """Show what a help (see `help_plans` for how one is asked for) would change.

    Raises FieldError, UnknownError, LoanEndedError.
    """
    check_admin(session, admin_id=admin_id)
    return _work(session, loan_id, event, business_on).preview


def give(
    session: Session,
    *,
    admin_id: int,
    loan_id: int,
    event: LoanEvent,
    reason: object,
    seen: str = "",
    form_key: str,
    business_on: date,
    now: datetime,
) -> DeskOutcome:
    """Give a help (see `help_plans`), at once, or by a replay where it begins on an earlier day.

    `seen` is the fingerprint of the preview that the admin saw. What writes off more than the limit only asks
    a second admin. Raises FieldError, UnknownError, LoanEndedError, AlreadyAskedError, ChangedSinceError.
    """
    return desk_work.do_or_ask(
        session,
        Hand(admin_id, business_on, now),
        lambda: _work(session, loan_id, event, business_on, for_update=True),
        action="help",
        body={"loan_id": loan_id, **help_plans.facts_of(event)},
        reason=reason,
        seen=seen,
        form_key=form_key,
    )


def asked_work(
    session: Session, *, request: Any, business_on: date, for_update: bool = False
) -> Work[HelpPreview]:
    """Work out what a request asks for. Raises FieldError, LoanEndedError."""
    event = help_plans.event_of(request.asked, business_on=business_on)
    return _work(session, request.loan_id, event, business_on, for_update=for_update)


def _work(
    session: Session, loan_id: int, event: LoanEvent, business_on: date, *, for_update: bool = False
) -> Work[HelpPreview]:
    """Work out what a help does now; to write it the loan is locked."""
    plan = help_plans.plan_help(
        session, loan_id=loan_id, event=event, business_on=business_on, for_update=for_update
    )
    told = help_previews.preview_of(session, plan, business_on=business_on)
    return Work(
        kind=ApprovalKind.HELP,
        loan_id=loan_id,
        subject=f"loan {loan_id} {event.kind.value}",
        asked=help_plans.facts_of(event),
        amount_cents=plan.written_off_cents,
        preview=told,
        write=lambda reason, hand: _write(session, plan, told, reason, hand),
    )


def _write(session: Session, plan: HelpPlan, told: HelpPreview, reason: str, hand: Hand) -> dict[str, Any]:
    """Write the help on the loan, which is locked, and tell everybody concerned."""
    if plan.replayed is None:
        (event_id,) = loan_log.record(
            session,
            [(plan.loan.id, plan.event)],
            reason=reason,
            actor_id=hand.admin_id,
            business_on=hand.business_on,
            now=hand.now,
        )
        loan_rewriting.rewrite(session, before=plan.loan, after=plan.after)
        advanced_cents = 0
    else:
        since = formats.long_date(plan.event.effective_on)
        posted = correction_posting.post(
            session,
            plan.replayed,
            cause=plan.event,
            memo=f"{REPLAYED_WORDS[plan.event.kind]} from {since} on",
            reason=reason,
            details=None,
            admin_id=hand.admin_id,
            business_on=hand.business_on,
            now=hand.now,
        )
        event_id, advanced_cents = posted.event_id, posted.advanced_cents
    change_notices.tell_helped(
        session, loan=plan.loan, preview=told, reason=reason, business_on=hand.business_on, now=hand.now
    )
    return {
        "loan_id": plan.loan.id,
        "event_id": event_id,
        "outstanding_cents": plan.after.outstanding_cents,
        "installment_cents": plan.after.installment_cents,
        "advanced_cents": advanced_cents,
    }
