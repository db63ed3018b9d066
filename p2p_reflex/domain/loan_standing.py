"""Owns where a loan stands: its installments and what is paid of them, its notes, its pauses, its state."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal

from p2p_reflex.domain.allocation import Due, NoteShare
from p2p_reflex.domain.dates import add_months
from p2p_reflex.domain.vocabulary import LoanState


@dataclass(frozen=True, slots=True)
class ScheduledRow:
    """One installment as planned, and what of it is paid; the id is 0 until the row is stored.

    `late_fee_on` is the day its late fee was charged, which happens once. `carried_interest_cents` is the
    part of its interest that fell due earlier and was moved here by a reschedule.
    """

    id: int
    number: int
    due_on: date
    principal_cents: int
    interest_cents: int
    balance_cents: int
    late_fee_cents: int
    principal_paid_cents: int
    interest_paid_cents: int
    late_fee_paid_cents: int
    paid_on: date | None
    late_fee_on: date | None = None
    carried_interest_cents: int = 0

    @property
    def total_cents(self) -> int:
        """Give all that this installment asks for."""
        return self.principal_cents + self.interest_cents + self.late_fee_cents

    @property
    def paid_cents(self) -> int:
        """Give what of it is paid."""
        return self.principal_paid_cents + self.interest_paid_cents + self.late_fee_paid_cents

    @property
    def unpaid_cents(self) -> int:
        """Give what is left of it."""
        return self.total_cents - self.paid_cents

    @property
    def due(self) -> Due:
        """Give what is left of it, part by part."""
        return Due(
            number=self.number,
            due_on=self.due_on,
            late_fee_cents=self.late_fee_cents - self.late_fee_paid_cents,
            interest_cents=self.interest_cents - self.interest_paid_cents,
            principal_cents=self.principal_cents - self.principal_paid_cents,
        )


@dataclass(frozen=True, slots=True)
class HeldNote:
    """One share of the loan; what belongs to no lender is the reserve fund's."""

    id: int
    lender_id: int | None
    principal_cents: int
    annual_rate: Decimal
    outstanding_cents: int

    @property
    def is_fund(self) -> bool:
        """Tell whether the reserve fund holds it."""
        return self.lender_id is None

    @property
    def share(self) -> NoteShare:
        """Give the note as the split of a payment sees it."""
        return NoteShare(self.id, self.outstanding_cents, self.annual_rate, pays_fee=not self.is_fund)


@dataclass(frozen=True, slots=True)
class Pause:
    """Days that do not count as late, the first and the last included."""

    from_on: date
    until_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class LoanStanding:
    """Where a loan stands; `rows` are in the order of their numbers and hold at least all that is unpaid."""

    state: LoanState
    annual_rate: Decimal
    installment_cents: int
    outstanding_cents: int
    disbursed_on: date
    rows: tuple[ScheduledRow, ...]
    notes: tuple[HeldNote, ...]
    pauses: tuple[Pause, ...] = ()
    defaulted_on: date | None = None
    charged_off_on: date | None = None
    charged_off_cents: int = 0
    forgiven_cents: int = 0
    ended_on: date | None = None

    @property
    def unpaid(self) -> tuple[ScheduledRow, ...]:
        """Give the installments that are not fully paid, oldest first."""
        return tuple(row for row in self.rows if row.unpaid_cents)

    @property
    def owed_cents(self) -> int:
        """Give all that is planned and not paid."""
        return sum(row.unpaid_cents for row in self.rows)

    @property
    def next_due_on(self) -> date | None:
        """Give the day the oldest unpaid installment is due; a charged-off loan waits for none."""
        if self.state is LoanState.CHARGED_OFF:
            return None
        return next((row.due_on for row in self.rows if row.unpaid_cents), None)

    def due_by(self, business_on: date) -> tuple[ScheduledRow, ...]:
        """Give the unpaid installments due on or before a day."""
        return tuple(row for row in self.unpaid if row.due_on <= business_on)

    def is_overdue(self, business_on: date) -> bool:
        """Tell whether something was due before a day and is not paid."""
        return any(row.due_on < business_on for row in self.unpaid)

    def days_past_due(self, business_on: date) -> int:
        """Count the days late, paused days left out."""
        return days_late(due_on=self.next_due_on, on=business_on, pauses=self.pauses)


def period_start_on(loan: LoanStanding, row: ScheduledRow) -> date:
    """Give the first day of an installment's period: a month earlier, counted from the disbursement."""
    return add_months(loan.disbursed_on, row.number - 1)


def is_paused(on: date, pauses: Sequence[Pause]) -> bool:
    """Tell whether a day lies in a pause."""
    return any(pause.from_on <= on <= pause.until_on for pause in pauses)


def days_late(*, due_on: date | None, on: date, pauses: Sequence[Pause]) -> int:
    """Count the days after a due date up to a day, without those that are paused; pauses do not overlap.

    The due date is that of the oldest installment not fully paid; where nothing is owed there is none.
    """
    if due_on is None:
        return 0
    days = (on - due_on).days
    if days <= 0:
        return 0
    for pause in pauses:
        first = max(pause.from_on, due_on + timedelta(days=1))
        last = min(pause.until_on, on)
        days -= max(0, (last - first).days + 1)
    return days


def first_day_late(*, due_on: date, days: int, pauses: Sequence[Pause]) -> date:
    """Give the first day on which an installment is so many days late, paused days left out."""
    on = due_on + timedelta(days=days)
    while (missing := days - days_late(due_on=due_on, on=on, pauses=pauses)) > 0:
        on += timedelta(days=missing)
    return on


def running_pause(on: date, pauses: Sequence[Pause]) -> Pause | None:
    """Give the pause that a day lies in; they do not overlap."""
    return next((pause for pause in pauses if pause.from_on <= on <= pause.until_on), None)


def paused_until(on: date, pauses: Sequence[Pause]) -> date | None:
    """Give the last day of the pause that a day lies in."""
    running = running_pause(on, pauses)
    return running.until_on if running else None


def ended_early(pauses: Sequence[Pause], *, on: date) -> tuple[Pause, ...]:
    """Let the pause that a day lies in end the day before; one that began on it never was."""
    running = running_pause(on, pauses)
    shorter = replace(running, until_on=on - timedelta(days=1)) if running else None
    ended = [shorter if pause is running else pause for pause in pauses]
    return tuple(pause for pause in ended if pause is not None and pause.from_on <= pause.until_on)
