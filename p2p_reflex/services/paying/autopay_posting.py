"""Owns the writing of ordinary autopay: what is due is paid in full and the loan goes on, by the thousand.

The same books as `payment_posting` leaves, without a plan for every loan. What is not ordinary (the last
installment, a part of what is due, a defaulted loan, the reserve fund's notes, a lender who owes the platform
an advance) goes that way instead.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import numpy as np
from sqlmodel import Session

from p2p_reflex.domain import allocation_batch
from p2p_reflex.domain.allocation_batch import LenderParts
from p2p_reflex.domain.notice_kinds import NoticeEvent
from p2p_reflex.domain.vocabulary import AccountKind, LoanEventKind, PrepaymentChoice, TransactionKind
from p2p_reflex.models import LenderPayment, Loan, LoanLogEntry, Note, Payment, PaymentPart, table_of
from p2p_reflex.services.bulk import batch_columns
from p2p_reflex.services.money import ledger
from p2p_reflex.services.money.ledger_columns import MovementColumns
from p2p_reflex.services.notices import notices
from p2p_reflex.services.notices.notices import Fact
from p2p_reflex.services.paying.autopay_rows import DueLoan, NoteColumns, Numbers, notes_of, numbers
from p2p_reflex.services.touched import loan_topic, touch

MANY = 500

_loans = table_of(Loan)
_events = table_of(LoanLogEntry)
_notes = table_of(Note)
_payments = table_of(Payment)
_parts = table_of(PaymentPart)
_lender_payments = table_of(LenderPayment)

_PAY_INSTALLMENTS = (
    "UPDATE installment SET principal_paid_cents = principal_cents, interest_paid_cents = interest_cents,"
    " late_fee_paid_cents = late_fee_cents, paid_on = :paid_on WHERE id = ANY(:ids)"
)


@dataclass(frozen=True, slots=True)
class _Batch:
    """The payments of a chunk as columns."""

    loans: Sequence[DueLoan]
    notes: NoteColumns
    note_counts: Numbers
    principal_cents: Numbers
    interest_cents: Numbers
    late_fee_cents: Numbers
    parts: LenderParts

    @property
    def amount_cents(self) -> Numbers:
        return self.principal_cents + self.interest_cents + self.late_fee_cents

    @property
    def fee_cents(self) -> Numbers:
        return np.add.reduceat(self.parts.servicing_fee_cents, self.note_starts)

    @property
    def note_starts(self) -> Numbers:
        return np.concatenate(([0], np.cumsum(self.note_counts)[:-1]))


def post_ordinary(
    session: Session, loans: Sequence[DueLoan], *, business_on: date, now: datetime
) -> dict[int, int]:
    """Pay what is due on loans in full, and return the payments' ids by loan; the other loans are left alone.

    Raises InsufficientFundsError where a wallet is short.
    """
    batch = _batch(session, loans)
    if batch is None:
        return {}
    if len(batch.loans) >= MANY:
        batch_columns.plan_anew(session)
    transaction_ids = ledger.post_many(
        session, _movements(session, batch), business_on=business_on, recorded_at=now
    )
    payment_ids = _insert_payments(session, batch, transaction_ids, business_on, now)
    _insert_parts(session, batch, payment_ids)
    _log(session, batch, payment_ids, business_on, now)
    _pay_notes(session, batch, payment_ids, business_on)
    _update_loans(session, batch, business_on)
    _tell(session, batch, business_on=business_on, now=now)
    touch(session, *(loan_topic(loan.id) for loan in batch.loans))
    return {loan.id: payment_id for loan, payment_id in zip(batch.loans, payment_ids, strict=True)}


def _batch(session: Session, loans: Sequence[DueLoan]) -> _Batch | None:
    """Split what is due to the notes, for the loans that are ordinary and fit into 64 bits."""
    ordinary, notes, counts = notes_of(session, [loan for loan in loans if loan.is_plain])
    if not ordinary:
        return None
    starts = np.concatenate(([0], np.cumsum(counts)[:-1]))
    fitting = allocation_batch.fits(
        amount_cents=numbers([loan.due_cents for loan in ordinary]),
        outstanding_cents=numbers([loan.outstanding_cents for loan in ordinary]),
        highest_rate_millionths=np.maximum.reduceat(notes.rate_millionths, starts),
    )
    fitting &= np.add.reduceat(notes.outstanding_cents, starts) > 0
    if not fitting.all():
        return _batch(session, [loan for loan, fits in zip(ordinary, fitting, strict=True) if fits])
    principal, interest, late_fee = (
        numbers([sum(due[part] for due in loan.dues) for loan in ordinary]) for part in range(3)
    )
    parts = allocation_batch.split_many(
        principal_cents=principal,
        interest_cents=interest,
        late_fee_cents=late_fee,
        note_counts=counts,
        outstanding_cents=notes.outstanding_cents,
        rate_millionths=notes.rate_millionths,
    )
    return _Batch(ordinary, notes, counts, principal, interest, late_fee, parts)


def _movements(session: Session, batch: _Batch) -> MovementColumns:
    """Move each payment from the borrower's wallet to the lenders' and the platform's income."""
    income_id = ledger.house_accounts(session)[AccountKind.FEE_INCOME]
    ends = np.cumsum(batch.note_counts)
    starts = batch.note_starts
    wallets = numbers([loan.wallet_id for loan in batch.loans])
    # Before each loan's notes comes the borrower's leg, after them the platform's.
    places = np.concatenate((starts, ends))
    accounts = np.concatenate((wallets, np.full(wallets.size, income_id)))
    cents = np.concatenate((-batch.amount_cents, batch.fee_cents))
    order = np.lexsort((np.repeat([1, 0], wallets.size), places))
    leg_accounts = np.insert(batch.notes.wallet_ids, places[order], accounts[order])
    leg_cents = np.insert(batch.parts.net_cents, places[order], cents[order])
    movement = np.repeat(np.arange(wallets.size), batch.note_counts + 2)
    moves = leg_cents != 0
    return MovementColumns(
        kind=TransactionKind.PAYMENT,
        memos=[f"Payment on {loan.title}" for loan in batch.loans],
        listing_ids=[loan.listing_id for loan in batch.loans],
        loan_ids=[loan.id for loan in batch.loans],
        actor_ids=[loan.borrower_id for loan in batch.loans],
        leg_counts=np.bincount(movement[moves], minlength=wallets.size),
        leg_accounts=leg_accounts[moves],
        leg_cents=leg_cents[moves],
    )


def _insert_payments(
    session: Session, batch: _Batch, transaction_ids: Sequence[int], business_on: date, now: datetime
) -> tuple[int, ...]:
    outstanding = numbers([loan.outstanding_cents for loan in batch.loans]) - batch.principal_cents
    return batch_columns.insert_numbered(
        session,
        _payments,
        columns={
            "loan_id": [loan.id for loan in batch.loans],
            "transaction_id": transaction_ids,
            "amount_cents": batch.amount_cents.tolist(),
            "principal_cents": batch.principal_cents.tolist(),
            "interest_cents": batch.interest_cents.tolist(),
            "late_fee_cents": batch.late_fee_cents.tolist(),
            "servicing_fee_cents": batch.fee_cents.tolist(),
            "outstanding_after_cents": outstanding.tolist(),
        },
        same={
            "paid_on": business_on,
            "prepaid_principal_cents": 0,
            "choice": PrepaymentChoice.KEEP_INSTALLMENT,
            "is_payoff": False,
            "is_recovery": False,
            "collection_fee_cents": 0,
            "is_autopay": True,
            "created_at": now,
        },
    )


def _insert_parts(session: Session, batch: _Batch, payment_ids: Sequence[int]) -> None:
    pairs = zip(batch.loans, payment_ids, strict=True)
    rows = [
        (payment_id, installment_id, *due)
        for loan, payment_id in pairs
        for installment_id, due in zip(loan.installment_ids, loan.dues, strict=True)
    ]
    names = ("payment_id", "installment_id", "principal_cents", "interest_cents", "late_fee_cents")
    columns = dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))
    batch_columns.insert(session, _parts, columns=columns, same={})


def _log(
    session: Session, batch: _Batch, payment_ids: Sequence[int], business_on: date, now: datetime
) -> None:
    """Write the payments into the loans' own logs."""
    batch_columns.insert(
        session,
        _events,
        columns={
            "loan_id": [loan.id for loan in batch.loans],
            "payment_id": payment_ids,
            "amount_cents": batch.amount_cents.tolist(),
            "actor_id": [loan.borrower_id for loan in batch.loans],
        },
        same={
            "kind": LoanEventKind.PAID,
            "effective_on": business_on,
            "choice": PrepaymentChoice.KEEP_INSTALLMENT.value,
            "reason": "",
            "recorded_on": business_on,
            "recorded_at": now,
        },
    )


def _pay_notes(session: Session, batch: _Batch, payment_ids: Sequence[int], business_on: date) -> None:
    """Write what each note receives, and bring the notes' totals in line."""
    parts = batch.parts
    receives = (parts.net_cents != 0) | (parts.servicing_fee_cents != 0)
    principal, interest, late_fee, fee = (
        column[receives].tolist()
        for column in (
            parts.principal_cents,
            parts.interest_cents,
            parts.late_fee_cents,
            parts.servicing_fee_cents,
        )
    )
    note_ids = batch.notes.ids[receives].tolist()
    batch_columns.insert(
        session,
        _lender_payments,
        columns={
            "payment_id": np.repeat(np.array(payment_ids), batch.note_counts)[receives].tolist(),
            "note_id": note_ids,
            "principal_cents": principal,
            "interest_cents": interest,
            "late_fee_cents": late_fee,
            "servicing_fee_cents": fee,
        },
        same={"paid_on": business_on, "collection_fee_cents": 0},
    )
    batch_columns.update(
        session,
        _notes,
        note_ids,
        add={
            "outstanding_cents": (-parts.principal_cents[receives]).tolist(),
            "interest_received_cents": interest,
            "late_fees_received_cents": late_fee,
            "servicing_fees_cents": fee,
        },
    )


def _update_loans(session: Session, batch: _Batch, business_on: date) -> None:
    """Note the installments as paid, and bring the loans' totals in line."""
    paid_ids = [each for loan in batch.loans for each in loan.installment_ids]
    paid_on = batch_columns.plain(session, _payments.c.paid_on, business_on)
    batch_columns.change(session, _PAY_INSTALLMENTS, ids=paid_ids, paid_on=paid_on)
    batch_columns.update(
        session,
        _loans,
        [loan.id for loan in batch.loans],
        add={
            "outstanding_cents": (-batch.principal_cents).tolist(),
            "interest_paid_cents": batch.interest_cents.tolist(),
            "late_fees_paid_cents": batch.late_fee_cents.tolist(),
            "version": [1] * len(batch.loans),
        },
        put={"next_due_on": [loan.next_due_on for loan in batch.loans]},
    )


def _tell(session: Session, batch: _Batch, *, business_on: date, now: datetime) -> None:
    """Tell borrowers what they paid, and each lender in one notice what reached them."""
    if notices.is_hushed(session):
        return
    facts: dict[tuple[int, NoticeEvent], dict[str, Any]] = {}

    def add(member_id: int, event: NoticeEvent, loan: DueLoan, cents: int, fee_cents: int) -> None:
        """Add what one loan moved for a member; the first loan gives the notice its name."""
        told = facts.setdefault(
            (member_id, event),
            {
                "cents": 0,
                "fee_cents": 0,
                "is_payoff": 0,
                "loan_count": 0,
                "loan_id": loan.id,
                "title": loan.title,
            },
        )
        told["cents"] += cents
        told["fee_cents"] += fee_cents
        told["loan_count"] += 1

    for loan, cents in zip(batch.loans, batch.amount_cents.tolist(), strict=True):
        add(loan.borrower_id, NoticeEvent.PAYMENT_MADE, loan, cents, 0)
    received = _received(batch)
    for lender_id, (place, count, cents, fee_cents) in received.items():
        add(lender_id, NoticeEvent.PAYMENT_RECEIVED, batch.loans[place], cents, fee_cents)
        facts[lender_id, NoticeEvent.PAYMENT_RECEIVED]["loan_count"] = count
    for (_, event), told in facts.items():
        if event is NoticeEvent.PAYMENT_MADE:
            told["is_autopay"] = 1
    notices.tell(
        session,
        [Fact(member_id, event, told) for (member_id, event), told in facts.items()],
        business_on=business_on,
        now=now,
    )


def _received(batch: _Batch) -> dict[int, list[int]]:
    """Add up by lender: the place of the first loan, how many, what came, and the fee on it."""
    received: dict[int, list[int]] = defaultdict(list)
    payment = np.repeat(np.arange(batch.note_counts.size), batch.note_counts)
    columns = (batch.parts.net_cents.tolist(), batch.parts.servicing_fee_cents.tolist(), payment.tolist())
    for lender_id, net, fee, place in zip(batch.notes.lender_ids, *columns, strict=True):
        if net:
            told = received[lender_id]
            if not told:
                told += [place, 0, 0, 0]
            told[1] += 1
            told[2] += net
            told[3] += fee
    return received
