"""Owns the steps of a business day: a table of named functions in their order, each safe to run again."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from sqlmodel import Session

from p2p_reflex.services.days import business_date, daily_figures, day_totals, reminders, sealing, step_rows
from p2p_reflex.services.listings import closing
from p2p_reflex.services.notices import change_notices, late_notices, market_notices
from p2p_reflex.services.paying import autopay, autopay_rows
from p2p_reflex.services.servicing import (
    charge_offs,
    defaults,
    delinquency_days,
    late_fees,
    reserve_fund,
    reserve_fund_figures,
)


@dataclass(frozen=True, slots=True)
class Ask:
    """What a step is asked: the day that closes, the moment, and where its loans go on.

    `people_hear` is off for days that are caught up: of several, people hear at the close of the last one.
    """

    business_on: date
    now: datetime
    after_id: int = 0
    limit: int = autopay.CHUNK_LOANS
    people_hear: bool = True

    @property
    def next_on(self) -> date:
        """Give the business day that opens next."""
        return self.business_on + timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Did:
    """What a step did; with a `through_id` it came so far, and there may be more loans after it."""

    item_count: int = 0
    counts: Mapping[str, int] = field(default_factory=dict)
    through_id: int | None = None


Work = Callable[[Session, Ask], Did]
Peek = Callable[[Session, Ask], int | None]


@dataclass(frozen=True, slots=True)
class Step:
    """One step; `peek` finds the next loan of a step that works in chunks, so that a bad one can be left out.

    The last steps, from the one that `seals`, are one transaction with the opening of the next day.
    """

    key: str
    title: str
    work: Work
    peek: Peek | None = None
    seals: bool = False


def _close_listings(session: Session, ask: Ask) -> Did:
    done = closing.close_listings(session, business_on=ask.business_on, now=ask.now)
    if ask.people_hear:
        market_notices.tell_closing_soon(session, business_on=ask.business_on, now=ask.now)
    counts = {
        "loans": len(done.loan_ids),
        "deciding": len(done.deciding_ids),
        "expired": len(done.expired_ids),
    }
    return Did(sum(counts.values()), counts)


def _collect(session: Session, ask: Ask) -> Did:
    done = autopay.collect_chunk(
        session, after_id=ask.after_id, limit=ask.limit, business_on=ask.business_on, now=ask.now
    )
    counts = {
        "paid": len(done.collected),
        "short": len(done.short),
        "cents": sum(paid.amount_cents for paid in done.collected),
    }
    return Did(len(done.collected), counts, done.through_id)


def _next_due(session: Session, ask: Ask) -> int | None:
    ids = autopay_rows.due_ids(session, business_on=ask.business_on, after_id=ask.after_id, limit=1)
    return ids[0] if ids else None


def _charge_late_fees(session: Session, ask: Ask) -> Did:
    done = late_fees.charge(session, **_chunk(ask))
    return Did(done.fee_count, {"fees": done.fee_count}, done.through_id)


def _age_loans(session: Session, ask: Ask) -> Did:
    done = delinquency_days.age_loans(session, **_chunk(ask))
    return Did(done.moved_count, {"moved": done.moved_count}, done.through_id)


def _next_to_age(session: Session, ask: Ask) -> int | None:
    return delinquency_days.next_to_age(session, business_on=ask.business_on, after_id=ask.after_id)


def _declare_defaults(session: Session, ask: Ask) -> Did:
    done = defaults.declare(session, **_chunk(ask))
    return Did(len(done.loan_ids), {"defaults": len(done.loan_ids)}, done.through_id)


def _buy_defaulted(session: Session, ask: Ask) -> Did:
    bought = reserve_fund.buy_defaulted(session, business_on=ask.business_on, now=ask.now)
    return Did(len(bought.loan_ids), {"loans": len(bought.loan_ids), "cents": bought.bought_cents})


def _charge_off(session: Session, ask: Ask) -> Did:
    done = charge_offs.charge_off(session, **_chunk(ask))
    counts = {"loans": len(done.loan_ids), "cents": done.principal_cents}
    return Did(len(done.loan_ids), counts, done.through_id)


def _chunk(ask: Ask) -> dict[str, Any]:
    """Say which loans a rung of the ladder looks at."""
    return {"after_id": ask.after_id, "limit": ask.limit, "business_on": ask.business_on, "now": ask.now}


def _first(find: Callable[..., Sequence[Any]]) -> Peek:
    """Find the next loan that a rung of the ladder would look at."""

    def peek(session: Session, ask: Ask) -> int | None:
        rows = find(session, business_on=ask.business_on, after_id=ask.after_id, limit=1)
        return int(rows[0].id) if rows else None

    return peek


def _tell_late(session: Session, ask: Ask) -> Did:
    if not ask.people_hear:
        return Did()
    count = late_notices.tell_late(session, business_on=ask.business_on, now=ask.now)
    count += change_notices.tell_pauses_over(session, business_on=ask.business_on, now=ask.now)
    return Did(count, {"notices": count, step_rows.TOLD_THROUGH: ask.business_on.toordinal()})


def _remind(session: Session, ask: Ask) -> Did:
    if not ask.people_hear:
        return Did()
    count = reminders.remind(session, today=ask.next_on, now=ask.now)
    return Did(count, {"reminders": count, step_rows.TOLD_THROUGH: ask.next_on.toordinal()})


def _seal(session: Session, ask: Ask) -> Did:
    sealed = sealing.seal(session, business_on=ask.business_on, now=ask.now)
    return Did(sealed.transaction_count, {"entries": sealed.entry_count})


def _record_figures(session: Session, ask: Ask) -> Did:
    totals = day_totals.read(session, business_on=ask.business_on)
    daily_figures.record(session, business_on=ask.business_on, totals=totals)
    reserve_fund_figures.record_day(session, business_on=ask.business_on, now=ask.now, totals=totals)
    return Did()


def _open_next(session: Session, ask: Ask) -> Did:
    business_date.open_day(session, business_on=ask.next_on)
    return Did()


STEPS: tuple[Step, ...] = (
    Step("close_listings", "Close listings", _close_listings),
    Step("autopay", "Collect by autopay", _collect, peek=_next_due),
    Step("late_fees", "Charge late fees", _charge_late_fees, peek=_first(late_fees.late_loans)),
    Step("age_loans", "Age loans", _age_loans, peek=_next_to_age),
    Step("default", "Declare defaults", _declare_defaults, peek=_first(defaults.late_loans)),
    Step("reserve_fund", "Buy from the reserve fund", _buy_defaulted),
    Step("charge_off", "Charge off", _charge_off, peek=_first(charge_offs.late_loans)),
    Step(late_notices.STEP, "Tell of late loans", _tell_late),
    Step(reminders.STEP, "Remind borrowers", _remind),
    Step(sealing.SEAL_STEP, "Seal the journal", _seal, seals=True),
    Step("figures", "Write the day’s figures", _record_figures),
    Step("open", "Open the next day", _open_next),
)
