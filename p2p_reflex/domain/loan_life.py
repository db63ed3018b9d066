"""Owns the life of a loan as a fold: terms and events in order give the whole state, today or corrected.

The services apply one event at a time with `apply`; a correction replays all of them with the same function,
so what stands in the tables is what a replay from scratch gives.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal

from p2p_reflex.domain import hardship, ladder
from p2p_reflex.domain.allocation import LenderPart
from p2p_reflex.domain.amortization import amortization_schedule
from p2p_reflex.domain.hardship import Forgiveness
from p2p_reflex.domain.ladder import Rung, Window
from p2p_reflex.domain.loan_standing import HeldNote, LoanStanding, Pause, ScheduledRow, ended_early
from p2p_reflex.domain.repayment import Repayment, plan_payment
from p2p_reflex.domain.vocabulary import LadderStep, LoanEventKind, LoanState, PrepaymentChoice

NOTHING_FORGIVEN = Forgiveness()

WORKED_OUT = (LoanEventKind.LATE_FEE, LoanEventKind.DEFAULTED, LoanEventKind.CHARGED_OFF)
"""What follows from the dates and the payments, and is worked out again by a correction."""


@dataclass(frozen=True, slots=True)
class LoanTerms:
    """What was agreed when the loan was made."""

    principal_cents: int
    annual_rate: Decimal
    term_months: int
    disbursed_on: date
    notes: tuple[HeldNote, ...]


@dataclass(frozen=True, slots=True)
class FundPart:
    """What the reserve fund bought of one note, and the note it became; none where it bought nothing."""

    note_id: int
    fund_note_id: int | None
    cents: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LoanEvent:
    """One thing that happened to a loan, on its effective date; of one day's, the lower place came first."""

    kind: LoanEventKind
    effective_on: date
    id: int = 0
    place: int = 0
    payment_id: int | None = None
    amount_cents: int = 0
    choice: PrepaymentChoice = PrepaymentChoice.KEEP_INSTALLMENT
    number: int | None = None
    rate: Decimal | None = None
    months: int | None = None
    until_on: date | None = None
    forgiven: Forgiveness = NOTHING_FORGIVEN
    bought: tuple[FundPart, ...] = ()


@dataclass(frozen=True, slots=True)
class Applied:
    """A loan after an event; for a payment also what it paid, and each note's part of it."""

    loan: LoanStanding
    event: LoanEvent
    repayment: Repayment[LoanStanding] | None = None
    split: tuple[LenderPart, ...] = ()


@dataclass(frozen=True, slots=True)
class LoanLife:
    """A loan after all its events, and what each payment in it did."""

    loan: LoanStanding
    events: tuple[LoanEvent, ...]
    payments: Mapping[int, Applied] = field(default_factory=dict)

    def received(self) -> dict[int, LenderPart]:
        """Add up what each note received."""
        sums: dict[int, list[int]] = defaultdict(lambda: [0] * 6)
        for applied in self.payments.values():
            for part in applied.split:
                sums[part.note_id] = [
                    total + cents for total, cents in zip(sums[part.note_id], _cents_of(part), strict=True)
                ]
        return {note_id: LenderPart(note_id, *cents) for note_id, cents in sums.items()}

    def sold(self) -> dict[int, int]:
        """Add up what the reserve fund bought of each note."""
        sums: dict[int, int] = defaultdict(int)
        for event in self.events:
            for part in event.bought:
                sums[part.note_id] += part.cents
        return sums


def opening(terms: LoanTerms) -> LoanStanding:
    """Give a loan as it is on the day it is made."""
    schedule = amortization_schedule(
        principal_cents=terms.principal_cents,
        annual_rate=terms.annual_rate,
        term_months=terms.term_months,
        disbursed_on=terms.disbursed_on,
    )
    return LoanStanding(
        state=LoanState.ACTIVE,
        annual_rate=terms.annual_rate,
        installment_cents=schedule[0].payment_cents,
        outstanding_cents=terms.principal_cents,
        disbursed_on=terms.disbursed_on,
        rows=tuple(
            ScheduledRow(
                id=0,
                number=row.number,
                due_on=row.due_on,
                principal_cents=row.principal_cents,
                interest_cents=row.interest_cents,
                balance_cents=row.balance_cents,
                late_fee_cents=0,
                principal_paid_cents=0,
                interest_paid_cents=0,
                late_fee_paid_cents=0,
                paid_on=None,
            )
            for row in schedule
        ),
        notes=terms.notes,
    )


def apply(loan: LoanStanding, event: LoanEvent) -> Applied:
    """Give a loan after one event; the event as it took effect may be smaller than asked for."""
    on = event.effective_on
    match event.kind:
        case LoanEventKind.PAID:
            return _pay(loan, event)
        case LoanEventKind.FUND_BOUGHT:
            return _buy(loan, event)
        case LoanEventKind.LATE_FEE if event.number is not None:
            after = ladder.with_late_fee(loan, number=event.number, cents=event.amount_cents, on=on)
        case LoanEventKind.DEFAULTED:
            after = ladder.defaulted(loan, on=on)
        case LoanEventKind.CHARGED_OFF:
            after = ladder.charged_off(loan, on=on)
        case LoanEventKind.PAUSED if event.until_on is not None:
            after = replace(loan, pauses=(*loan.pauses, Pause(on, event.until_on)))
        case LoanEventKind.PAUSE_ENDED:
            after = replace(loan, pauses=ended_early(loan.pauses, on=on))
        case LoanEventKind.RATE_CUT if event.rate is not None and _is_running(loan):
            # A deeper cut may have been dated back before this one: a cut never raises a rate.
            is_cut = event.rate < loan.annual_rate
            after = hardship.cut_rate(loan, rate=event.rate, from_on=on) if is_cut else loan
        case LoanEventKind.RESCHEDULED if event.months is not None and _is_running(loan):
            after = hardship.reschedule(loan, months=event.months, on=on)
        case LoanEventKind.FORGIVEN:
            return _forgive(loan, event)
        case _:
            after = loan
    return Applied(after, event)


def replay(terms: LoanTerms, events: Iterable[LoanEvent]) -> LoanLife:
    """Fold all events, in order, over the loan as it was made."""
    loan = opening(terms)
    payments: dict[int, Applied] = {}
    done = []
    for event in in_order(events):
        applied = apply(loan, event)
        loan = applied.loan
        done.append(applied.event)
        if event.payment_id is not None and applied.repayment is not None:
            payments[event.payment_id] = applied
    return LoanLife(loan, tuple(done), payments)


def rework(
    terms: LoanTerms,
    *,
    events: Sequence[LoanEvent],
    since: date,
    windows: Mapping[LadderStep, Window],
) -> LoanLife:
    """Replay events of which some changed on or after a day, and work fees and status out again from then on.

    What was worked out before that day stands. The result's events are those that stand now, in order.
    """
    kept = [event for event in events if event.effective_on < since or event.kind not in WORKED_OUT]
    loan = opening(terms)
    payments: dict[int, Applied] = {}
    done: list[LoanEvent] = []
    climbed_on = since
    for event in in_order(kept):
        if event.effective_on > climbed_on:
            loan, rungs = _climb(loan, climbed_on, event.effective_on, windows)
            done += rungs
            climbed_on = event.effective_on
        applied = apply(loan, event)
        loan = applied.loan
        if applied.repayment is not None and not applied.event.amount_cents:
            continue
        done.append(applied.event)
        if event.payment_id is not None and applied.repayment is not None:
            payments[event.payment_id] = applied
    loan, rungs = _climb(loan, climbed_on, date.max, windows)
    return LoanLife(loan, (*done, *rungs), payments)


def in_order(events: Iterable[LoanEvent]) -> list[LoanEvent]:
    """Sort events by their effective date, and within a day by their place."""
    return sorted(events, key=lambda event: (event.effective_on, event.place))


def _climb(
    loan: LoanStanding, since: date, before: date, windows: Mapping[LadderStep, Window]
) -> tuple[LoanStanding, list[LoanEvent]]:
    """Take every step of the ladder at the close of the days from one to the day before another."""
    taken: list[LoanEvent] = []
    while True:
        rungs = ladder.next_rungs(loan, since=since, windows=windows)
        if not rungs or rungs[0].on >= before:
            return loan, taken
        fees = ladder.late_fees_due(loan, on=rungs[0].on)
        for rung in rungs:
            event = _event_of(rung, fees)
            loan = apply(loan, event).loan
            taken.append(event)
        since = rungs[0].on


def _event_of(rung: Rung, fees: Mapping[int, int]) -> LoanEvent:
    match rung.step:
        case LadderStep.LATE_FEES if rung.number is not None:
            return LoanEvent(
                kind=LoanEventKind.LATE_FEE,
                effective_on=rung.on,
                number=rung.number,
                amount_cents=fees[rung.number],
            )
        case LadderStep.DEFAULT:
            return LoanEvent(kind=LoanEventKind.DEFAULTED, effective_on=rung.on)
        case _:
            return LoanEvent(kind=LoanEventKind.CHARGED_OFF, effective_on=rung.on)


def _pay(loan: LoanStanding, event: LoanEvent) -> Applied:
    """Let a payment pay what it reaches; on a loan that owes nothing it pays nothing."""
    repayment = plan_payment(
        loan, amount_cents=event.amount_cents, choice=event.choice, business_on=event.effective_on
    )
    if not repayment.amount_cents:
        return Applied(loan, replace(event, amount_cents=0), repayment)
    split = repayment.split()
    received = {part.note_id: part.principal_cents for part in split}
    state = repayment.state_after
    after = replace(
        loan,
        state=state,
        defaulted_on=None if state is LoanState.ACTIVE else loan.defaulted_on,
        installment_cents=repayment.installment_cents,
        outstanding_cents=repayment.outstanding_cents,
        rows=repayment.rows,
        notes=tuple(
            replace(note, outstanding_cents=note.outstanding_cents - received[note.id]) for note in loan.notes
        ),
        ended_on=event.effective_on if repayment.is_payoff else loan.ended_on,
    )
    return Applied(after, replace(event, amount_cents=repayment.amount_cents), repayment, split)


def _buy(loan: LoanStanding, event: LoanEvent) -> Applied:
    """Let the reserve fund buy parts of notes, at most what these are still owed."""
    notes = {note.id: note for note in loan.notes}
    bought = []
    for part in event.bought:
        seller = notes[part.note_id]
        cents = min(part.cents, seller.outstanding_cents)
        bought.append(replace(part, cents=cents))
        notes[seller.id] = replace(seller, outstanding_cents=seller.outstanding_cents - cents)
        if part.fund_note_id is not None:
            notes[part.fund_note_id] = HeldNote(part.fund_note_id, None, cents, seller.annual_rate, cents)
    after = replace(loan, notes=tuple(notes[note_id] for note_id in sorted(notes)))
    return Applied(
        after, replace(event, bought=tuple(bought), amount_cents=sum(part.cents for part in bought))
    )


def _forgive(loan: LoanStanding, event: LoanEvent) -> Applied:
    """Forgive at most what is owed of each kind."""
    most = hardship.forgivable(loan, on=event.effective_on)
    forgiven = Forgiveness(
        min(event.forgiven.late_fee_cents, most.late_fee_cents),
        min(event.forgiven.interest_cents, most.interest_cents),
        min(event.forgiven.principal_cents, most.principal_cents),
    )
    event = replace(event, forgiven=forgiven, amount_cents=forgiven.total_cents)
    if not forgiven.total_cents or loan.state is LoanState.PAID_OFF:
        return Applied(loan, event)
    return Applied(hardship.forgive(loan, forgiven=forgiven, on=event.effective_on), event)


def _is_running(loan: LoanStanding) -> bool:
    return loan.state in ladder.RUNNING_STATES


def _cents_of(part: LenderPart) -> tuple[int, int, int, int, int, int]:
    return (
        part.principal_cents,
        part.interest_cents,
        part.late_fee_cents,
        part.servicing_fee_cents,
        part.net_cents,
        part.collection_fee_cents,
    )
