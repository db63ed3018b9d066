"""Owns a large synthetic book for benchmarks: lawful loans by the hundred thousand, written in bulk."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, SQLModel

from p2p_reflex.domain.dates import add_months
from p2p_reflex.domain.money import split_cents
from p2p_reflex.domain.vocabulary import (
    AccountKind,
    BidState,
    Grade,
    HomeOwnership,
    ListingState,
    LoanEventKind,
    Purpose,
    Role,
    TransactionKind,
)
from p2p_reflex.models import (
    Assessment,
    Bid,
    BusinessClock,
    Installment,
    LedgerAccount,
    Listing,
    Loan,
    LoanLogEntry,
    Member,
    Note,
)
from p2p_reflex.services.bulk import batch_columns
from p2p_reflex.services.money import ledger
from p2p_reflex.services.money.ledger import Leg, Movement

DUE_ON = date(2026, 11, 20)
NOW = datetime(2026, 11, 20, 23, tzinfo=UTC)
LENDERS = 2_000
NOTES = 5
TERM = 12
PRINCIPAL_CENTS = 6_000_00
RATES = (90_000, 95_000, 100_000, 105_000, 110_000)
CHUNK = 20_000
WALLET_CENTS = 800_00


@dataclass(frozen=True, slots=True)
class LargeBook:
    """How many loans there are, and how many of them have an installment due on the business date."""

    loan_count: int
    due_count: int


def build(session: Session, book: LargeBook) -> None:
    """Write the book: every loan a year long, with five notes, on autopay, its borrower's wallet filled.

    The loans that are not due today are due in twelve days. What was lent is in the bank by one deposit each.
    """
    session.merge(BusinessClock(id=1, business_on=DUE_ON))
    session.flush()
    _people(session, book.loan_count)
    _fill_wallets(session, book.loan_count)
    for first in range(1, book.loan_count + 1, CHUNK):
        ids = range(first, min(first + CHUNK, book.loan_count + 1))
        _loans(session, ids, book.due_count)


def _people(session: Session, loan_count: int) -> None:
    """Add the lenders, half of them people, then a borrower for each loan; each with two accounts."""
    count = LENDERS + loan_count
    ids = list(range(1, count + 1))
    _add(
        session,
        Member,
        {
            "id": ids,
            "role": [Role.LENDER.value] * LENDERS + [Role.BORROWER.value] * loan_count,
            "full_name": [f"Member {number}" for number in ids],
            "email": [f"member{number}@example.org" for number in ids],
            "is_bot": [number <= LENDERS and number % 2 == 0 for number in ids],
        },
        is_demo=False,
        created_at=NOW,
    )
    for kind in (AccountKind.WALLET, AccountKind.HELD):
        _add(session, LedgerAccount, {"member_id": ids}, kind=kind, balance_cents=0, may_be_negative=False)


def _fill_wallets(session: Session, loan_count: int) -> None:
    """Give every borrower what the next installment needs, in a few deposits of many legs."""
    bank_id = ledger.house_accounts(session)[AccountKind.BANK]
    wallets = sa.select(sa.column("id"), sa.column("member_id")).select_from(sa.table("ledger_account"))
    rows = session.execute(
        wallets.where(sa.column("kind") == "wallet", sa.column("member_id") > LENDERS)
    ).all()
    for start in range(0, loan_count, CHUNK):
        legs = [Leg(row.id, WALLET_CENTS) for row in rows[start : start + CHUNK]]
        whole = Leg(bank_id, -WALLET_CENTS * len(legs))
        deposit = Movement(TransactionKind.DEPOSIT, "Money added", (whole, *legs))
        ledger.post(session, [deposit], business_on=add_months(DUE_ON, -1), recorded_at=NOW)


def _loans(session: Session, ids: range, due_count: int) -> None:
    """Add loans with all that belongs to each; a loan, its listing and its assessment share their id."""
    borrowers = [LENDERS + loan_id for loan_id in ids]
    is_due = [loan_id <= due_count for loan_id in ids]
    first_due = [DUE_ON if due else date(2026, 12, 2) for due in is_due]
    made_on = add_months(DUE_ON, -1)
    each = {"id": list(ids), "borrower_id": borrowers}
    _add(session, Assessment, each, **_assessment(made_on))
    _add(session, Listing, each | {"assessment_id": list(ids)}, **_listing(made_on))
    installments = split_cents(PRINCIPAL_CENTS, [1] * TERM)
    _add(
        session,
        Loan,
        each | {"listing_id": list(ids), "next_due_on": _days(session, first_due)},
        **_loan(made_on, installments[0] + 50_00),
    )
    _add(
        session,
        Installment,
        {
            "loan_id": [loan_id for loan_id in ids for _ in range(TERM)],
            "number": list(range(1, TERM + 1)) * len(ids),
            "due_on": _days(session, [add_months(on, month) for on in first_due for month in range(TERM)]),
            "principal_cents": installments * len(ids),
        },
        interest_cents=50_00,
        balance_cents=0,
        late_fee_cents=0,
        principal_paid_cents=0,
        interest_paid_cents=0,
        late_fee_paid_cents=0,
        carried_interest_cents=0,
    )
    _notes(session, ids, made_on)
    _add(
        session,
        LoanLogEntry,
        {"loan_id": list(ids), "actor_id": borrowers},
        kind=LoanEventKind.DISBURSED,
        effective_on=made_on,
        amount_cents=PRINCIPAL_CENTS,
        reason="",
        recorded_on=made_on,
        recorded_at=NOW,
    )


def _notes(session: Session, ids: range, made_on: date) -> None:
    shares = split_cents(PRINCIPAL_CENTS, [3, 1, 2, 5, 1])
    note_ids = [(loan_id - 1) * NOTES + place + 1 for loan_id in ids for place in range(NOTES)]
    lenders = [(loan_id * 7 + place * 401) % LENDERS + 1 for loan_id in ids for place in range(NOTES)]
    held = {"id": note_ids, "lender_id": lenders}
    amounts, rates = shares * len(ids), list(RATES) * len(ids)
    _add(
        session,
        Bid,
        held
        | {
            "listing_id": [loan_id for loan_id in ids for _ in range(NOTES)],
            "amount_cents": amounts,
            "accepted_cents": amounts,
            "rate": rates,
        },
        is_bot=False,
        leading_cents=0,
        state=BidState.ACCEPTED,
        message="",
        placed_on=made_on,
        placed_at=NOW,
    )
    _add(
        session,
        Note,
        held
        | {
            "loan_id": [loan_id for loan_id in ids for _ in range(NOTES)],
            "bid_id": note_ids,
            "principal_cents": amounts,
            "outstanding_cents": amounts,
            "annual_rate": rates,
        },
        interest_received_cents=0,
        late_fees_received_cents=0,
        servicing_fees_cents=0,
        collection_fees_cents=0,
        forgiven_cents=0,
        bought_on=made_on,
    )


def _assessment(on: date) -> dict[str, Any]:
    row = Assessment(
        borrower_id=0,
        assessed_on=on,
        expires_on=add_months(on, 3),
        credit_score=731,
        annual_income_cents=96_000_00,
        monthly_debt_cents=600_00,
        years_employed=9,
        home_ownership=HomeOwnership.OWN,
        points=84,
        max_points=120,
        grade=Grade.B,
        floor_rate=Decimal("0.06"),
        expected_loss_rate=Decimal("0.0331"),
        debt_to_income=Decimal("0.24"),
        factors=[],
        created_at=NOW,
    )
    return _values(row)


def _listing(on: date) -> dict[str, Any]:
    row = Listing(
        borrower_id=0,
        assessment_id=0,
        state=ListingState.ACCEPTED,
        title="Roof repair after the storm",
        story="The storm of last week took a third of the roof with it, and winter is near.",
        purpose=Purpose.HOME_IMPROVEMENT,
        grade=Grade.B,
        amount_cents=PRINCIPAL_CENTS,
        term_months=TERM,
        highest_rate=Decimal("0.2"),
        floor_rate=Decimal("0.06"),
        expected_loss_rate=Decimal("0.0331"),
        opens_on=on,
        closes_on=on,
        decide_until_on=on,
        average_rate=Decimal("0.1"),
        published_at=NOW,
        ended_on=on,
    )
    return _values(row)


def _loan(on: date, installment_cents: int) -> dict[str, Any]:
    row = Loan(
        listing_id=0,
        borrower_id=0,
        title="Roof repair after the storm",
        purpose=Purpose.HOME_IMPROVEMENT,
        grade=Grade.B,
        principal_cents=PRINCIPAL_CENTS,
        annual_rate=Decimal("0.1"),
        apr=Decimal("0.12"),
        term_months=TERM,
        installment_cents=installment_cents,
        origination_fee_cents=0,
        reserve_contribution_cents=0,
        outstanding_cents=PRINCIPAL_CENTS,
        autopay=True,
        disbursed_on=on,
        next_due_on=None,
        final_due_on=add_months(on, TERM),
        created_at=NOW,
    )
    return _values(row)


def _values(row: SQLModel) -> dict[str, Any]:
    """Give all columns of a row that the caller does not write one by one."""
    own = {"id", "borrower_id", "assessment_id", "listing_id", "next_due_on"}
    return {name: value for name, value in row.model_dump().items() if name not in own and value is not None}


def _add(session: Session, model: Any, columns: dict[str, Any], **same: Any) -> None:
    batch_columns.insert(session, model.__table__, columns=columns, same=same)


def _days(session: Session, days: list[date]) -> list[Any]:
    known: dict[date, Any] = {
        day: batch_columns.plain(session, Loan.__table__.c.next_due_on, day)  # type: ignore[attr-defined]
        for day in set(days)
    }
    return [known[day] for day in days]


def number_on(session: Session) -> None:
    """Let PostgreSQL go on numbering after the rows that were written with numbers of their own."""
    if session.connection().dialect.name != "postgresql":
        return
    for table in _numbered():
        session.execute(
            sa.text(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT MAX(id) FROM {table}))")
        )


def _numbered() -> Iterator[str]:
    yield from ("member", "assessment", "listing", "loan", "bid", "note")
