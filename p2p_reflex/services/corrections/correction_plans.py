"""Owns what putting a mistake right would change: the life of a loan with and without it, in full."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date

from sqlmodel import Session

from p2p_reflex.domain.allocation import LenderPart
from p2p_reflex.domain.loan_life import WORKED_OUT, LoanEvent, LoanLife, LoanTerms, replay, rework
from p2p_reflex.services.loans import loan_log
from p2p_reflex.services.loans.loan_positions import LoanPosition

LAST_OF_THE_DAY = 2**63 - 1


@dataclass(frozen=True, slots=True)
class PaidChange:
    """What a payment did and what it does after a correction; one that does nothing is taken back whole."""

    payment_id: int
    before_cents: int
    after_cents: int
    before: dict[int, LenderPart]
    after: dict[int, LenderPart]

    @property
    def is_returned(self) -> bool:
        """Tell whether nothing is left of the payment."""
        return not self.after_cents


@dataclass(frozen=True, slots=True)
class CorrectionPlan:
    """A loan as it is and as it will be, the events that no longer stand, and those that take their place."""

    loan: LoanPosition
    old: LoanLife
    new: LoanLife
    voided: tuple[LoanEvent, ...]
    added: tuple[LoanEvent, ...]
    payments: tuple[PaidChange, ...]

    @property
    def returned(self) -> tuple[PaidChange, ...]:
        """Give the payments whose own transactions are reversed."""
        return tuple(change for change in self.payments if change.is_returned)

    def sold_less(self) -> dict[int, int]:
        """Give by how much less the reserve fund bought of each note."""
        before, after = self.old.sold(), self.new.sold()
        return {
            note_id: cents - after.get(note_id, 0)
            for note_id, cents in before.items()
            if cents != after.get(note_id, 0)
        }

    def holders(self) -> dict[int, int | None]:
        """Give who holds each note, the fund being nobody."""
        return {note.id: note.lender_id for note in self.new.loan.notes}


def plan_change(
    session: Session,
    loan: LoanPosition,
    *,
    without: Collection[int] = (),
    adding: Sequence[LoanEvent] = (),
    since: date,
) -> CorrectionPlan:
    """Work out a loan's life without some events and with others, from a day on."""
    events = loan_log.standing_events(session, loan_id=loan.id)
    terms = loan_log.terms_of(session, loan_id=loan.id, events=events)
    old = replay(terms, events)
    placed = [replace(event, place=event.place or LAST_OF_THE_DAY) for event in adding]
    new = rework(
        terms,
        events=[event for event in events if event.id not in without] + placed,
        since=since,
        windows=loan_log.windows(session),
    )
    voided, added = _differences(events, new, since)
    return CorrectionPlan(
        loan=loan, old=old, new=new, voided=voided, added=added, payments=_paid_changes(old, new)
    )


def replayed(terms: LoanTerms, plan: CorrectionPlan, events: Sequence[LoanEvent]) -> LoanLife:
    """Replay the log as it stands once a plan is written, which gives the same life as the plan."""
    gone = {event.id for event in plan.voided}
    return replay(terms, [event for event in events if event.id not in gone] + list(plan.added))


def _differences(
    events: Sequence[LoanEvent], new: LoanLife, since: date
) -> tuple[tuple[LoanEvent, ...], tuple[LoanEvent, ...]]:
    """Compare the log with what stands now: which events fall away, and which are added for them.

    What was worked out again to the same result after the first day keeps its entry in the log.
    """
    known = {event.id: event for event in events}
    again = {
        _result_of(event): event.id
        for event in events
        if event.kind in WORKED_OUT and event.effective_on > since
    }
    standing: set[int] = set()
    added: list[LoanEvent] = []
    for event in new.events:
        same_id = event.id or again.get(_result_of(event), 0)
        old = known.get(same_id)
        if old is None:
            added.append(event)
        elif _result_of(old) == _result_of(event):
            standing.add(same_id)
        else:
            added.append(replace(event, id=0, place=old.place))
    voided = tuple(event for event in events if event.id not in standing)
    return voided, tuple(replace(event, place=_place(event)) for event in added)


def _place(event: LoanEvent) -> int:
    """Let an event that is new take the place that its own id gives it."""
    return 0 if event.place == LAST_OF_THE_DAY else event.place


def _result_of(event: LoanEvent) -> LoanEvent:
    """Give what an event did, wherever it stands in the log."""
    return replace(event, id=0, place=0)


def _paid_changes(old: LoanLife, new: LoanLife) -> tuple[PaidChange, ...]:
    changes = []
    for payment_id in {**old.payments, **new.payments}:
        before, after = old.payments.get(payment_id), new.payments.get(payment_id)
        change = PaidChange(
            payment_id=payment_id,
            before_cents=before.event.amount_cents if before else 0,
            after_cents=after.event.amount_cents if after else 0,
            before={part.note_id: part for part in before.split} if before else {},
            after={part.note_id: part for part in after.split} if after else {},
        )
        is_same = before and after and before.event.effective_on == after.event.effective_on
        if not is_same or change.before != change.after or _facts(old, payment_id) != _facts(new, payment_id):
            changes.append(change)
    return tuple(changes)


def _facts(life: LoanLife, payment_id: int) -> tuple[object, ...]:
    """Give what is written on a payment's own row."""
    applied = life.payments.get(payment_id)
    if applied is None or applied.repayment is None:
        return ()
    repayment = applied.repayment
    return (
        repayment.principal_cents,
        repayment.interest_cents,
        repayment.late_fee_cents,
        repayment.prepaid_principal_cents,
        repayment.outstanding_cents,
        repayment.is_payoff,
        repayment.is_recovery,
    )


def money_changes(
    plan: CorrectionPlan,
) -> tuple[dict[int | None, int], int, int]:
    """Give what a correction brings each holder (below zero: takes), the platform's income and the borrower.

    Law: the three sum to zero.
    """
    holders = plan.holders()
    received: dict[int | None, int] = defaultdict(int)
    income_cents = borrower_cents = 0
    for change in plan.payments:
        borrower_cents += change.before_cents - change.after_cents
        for sign, parts in ((-1, change.before), (1, change.after)):
            for note_id, part in parts.items():
                received[holders[note_id]] += sign * part.net_cents
                income_cents += sign * (part.servicing_fee_cents + part.collection_fee_cents)
    for note_id, cents in plan.sold_less().items():
        received[holders[note_id]] -= cents
        received[None] += cents
    return {holder: cents for holder, cents in received.items() if cents}, income_cents, borrower_cents
