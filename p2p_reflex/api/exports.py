"""Owns the files a person can take away: their wallet's statement and their notes, as CSV."""

import asyncio
import csv
import io
from collections.abc import Iterable, Sequence

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from p2p_reflex import database
from p2p_reflex.api.session import identity_of
from p2p_reflex.domain.delinquency import describe
from p2p_reflex.domain.formats import MINUS
from p2p_reflex.domain.vocabulary import LoanState
from p2p_reflex.services.days import business_date
from p2p_reflex.services.loans.notes import NoteRow
from p2p_reflex.services.money.statements import StatementRow
from p2p_reflex.services.people import exports

FORMULA_STARTS = ("=", "+", "-", MINUS, "@", "\t", "\r", "\n", "\0")
STATEMENT_HEAD = (
    "Date",
    "What",
    "About",
    "Detail",
    "Added to available",
    "Taken from available",
    "Added to held",
    "Taken from held",
    "Available after",
    "Held after",
)
NOTES_HEAD = (
    "Loan",
    "Grade",
    "State",
    "Rate %",
    "Bought on",
    "Bought for",
    "Still owed",
    "Interest received",
    "Late fees received",
    "Servicing fees",
    "Installments left",
    "Installments",
    "Next due",
    "Days past due",
)


async def statement(request: Request) -> Response:
    """Send the whole statement of whoever asks."""
    person = await identity_of(request)
    if person is None:
        return sign_in_first()
    rows = await asyncio.to_thread(database.read, exports.statement, member_id=person.member_id)
    return await _file("statement", STATEMENT_HEAD, map(statement_cells, rows))


async def notes(request: Request) -> Response:
    """Send all notes of the lender who asks."""
    person = await identity_of(request)
    if person is None:
        return sign_in_first()
    rows = await asyncio.to_thread(database.read, exports.notes, lender_id=person.member_id)
    return await _file("notes", NOTES_HEAD, map(note_cells, rows))


def statement_cells(row: StatementRow) -> tuple[str, ...]:
    """Write one movement; what came and what went stand in columns of their own, so no figure is negative."""
    return (
        row.business_on.isoformat(),
        row.words,
        row.title,
        row.detail,
        _amount(max(row.available_change_cents, 0)),
        _amount(max(-row.available_change_cents, 0)),
        _amount(max(row.held_change_cents, 0)),
        _amount(max(-row.held_change_cents, 0)),
        _amount(row.available_after_cents),
        _amount(row.held_after_cents),
    )


def note_cells(row: NoteRow) -> tuple[str, ...]:
    """Write one note."""
    running = row.loan_state in (LoanState.ACTIVE, LoanState.DEFAULTED)
    return (
        row.title,
        row.grade.value,
        describe(row.days_past_due) if running else row.loan_state.value.replace("_", " ").capitalize(),
        f"{row.annual_rate * 100:.4f}".rstrip("0").rstrip("."),
        row.bought_on.isoformat(),
        _amount(row.principal_cents),
        _amount(row.outstanding_cents),
        _amount(row.interest_received_cents),
        _amount(row.late_fees_received_cents),
        _amount(row.servicing_fees_cents),
        str(row.installments_left),
        str(row.installment_count),
        row.next_due_on.isoformat() if row.next_due_on else "",
        str(row.days_past_due),
    )


def safe_cell(text: str) -> str:
    """Keep a spreadsheet from taking text for a formula."""
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def as_csv(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Write rows as CSV, every cell made safe."""
    written = io.StringIO()
    writer = csv.writer(written)
    writer.writerow(head)
    writer.writerows([safe_cell(cell) for cell in row] for row in rows)
    return written.getvalue()


async def _file(stem: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> Response:
    business_on = await asyncio.to_thread(database.read, business_date.today)
    return Response(
        as_csv(head, rows),
        media_type="text/csv; charset=utf-8",
        headers={
            "Content-Disposition": f'attachment; filename="{stem}-{business_on.isoformat()}.csv"',
            "Cache-Control": "no-store",
        },
    )


def sign_in_first() -> Response:
    """Ask who is not signed in to do so."""
    return JSONResponse(
        {"error": "Please sign in first."}, status_code=401, headers={"Cache-Control": "no-store"}
    )


def _amount(cents: int) -> str:
    """Write an amount as a spreadsheet reads it."""
    return f"{cents // 100}.{cents % 100:02d}"


ROUTES = [
    Route("/api/exports/statement.csv", statement, methods=["GET"]),
    Route("/api/exports/notes.csv", notes, methods=["GET"]),
]
