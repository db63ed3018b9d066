"""Owns the moment a book becomes a loan: money, notes, schedule and fees in one transaction."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal

import sqlalchemy as sa
from sqlmodel import Session

from p2p_reflex.domain import amortization, fees, returns
from p2p_reflex.domain.amortization import Schedule
from p2p_reflex.domain.order_book import Book, Lead
from p2p_reflex.domain.vocabulary import AccountKind, BidState, ListingState, TransactionKind
from p2p_reflex.models import Installment, Listing, Loan, Note, table_of
from p2p_reflex.services.bidding import book_rows
from p2p_reflex.services.bidding.book_rows import EndedRow, LiveBid
from p2p_reflex.services.loans import loan_log
from p2p_reflex.services.money import holds, ledger
from p2p_reflex.services.money.ledger import Leg, Movement
from p2p_reflex.services.notices import market_notices

_installments = table_of(Installment)
_notes = table_of(Note)


def originate(
    session: Session,
    *,
    listing: Listing,
    book: Book,
    bids: Sequence[LiveBid],
    business_on: date,
    now: datetime,
) -> int:
    """Make the loan that a locked listing's book stands for, and return its id.

    `bids` are the live bids the book was filled from. What leads is taken from the holds and paid out less
    the fee, everything else is rejected; a bid that does not lead holds nothing, so nothing is released.
    Law: notes sum to the principal, and the journal entry sums to zero.
    """
    rate = book.average_rate
    if rate is None:
        raise ValueError("A book in which nothing leads makes no loan.")
    principal = book.covered_cents
    fee = fees.origination_fee_cents(principal_cents=principal, grade=listing.grade)
    schedule = amortization.amortization_schedule(
        principal_cents=principal,
        annual_rate=rate,
        term_months=listing.term_months,
        disbursed_on=business_on,
    )
    loan = _loan(listing, rate=rate, fee=fee, schedule=schedule, business_on=business_on, now=now)
    session.add(loan)
    session.flush()
    _take(session, loan=loan, leads=book.leading, bids=bids, business_on=business_on, now=now)
    _write_notes(session, loan_id=loan.id, leads=book.leading, business_on=business_on)
    _write_schedule(session, loan_id=loan.id, schedule=schedule)
    loan_log.record_disbursed(session, loan=loan, now=now)
    _close_book(session, book=book, bids=bids, business_on=business_on)
    listing.state = ListingState.ACCEPTED
    listing.ended_on = business_on
    listing.version += 1
    session.add(listing)
    session.flush()
    market_notices.tell_originated(
        session, listing=listing, loan=loan, book=book, business_on=business_on, now=now
    )
    return loan.id


def apr(*, principal_cents: int, fee_cents: int, schedule: Schedule) -> Decimal:
    """Work out what the loan really costs a year, its fee included."""
    payments = [row.payment_cents for row in schedule]
    return returns.apr(net_proceeds_cents=principal_cents - fee_cents, payments_cents=payments)


def _loan(
    listing: Listing, *, rate: Decimal, fee: int, schedule: Schedule, business_on: date, now: datetime
) -> Loan:
    """Write down the loan's terms."""
    principal = sum(row.principal_cents for row in schedule)
    return Loan(
        listing_id=listing.id,
        borrower_id=listing.borrower_id,
        title=listing.title,
        purpose=listing.purpose,
        grade=listing.grade,
        principal_cents=principal,
        annual_rate=rate,
        apr=apr(principal_cents=principal, fee_cents=fee, schedule=schedule),
        term_months=listing.term_months,
        installment_cents=schedule[0].payment_cents,
        origination_fee_cents=fee,
        reserve_contribution_cents=fees.reserve_contribution_cents(fee_cents=fee),
        outstanding_cents=principal,
        disbursed_on=business_on,
        next_due_on=schedule[0].due_on,
        final_due_on=schedule[-1].due_on,
        created_at=now,
    )


def _take(
    session: Session,
    *,
    loan: Loan,
    leads: Sequence[Lead],
    bids: Sequence[LiveBid],
    business_on: date,
    now: datetime,
) -> None:
    """Post the winners' holds: to the borrower's wallet, the reserve fund and the platform's income."""
    held = {bid.bid_id: bid.hold_id for bid in bids}
    taken = [(held[lead.bid.bid_id] or 0, lead.leading_cents) for lead in leads]
    holds.take_holds(session, amounts=taken, ended_at=now)
    members = [lead.bid.lender_id for lead in leads]
    accounts = ledger.member_accounts(session, member_ids=[*members, loan.borrower_id])
    house = ledger.house_accounts(session)
    fee, reserve = loan.origination_fee_cents, loan.reserve_contribution_cents
    received = [
        Leg(accounts[loan.borrower_id].wallet_id, loan.principal_cents - fee),
        Leg(house[AccountKind.RESERVE_FUND], reserve),
        Leg(house[AccountKind.FEE_INCOME], fee - reserve),
    ]
    paid = [Leg(accounts[lead.bid.lender_id].held_id, -lead.leading_cents) for lead in leads]
    movement = Movement(
        kind=TransactionKind.ORIGINATION,
        memo=f"Loan made: {loan.title}",
        legs=tuple(leg for leg in [*paid, *received] if leg.amount_cents),
        key=f"origination:{loan.listing_id}",
        listing_id=loan.listing_id,
        loan_id=loan.id,
        actor_id=loan.borrower_id,
    )
    ledger.post(session, [movement], business_on=business_on, recorded_at=now)


def _write_notes(session: Session, *, loan_id: int, leads: Sequence[Lead], business_on: date) -> None:
    """Give every winner a note at the rate it bid."""
    rows = [
        {
            "loan_id": loan_id,
            "lender_id": lead.bid.lender_id,
            "bid_id": lead.bid.bid_id,
            "principal_cents": lead.leading_cents,
            "annual_rate": lead.bid.rate,
            "outstanding_cents": lead.leading_cents,
            "interest_received_cents": 0,
            "late_fees_received_cents": 0,
            "servicing_fees_cents": 0,
            "bought_on": business_on,
        }
        for lead in leads
    ]
    session.connection().execute(sa.insert(_notes), rows)


def _write_schedule(session: Session, *, loan_id: int, schedule: Schedule) -> None:
    """Write the installments."""
    rows = [
        {
            "loan_id": loan_id,
            "number": row.number,
            "due_on": row.due_on,
            "principal_cents": row.principal_cents,
            "interest_cents": row.interest_cents,
            "balance_cents": row.balance_cents,
            "late_fee_cents": 0,
            "principal_paid_cents": 0,
            "interest_paid_cents": 0,
            "late_fee_paid_cents": 0,
        }
        for row in schedule
    ]
    session.connection().execute(sa.insert(_installments), rows)


def _close_book(session: Session, *, book: Book, bids: Sequence[LiveBid], business_on: date) -> None:
    """End every bid: those that lead as accepted, the others as rejected."""
    leading = {lead.bid.bid_id: lead.leading_cents for lead in book.leading}
    rows = [
        EndedRow(bid.bid_id, BidState.ACCEPTED, leading[bid.bid_id], bid.hold_id)
        if bid.bid_id in leading
        else EndedRow(bid.bid_id, BidState.REJECTED)
        for bid in bids
    ]
    book_rows.end(session, rows, business_on=business_on)
