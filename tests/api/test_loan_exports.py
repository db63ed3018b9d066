"""The files of a loan and of a lender's year: one's own only, safe cells, and paper that says it all."""

import csv
import io
from datetime import date

import pytest
from fpdf import FPDF
from sqlalchemy.engine import Engine
from starlette.applications import Starlette
from starlette.testclient import TestClient

from p2p_reflex.api.failures import HANDLERS
from p2p_reflex.api.loan_exports import ROUTES
from p2p_reflex.api.pdf import Paper, PaperColumn, PaperRow, readable
from p2p_reflex.database import run, transaction
from p2p_reflex.domain.vocabulary import Role
from p2p_reflex.models import Loan, Member
from p2p_reflex.services.days import opening
from p2p_reflex.settings import settings
from tests.builders import TODAY, a_borrower
from tests.loan_lives import a_shared_loan, lenders_of, pay_installment
from tests.state.sessions import a_session_of, enter_as

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
HOSTILE_TITLE = '=HYPERLINK("http://evil.example","pay")\r\nX-Evil: 1'


@pytest.fixture
def loan_id(database: Engine) -> int:
    """Make a loan of Zoë's, of which the first installment is paid."""
    run(opening.open_market, business_on=TODAY)
    made = a_shared_loan(borrower_id=run(a_borrower, full_name="Zoë Đặng"))
    pay_installment(made, on=date(2025, 12, 20))
    return made


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Keep every text that is put on paper."""
    texts: list[str] = []
    draw_cell, draw_paragraph = FPDF.cell, FPDF.multi_cell

    def cell(self, w=None, h=None, text="", *args, **kwargs):  # type: ignore[no-untyped-def]
        texts.append(text)
        return draw_cell(self, w, h, text, *args, **kwargs)

    def multi_cell(self, w, h=None, text="", *args, **kwargs):  # type: ignore[no-untyped-def]
        texts.append(text)
        return draw_paragraph(self, w, h, text, *args, **kwargs)

    monkeypatch.setattr(FPDF, "cell", cell)
    monkeypatch.setattr(FPDF, "multi_cell", multi_cell)
    return texts


def borrower_of(loan_id: int) -> int:
    with transaction() as session:
        return session.get_one(Loan, loan_id).borrower_id


def visiting(token: str = "") -> TestClient:
    client = TestClient(Starlette(routes=ROUTES, exception_handlers=HANDLERS))
    if token:
        client.cookies.set(settings().cookie_name, token)
    return client


def visiting_as(member_id: int) -> TestClient:
    return visiting(run(enter_as, member_id=member_id))


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_a_borrower_takes_the_whole_ledger_away_as_rows(loan_id: int) -> None:
    answer = visiting_as(borrower_of(loan_id)).get(f"/api/exports/loans/{loan_id}/statement.csv")

    out, paid = rows_of(answer.text)
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    assert (
        'filename="statement-roof-repair-after-the-storm-2026-11-20.csv"'
        in (answer.headers["content-disposition"])
    )
    assert (out["What"], out["Charged"], out["Principal owed after"]) == (
        "Loan paid out",
        "12000.00",
        "12000.00",
    )
    assert (paid["Paid"], paid["Principal"], paid["Interest"], paid["Late fee"]) == (
        "558.37",
        "450.04",
        "108.33",
        "0.00",
    )
    assert paid["Explained"] == "Installment 1: $108.33 interest, $450.04 principal."


def test_a_lender_takes_their_own_part_away(loan_id: int) -> None:
    answer = visiting_as(lenders_of(loan_id)[0]).get(f"/api/exports/loans/{loan_id}/statement.csv")

    lent, received = rows_of(answer.text)
    assert (lent["Lent"], lent["Owed to you after"]) == ("7000.00", "7000.00")
    assert (received["Received"], received["Fees"]) == ("317.64", "3.21")


def test_a_lenders_year_ends_with_the_sum(loan_id: int) -> None:
    client = visiting_as(lenders_of(loan_id)[0])

    row, total = rows_of(client.get("/api/exports/interest/2025.csv").text)

    assert (row["Borrower"], row["Rate %"], row["Interest"]) == ("Zoë Đ.", "10", "58.33")
    assert (total["Loan"], total["Earned after fees"]) == ("All loans", "55.12")
    assert {each["Year"] for each in (row, total)} == {"2025"}


def test_a_statement_on_paper_says_every_entry_and_names_people_right(
    loan_id: int, written: list[str]
) -> None:
    answer = visiting_as(borrower_of(loan_id)).get(f"/api/exports/loans/{loan_id}/statement.pdf")

    assert answer.headers["content-type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF-1.")
    assert b"/Title" in answer.content
    for text in (
        "Zoë Đặng",
        "Roof repair after the storm",
        "Payment by hand",
        "Installment 1: $108.33 interest, $450.04 principal.",
        "$11,549.96",
        "2026, until 20 Nov 2026",
        "Commonbook",
    ):
        assert text in written


def test_what_went_out_is_on_paper_with_a_true_minus(loan_id: int, written: list[str]) -> None:
    client = visiting_as(lenders_of(loan_id)[0])

    statement = client.get(f"/api/exports/loans/{loan_id}/statement.pdf")
    summary = client.get("/api/exports/interest/2025.pdf")

    assert statement.content.startswith(b"%PDF-")
    assert 'filename="interest-summary-2025.pdf"' in summary.headers["content-disposition"]
    assert "−$7,000.00" in written
    assert "−$3.21" in written
    assert "Interest summary 2025" in written


def test_a_hostile_title_reaches_neither_a_header_nor_a_formula(loan_id: int) -> None:
    with transaction() as session:
        session.get_one(Loan, loan_id).title = HOSTILE_TITLE
    client = visiting_as(lenders_of(loan_id)[0])

    answers = [
        client.get(path)
        for path in (
            f"/api/exports/loans/{loan_id}/statement.csv",
            f"/api/exports/loans/{loan_id}/statement.pdf",
            "/api/exports/interest/2025.csv",
            "/api/exports/interest/2025.pdf",
        )
    ]

    assert [answer.status_code for answer in answers] == [200] * 4
    assert not any("x-evil" in answer.headers for answer in answers)
    assert "hyperlink-http-evil-example-pay-x-evil-2026" in answers[0].headers["content-disposition"]
    cells = [cell for row in csv.reader(io.StringIO(answers[2].text)) for cell in row]
    assert f"'{HOSTILE_TITLE}" in cells
    assert not [cell for cell in cells if cell[:1] in set("=+-−@\t\0")]


def test_nobody_finds_the_papers_of_another(loan_id: int) -> None:
    strangers = [a_session_of(Role.BORROWER), a_session_of(Role.LENDER)]

    for token in strangers:
        for ending in ("csv", "pdf"):
            assert visiting(token).get(f"/api/exports/loans/{loan_id}/statement.{ending}").status_code == 404
            assert visiting(token).get(f"/api/exports/interest/2025.{ending}").status_code == 404


def test_an_admin_reads_the_ledger_and_has_no_year(loan_id: int) -> None:
    admin = visiting(a_session_of(Role.ADMIN))

    assert admin.get(f"/api/exports/loans/{loan_id}/statement.pdf").status_code == 200
    assert admin.get("/api/exports/interest/2025.csv").status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "/api/exports/loans/0/statement.csv",
        f"/api/exports/loans/{2**80}/statement.pdf",
        "/api/exports/loans/1e3/statement.csv",
        "/api/exports/loans/-1/statement.csv",
        f"/api/exports/interest/{10**30}.pdf",
        "/api/exports/interest/1999.csv",
    ],
)
def test_an_odd_address_finds_nothing(loan_id: int, path: str) -> None:
    assert visiting_as(lenders_of(loan_id)[0]).get(path).status_code == 404


def test_who_is_not_signed_in_is_asked_to(loan_id: int) -> None:
    for path in (f"loans/{loan_id}/statement", "interest/2025"):
        for ending in ("csv", "pdf"):
            answer = visiting().get(f"/api/exports/{path}.{ending}")
            assert (answer.status_code, answer.json()) == (401, {"error": "Please sign in first."})


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Zoë Đặng, −$5", "Zoë Đặng, −$5"),
        ("Жанна Ωmega", "Жанна Ωmega"),
        ("pay \u202e001$\u2066", "pay 001$"),
        ("日本 \U0001f600", "?? ?"),
        ("ﬁne", "fine"),
        ("a\0b\nc", "ab c"),
        ("\ud800x", "x"),
    ],
)
def test_letters_the_typeface_lacks_become_plain_ones(database: Engine, text: str, shown: str) -> None:
    assert readable(text) == shown


def test_a_long_table_goes_on_with_its_head_on_every_page(database: Engine, written: list[str]) -> None:
    paper = Paper(market="Commonbook", title="Loan statement", made_on=TODAY)
    rows = [
        PaperRow((f"{number}", f"What happened {number}"), explained="Why it did. " * 9)
        for number in range(60)
    ]

    paper.write_table([PaperColumn("No.", 20), PaperColumn("What", 158)], rows)

    assert paper.pages_count > 2
    assert written.count("No.") == paper.pages_count
    assert "What happened 59" in written


def test_the_same_day_gives_the_same_file(loan_id: int) -> None:
    client = visiting_as(borrower_of(loan_id))

    first, second = (client.get(f"/api/exports/loans/{loan_id}/statement.pdf") for _ in range(2))

    assert first.content == second.content


def test_the_papers_carry_the_full_name_only_to_those_who_know_it(loan_id: int) -> None:
    with transaction() as session:
        session.get_one(Member, borrower_of(loan_id)).full_name = "Zoë Đặng"

    rows = visiting_as(lenders_of(loan_id)[0]).get("/api/exports/interest/2025.csv").text

    assert "Đặng" not in rows
