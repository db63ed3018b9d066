"""Owns the ladder of late loans: the late fee after the grace, default at 121 days, charge-off at 150."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta

from p2p_reflex.domain.delinquency import CHARGE_OFF_DAYS, DEFAULT_DAYS, GRACE_DAYS
from p2p_reflex.domain.fees import late_fee_cents
from p2p_reflex.domain.hardship import stop_interest
from p2p_reflex.domain.loan_standing import (
    LoanStanding,
    ScheduledRow,
    days_late,
    first_day_late,
    is_paused,
)
from p2p_reflex.domain.vocabulary import LadderStep, LoanState

RUNNING_STATES = (LoanState.ACTIVE, LoanState.DEFAULTED)


@dataclass(frozen=True, slots=True)
class Window:
    """The days, the first and the last included, on which a step of the ladder was taken."""

    first_on: date
    last_on: date


@dataclass(frozen=True, slots=True)
class Rung:
    """One thing the ladder does to a loan at the close of a day; the number is that of an installment."""

    step: LadderStep
    on: date
    number: int | None = None


def late_fees_due(loan: LoanStanding, *, on: date) -> dict[int, int]:
    """Give the late fees to charge at the close of a day, by installment: after the grace, once each."""
    if loan.state not in RUNNING_STATES or is_paused(on, loan.pauses):
        return {}
    return {
        row.number: late_fee_cents(unpaid_cents=row.unpaid_cents)
        for row in loan.rows
        if row.late_fee_on is None
        and row.unpaid_cents
        and days_late(due_on=row.due_on, on=on, pauses=loan.pauses) > GRACE_DAYS
    }


def is_default_due(loan: LoanStanding, *, on: date) -> bool:
    """Tell whether a loan is in default from the close of a day on."""
    return loan.state is LoanState.ACTIVE and _is_late(loan, on, DEFAULT_DAYS)


def is_charge_off_due(loan: LoanStanding, *, on: date) -> bool:
    """Tell whether a loan is charged off at the close of a day."""
    return loan.state in RUNNING_STATES and _is_late(loan, on, CHARGE_OFF_DAYS)


def with_late_fee(loan: LoanStanding, *, number: int, cents: int, on: date) -> LoanStanding:
    """Add a late fee to an installment."""
    return replace(
        loan,
        rows=tuple(
            replace(row, late_fee_cents=row.late_fee_cents + cents, late_fee_on=on)
            if row.number == number
            else row
            for row in loan.rows
        ),
    )


def defaulted(loan: LoanStanding, *, on: date) -> LoanStanding:
    """Declare a default."""
    return replace(loan, state=LoanState.DEFAULTED, defaulted_on=on)


def charged_off(loan: LoanStanding, *, on: date) -> LoanStanding:
    """Charge a loan off: interest stops, and what is owed by then stays owed."""
    return replace(
        loan,
        state=LoanState.CHARGED_OFF,
        charged_off_on=on,
        charged_off_cents=loan.outstanding_cents,
        ended_on=on,
        rows=stop_interest(loan, on=on),
    )


def next_rungs(loan: LoanStanding, *, since: date, windows: Mapping[LadderStep, Window]) -> tuple[Rung, ...]:
    """Give what the ladder does on the first day, from `since` on, on which it does anything; in order.

    Only days on which a step was taken count. After these the next call starts from the loan as it is then.
    """
    if loan.state not in RUNNING_STATES:
        return ()
    found = list(_coming(loan, since, windows))
    first_on = min((rung.on for rung in found), default=None)
    return tuple(rung for rung in found if rung.on == first_on)


def _coming(loan: LoanStanding, since: date, windows: Mapping[LadderStep, Window]) -> Iterator[Rung]:
    unpaid = loan.unpaid
    for row in unpaid:
        if row.late_fee_on is None:
            on = _day_of(loan, row, GRACE_DAYS + 1, since, windows.get(LadderStep.LATE_FEES))
            if on is not None:
                yield Rung(LadderStep.LATE_FEES, on, row.number)
    if unpaid and loan.state is LoanState.ACTIVE:
        on = _day_of(loan, unpaid[0], DEFAULT_DAYS, since, windows.get(LadderStep.DEFAULT))
        if on is not None:
            yield Rung(LadderStep.DEFAULT, on)
    if unpaid:
        on = _day_of(loan, unpaid[0], CHARGE_OFF_DAYS, since, windows.get(LadderStep.CHARGE_OFF))
        if on is not None:
            yield Rung(LadderStep.CHARGE_OFF, on)


def _day_of(
    loan: LoanStanding, row: ScheduledRow, days: int, since: date, window: Window | None
) -> date | None:
    """Give the first day a step finds an installment so late; none where the step was not taken by then."""
    if window is None:
        return None
    late_on = first_day_late(due_on=row.due_on, days=days, pauses=loan.pauses)
    on = max(late_on, since, window.first_on)
    while is_paused(on, loan.pauses):
        on = max(pause.until_on for pause in loan.pauses if pause.from_on <= on <= pause.until_on)
        on += timedelta(days=1)
    return on if on <= window.last_on else None


def _is_late(loan: LoanStanding, on: date, days: int) -> bool:
    return not is_paused(on, loan.pauses) and loan.days_past_due(on) >= days
