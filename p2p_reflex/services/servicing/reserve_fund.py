"""Owns the reserve fund: what it buys at default, what comes back, how far it reaches. Not a guarantee.

It gets a part of every origination fee. At default it buys the outstanding principal of all lenders' notes
of the loan as far as its money reaches, pro rata; what the borrower pays on them later goes to the fund.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from p2p_reflex.domain.loan_life import FundPart, LoanEvent
from p2p_reflex.domain.money import split_cents
from p2p_reflex.domain.vocabulary import AccountKind, LoanEventKind, LoanState, TransactionKind
from p2p_reflex.models import LedgerAccount, Loan, LoanLogEntry, LoanLogVoid, Note, table_of
from p2p_reflex.services.bulk import batch_rows
from p2p_reflex.services.corrections import receivables
from p2p_reflex.services.loans import loan_log
from p2p_reflex.services.loans.loan_positions import CHUNK
from p2p_reflex.services.money import ledger
from p2p_reflex.services.money.ledger import Leg, MemberAccounts, Movement
from p2p_reflex.services.touched import loan_topic, touch

_accounts = table_of(LedgerAccount)
_events = table_of(LoanLogEntry)
_loans = table_of(Loan)
_notes = table_of(Note)
_voids = table_of(LoanLogVoid)


@dataclass(frozen=True, slots=True)
class FundPurchases:
    """What the fund bought on a day: of which loans, for how much, and how much there was to buy."""

    loan_ids: tuple[int, ...]
    bought_cents: int
    wanted_cents: int


@dataclass(frozen=True, slots=True)
class _Purchase:
    """A part of one note that the fund buys."""

    note: Any
    cents: int


def buy_defaulted(session: Session, *, business_on: date, now: datetime) -> FundPurchases:
    """Buy what lenders are still owed of the loans newly in default, as far as the fund reaches, pro rata.

    Law: the fund pays no more than it has, each default is bought of once, and outstanding principal moves
    from the lenders' notes to the fund's, cent for cent.
    """
    loans = _defaulted(session)
    if not loans:
        return FundPurchases((), 0, 0)
    notes = _lenders_notes(session, list(loans))
    wanted_cents = sum(note.outstanding_cents for note in notes)
    bought_cents = min(_balance(session), wanted_cents)
    parts = split_cents(bought_cents, [note.outstanding_cents for note in notes]) if bought_cents else []
    bought = [_Purchase(note, cents) for note, cents in zip(notes, parts, strict=False) if cents]
    fund_note_ids = _move_notes(session, bought, business_on)
    _pay(session, loans, bought, business_on=business_on, now=now)
    by_loan: dict[int, list[FundPart]] = defaultdict(list)
    for purchase, fund_note_id in zip(bought, fund_note_ids, strict=True):
        by_loan[purchase.note.loan_id].append(FundPart(purchase.note.id, fund_note_id, purchase.cents))
    events = [
        (
            loan_id,
            LoanEvent(
                kind=LoanEventKind.FUND_BOUGHT,
                effective_on=business_on,
                amount_cents=sum(part.cents for part in by_loan[loan_id]),
                bought=tuple(by_loan[loan_id]),
            ),
        )
        for loan_id in loans
    ]
    loan_log.record(session, events, business_on=business_on, now=now)
    touch(session, *map(loan_topic, loans))
    return FundPurchases(tuple(loans), bought_cents, wanted_cents)


def _defaulted(session: Session) -> dict[int, Any]:
    """Find and lock the loans in default of which the fund has not bought since."""
    answered = (
        sa.exists()
        .where(
            _events.c.loan_id == _loans.c.id,
            _events.c.kind == LoanEventKind.FUND_BOUGHT,
            _events.c.effective_on >= _loans.c.defaulted_on,
            ~sa.exists().where(_voids.c.event_id == _events.c.id),
        )
        .correlate(_loans)
    )
    query = (
        sa.select(_loans.c.id, _loans.c.title, _loans.c.listing_id)
        .where(
            _loans.c.state.in_([LoanState.DEFAULTED, LoanState.CHARGED_OFF]),
            _loans.c.defaulted_on.is_not(None),
            ~answered,
        )
        .order_by(_loans.c.id)
        .with_for_update()
    )
    return {row.id: row for row in session.connection().execute(query)}


def _lenders_notes(session: Session, loan_ids: Sequence[int]) -> list[Any]:
    found: list[Any] = []
    for start in range(0, len(loan_ids), CHUNK):
        query = (
            sa.select(_notes)
            .where(
                _notes.c.loan_id.in_(loan_ids[start : start + CHUNK]),
                _notes.c.lender_id.is_not(None),
                _notes.c.outstanding_cents > 0,
            )
            .order_by(_notes.c.loan_id, _notes.c.id)
        )
        found += session.connection().execute(query).all()
    return found


def _balance(session: Session) -> int:
    """Read and lock what the fund has."""
    query = sa.select(_accounts.c.balance_cents).where(
        _accounts.c.kind == AccountKind.RESERVE_FUND, _accounts.c.member_id.is_(None)
    )
    return int(session.connection().execute(query.with_for_update()).scalar_one())


def _move_notes(session: Session, bought: Sequence[_Purchase], business_on: date) -> tuple[int, ...]:
    """Make the fund's notes, and take what they are off the lenders'."""
    if not bought:
        return ()
    rows = [
        {
            "loan_id": purchase.note.loan_id,
            "lender_id": None,
            "bid_id": None,
            "bought_from_id": purchase.note.id,
            "principal_cents": purchase.cents,
            "annual_rate": purchase.note.annual_rate,
            "outstanding_cents": purchase.cents,
            "interest_received_cents": 0,
            "late_fees_received_cents": 0,
            "servicing_fees_cents": 0,
            "collection_fees_cents": 0,
            "forgiven_cents": 0,
            "bought_on": business_on,
        }
        for purchase in bought
    ]
    fund_note_ids = batch_rows.insert_numbered(session, _notes, rows)
    connection = session.connection()
    less = _notes.c.outstanding_cents - sa.bindparam("p_cents", type_=sa.BigInteger)
    connection.execute(
        sa.update(_notes).where(_notes.c.id == sa.bindparam("p_id")).values(outstanding_cents=less),
        [{"p_id": purchase.note.id, "p_cents": purchase.cents} for purchase in bought],
    )
    loan_ids = sorted({purchase.note.loan_id for purchase in bought})
    connection.execute(
        sa.update(_loans).where(_loans.c.id.in_(loan_ids)).values(version=_loans.c.version + 1)
    )
    return fund_note_ids


def _pay(
    session: Session,
    loans: dict[int, Any],
    bought: Sequence[_Purchase],
    *,
    business_on: date,
    now: datetime,
) -> None:
    """Pay the lenders out of the fund, one movement for each loan."""
    if not bought:
        return
    accounts = ledger.member_accounts(session, member_ids=[each.note.lender_id for each in bought])
    house = ledger.house_accounts(session)
    received: dict[int | None, int] = defaultdict(int)
    by_loan: dict[int, list[_Purchase]] = defaultdict(list)
    for purchase in bought:
        received[purchase.note.lender_id] += purchase.cents
        by_loan[purchase.note.loan_id].append(purchase)
    movements = [
        _movement(loans[loan_id], purchases, accounts, house[AccountKind.RESERVE_FUND])
        for loan_id, purchases in by_loan.items()
    ]
    movements += receivables.collect(
        session, received=received, accounts=accounts, house=house, business_on=business_on
    )
    ledger.post(session, movements, business_on=business_on, recorded_at=now)


def _movement(
    loan: Any, purchases: Sequence[_Purchase], accounts: dict[int, MemberAccounts], fund_id: int
) -> Movement:
    legs: dict[int, int] = defaultdict(int)
    for purchase in purchases:
        legs[accounts[purchase.note.lender_id].wallet_id] += purchase.cents
        legs[fund_id] -= purchase.cents
    return Movement(
        kind=TransactionKind.FUND_PURCHASE,
        memo=f"Reserve fund bought of {loan.title}",
        legs=tuple(Leg(account_id, cents) for account_id, cents in legs.items()),
        listing_id=loan.listing_id,
        loan_id=loan.id,
    )
