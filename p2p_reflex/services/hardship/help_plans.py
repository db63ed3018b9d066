"""Owns what each kind of help in hardship is asked for with, may be given when, and would do to a loan.

What is asked for is an event as it will stand in the loan's log. Due dates never move. Help that begins on an
earlier day is worked out by replaying all since, as a correction is.
"""

from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlmodel import Session

from p2p_reflex.domain import formats, parsing
from p2p_reflex.domain import hardship as rules
from p2p_reflex.domain.errors import FieldError, LendingError, UnknownError
from p2p_reflex.domain.fees import LEGAL_CEILING_RATE
from p2p_reflex.domain.hardship import Forgiveness
from p2p_reflex.domain.loan_life import LoanEvent, apply
from p2p_reflex.domain.loan_standing import LoanStanding, running_pause
from p2p_reflex.domain.repayment import charged_cents
from p2p_reflex.domain.vocabulary import LoanEventKind, LoanState
from p2p_reflex.services.corrections.correction_plans import CorrectionPlan, plan_change
from p2p_reflex.services.loans.loan_positions import PAYABLE_STATES, LoanPosition, position

LONGEST_PAUSE_DAYS = 366
MOST_MONTHS_AHEAD = 120
MOST_FORGIVEN_CENTS = 1_000_000_00


class LoanEndedError(LendingError):
    """A loan that ended cannot be changed in this way."""

    def __init__(self, state: LoanState) -> None:
        ended = "paid off" if state is LoanState.PAID_OFF else "charged off"
        super().__init__(f"This loan is {ended}, so there is nothing left to change.")


@dataclass(frozen=True, slots=True)
class HelpPlan:
    """A loan as it is and as it will be; a plan of what is replayed where the help begins on an earlier day.

    `written_off_cents` is what lenders give up of what is owed or was charged by now.
    """

    loan: LoanPosition
    event: LoanEvent
    after: LoanStanding
    replayed: CorrectionPlan | None
    written_off_cents: int


def a_pause(*, from_on: date, until_on: date) -> LoanEvent:
    """Ask that the days from one to another, both included, do not count as late. Raises FieldError."""
    if not isinstance(from_on, date) or not isinstance(until_on, date) or until_on < from_on:
        raise FieldError("until_on", "A pause ends on the day it begins, or later.")
    if (until_on - from_on).days >= LONGEST_PAUSE_DAYS:
        raise FieldError("until_on", "A pause is at most a year long.")
    return LoanEvent(kind=LoanEventKind.PAUSED, effective_on=from_on, until_on=until_on)


def an_end_of_pause(*, from_on: date) -> LoanEvent:
    """Ask that days count as late again from one on that is paused. Raises FieldError."""
    if not isinstance(from_on, date):
        raise FieldError("from_on", "Choose the day from which on days count again.")
    return LoanEvent(kind=LoanEventKind.PAUSE_ENDED, effective_on=from_on)


def a_rate_cut(*, rate: object, from_on: date) -> LoanEvent:
    """Ask for a lower rate from a day on; it lies between 0 and the legal ceiling. Raises FieldError."""
    new_rate = parsing.parse_rate_percent(
        rate, field="rate", minimum=Decimal(0), maximum=LEGAL_CEILING_RATE, name="The rate"
    )
    return LoanEvent(kind=LoanEventKind.RATE_CUT, effective_on=from_on, rate=new_rate)


def a_reschedule(*, months: object, business_on: date) -> LoanEvent:
    """Ask for so many installments from the next due date on. Raises FieldError."""
    count = parsing.parse_whole_number(
        months, field="months", minimum=1, maximum=MOST_MONTHS_AHEAD, name="The number of installments"
    )
    return LoanEvent(kind=LoanEventKind.RESCHEDULED, effective_on=business_on, months=count)


def a_forgiveness(*, late_fees: object, interest: object, principal: object, business_on: date) -> LoanEvent:
    """Ask to give up late fees, interest that fell due, or principal. Raises FieldError."""
    amounts = {"late_fees": late_fees, "interest": interest, "principal": principal}
    forgiven = Forgiveness(
        *(
            parsing.parse_money(amount, field=field, minimum_cents=0, maximum_cents=MOST_FORGIVEN_CENTS)
            for field, amount in amounts.items()
        )
    )
    return _forgiving(forgiven, business_on)


def facts_of(event: LoanEvent) -> dict[str, Any]:
    """Write down what was asked for in plain words and numbers."""
    return {
        "kind": event.kind.value,
        "effective_on": event.effective_on.isoformat(),
        "until_on": event.until_on and event.until_on.isoformat(),
        "rate": None if event.rate is None else str(event.rate),
        "months": event.months,
        "forgiven": asdict(event.forgiven),
    }


def event_of(facts: dict[str, Any], *, business_on: date) -> LoanEvent:
    """Read what was asked for; what is done on the spot is done on the day it is done."""
    kind = LoanEventKind(facts["kind"])
    match kind:
        case LoanEventKind.FORGIVEN:
            return _forgiving(Forgiveness(**facts["forgiven"]), business_on)
        case LoanEventKind.RESCHEDULED:
            return LoanEvent(kind=kind, effective_on=business_on, months=facts["months"])
    return LoanEvent(
        kind=kind,
        effective_on=date.fromisoformat(facts["effective_on"]),
        until_on=date.fromisoformat(facts["until_on"]) if facts["until_on"] else None,
        rate=None if facts["rate"] is None else Decimal(facts["rate"]),
    )


def plan_help(
    session: Session, *, loan_id: int, event: LoanEvent, business_on: date, for_update: bool = False
) -> HelpPlan:
    """Work out what a help does to a loan as it is now; to write it the loan is locked.

    Raises FieldError, UnknownError, LoanEndedError.
    """
    loan = position(session, loan_id=loan_id, for_update=for_update)
    if loan is None:
        raise UnknownError("loan")
    if loan.state not in PAYABLE_STATES:
        raise LoanEndedError(loan.state)
    _check(loan, event, business_on)
    replayed = None
    if event.effective_on < business_on:
        replayed = plan_change(session, loan, adding=[event], since=event.effective_on)
    after = replayed.new.loan if replayed else apply(loan, event).loan
    given_up_cents = charged_cents(loan, on=business_on) - charged_cents(after, on=business_on)
    return HelpPlan(loan, event, after, replayed, max(0, given_up_cents, event.forgiven.total_cents))


def _forgiving(forgiven: Forgiveness, business_on: date) -> LoanEvent:
    return LoanEvent(
        kind=LoanEventKind.FORGIVEN,
        effective_on=business_on,
        forgiven=forgiven,
        amount_cents=forgiven.total_cents,
    )


def _check(loan: LoanPosition, event: LoanEvent, business_on: date) -> None:
    """Say no where the loan does not allow it."""
    match event.kind:
        case LoanEventKind.PAUSED:
            _check_pause(loan, event)
        case LoanEventKind.PAUSE_ENDED if running_pause(event.effective_on, loan.pauses) is None:
            raise FieldError("from_on", "This loan is not paused on that day.")
        case LoanEventKind.RATE_CUT:
            _check_rate_cut(loan, event, business_on)
        case LoanEventKind.RESCHEDULED:
            _check_reschedule(loan, event, business_on)
        case LoanEventKind.FORGIVEN:
            _check_forgiveness(loan, event.forgiven, business_on)


def _check_pause(loan: LoanPosition, event: LoanEvent) -> None:
    from_on, until_on = event.effective_on, event.until_on or event.effective_on
    if from_on < loan.disbursed_on:
        raise FieldError("from_on", "A pause cannot begin before the loan was made.")
    if any(each.from_on <= until_on and from_on <= each.until_on for each in loan.pauses):
        raise FieldError("from_on", "This loan is already paused on some of these days.")


def _check_rate_cut(loan: LoanPosition, event: LoanEvent, business_on: date) -> None:
    if not isinstance(event.effective_on, date) or event.effective_on > business_on:
        raise FieldError("from_on", "A rate cut begins today or on an earlier day.")
    if event.effective_on < loan.disbursed_on:
        raise FieldError("from_on", "A rate cut cannot begin before the loan was made.")
    if event.rate is None or event.rate >= loan.annual_rate:
        raise FieldError("rate", f"The rate must be under {formats.rate(loan.annual_rate)}.")


def _check_reschedule(loan: LoanPosition, event: LoanEvent, business_on: date) -> None:
    ahead_count = sum(row.due_on > business_on for row in loan.unpaid)
    if event.months is None or event.months <= ahead_count:
        ahead = formats.count(ahead_count, "installment")
        raise FieldError("months", f"{ahead} lie ahead; choose more than that.")
    if not loan.outstanding_cents:
        raise FieldError("months", "No principal is left to spread.")


def _check_forgiveness(loan: LoanPosition, asked: Forgiveness, business_on: date) -> None:
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
