"""Owns `make soak`: a year of a market with bots and borrowers, undisturbed and disturbed, to the same books.

Borrowers pay, pay late, pay ahead or stop paying as often as LendingClub's did, by grade and term. Everything
follows from the seed: whatever happens to the runners, the books have one hash.
"""

import csv
import random
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock_time
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from p2p_reflex import database
from p2p_reflex.domain.errors import LendingError
from p2p_reflex.services.bots import bot_runs
from p2p_reflex.services.days import business_date, business_day, business_runs, opening
from p2p_reflex.services.days.business_steps import STEPS, Ask, Did, Step
from p2p_reflex.services.listings import listings
from p2p_reflex.services.listings.listing_form import ListingForm
from p2p_reflex.services.money import ledger, wallets
from p2p_reflex.services.paying import payments
from p2p_reflex.services.people import assessments
from tests.books_hash import books_hash
from tests.builders import a_borrower, broken_laws, in_threads

OUTCOMES = Path(__file__).parents[2] / "shared" / "data" / "lendingclub_outcomes_by_grade.csv"
STARTS_ON = date(2026, 1, 5)
BORROWERS = 24
OUTAGE_DAYS = 45
PURPOSES = ("car", "home_improvement", "debt_consolidation", "medical", "small_business")


class Killed(BaseException):
    """The runner ends here."""


Disturb = Callable[[date], None]


def live_through(url: str, *, days: int, seed: int, close: Disturb, quiet_from: int | None = None) -> str:
    """Let a fresh market live through some days, each closed by `close`, and give the hash of its books.

    From the day `quiet_from` on nobody does anything, as in an outage.
    """
    database.use(database.connect(url))
    database.migrate()
    database.run(opening.open_market, business_on=STARTS_ON)
    database.run(_welcome)
    for day in range(days):
        business_on = STARTS_ON + timedelta(days=day)
        if quiet_from is None or day < quiet_from:
            database.run(_live, business_on=business_on, seed=seed)
        close(business_on)
    broken = database.read(broken_laws)
    if broken:
        raise AssertionError(broken)
    return database.read(books_hash)


def plainly(business_on: date) -> None:
    """Close a day undisturbed."""
    business_day.close_until(database.run, until=business_on + timedelta(days=1), now=moment(business_on, 23))


def killed_at_random(seed: int) -> Disturb:
    """Close days with a runner that dies now and then, at any step, and one that goes on."""
    luck = random.Random(seed)

    def close(business_on: date) -> None:
        while luck.random() < 0.3:
            kept, kept_enough = business_runs.STEPS, business_runs.ENOUGH_ITEMS
            business_runs.STEPS = _dying(luck.randrange(len(STEPS)), after=luck.random() < 0.5)
            business_runs.ENOUGH_ITEMS = luck.choice((0, kept_enough))
            try:
                plainly(business_on)
            except Killed:
                pass
            finally:
                business_runs.STEPS, business_runs.ENOUGH_ITEMS = kept, kept_enough
        plainly(business_on)

    return close


def by_two(business_on: date) -> None:
    """Close a day with two runners at once."""
    told = in_threads([lambda: plainly(business_on)] * 2)
    for outcome in told:
        if isinstance(outcome, BaseException):
            raise outcome


def _dying(place: int, *, after: bool) -> tuple[Step, ...]:
    def die(session: Session, ask: Ask) -> Did:
        if after:
            STEPS[place].work(session, ask)
        raise Killed

    doomed = STEPS[place]
    return tuple(
        Step(step.key, step.title, die, step.peek, step.seals) if step is doomed else step for step in STEPS
    )


def moment(on: date, hour: int) -> datetime:
    """Name a moment of a day."""
    return datetime.combine(on, clock_time(hour), tzinfo=UTC)


def _welcome(session: Session) -> None:
    """Open the market to bots and borrowers."""
    bot_runs.enroll_bots(session, business_on=STARTS_ON, now=moment(STARTS_ON, 7))
    luck = random.Random("borrowers")
    for _ in range(BORROWERS):
        a_borrower(session, credit_score=luck.randrange(620, 840))


def _live(session: Session, *, business_on: date, seed: int) -> None:
    """Let borrowers ask and pay, and bots bid."""
    luck = random.Random(f"{seed} {business_on}")
    _ask(session, luck, business_on)
    bot_runs.run_round(
        session, listing_ids=None, business_on=business_on, now=moment(business_on, 12), seed=seed
    )
    for loan in session.execute(sa.text(_RUNNING)).all():
        _look_after(session, loan, business_on=business_on, seed=seed)


_RUNNING = (
    "SELECT n.id, n.listing_id, n.borrower_id, n.grade, n.term_months, n.autopay, n.disbursed_on,"
    " n.next_due_on, n.installment_cents FROM loan n WHERE n.state IN ('active', 'defaulted')"
    " ORDER BY n.listing_id"
)


def _ask(session: Session, luck: random.Random, business_on: date) -> None:
    """Publish a listing or two."""
    borrower_ids = session.execute(
        sa.text("SELECT id FROM member WHERE role = 'borrower' ORDER BY id")
    ).scalars()
    for borrower_id in luck.sample(list(borrower_ids), 2):
        amount, term = luck.randrange(1_000, 6_000, 100), luck.choice((36, 60))
        purpose = luck.choice(PURPOSES)
        try:
            with session.begin_nested():
                seen = assessments.preview(
                    session,
                    borrower_id=borrower_id,
                    amount_cents=amount * 100,
                    term_months=term,
                    purpose=purpose,
                    business_on=business_on,
                )
                percent = min(Decimal(36), seen.floor_rate * 100 + 4)
                form = ListingForm(
                    amount=str(amount),
                    term_months=str(term),
                    purpose=purpose,
                    highest_rate=f"{percent:.2f}",
                    title="Something that cannot wait",
                    story="It breaks every other week, and this time nobody could mend it for good.",
                    window_days="2",
                    accepts_automatically=True,
                )
                listings.publish(
                    session,
                    borrower_id=borrower_id,
                    form=form,
                    form_key=f"soak-{business_on}-{borrower_id}",
                    business_on=business_on,
                    now=moment(business_on, 9),
                )
        except LendingError:
            continue


def _look_after(session: Session, loan: Any, *, business_on: date, seed: int) -> None:
    """Pay as this borrower does: by autopay, by hand, late, ahead, or not any more."""
    nature = random.Random(f"{seed} loan {loan.listing_id}")
    stops_after, late_days, ahead_on, by_autopay = _habits(nature, loan.grade, loan.term_months)
    disbursed_on, next_due_on = _day(loan.disbursed_on), _day(loan.next_due_on)
    age = (business_on - disbursed_on).days
    if age == 1 and by_autopay:
        session.execute(
            sa.text("UPDATE loan SET autopay = :on, autopay_partial = :on WHERE id = :id"),
            {"on": True, "id": loan.id},
        )
    if stops_after is not None and age >= stops_after:
        _empty_wallet(session, loan.borrower_id, business_on, f"soak-out-{business_on}-{loan.listing_id}")
        return
    days = (business_on - next_due_on).days
    if by_autopay and days == 0:
        _add_money(session, loan, business_on)
    elif not by_autopay and days >= late_days:
        _pay(session, loan, loan.installment_cents, business_on)
    if ahead_on is not None and age == ahead_on:
        _pay(session, loan, 3 * loan.installment_cents, business_on)


def _habits(luck: random.Random, grade: str, term: int) -> tuple[int | None, int, int | None, bool]:
    """Draw how a borrower pays: when they stop, how late, when ahead, and whether by autopay."""
    charged_off, late = _rates().get((grade, term), (0.15, 0.04))
    stops_after = luck.randrange(20, 200) if luck.random() < charged_off else None
    late_days = luck.randrange(3, 40) if luck.random() < 5 * late else 0
    ahead_on = luck.randrange(40, 300) if luck.random() < 0.3 else None
    return stops_after, late_days, ahead_on, luck.random() < 0.6


@cache
def _rates() -> dict[tuple[str, int], tuple[float, float]]:
    with OUTCOMES.open(encoding="utf-8") as file:
        return {
            (row["grade"], int(row["term_months"])): (
                float(row["charged_off_pct_of_loans"]) / 100,
                float(row["loans_with_any_late_fee_pct"]) / 100,
            )
            for row in csv.DictReader(file)
        }


def _pay(session: Session, loan: Any, cents: int, business_on: date) -> None:
    try:
        with session.begin_nested():
            payments.pay(
                session,
                borrower_id=loan.borrower_id,
                loan_id=loan.id,
                amount=_typed(cents),
                choice="keep_installment",
                form_key=f"soak-pay-{business_on}-{loan.listing_id}-{cents}",
                business_on=business_on,
                now=moment(business_on, 15),
            )
    except LendingError:
        return


def _add_money(session: Session, loan: Any, business_on: date) -> None:
    wallets.add_money(
        session,
        member_id=loan.borrower_id,
        amount=_typed(loan.installment_cents),
        form_key=f"soak-in-{business_on}-{loan.listing_id}",
        business_on=business_on,
        now=moment(business_on, 8),
    )


def _empty_wallet(session: Session, borrower_id: int, business_on: date, form_key: str) -> None:
    available, _ = ledger.balances(session, member_id=borrower_id)
    if available:
        wallets.withdraw(
            session,
            member_id=borrower_id,
            amount=_typed(available),
            form_key=form_key,
            business_on=business_on,
            now=moment(business_on, 16),
        )


def _typed(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02d}"


def _day(value: Any) -> date:
    return date.fromisoformat(value) if isinstance(value, str) else value


def main() -> int:
    """Live through a year in every way, and compare."""
    days, seed = int(sys.argv[1]) if len(sys.argv) > 1 else 365, 20261120
    if not OUTCOMES.exists():
        print("How people pay is taken from ../shared/data, which is not here.", file=sys.stderr)
        return 1
    outage_from = max(1, days - OUTAGE_DAYS)
    ways: list[tuple[str, Disturb, int | None]] = [
        ("undisturbed", plainly, None),
        ("once more", plainly, None),
        ("killed now and then", killed_at_random(seed), None),
        ("two runners", by_two, None),
    ]
    with tempfile.TemporaryDirectory() as folder:
        hashes = [_timed(folder, name, days, seed, close, quiet) for name, close, quiet in ways]
        calm = _timed(folder, "quiet at the end", days, seed, plainly, outage_from)
        until = STARTS_ON + timedelta(days=days)

        def out_at_the_end(on: date) -> None:
            if on < STARTS_ON + timedelta(days=outage_from):
                plainly(on)
            elif on == until - timedelta(days=1):
                business_day.close_until(database.run, until=until, now=moment(on, 23))
                assert database.read(business_date.today) == until

        outage = _timed(folder, "an outage at the end", days, seed, out_at_the_end, outage_from)
    is_same = len(set(hashes)) == 1 and calm == outage
    print("All the same." if is_same else "The books differ.")
    return 0 if is_same else 1


def _timed(folder: str, name: str, days: int, seed: int, close: Disturb, quiet_from: int | None) -> str:
    started = time.perf_counter()
    url = f"sqlite:///{Path(folder) / name.replace(' ', '_')}.sqlite3"
    found = live_through(url, days=days, seed=seed, close=close, quiet_from=quiet_from)
    print(f"{name:<22} {found[:16]}  {time.perf_counter() - started:6.1f} s", flush=True)
    return found


if __name__ == "__main__":
    sys.exit(main())
