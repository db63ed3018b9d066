"""Owns how a loan's statement and a lender's yearly interest summary are laid out, as PDF and as CSV."""

from collections.abc import Sequence

from p2p_reflex.api.pdf import Paper, PaperColumn, PaperRow
from p2p_reflex.domain import formats
from p2p_reflex.domain.formats import long_date, money, whole_money
from p2p_reflex.services.loans.interest_summaries import Brought, InterestSummary, LoanYear
from p2p_reflex.services.loans.loan_entries import StatementEntry
from p2p_reflex.services.loans.loan_statements import LoanStatement, YearFigures

Cells = tuple[str, ...]

BORROWER_HEAD = (
    "Date",
    "What",
    "Explained",
    "Charged",
    "Paid",
    "Principal",
    "Interest",
    "Late fee",
    "Principal owed after",
)
LENDER_HEAD = (
    "Date",
    "What",
    "Explained",
    "Lent",
    "Received",
    "Taken back",
    "Principal",
    "Interest",
    "Late fee",
    "Fees",
    "Owed to you after",
)
SUMMARY_HEAD = (
    "Year",
    "Loan",
    "Borrower",
    "Grade",
    "Rate %",
    "Interest",
    "Late fees",
    "Servicing fees",
    "Collection fees",
    "Earned after fees",
    "Principal returned",
    "Principal recovered",
    "Bought by the reserve fund",
    "Charged off",
)
_BORROWER_COLUMNS = (
    PaperColumn("Date", 24),
    PaperColumn("What", 82),
    PaperColumn("Charged", 24, is_right=True),
    PaperColumn("Paid", 23, is_right=True),
    PaperColumn("Principal owed", 25, is_right=True),
)
_LENDER_COLUMNS = (
    PaperColumn("Date", 24),
    PaperColumn("What", 49),
    PaperColumn("Principal", 21, is_right=True),
    PaperColumn("Interest, late fee", 25, is_right=True),
    PaperColumn("Fees", 14, is_right=True),
    PaperColumn("In and out", 22, is_right=True),
    PaperColumn("Owed to you", 23, is_right=True),
)
_YEAR_COLUMNS = (
    PaperColumn("Year", 62),
    PaperColumn("Principal", 29, is_right=True),
    PaperColumn("Interest", 29, is_right=True),
    PaperColumn("Late fees", 29, is_right=True),
    PaperColumn("Paid together", 29, is_right=True),
)
_SUMMARY_COLUMNS = (
    PaperColumn("Loan", 49),
    PaperColumn("Interest", 21, is_right=True),
    PaperColumn("Late fees", 18, is_right=True),
    PaperColumn("Fees", 18, is_right=True),
    PaperColumn("Earned", 22, is_right=True),
    PaperColumn("Principal back", 26, is_right=True),
    PaperColumn("Charged off", 24, is_right=True),
)
_STATEMENT_NOTE = (
    "A payment goes to the oldest unpaid installment first, in it to the late fee, then the interest, then "
    "the principal; only then ahead of time to principal. A payment that was reversed is told, and counts "
    "for nothing."
)
_LENDER_NOTE = (
    "Principal is split by what each note is owed, interest also by each note's rate. The servicing fee is "
    "1 % of each part. What a correction took back, and what it gave instead, stands on the day it was made."
)
_SUMMARY_NOTE = (
    "Fees are servicing and collection fees. Principal back is what borrowers paid, what was recovered after "
    "a charge-off, and what the reserve fund bought. What was charged off is principal still owed on that "
    "day. Corrections count in the year in which they were made. This is a summary of the books, not advice "
    "on taxes."
)


def statement_pdf(statement: LoanStatement, *, market: str) -> bytes:
    """Lay out a loan's statement."""
    paper = Paper(market=market, title="Loan statement", made_on=statement.business_on)
    terms = (
        f"{whole_money(statement.principal_cents)} at {formats.rate(statement.annual_rate)} "
        f"(APR {formats.rate(statement.apr)}) over {statement.term_months} months, "
        f"since {long_date(statement.disbursed_on)}."
    )
    paper.write_title(statement.title, terms)
    paper.write_facts(_statement_facts(statement))
    paper.write_heading("Your part of the loan" if statement.is_lenders else "Every entry")
    if statement.is_lenders:
        paper.write_table(_LENDER_COLUMNS, [_lender_row(entry) for entry in statement.entries])
        paper.write_note(_LENDER_NOTE)
    else:
        paper.write_table(_BORROWER_COLUMNS, [_borrower_row(entry) for entry in statement.entries])
        paper.write_note(_STATEMENT_NOTE)
        paper.write_heading("Paid by calendar year")
        paper.write_table(_YEAR_COLUMNS, [_year_row(each, statement) for each in statement.years])
    return paper.as_bytes()


def statement_csv_rows(statement: LoanStatement) -> tuple[Cells, list[Cells]]:
    """Give the head and the rows of a statement as a spreadsheet reads them; no amount is below zero."""
    if statement.is_lenders:
        return LENDER_HEAD, [_lender_cells(entry) for entry in statement.entries]
    return BORROWER_HEAD, [_borrower_cells(entry) for entry in statement.entries]


def summary_pdf(summary: InterestSummary, *, market: str) -> bytes:
    """Lay out a lender's yearly interest summary."""
    paper = Paper(market=market, title=f"Interest summary {summary.year}", made_on=summary.until_on)
    span = (
        "The whole year." if summary.is_complete else f"The year so far, until {long_date(summary.until_on)}."
    )
    paper.write_title(f"Interest summary {summary.year}", f"For {summary.lender_name}. {span}")
    total = summary.total
    paper.write_facts(
        [
            ("Interest", money(total.interest_cents)),
            ("Late fees", money(total.late_fee_cents)),
            ("Servicing and collection fees", money(-_fees(total))),
            ("Earned after fees", money(total.earned_cents)),
            ("Principal back", money(_principal_back(total))),
            ("Charged off", money(-total.charged_off_cents)),
        ]
    )
    paper.write_heading("Loan by loan")
    if summary.loans:
        rows = [_summary_row(each) for each in summary.loans]
        paper.write_table(_SUMMARY_COLUMNS, [*rows, _total_row(total)])
    paper.write_note(_SUMMARY_NOTE if summary.loans else "Nothing was received or lost in this year.")
    return paper.as_bytes()


def summary_csv_rows(summary: InterestSummary) -> tuple[Cells, list[Cells]]:
    """Give the head and the rows of a summary, the sum of all loans last."""
    rows = [
        (
            str(summary.year),
            each.title,
            each.borrower_name,
            each.grade.value,
            f"{each.annual_rate * 100:.4f}".rstrip("0").rstrip("."),
            *_brought_cells(each.brought),
        )
        for each in summary.loans
    ]
    return SUMMARY_HEAD, [*rows, (str(summary.year), "All loans", "", "", "", *_brought_cells(summary.total))]


def _statement_facts(statement: LoanStatement) -> list[tuple[str, str]]:
    today = long_date(statement.business_on)
    if statement.is_lenders:
        received = sum(max(entry.paid_cents, 0) for entry in statement.entries)
        taken_back = sum(min(entry.paid_cents, 0) for entry in statement.entries)
        return [
            ("Lender", statement.reader_name),
            ("Borrower", statement.borrower_name),
            ("Grade and standing", f"{statement.grade.value}, {statement.standing}"),
            ("Lent", money(sum(entry.charged_cents for entry in statement.entries))),
            ("Received after fees", money(received + taken_back)),
            (f"Owed to you on {today}", money(statement.owed_cents)),
        ]
    this_year = statement.years[0]
    return [
        ("Borrower", statement.borrower_name),
        ("Standing", statement.standing),
        (f"Principal owed on {today}", money(statement.owed_cents)),
        (f"Paid in {this_year.year}", money(this_year.paid_cents)),
        (f"Interest in {this_year.year}", money(this_year.interest_cents)),
        (f"Late fees in {this_year.year}", money(this_year.late_fee_cents)),
    ]


def _borrower_row(entry: StatementEntry) -> PaperRow:
    return PaperRow(
        (
            long_date(entry.on),
            entry.words,
            _or_blank(entry.charged_cents),
            _or_blank(entry.paid_cents),
            money(entry.owed_after_cents),
        ),
        explained=entry.detail,
    )


def _borrower_cells(entry: StatementEntry) -> Cells:
    return (
        entry.on.isoformat(),
        entry.words,
        entry.detail,
        plain(entry.charged_cents),
        plain(entry.paid_cents),
        plain(entry.principal_cents),
        plain(entry.interest_cents),
        plain(entry.late_fee_cents),
        plain(entry.owed_after_cents),
    )


def _lender_row(entry: StatementEntry) -> PaperRow:
    return PaperRow(
        (
            long_date(entry.on),
            entry.words,
            _or_blank(entry.principal_cents),
            _or_blank(entry.interest_cents + entry.late_fee_cents),
            _or_blank(-entry.fee_cents),
            _or_blank(entry.paid_cents - entry.charged_cents),
            money(entry.owed_after_cents),
        ),
        explained=entry.detail,
    )


def _lender_cells(entry: StatementEntry) -> Cells:
    """Write an entry; what was taken back stands in a column of its own, its parts beside it."""
    return (
        entry.on.isoformat(),
        entry.words,
        entry.detail,
        plain(entry.charged_cents),
        plain(max(entry.paid_cents, 0)),
        plain(max(-entry.paid_cents, 0)),
        plain(abs(entry.principal_cents)),
        plain(abs(entry.interest_cents)),
        plain(abs(entry.late_fee_cents)),
        plain(abs(entry.fee_cents)),
        plain(entry.owed_after_cents),
    )


def _year_row(each: YearFigures, statement: LoanStatement) -> PaperRow:
    is_running = each.year == statement.business_on.year
    words = f"{each.year}, until {long_date(statement.business_on)}" if is_running else str(each.year)
    amounts = (each.principal_cents, each.interest_cents, each.late_fee_cents, each.paid_cents)
    return PaperRow((words, *map(money, amounts)))


def _summary_row(each: LoanYear) -> PaperRow:
    explained = f"{each.borrower_name}, grade {each.grade.value}, {formats.rate(each.annual_rate)}"
    return PaperRow((each.title, *_summary_amounts(each.brought)), explained=explained)


def _total_row(total: Brought) -> PaperRow:
    return PaperRow(("All loans", *_summary_amounts(total)), is_total=True)


def _summary_amounts(brought: Brought) -> Sequence[str]:
    return (
        money(brought.interest_cents),
        money(brought.late_fee_cents),
        money(-_fees(brought)),
        money(brought.earned_cents),
        money(_principal_back(brought)),
        money(-brought.charged_off_cents),
    )


def _brought_cells(brought: Brought) -> Cells:
    amounts = (
        brought.interest_cents,
        brought.late_fee_cents,
        brought.servicing_fee_cents,
        brought.collection_fee_cents,
        brought.earned_cents,
        brought.principal_cents,
        brought.recovered_cents,
        brought.fund_cents,
        brought.charged_off_cents,
    )
    return tuple(map(plain, amounts))


def _fees(brought: Brought) -> int:
    return brought.servicing_fee_cents + brought.collection_fee_cents


def _principal_back(brought: Brought) -> int:
    return brought.principal_cents + brought.recovered_cents + brought.fund_cents


def _or_blank(cents: int) -> str:
    return money(cents) if cents else ""


def plain(cents: int) -> str:
    """Write an amount as a spreadsheet reads it."""
    return f"{'-' if cents < 0 else ''}{abs(cents) // 100}.{abs(cents) % 100:02d}"
