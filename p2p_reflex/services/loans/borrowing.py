"""Owns a borrower's home: what is due next, their loans, their open listings, and what is over."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from p2p_reflex.domain import delinquency
from p2p_reflex.domain.errors import UnknownError
from p2p_reflex.domain.vocabulary import (
    DelinquencyBucket,
    Grade,
    ListingState,
    LoanState,
    Purpose,
    Role,
)
from p2p_reflex.models import Installment, Listing, Loan, Member
from p2p_reflex.services.listings.listing_limits import STANDING_STATES
from p2p_reflex.services.money import ledger
from p2p_reflex.services.servicing import late_days
from p2p_reflex.services.servicing.late_days import LateDays

HISTORY_PAGE_SIZE = 8
_RUNNING = (LoanState.ACTIVE, LoanState.DEFAULTED)
_OVER = (LoanState.PAID_OFF, LoanState.CHARGED_OFF)
_ENDED = (ListingState.WITHDRAWN, ListingState.EXPIRED)


@dataclass(frozen=True, slots=True)
class RunningLoan:
    """A loan being paid back; what is due counts every installment past its date, or else the next one."""

    loan_id: int
    title: str
    purpose: Purpose
    grade: Grade
    state: LoanState
    principal_cents: int
    outstanding_cents: int
    annual_rate: Decimal
    apr: Decimal
    installment_cents: int
    next_due_on: date | None
    due_cents: int
    days_past_due: int
    paused_until_on: date | None
    bucket: DelinquencyBucket
    paid_count: int
    installment_count: int
    autopay: bool

    @property
    def repaid_share(self) -> Decimal:
        """Give the share of the principal that is paid back."""
        return Decimal(self.principal_cents - self.outstanding_cents) / self.principal_cents


@dataclass(frozen=True, slots=True)
class OpenListing:
    """A listing with its book's totals; after `closes_on` the borrower may decide until `decide_until_on`."""

    listing_id: int
    title: str
    purpose: Purpose
    grade: Grade
    state: ListingState
    amount_cents: int
    term_months: int
    highest_rate: Decimal
    covered_cents: int
    offered_cents: int
    average_rate: Decimal | None
    bid_count: int
    closes_on: date
    decide_until_on: date


@dataclass(frozen=True, slots=True)
class PastRequest:
    """A listing that came to nothing, or a loan that is over; exactly one of the ids is there."""

    listing_id: int | None
    loan_id: int | None
    title: str
    outcome: ListingState | LoanState
    amount_cents: int
    ended_on: date


@dataclass(frozen=True, slots=True)
class BorrowingHome:
    """All a borrower sees at first: the next payment, the totals, and the lists behind them."""

    business_on: date
    wallet_cents: int
    owed_cents: int
    borrowed_cents: int
    monthly_cents: int
    interest_paid_cents: int
    covered_cents: int
    asked_cents: int
    next_payment: RunningLoan | None
    loans: tuple[RunningLoan, ...]
    listings: tuple[OpenListing, ...]
    history: tuple[PastRequest, ...]
    history_count: int


def home(session: Session, *, borrower_id: int, business_on: date, history_page: int = 1) -> BorrowingHome:
    """Gather a borrower's home. Raises UnknownError for whoever is not a borrower."""
    member = session.get(Member, borrower_id)
    if member is None or member.role is not Role.BORROWER:
        raise UnknownError("page")
    loans = _running_loans(session, borrower_id, business_on)
    listings = _open_listings(session, borrower_id)
    history, history_count = _history(session, borrower_id, history_page)
    dated = [loan for loan in loans if loan.next_due_on is not None and loan.due_cents]
    return BorrowingHome(
        business_on=business_on,
        wallet_cents=ledger.balances(session, member_id=borrower_id)[0],
        owed_cents=sum(loan.outstanding_cents for loan in loans),
        borrowed_cents=sum(loan.principal_cents for loan in loans),
        monthly_cents=sum(loan.installment_cents for loan in loans if loan.state is LoanState.ACTIVE),
        interest_paid_cents=_interest_paid_cents(session, borrower_id),
        covered_cents=sum(listing.covered_cents for listing in listings),
        asked_cents=sum(listing.amount_cents for listing in listings),
        next_payment=min(dated, key=lambda loan: (loan.next_due_on, loan.loan_id), default=None),
        loans=loans,
        listings=listings,
        history=history,
        history_count=history_count,
    )


def _running_loans(session: Session, borrower_id: int, business_on: date) -> tuple[RunningLoan, ...]:
    loans = session.exec(
        select(Loan)
        .where(Loan.borrower_id == borrower_id, col(Loan.state).in_(_RUNNING))
        .order_by(col(Loan.next_due_on), col(Loan.id))
    ).all()
    planned = _installments_by_loan(session, [loan.id for loan in loans])
    late = late_days.read(session, business_on=business_on, of=col(Loan.borrower_id) == borrower_id)
    return tuple(_running_loan(loan, planned[loan.id], late) for loan in loans)


def _installments_by_loan(session: Session, loan_ids: Sequence[int]) -> dict[int, list[Installment]]:
    """Return the plan of several loans with one query, each in the order of its numbers."""
    planned: dict[int, list[Installment]] = {loan_id: [] for loan_id in loan_ids}
    if loan_ids:
        rows = session.exec(
            select(Installment)
            .where(col(Installment.loan_id).in_(loan_ids))
            .order_by(col(Installment.loan_id), col(Installment.number))
        )
        for row in rows:
            planned[row.loan_id].append(row)
    return planned


def _running_loan(loan: Loan, planned: Sequence[Installment], late: LateDays) -> RunningLoan:
    unpaid = [(row.due_on, unpaid_cents(row)) for row in planned if unpaid_cents(row)]
    next_due_on = unpaid[0][0] if unpaid else None
    until_on = max(next_due_on, late.on) if next_due_on else late.on
    days = late.days(loan.id, next_due_on)
    return RunningLoan(
        loan_id=loan.id,
        title=loan.title,
        purpose=loan.purpose,
        grade=loan.grade,
        state=loan.state,
        principal_cents=loan.principal_cents,
        outstanding_cents=loan.outstanding_cents,
        annual_rate=loan.annual_rate,
        apr=loan.apr,
        installment_cents=loan.installment_cents,
        next_due_on=next_due_on,
        due_cents=sum(cents for due_on, cents in unpaid if due_on <= until_on),
        days_past_due=days,
        paused_until_on=late.paused_until(loan.id),
        bucket=delinquency.bucket_of(loan.state, days),
        paid_count=len(planned) - len(unpaid),
        installment_count=len(planned),
        autopay=loan.autopay,
    )


def unpaid_cents(row: Installment) -> int:
    """Add up what is left of an installment, its late fee included."""
    return (
        row.principal_cents
        + row.interest_cents
        + row.late_fee_cents
        - row.principal_paid_cents
        - row.interest_paid_cents
        - row.late_fee_paid_cents
    )


def _open_listings(session: Session, borrower_id: int) -> tuple[OpenListing, ...]:
    rows = session.exec(
        select(Listing)
        .where(Listing.borrower_id == borrower_id, col(Listing.state).in_(STANDING_STATES))
        .order_by(col(Listing.closes_on), col(Listing.id))
    )
    return tuple(
        OpenListing(
            listing_id=row.id,
            title=row.title,
            purpose=row.purpose,
            grade=row.grade,
            state=row.state,
            amount_cents=row.amount_cents,
            term_months=row.term_months,
            highest_rate=row.highest_rate,
            covered_cents=row.covered_cents,
            offered_cents=row.offered_cents,
            average_rate=row.average_rate,
            bid_count=row.bid_count,
            closes_on=row.closes_on,
            decide_until_on=row.decide_until_on,
        )
        for row in rows
    )


def _history(session: Session, borrower_id: int, page: int) -> tuple[tuple[PastRequest, ...], int]:
    """Return one page of what is over, the newest first, and how much there is in all."""
    nothing = sa.literal(None, type_=sa.BigInteger)
    past_listings: Any = sa.select(
        col(Listing.id).label("listing_id"),
        nothing.label("loan_id"),
        col(Listing.title).label("title"),
        sa.cast(col(Listing.state), sa.String).label("outcome"),
        col(Listing.amount_cents).label("amount_cents"),
        sa.func.coalesce(col(Listing.ended_on), col(Listing.closes_on)).label("ended_on"),
    ).where(col(Listing.borrower_id) == borrower_id, col(Listing.state).in_(_ENDED))
    past_loans = sa.select(
        nothing,
        col(Loan.id),
        col(Loan.title),
        sa.cast(col(Loan.state), sa.String),
        col(Loan.principal_cents),
        sa.func.coalesce(col(Loan.ended_on), col(Loan.final_due_on)),
    ).where(col(Loan.borrower_id) == borrower_id, col(Loan.state).in_(_OVER))
    past = sa.union_all(past_listings, past_loans).subquery("past")
    count = session.execute(sa.select(sa.func.count()).select_from(past)).scalar_one()
    rows = session.execute(
        sa.select(past)
        .order_by(past.c.ended_on.desc(), past.c.loan_id, past.c.listing_id)
        .limit(HISTORY_PAGE_SIZE)
        .offset(HISTORY_PAGE_SIZE * (max(page, 1) - 1))
    )
    return tuple(
        PastRequest(
            listing_id=row.listing_id,
            loan_id=row.loan_id,
            title=row.title,
            outcome=ListingState(row.outcome) if row.loan_id is None else LoanState(row.outcome),
            amount_cents=row.amount_cents,
            ended_on=row.ended_on,
        )
        for row in rows
    ), count


def _interest_paid_cents(session: Session, borrower_id: int) -> int:
    return int(
        session.execute(
            sa.select(sa.func.coalesce(sa.func.sum(col(Loan.interest_paid_cents)), 0)).where(
                col(Loan.borrower_id) == borrower_id
            )
        ).scalar_one()
    )
