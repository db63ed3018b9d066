"""The exports: one's own rows only, and no cell a spreadsheet would take for a formula."""

import csv
import io

import pytest
from sqlalchemy.engine import Engine
from sqlmodel import Session, select
from starlette.applications import Starlette
from starlette.testclient import TestClient

from p2p_reflex.api.exports import ROUTES, safe_cell
from p2p_reflex.api.failures import HANDLERS
from p2p_reflex.database import run, transaction
from p2p_reflex.domain.vocabulary import Role
from p2p_reflex.models import Loan, Note
from p2p_reflex.services.days import opening
from p2p_reflex.services.money import wallets
from p2p_reflex.services.paying import payments
from p2p_reflex.settings import settings
from tests.builders import NOW, TODAY, a_form_key, a_loan, a_member
from tests.state.sessions import a_session_of, enter_as

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
HOSTILE_TITLE = '=HYPERLINK("http://evil.example","pay")'


@pytest.fixture(autouse=True)
def _open_market(database: Engine) -> None:
    run(opening.open_market, business_on=TODAY)


def visiting(token: str = "") -> TestClient:
    client = TestClient(Starlette(routes=ROUTES, exception_handlers=HANDLERS))
    if token:
        client.cookies.set(settings().cookie_name, token)
    return client


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


@pytest.fixture
def lender_token() -> str:
    """Sign in a lender with one note of a loan with a hostile title, of which one installment is paid."""

    def build(session: Session) -> str:
        loan_id = a_loan(session, principal_cents=1_200_00, term_months=12)
        loan = session.get_one(Loan, loan_id)
        loan.title = HOSTILE_TITLE
        payments.pay(
            session,
            borrower_id=loan.borrower_id,
            loan_id=loan_id,
            amount=f"{loan.installment_cents / 100:.2f}",
            choice="keep_installment",
            form_key=a_form_key(),
            business_on=TODAY,
            now=NOW,
        )
        lender_id = session.exec(select(Note.lender_id)).one()
        wallets.withdraw(
            session, member_id=lender_id, amount="5.05", form_key=a_form_key(), business_on=TODAY, now=NOW
        )
        return enter_as(session, member_id=lender_id)

    return run(build)


def test_a_statement_has_every_movement_the_oldest_first(lender_token: str) -> None:
    answer = visiting(lender_token).get("/api/exports/statement.csv")

    rows = rows_of(answer.text)
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert 'filename="statement-2026-11-20.csv"' in answer.headers["content-disposition"]
    assert answer.headers["cache-control"] == "no-store"
    assert [row["What"] for row in rows] == ["Money added", "Lent", "Payment received", "Money withdrawn"]
    assert (rows[0]["Added to available"], rows[-1]["Taken from available"]) == ("1200.00", "5.05")


def test_no_cell_of_an_export_can_be_taken_for_a_formula(lender_token: str) -> None:
    client = visiting(lender_token)

    for path in ("statement", "notes"):
        text = client.get(f"/api/exports/{path}.csv").text
        cells = [cell for row in csv.reader(io.StringIO(text)) for cell in row]
        assert f"'{HOSTILE_TITLE}" in cells
        assert not [cell for cell in cells if cell[:1] in set("=+-−@\t\0")]


@pytest.mark.parametrize("start", ["=", "+", "-", "−", "@", "\t", "\r", "\n", "\0"])
def test_a_cell_that_starts_like_a_formula_is_prefixed(start: str) -> None:
    assert safe_cell(f"{start}1+1") == f"'{start}1+1"
    assert safe_cell(f"1{start}1") == f"1{start}1"


def test_notes_tell_rate_amounts_and_state(lender_token: str) -> None:
    (row,) = rows_of(visiting(lender_token).get("/api/exports/notes.csv").text)

    assert (row["Grade"], row["State"], row["Rate %"], row["Bought for"]) == (
        "B",
        "Current",
        "10.84",
        "1200.00",
    )
    assert (row["Installments left"], row["Installments"], row["Days past due"]) == ("11", "12", "0")


def test_who_is_not_signed_in_is_asked_to(lender_token: str) -> None:
    for token in ("", "made-up"):
        for path in ("statement", "notes"):
            answer = visiting(token).get(f"/api/exports/{path}.csv")
            assert (answer.status_code, answer.json()) == (401, {"error": "Please sign in first."})


def test_an_admin_has_no_statement_and_a_borrower_no_notes(lender_token: str) -> None:
    admin, borrower = a_session_of(Role.ADMIN), a_session_of(Role.BORROWER)

    assert visiting(admin).get("/api/exports/statement.csv").status_code == 404
    assert visiting(borrower).get("/api/exports/notes.csv").status_code == 404


def test_nobody_finds_the_rows_of_another(lender_token: str) -> None:
    with transaction() as session:
        stranger = enter_as(session, member_id=a_member(session, role=Role.LENDER))

    client = visiting(stranger)

    assert rows_of(client.get("/api/exports/statement.csv").text) == []
    assert rows_of(client.get("/api/exports/notes.csv").text) == []
