"""Owns the engine and the transaction: the only place that opens, commits or rolls back."""

import functools
import logging
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar, cast

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlmodel import Session

from p2p_reflex.services.money.ledger import BalanceMovedError
from p2p_reflex.services.touched import topics_of
from p2p_reflex.settings import settings

P = ParamSpec("P")
R = TypeVar("R")
CommitListener = Callable[[frozenset[str]], None]

PROJECT_ROOT = Path(__file__).resolve().parent.parent
ATTEMPTS = 6
LOCK_WAIT_SECONDS = 30
_RETRY_STATES = frozenset({"40001", "40P01", "55P03"})
_RETRY_WORDS = ("database is locked", "database table is locked")

_log = logging.getLogger(__name__)
_engine: Engine | None = None
_listeners: list[CommitListener] = []


def database_url() -> str:
    """Return the configured database, or the embedded one under the data folder."""
    configured = settings().database_url
    if configured:
        return _with_driver(configured)
    folder = Path(settings().data_dir).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    return f"sqlite:///{folder / 'p2p.sqlite3'}"


def connect(url: str) -> Engine:
    """Make an engine for `url` with this platform's promises about durability and isolation."""
    url = _with_driver(url)
    if not url.startswith("sqlite"):
        return sa.create_engine(url, pool_size=10, max_overflow=20, pool_pre_ping=True)
    engine = sa.create_engine(
        url,
        pool_size=10,
        max_overflow=20,
        connect_args={"timeout": LOCK_WAIT_SECONDS, "check_same_thread": False},
    )
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def use(engine: Engine) -> None:
    """Make `engine` the one that every transaction runs on."""
    global _engine
    if _engine is not None and _engine is not engine:
        _engine.dispose()
    _engine = engine


def current_engine() -> Engine:
    """Return the engine in use, opened on first need."""
    if _engine is None:
        use(connect(database_url()))
    return cast(Engine, _engine)


@contextmanager
def transaction() -> Iterator[Session]:
    """Open one write transaction: it commits as a whole, or leaves nothing behind."""
    with Session(current_engine(), expire_on_commit=False) as session:
        with session.begin():
            yield session
        _tell(topics_of(session))


def on_commit(listener: CommitListener) -> Callable[[], None]:
    """Let a listener hear, after each commit and in its thread, what was touched; return how to stop it."""
    _listeners.append(listener)
    return functools.partial(_listeners.remove, listener)


def _tell(topics: frozenset[str]) -> None:
    """Tell every listener; what is committed stays so, whatever a listener does."""
    for listener in tuple(_listeners) if topics else ():
        try:
            listener(topics)
        except Exception:
            _log.exception("A listener failed after a commit")


@contextmanager
def reading() -> Iterator[Session]:
    """Open one read-only transaction on a single consistent picture of the books."""
    engine = current_engine()
    if engine.dialect.name == "sqlite":
        options: dict[str, Any] = {"p2p_begin": "BEGIN"}
    else:
        options = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    with Session(engine.execution_options(**options), expire_on_commit=False, autoflush=False) as session:
        yield session
        session.rollback()


def run(service: Callable[Concatenate[Session, P], R], /, *args: P.args, **kwargs: P.kwargs) -> R:
    """Run one service in one write transaction, again where the database asks for another try."""
    for attempt in range(1, ATTEMPTS + 1):
        try:
            with transaction() as session:
                return service(session, *args, **kwargs)
        except (DBAPIError, BalanceMovedError) as error:
            if attempt == ATTEMPTS or not _is_worth_another_try(error):
                raise
            _log.info("Trying %s again after: %s", getattr(service, "__name__", service), error)
            time.sleep(random.uniform(0.005, 0.02) * 2**attempt)  # noqa: S311
    raise AssertionError("unreachable")


def read(service: Callable[Concatenate[Session, P], R], /, *args: P.args, **kwargs: P.kwargs) -> R:
    """Run one reading service on a consistent picture of the books."""
    with reading() as session:
        return service(session, *args, **kwargs)


def migrate() -> None:
    """Bring the database's tables up to this version."""
    config = Config(str(PROJECT_ROOT / "alembic.ini"))
    config.set_main_option("script_location", str(PROJECT_ROOT / "alembic"))
    with current_engine().begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def is_reachable() -> bool:
    """Say whether the database answers; it is asked as a reader, who waits for nobody that writes."""
    try:
        with current_engine().execution_options(p2p_begin="BEGIN").connect() as connection:
            connection.execute(sa.text("SELECT 1"))
    except (DBAPIError, OSError):
        return False
    return True


def _with_driver(url: str) -> str:
    """Name the driver that is installed, so that a plain `postgresql://` address works."""
    for plain in ("postgresql://", "postgres://"):
        if url.startswith(plain):
            return "postgresql+psycopg://" + url.removeprefix(plain)
    return url


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    """Set what SQLite forgets on each connection: foreign keys, durability, and who begins."""
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "cache_size=-32000",
        "temp_store=MEMORY",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    """Take the write lock at the start: what a transaction has read cannot change before it writes."""
    connection.exec_driver_sql(connection.get_execution_options().get("p2p_begin", "BEGIN IMMEDIATE"))


def _is_worth_another_try(error: DBAPIError | BalanceMovedError) -> bool:
    """Tell a lost race, which a second try wins, from a real failure."""
    if isinstance(error, BalanceMovedError):
        return True
    if getattr(error.orig, "sqlstate", None) in _RETRY_STATES:
        return True
    return isinstance(error, OperationalError) and any(words in str(error.orig) for words in _RETRY_WORDS)
