"""The operator's command `p2p`: migrate, create-admin, demo, close-day, books, export-journal."""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from p2p_reflex import database
from p2p_reflex.domain.errors import LendingError
from p2p_reflex.domain.vocabulary import Role
from p2p_reflex.services.days import business_date, business_day, opening
from p2p_reflex.services.days.business_day import DayOutcome
from p2p_reflex.services.days.step_rows import TOLD_THROUGH
from p2p_reflex.services.demo import world
from p2p_reflex.services.money import books, journal_export
from p2p_reflex.services.people import members
from p2p_reflex.settings import SettingsError, settings

PASSWORD_VARIABLE = "P2P_ADMIN_PASSWORD"  # noqa: S105

app = typer.Typer(
    name="p2p",
    help="Look after the marketplace. Settings come from the environment (P2P_…).",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


class JournalFormat(StrEnum):
    """Formats the journal can be written in."""

    BEANCOUNT = "beancount"


@app.command()
def migrate() -> None:
    """Bring the tables up to this version, and open the market's first business day."""
    with told_in_one_line():
        _ready_database()
        typer.echo(f"The tables are up to date in {_place()}.")


@app.command()
def create_admin(
    email: Annotated[str, typer.Option(prompt="Email", help="the address to sign in with")],
    name: Annotated[str, typer.Option(prompt="Full name", help="the name other admins see")],
) -> None:
    """Make an admin; the password is asked for, or taken from P2P_ADMIN_PASSWORD."""
    with told_in_one_line():
        _ready_database()
        password = os.environ.get(PASSWORD_VARIABLE) or typer.prompt(
            "Password (at least 12 characters)", hide_input=True, confirmation_prompt="The same again"
        )
        database.run(
            members.create_member,
            role=Role.ADMIN,
            full_name=name,
            email=email,
            password_hash=members.hash_new_password(password, email=email),
            now=datetime.now(UTC),
        )
        typer.echo(f"{email.strip().lower()} can sign in as an admin now.")


@app.command()
def demo(
    reset: Annotated[bool, typer.Option("--reset", help="throw everything away first")] = False,
) -> None:
    """Fill an empty market with the demo's people, listings and loans; refused in production."""
    with told_in_one_line():
        if not settings().demo_mode:
            _refuse("The demo is switched off here (P2P_ENV=production or P2P_DEMO=false).")
        if reset:
            _throw_away()
        database.migrate()
        if database.read(world.is_built):
            typer.echo(f"The demo market is already in {_place()}. Say --reset to make it anew.")
            return
        database.run(world.ensure_demo, ends_on=datetime.now(UTC).date(), seed=settings().demo_seed)
        typer.echo(f"The demo market is ready in {_place()}.")


@app.command()
def close_day(
    until: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="close the days before this one; without it, the open day"),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="answer in JSON")] = False,
) -> None:
    """Close the open business day, or all days before a date, in order; what was begun is finished first."""
    with told_in_one_line():
        open_on = database.read(business_date.today)
        wanted = until.date() if until is not None else open_on + timedelta(days=1)
        done = business_day.close_until(database.run, until=wanted, now=datetime.now(UTC))
        opened = database.read(business_date.today)
        if as_json:
            days = [{"closed_on": day.closed_on.isoformat(), "steps": dict(day.counts)} for day in done]
            typer.echo(json.dumps({"closed": days, "business_on": opened.isoformat()}))
        else:
            for day in done:
                typer.echo(f"Closed {day.closed_on}: {_what_happened(day)}")
            if not done:
                typer.echo("Nothing was left to close.")
            typer.echo(f"The business date is {opened} now.")
        if opened < wanted:
            _refuse(f"{opened} is still open: another runner is at it. Try again in a minute.")


def _what_happened(day: DayOutcome) -> str:
    """Tell what the steps of a day counted, where they counted anything."""
    told = [
        f"{step.replace('_', ' ')} {' '.join(f'{name} {count:,}' for name, count in counts.items() if count)}"
        for step, counts in day.counts.items()
        if TOLD_THROUGH not in counts and any(counts.values())
    ]
    return ", ".join(told) or "nothing to do"


@app.command("books")
def check_books(
    as_json: Annotated[bool, typer.Option("--json", help="answer in JSON")] = False,
) -> None:
    """Check every law of the books; the exit code is 0 only if all of them hold."""
    with told_in_one_line():
        results = database.read(books.check_books)
        holds = all(law.holds for law in results)
        if as_json:
            laws = [
                {"law": law.law, "title": law.title, "violations": list(law.violations)} for law in results
            ]
            typer.echo(json.dumps({"ok": holds, "laws": laws}, ensure_ascii=False))
        else:
            for law in results:
                typer.echo(f"{'holds ' if law.holds else 'BROKEN'}  {law.law:>2}. {law.title}")
                for violation in law.violations:
                    typer.echo(f"            {violation}")
            typer.echo("Every law holds." if holds else "The books are not right.")
        if not holds:
            raise typer.Exit(1)


@app.command()
def export_journal(
    written_as: Annotated[
        JournalFormat, typer.Option("--format", help="the format to write")
    ] = JournalFormat.BEANCOUNT,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="a file; without it, the screen")
    ] = None,
) -> None:
    """Write the whole journal for another program to judge."""
    with told_in_one_line():

        def write(session: Session) -> None:
            lines = journal_export.beancount_lines(
                session, currency=settings().currency, title=f"Journal of {settings().market_name}"
            )
            if output is None:
                sys.stdout.writelines(f"{line}\n" for line in lines)
                return
            with output.open("w", encoding="utf-8") as file:
                file.writelines(f"{line}\n" for line in lines)

        database.read(write)
        if output is not None:
            typer.echo(f"The journal is in {output}, as {written_as.value}.", err=True)


@contextmanager
def told_in_one_line() -> Iterator[None]:
    """Turn what an operator can mend into one line; anything else keeps its traceback."""
    try:
        yield
    except (LendingError, SettingsError) as refused:
        _refuse(str(refused))
    except DBAPIError as error:
        if _is_without_tables(error):
            _refuse(f"There are no tables in {_place()} yet: run `p2p migrate` first.")
        first = (str(error.orig).strip().splitlines() or ["no answer"])[0]
        _refuse(f"The database at {_place()} did not do it: {first}")
    except OSError as error:
        _refuse(f"{error.filename or 'A file'}: {error.strerror or error}.")


def _ready_database() -> None:
    """Have tables and an open business day, whatever was there before."""
    database.migrate()
    database.run(opening.open_market, business_on=datetime.now(UTC).date())


def _throw_away() -> None:
    """Remove the embedded database; one on a server is its operator's to drop."""
    if settings().database_url:
        _refuse("Only the embedded database can be reset. Drop and create the one in P2P_DATABASE_URL.")
    database.current_engine().dispose()
    for name in ("p2p.sqlite3", "p2p.sqlite3-wal", "p2p.sqlite3-shm"):
        (Path(settings().data_dir) / name).unlink(missing_ok=True)


def _is_without_tables(error: DBAPIError) -> bool:
    """Tell a database that was never migrated from one that is broken."""
    return "no such table" in str(error.orig) or getattr(error.orig, "sqlstate", "") == "42P01"


def _place() -> str:
    """Name the database in use without its password."""
    return database.current_engine().url.render_as_string(hide_password=True)


def _refuse(sentence: str) -> NoReturn:
    """End with one line on the error stream."""
    typer.echo(sentence, err=True)
    raise typer.Exit(2)


if __name__ == "__main__":
    app()
