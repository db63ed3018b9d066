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
from p2p_reflex.services import (
    approval_requests,
    change_notices,
    correction_posting,
    help_plans,
    help_previews,
    idempotency,
    loan_log,
    loan_rewriting,
    shown,
)
from p2p_reflex.services.approval_requests import DeskOutcome, Wanted
from p2p_reflex.services.authority import check_admin
from p2p_reflex.services.help_plans import HelpPlan
from p2p_reflex.services.help_previews import HelpPreview

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
    plan = help_plans.plan_help(session, loan_id=loan_id, event=event, business_on=business_on)
    return help_previews.preview_of(session, plan, business_on=business_on)


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

    `seen` names the preview that the admin saw. What writes off more than the limit only asks a second admin.
    Raises FieldError, UnknownError, LoanEndedError, AlreadyAskedError, ChangedSinceError.
    """
    check_admin(session, admin_id=admin_id)
    words = approval_requests.read_reason(reason)
    asked = help_plans.facts_of(event)

    def act() -> dict[str, Any]:
        plan = help_plans.plan_help(
            session, loan_id=loan_id, event=event, business_on=business_on, for_update=True
        )
        told = help_previews.preview_of(session, plan, business_on=business_on)
        shown.check_seen(seen, now=told.shown)
        wanted = Wanted(
            kind=ApprovalKind.HELP,
            loan_id=loan_id,
            subject=f"loan {loan_id} {event.kind.value}",
            asked=asked,
            amount_cents=plan.written_off_cents,
            shown=told.shown,
            reason=words,
        )
        return approval_requests.do_or_ask(
            session,
            wanted,
            act=lambda: _write(session, plan, told, words, admin_id, business_on, now),
            admin_id=admin_id,
            business_on=business_on,
            now=now,
        )

    body = {"loan_id": loan_id, **asked, "reason": words}
    return DeskOutcome(
        **idempotency.once(
            session, member_id=admin_id, key=form_key, action="help", body=body, now=now, act=act
        )
    )


def preview_request(session: Session, *, request: Any, business_on: date) -> HelpPreview:
    """Show what a request would change now. Raises FieldError, LoanEndedError."""
    plan = help_plans.plan_help(
        session,
        loan_id=request.loan_id,
        event=help_plans.event_of(request.asked, business_on=business_on),
        business_on=business_on,
    )
    return help_previews.preview_of(session, plan, business_on=business_on)


def carry_out_request(
    session: Session, *, request: Any, admin_id: int, business_on: date, now: datetime
) -> dict[str, Any]:
    """Do what was asked for and shown, its loan locked, and nothing else.

    Raises FieldError, LoanEndedError, OutdatedRequestError.
    """
    plan = help_plans.plan_help(
        session,
        loan_id=request.loan_id,
        event=help_plans.event_of(request.asked, business_on=business_on),
        business_on=business_on,
        for_update=True,
    )
    told = help_previews.preview_of(session, plan, business_on=business_on)
    approval_requests.check_shown(request, now=told.shown)
    return _write(session, plan, told, request.reason, admin_id, business_on, now)


def _write(
    session: Session,
    plan: HelpPlan,
    told: HelpPreview,
    reason: str,
    admin_id: int,
    business_on: date,
    now: datetime,
) -> dict[str, Any]:
    """Write the help on the loan, which is locked."""
    if plan.replayed is None:
        (event_id,) = loan_log.record(
            session,
            [(plan.loan.id, plan.event)],
            reason=reason,
            actor_id=admin_id,
            business_on=business_on,
            now=now,
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
            admin_id=admin_id,
            business_on=business_on,
            now=now,
        )
        event_id, advanced_cents = posted.event_id, posted.advanced_cents
    change_notices.tell_helped(
        session, loan=plan.loan, preview=told, reason=reason, business_on=business_on, now=now
    )
    return {
        "loan_id": plan.loan.id,
        "event_id": event_id,
        "outstanding_cents": plan.after.outstanding_cents,
        "installment_cents": plan.after.installment_cents,
        "advanced_cents": advanced_cents,
    }
