"""Owns what an admin may do for a borrower in hardship, with a reason: pause, lower, lengthen, forgive.

Due dates never move. A pause or a rate cut may begin on an earlier day: then all since is replayed, as in a
correction. Nothing is forgiven unless it is forgiven here, and then the log says so.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlmodel import Session

from p2p_reflex.domain import formats, parsing
from p2p_reflex.domain import hardship as rules
from p2p_reflex.domain.errors import FieldError, LendingError, UnknownError
from p2p_reflex.domain.fees import LEGAL_CEILING_RATE
from p2p_reflex.domain.hardship import Forgiveness
from p2p_reflex.domain.loan_life import LoanEvent, apply
from p2p_reflex.domain.vocabulary import LoanEventKind, LoanState
from p2p_reflex.services import correction_posting, idempotency, loan_log, loan_rewriting
from p2p_reflex.services.authority import check_admin
from p2p_reflex.services.correction_plans import plan_change
from p2p_reflex.services.loan_positions import PAYABLE_STATES, LoanPosition, position

LONGEST_PAUSE_DAYS = 366
MOST_MONTHS_AHEAD = 120


class LoanEndedError(LendingError):
    """A loan that ended cannot be changed in this way."""

    def __init__(self, state: LoanState) -> None:
        ended = "paid off" if state is LoanState.PAID_OFF else "charged off"
        super().__init__(f"This loan is {ended}, so there is nothing left to change.")


@dataclass(frozen=True, slots=True)
class HardshipOutcome:
    """What was done: its event in the loan's log, the installment, what is owed, and what was advanced."""

    loan_id: int
    event_id: int
    installment_cents: int
    outstanding_cents: int
    advanced_cents: int = 0


def pause(
    session: Session,
    *,
    admin_id: int,
    loan_id: int,
    from_on: date,
    until_on: date,
    reason: object,
    form_key: str,
    business_on: date,
    now: datetime,
) -> HardshipOutcome:
    """Pause a loan's delinquency: the days from one to another, both included, do not count as late.

    No late fee is charged on them, and no due date moves. Raises FieldError, UnknownError, LoanEndedError.
    """
    words = _reason(reason)
    _check_days(from_on, until_on)

    def act(loan: LoanPosition) -> LoanEvent:
        if from_on < loan.disbursed_on:
            raise FieldError("from_on", "A pause cannot begin before the loan was made.")
        if any(each.from_on <= until_on and from_on <= each.until_on for each in loan.pauses):
            raise FieldError("from_on", "This loan is already paused on some of these days.")
        return LoanEvent(kind=LoanEventKind.PAUSED, effective_on=from_on, until_on=until_on)

    body = {"loan_id": loan_id, "from_on": from_on, "until_on": until_on, "reason": words}
    return _once(session, admin_id, loan_id, "pause", body, words, act, form_key, business_on, now)


def cut_rate(
    session: Session,
    *,
    admin_id: int,
    loan_id: int,
    rate: object,
    from_on: date,
    reason: object,
    form_key: str,
    business_on: date,
    now: datetime,
) -> HardshipOutcome:
    """Lower a loan's rate from today or an earlier day on; the installments fall, the term stays.

    The new rate lies between 0 and the current one, under the legal ceiling.
    Raises FieldError, UnknownError, LoanEndedError.
    """
    words = _reason(reason)
    new_rate = parsing.parse_rate_percent(
        rate, field="rate", minimum=Decimal(0), maximum=LEGAL_CEILING_RATE, name="The rate"
    )
    if not isinstance(from_on, date) or from_on > business_on:
        raise FieldError("from_on", "A rate cut begins today or on an earlier day.")

    def act(loan: LoanPosition) -> LoanEvent:
        if from_on < loan.disbursed_on:
            raise FieldError("from_on", "A rate cut cannot begin before the loan was made.")
        if new_rate >= loan.annual_rate:
            raise FieldError("rate", f"The rate must be under {formats.rate(loan.annual_rate)}.")
        return LoanEvent(kind=LoanEventKind.RATE_CUT, effective_on=from_on, rate=new_rate)

    body = {"loan_id": loan_id, "rate": str(new_rate), "from_on": from_on, "reason": words}
    return _once(session, admin_id, loan_id, "cut_rate", body, words, act, form_key, business_on, now)


def reschedule(
    session: Session,
    *,
    admin_id: int,
    loan_id: int,
    months: object,
    reason: object,
    form_key: str,
    business_on: date,
    now: datetime,
) -> HardshipOutcome:
    """Spread all principal over more installments from the next due date on; nothing is forgiven.

    Overdue interest and late fees move to the first of them. Raises FieldError, UnknownError, LoanEndedError.
    """
    words = _reason(reason)
    count = parsing.parse_whole_number(
        months, field="months", minimum=1, maximum=MOST_MONTHS_AHEAD, name="The number of installments"
    )

    def act(loan: LoanPosition) -> LoanEvent:
        ahead_count = sum(row.due_on > business_on for row in loan.unpaid)
        if count <= ahead_count:
            raise FieldError(
                "months", f"{formats.count(ahead_count, 'installment')} lie ahead; choose more than that."
            )
        if not loan.outstanding_cents:
            raise FieldError("months", "No principal is left to spread.")
        return LoanEvent(kind=LoanEventKind.RESCHEDULED, effective_on=business_on, months=count)

    body = {"loan_id": loan_id, "months": count, "reason": words}
    return _once(session, admin_id, loan_id, "reschedule", body, words, act, form_key, business_on, now)


def forgive(
    session: Session,
    *,
    admin_id: int,
    loan_id: int,
    late_fees: object = "0",
    interest: object = "0",
    principal: object = "0",
    reason: object,
    form_key: str,
    business_on: date,
    now: datetime,
) -> HardshipOutcome:
    """Give up late fees, interest that fell due, or principal; the lenders bear it, and the log says so.

    Raises FieldError, UnknownError, LoanEndedError.
    """
    words = _reason(reason)
    amounts = {"late_fees": late_fees, "interest": interest, "principal": principal}
    asked = Forgiveness(
        *(
            parsing.parse_money(amount, field=field, minimum_cents=0, maximum_cents=1_000_000_00)
            for field, amount in amounts.items()
        )
    )

    def act(loan: LoanPosition) -> LoanEvent:
        most = rules.forgivable(loan, on=business_on)
        pairs = (
            ("late_fees", asked.late_fee_cents, most.late_fee_cents),
            ("interest", asked.interest_cents, most.interest_cents),
            ("principal", asked.principal_cents, most.principal_cents),
        )
        for field, cents, most_cents in pairs:
            if cents > most_cents:
                raise FieldError(field, f"At most {formats.money(most_cents)} of this can be forgiven.")
        if not asked.total_cents:
            raise FieldError("principal", "Say what is forgiven.")
        return LoanEvent(
            kind=LoanEventKind.FORGIVEN,
            effective_on=business_on,
            forgiven=asked,
            amount_cents=asked.total_cents,
        )

    body = {
        "loan_id": loan_id,
        "late_fee_cents": asked.late_fee_cents,
        "interest_cents": asked.interest_cents,
        "principal_cents": asked.principal_cents,
        "reason": words,
    }
    return _once(session, admin_id, loan_id, "forgive", body, words, act, form_key, business_on, now)


def _once(
    session: Session,
    admin_id: int,
    loan_id: int,
    action: str,
    body: dict[str, Any],
    reason: str,
    decide: Callable[[LoanPosition], LoanEvent],
    form_key: str,
    business_on: date,
    now: datetime,
) -> HardshipOutcome:
    """Decide on the locked loan and write it: at once, or by a replay where it begins on an earlier day."""
    check_admin(session, admin_id=admin_id)

    def act() -> dict[str, Any]:
        loan = position(session, loan_id=loan_id, for_update=True)
        if loan is None:
            raise UnknownError("loan")
        if loan.state not in PAYABLE_STATES:
            raise LoanEndedError(loan.state)
        event = decide(loan)
        if event.effective_on < business_on:
            return _replay_with(session, loan, event, reason, admin_id, business_on, now)
        after = apply(loan, event).loan
        (event_id,) = loan_log.record(
            session, [(loan.id, event)], reason=reason, actor_id=admin_id, business_on=business_on, now=now
        )
        loan_rewriting.rewrite(session, before=loan, after=after)
        return {
            "loan_id": loan.id,
            "event_id": event_id,
            "installment_cents": after.installment_cents,
            "outstanding_cents": after.outstanding_cents,
        }

    return HardshipOutcome(
        **idempotency.once(
            session, member_id=admin_id, key=form_key, action=action, body=body, now=now, act=act
        )
    )


def _replay_with(
    session: Session,
    loan: LoanPosition,
    event: LoanEvent,
    reason: str,
    admin_id: int,
    business_on: date,
    now: datetime,
) -> dict[str, Any]:
    plan = plan_change(session, loan, adding=[event], since=event.effective_on)
    words = "Pause" if event.kind is LoanEventKind.PAUSED else "Rate cut"
    posted = correction_posting.post(
        session,
        plan,
        cause=event,
        memo=f"{words} from {formats.long_date(event.effective_on)} on",
        reason=reason,
        details=None,
        admin_id=admin_id,
        business_on=business_on,
        now=now,
    )
    after = plan.new.loan
    return {
        "loan_id": loan.id,
        "event_id": posted.event_id,
        "installment_cents": after.installment_cents,
        "outstanding_cents": after.outstanding_cents,
        "advanced_cents": posted.advanced_cents,
    }


def _check_days(from_on: date, until_on: date) -> None:
    if not isinstance(from_on, date) or not isinstance(until_on, date) or until_on < from_on:
        raise FieldError("until_on", "A pause ends on the day it begins, or later.")
    if (until_on - from_on).days >= LONGEST_PAUSE_DAYS:
        raise FieldError("until_on", "A pause is at most a year long.")


def _reason(text: object) -> str:
    return parsing.clean_line(text, field="reason", minimum_length=3, maximum_length=300, name="The reason")
