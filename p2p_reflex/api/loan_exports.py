"""Owns the files of one loan's statement and of a lender's year, as CSV and as PDF."""

import asyncio
import re
import unicodedata
from collections.abc import Callable
from datetime import date
from typing import TypeVar

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from p2p_reflex import database
from p2p_reflex.api.exports import as_csv, sign_in_first
from p2p_reflex.api.loan_papers import statement_csv_rows, statement_pdf, summary_csv_rows, summary_pdf
from p2p_reflex.api.session import identity_of
from p2p_reflex.services.loans.interest_summaries import InterestSummary, interest_summary
from p2p_reflex.services.loans.loan_statements import LoanStatement, loan_statement
from p2p_reflex.settings import settings

Record = TypeVar("Record")
LONGEST_SLUG = 40
PDF_AT_ONCE = asyncio.Semaphore(1)
"""Laying out a PDF is work for a processor; one at a time leaves the other to everybody else."""


async def statement_as_csv(request: Request) -> Response:
    """Send a loan's statement as rows."""
    person = await identity_of(request)
    if person is None:
        return sign_in_first()
    found = await _statement(request, person.member_id)
    return _sent(as_csv(*statement_csv_rows(found)).encode(), _statement_stem(found), "csv")


async def statement_as_pdf(request: Request) -> Response:
    """Send a loan's statement on paper."""
    person = await identity_of(request)
    if person is None:
        return sign_in_first()
    found = await _statement(request, person.member_id)
    return _sent(await _laid_out(statement_pdf, found), _statement_stem(found), "pdf")


async def summary_as_csv(request: Request) -> Response:
    """Send the interest summary of the lender who asks, as rows."""
    person = await identity_of(request)
    if person is None:
        return sign_in_first()
    found = await _summary(request, person.member_id)
    return _sent(as_csv(*summary_csv_rows(found)).encode(), f"interest-summary-{found.year}", "csv")


async def summary_as_pdf(request: Request) -> Response:
    """Send the interest summary of the lender who asks, on paper."""
    person = await identity_of(request)
    if person is None:
        return sign_in_first()
    found = await _summary(request, person.member_id)
    return _sent(await _laid_out(summary_pdf, found), f"interest-summary-{found.year}", "pdf")


async def _statement(request: Request, reader_id: int) -> LoanStatement:
    return await asyncio.to_thread(
        database.read, loan_statement, loan_id=request.path_params["loan_id"], reader_id=reader_id
    )


async def _summary(request: Request, lender_id: int) -> InterestSummary:
    return await asyncio.to_thread(
        database.read, interest_summary, lender_id=lender_id, year=request.path_params["year"]
    )


async def _laid_out(lay_out: Callable[..., bytes], record: Record) -> bytes:
    async with PDF_AT_ONCE:
        return await asyncio.to_thread(lay_out, record, market=settings().market_name)


def _statement_stem(found: LoanStatement) -> str:
    return _file_name("statement", found.title, found.business_on)


def _file_name(what: str, about: str, on: date) -> str:
    """Name a file after what it is about, in plain letters that mean nothing to a header or a shell."""
    plain = unicodedata.normalize("NFKD", about).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain)[:LONGEST_SLUG].strip("-")
    return "-".join(part for part in (what, slug, on.isoformat()) if part)


def _sent(content: bytes, stem: str, ending: str) -> Response:
    return Response(
        content,
        media_type="application/pdf" if ending == "pdf" else "text/csv; charset=utf-8",
        headers={
            "Content-Disposition": f'attachment; filename="{stem}.{ending}"',
            "Cache-Control": "no-store",
        },
    )


ROUTES = [
    Route("/api/exports/loans/{loan_id:int}/statement.csv", statement_as_csv, methods=["GET"]),
    Route("/api/exports/loans/{loan_id:int}/statement.pdf", statement_as_pdf, methods=["GET"]),
    Route("/api/exports/interest/{year:int}.csv", summary_as_csv, methods=["GET"]),
    Route("/api/exports/interest/{year:int}.pdf", summary_as_pdf, methods=["GET"]),
]
