"""The operator's command: one line for what can be mended, and exit codes a script can rely on."""

import json
from pathlib import Path

import pytest
import sqlalchemy as sa
from beancount import loader
from sqlalchemy.engine import Engine
from sqlmodel import select
from typer.testing import CliRunner, Result

from p2p_reflex import cli
from p2p_reflex import database as house_database
from p2p_reflex.database import run, transaction
from p2p_reflex.domain.vocabulary import Role
from p2p_reflex.models import Member
from p2p_reflex.services.people import members
from p2p_reflex.settings import settings
from tests.builders import a_lender

PASSWORD = "four words in a row"


def p2p(*arguments: str, typed: str = "") -> Result:
    return CliRunner().invoke(cli.app, arguments, input=typed)


@pytest.fixture
def new_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Point the platform at a folder in which nothing was ever kept."""
    monkeypatch.setenv("P2P_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setattr(house_database, "_engine", None)
    settings.cache_clear()
    return tmp_path / "data"


def test_migrate_makes_the_tables_and_says_where(new_folder: Path) -> None:
    result = p2p("migrate")

    assert result.exit_code == 0
    assert "p2p.sqlite3" in result.output
    assert p2p("books").exit_code == 0
    assert p2p("migrate").exit_code == 0


def test_books_holds_on_a_right_book(database: Engine) -> None:
    run(a_lender, cash_cents=5_00)

    plain, as_json = p2p("books"), p2p("books", "--json")

    assert (plain.exit_code, as_json.exit_code) == (0, 0)
    assert "Every law holds." in plain.output
    answer = json.loads(as_json.stdout)
    assert answer["ok"] is True
    assert [law["law"] for law in answer["laws"]] == list(range(1, 12))
    assert all(law["violations"] == [] for law in answer["laws"])


def test_books_fails_and_says_why_on_a_wrong_one(database: Engine) -> None:
    run(a_lender, cash_cents=5_00)
    with transaction() as session:
        session.execute(sa.text("UPDATE ledger_account SET balance_cents = 1 WHERE kind = 'wallet'"))

    plain, as_json = p2p("books"), p2p("books", "--json")

    assert (plain.exit_code, as_json.exit_code) == (1, 1)
    assert "BROKEN" in plain.output
    answer = json.loads(as_json.stdout)
    assert answer["ok"] is False
    assert {law["law"] for law in answer["laws"] if law["violations"]} == {1, 2, 9}


def test_a_database_without_tables_is_told_in_one_line(new_folder: Path) -> None:
    result = p2p("books")

    assert result.exit_code == 2
    assert "Traceback" not in result.output
    assert result.stderr.strip().endswith("yet: run `p2p migrate` first.")


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_the_journal_goes_to_the_screen_or_to_a_file(database: Engine, tmp_path: Path) -> None:
    run(a_lender, cash_cents=5_00)
    path = tmp_path / "journal.beancount"

    shown = p2p("export-journal", "--format", "beancount")
    written = p2p("export-journal", "--format", "beancount", "--output", str(path))

    assert (shown.exit_code, written.exit_code) == (0, 0)
    assert path.read_text(encoding="utf-8") == shown.stdout
    assert loader.load_file(str(path))[1] == []


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_folder_that_is_not_there_is_told_in_one_line(database: Engine, tmp_path: Path) -> None:
    result = p2p("export-journal", "--output", str(tmp_path / "nowhere" / "journal"))

    assert result.exit_code == 2
    assert "No such file or directory." in result.stderr
    assert "Traceback" not in result.output


def test_an_admin_is_made_with_a_hidden_password_typed_twice(
    new_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("P2P_BCRYPT_COST", "4")
    settings.cache_clear()

    result = p2p(
        "create-admin", "--email", "Sam@Example.org", "--name", "Sam Whitfield", typed=f"{PASSWORD}\n" * 2
    )

    assert result.exit_code == 0, result.output
    assert PASSWORD not in result.output
    with transaction() as session:
        admin = session.exec(select(Member).where(Member.email == "sam@example.org")).one()
    assert admin.role is Role.ADMIN
    assert members.password_matches(PASSWORD, admin.password_hash)


def test_an_admins_password_may_come_from_the_environment(
    new_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("P2P_BCRYPT_COST", "4")
    monkeypatch.setenv("P2P_ADMIN_PASSWORD", PASSWORD)
    settings.cache_clear()
    arguments = ("create-admin", "--email", "sam@example.org", "--name", "Sam Whitfield")

    first, second = p2p(*arguments), p2p(*arguments)

    assert (first.exit_code, second.exit_code) == (0, 2)
    assert "already an account with this email" in second.stderr


def test_a_weak_password_is_refused_with_its_sentence(
    new_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("P2P_ADMIN_PASSWORD", "short")

    result = p2p("create-admin", "--email", "sam@example.org", "--name", "Sam Whitfield")

    assert result.exit_code == 2
    assert result.stderr.strip() == "Use at least 12 characters. A few words in a row are fine."


def test_the_demo_is_refused_in_production(new_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("P2P_ENV", "production")
    monkeypatch.setenv("P2P_SECRET", "x" * 40)
    monkeypatch.setenv("P2P_ALLOWED_ORIGINS", "https://market.example.org")
    settings.cache_clear()

    result = p2p("demo")

    assert result.exit_code == 2
    assert "switched off" in result.stderr
    assert not new_folder.exists()


def test_settings_that_cannot_be_used_are_told_in_one_line(
    new_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("P2P_ENV", "production")
    settings.cache_clear()

    result = p2p("books")

    assert result.exit_code == 2
    assert "P2P_SECRET" in result.stderr
    assert "Traceback" not in result.output


def test_a_reset_never_touches_a_database_on_a_server(
    new_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("P2P_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")
    settings.cache_clear()

    result = p2p("demo", "--reset")

    assert result.exit_code == 2
    assert "Only the embedded database" in result.stderr
