"""Owns the writing of payments: money, schedule, notes and totals, in few statements for any number."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from p2p_reflex.domain.allocation import LenderPart
from p2p_reflex.domain.errors import LendingError
from p2p_reflex.domain.vocabulary import AccountKind, LoanState, TransactionKind
from p2p_reflex.models import Installment, LenderPayment, Loan, Note, Payment, PaymentPart, table_of
from p2p_reflex.services.corrections import receivables
from p2p_reflex.services.loans import loan_log
from p2p_reflex.services.loans.loan_positions import CHUNK
from p2p_reflex.services.money import ledger
from p2p_reflex.services.money.ledger import Leg, MemberAccounts, Movement
from p2p_reflex.services.notices import money_notices
from p2p_reflex.services.paying.payment_plans import PaymentPlan
from p2p_reflex.services.touched import loan_topic, touch

_loans = table_of(Loan)
_installments = table_of(Installment)
_notes = table_of(Note)
_payments = table_of(Payment)
_parts = table_of(PaymentPart)
_lender_payments = table_of(LenderPayment)

_ROW_COLUMNS = (
    "principal_cents",
    "interest_cents",
    "balance_cents",
    "principal_paid_cents",
    "interest_paid_cents",
    "late_fee_paid_cents",
    "paid_on",
)


class LoanChangedError(LendingError):
    """The loan is no longer as it was when the payment was worked out."""

    def __init__(self) -> None:
        super().__init__("This loan changed a moment ago. Look again; nothing was done.")


def post_payments(
    session: Session,
    plans: Sequence[PaymentPlan],
    *,
    from_outside: Mapping[int, int],
    is_autopay: bool,
    business_on: date,
    now: datetime,
) -> tuple[int, ...]:
    """Write payments on different loans and return their ids; all of them happen, or none.

    `from_outside` gives, by loan, what comes into the borrower's wallet in the same moment.
    Raises InsufficientFundsError where a wallet is short, LoanChangedError where a loan moved on.
    """
    if not plans:
        return ()
    splits = [plan.split() for plan in plans]
    members = {plan.loan.borrower_id for plan in plans}
    members |= {note.lender_id for plan in plans for note in plan.loan.notes if note.lender_id is not None}
    accounts = ledger.member_accounts(session, member_ids=sorted(members))
    house = ledger.house_accounts(session)
    deposits = [
        _deposit(plan, from_outside[plan.loan.id], accounts, house)
        for plan in plans
        if from_outside.get(plan.loan.id)
    ]
    payments = [_payment(plan, split, accounts, house) for plan, split in zip(plans, splits, strict=True)]
    collected = receivables.collect(
        session, received=_received(plans, splits), accounts=accounts, house=house, business_on=business_on
    )
    posted = ledger.post(
        session, [*deposits, *payments, *collected], business_on=business_on, recorded_at=now
    )
    payment_ids = _insert_payments(
        session,
        plans,
        splits,
        posted[len(deposits) : len(deposits) + len(plans)],
        is_autopay=is_autopay,
        now=now,
    )
    _insert_parts(session, plans, payment_ids)
    _pay_notes(session, plans, splits, payment_ids)
    _rewrite_schedules(session, plans)
    _update_loans(session, plans)
    loan_log.record_payments(session, plans=plans, payment_ids=payment_ids, business_on=business_on, now=now)
    money_notices.tell_paid(
        session, plans=plans, splits=splits, is_autopay=is_autopay, business_on=business_on, now=now
    )
    return payment_ids


def holder_account(
    lender_id: int | None, accounts: Mapping[int, MemberAccounts], house: Mapping[AccountKind, int]
) -> int:
    """Give the account a note's money goes to: its lender's wallet, or the reserve fund."""
    return house[AccountKind.RESERVE_FUND] if lender_id is None else accounts[lender_id].wallet_id


def _received(plans: Sequence[PaymentPlan], splits: Sequence[Sequence[LenderPart]]) -> dict[int | None, int]:
    """Add up what reaches each holder of notes; the fund is nobody."""
    received: dict[int | None, int] = defaultdict(int)
    for plan, split in zip(plans, splits, strict=True):
        for note, part in zip(plan.loan.notes, split, strict=True):
            received[note.lender_id] += part.net_cents
    return received


def _deposit(
    plan: PaymentPlan,
    amount_cents: int,
    accounts: Mapping[int, MemberAccounts],
    house: Mapping[AccountKind, int],
) -> Movement:
    """Bring the money from outside into the borrower's wallet."""
    wallet_id = accounts[plan.loan.borrower_id].wallet_id
    return Movement(
        kind=TransactionKind.DEPOSIT,
        memo=f"Money for {plan.loan.title}",
        legs=(Leg(house[AccountKind.BANK], -amount_cents), Leg(wallet_id, amount_cents)),
        loan_id=plan.loan.id,
        actor_id=plan.loan.borrower_id,
    )


def _payment(
    plan: PaymentPlan,
    split: Sequence[LenderPart],
    accounts: Mapping[int, MemberAccounts],
    house: Mapping[AccountKind, int],
) -> Movement:
    """Move the payment from the borrower's wallet to the lenders' and the platform's income."""
    legs: dict[int, int] = defaultdict(int)
    legs[accounts[plan.loan.borrower_id].wallet_id] -= plan.amount_cents
    for note, part in zip(plan.loan.notes, split, strict=True):
        legs[holder_account(note.lender_id, accounts, house)] += part.net_cents
    legs[house[AccountKind.FEE_INCOME]] += sum(
        part.servicing_fee_cents + part.collection_fee_cents for part in split
    )
    words = "Recovery on" if plan.is_recovery else "Payoff of" if plan.is_payoff else "Payment on"
    return Movement(
        kind=TransactionKind.RECOVERY if plan.is_recovery else TransactionKind.PAYMENT,
        memo=f"{words} {plan.loan.title}",
        legs=tuple(Leg(account_id, cents) for account_id, cents in legs.items() if cents),
        listing_id=plan.loan.listing_id,
        loan_id=plan.loan.id,
        actor_id=plan.loan.borrower_id,
    )


def _insert_payments(
    session: Session,
    plans: Sequence[PaymentPlan],
    splits: Sequence[Sequence[LenderPart]],
    transaction_ids: Sequence[int],
    *,
    is_autopay: bool,
    now: datetime,
) -> tuple[int, ...]:
    rows = [
        {
            "loan_id": plan.loan.id,
            "transaction_id": transaction_id,
            "paid_on": plan.paid_on,
            "amount_cents": plan.amount_cents,
            "principal_cents": plan.principal_cents,
            "interest_cents": plan.interest_cents,
            "late_fee_cents": plan.late_fee_cents,
            "prepaid_principal_cents": plan.prepaid_principal_cents,
            "servicing_fee_cents": sum(part.servicing_fee_cents for part in split),
            "outstanding_after_cents": plan.outstanding_cents,
            "choice": plan.choice,
            "is_payoff": plan.is_payoff,
            "is_autopay": is_autopay,
            "is_recovery": plan.is_recovery,
            "collection_fee_cents": sum(part.collection_fee_cents for part in split),
            "created_at": now,
        }
        for plan, split, transaction_id in zip(plans, splits, transaction_ids, strict=True)
    ]
    connection = session.connection()
    connection.execute(sa.insert(_payments), rows)
    ids: dict[int, int] = {}
    for start in range(0, len(rows), CHUNK):
        of_these = _payments.c.transaction_id.in_(transaction_ids[start : start + CHUNK])
        found = connection.execute(sa.select(_payments.c.transaction_id, _payments.c.id).where(of_these))
        ids.update((transaction_id, payment_id) for transaction_id, payment_id in found)
    return tuple(ids[transaction_id] for transaction_id in transaction_ids)


def _insert_parts(session: Session, plans: Sequence[PaymentPlan], payment_ids: Sequence[int]) -> None:
    rows = []
    for plan, payment_id in zip(plans, payment_ids, strict=True):
        row_ids = {row.number: row.id for row in plan.rows}
        rows += [
            {
                "payment_id": payment_id,
                "installment_id": row_ids[part.number],
                "principal_cents": part.principal_cents,
                "interest_cents": part.interest_cents,
                "late_fee_cents": part.late_fee_cents,
            }
            for part in plan.parts
        ]
    if rows:
        session.connection().execute(sa.insert(_parts), rows)


def _pay_notes(
    session: Session,
    plans: Sequence[PaymentPlan],
    splits: Sequence[Sequence[LenderPart]],
    payment_ids: Sequence[int],
) -> None:
    """Write what each note receives, and bring the notes' totals in line."""
    rows: list[dict[str, Any]] = [
        {
            "payment_id": payment_id,
            "note_id": part.note_id,
            "paid_on": plan.paid_on,
            "principal_cents": part.principal_cents,
            "interest_cents": part.interest_cents,
            "late_fee_cents": part.late_fee_cents,
            "servicing_fee_cents": part.servicing_fee_cents,
            "collection_fee_cents": part.collection_fee_cents,
        }
        for plan, split, payment_id in zip(plans, splits, payment_ids, strict=True)
        for part in split
        if part.net_cents or part.servicing_fee_cents or part.collection_fee_cents
    ]
    session.connection().execute(sa.insert(_lender_payments), rows)
    changes = [
        {
            "p_id": row["note_id"],
            "p_principal": row["principal_cents"],
            "p_interest": row["interest_cents"],
            "p_late_fee": row["late_fee_cents"],
            "p_fee": row["servicing_fee_cents"],
            "p_collection_fee": row["collection_fee_cents"],
        }
        for row in rows
    ]
    received = _notes.c
    statement = (
        sa.update(_notes)
        .where(received.id == sa.bindparam("p_id"))
        .values(
            outstanding_cents=received.outstanding_cents - _whole("p_principal"),
            interest_received_cents=received.interest_received_cents + _whole("p_interest"),
            late_fees_received_cents=received.late_fees_received_cents + _whole("p_late_fee"),
            servicing_fees_cents=received.servicing_fees_cents + _whole("p_fee"),
            collection_fees_cents=received.collection_fees_cents + _whole("p_collection_fee"),
        )
    )
    session.connection().execute(statement, changes)


def _rewrite_schedules(session: Session, plans: Sequence[PaymentPlan]) -> None:
    """Write the installments that changed, and drop those no longer needed; none of these has a paid part."""
    changes = [
        {"p_id": row.id} | {f"p_{column}": getattr(row, column) for column in _ROW_COLUMNS}
        for plan in plans
        for row in plan.changed_rows
    ]
    if changes:
        statement = (
            sa.update(_installments)
            .where(_installments.c.id == sa.bindparam("p_id"))
            .values({column: sa.bindparam(f"p_{column}") for column in _ROW_COLUMNS})
        )
        session.connection().execute(statement, changes)
    dropped = [{"p_id": row_id} for plan in plans for row_id in plan.dropped_ids]
    if dropped:
        statement_of_drop = sa.delete(_installments).where(_installments.c.id == sa.bindparam("p_id"))
        session.connection().execute(statement_of_drop, dropped)


def _update_loans(session: Session, plans: Sequence[PaymentPlan]) -> None:
    """Bring the loans' totals in line; of two payments worked out from the same state only one is written."""
    changes = [
        {
            "p_id": plan.loan.id,
            "p_version": plan.loan.version,
            "p_principal": plan.principal_cents,
            "p_interest": plan.interest_cents,
            "p_late_fee": plan.late_fee_cents,
            "p_installment": plan.installment_cents,
            "p_state": plan.state_after,
            "p_defaulted_on": None if plan.state_after is LoanState.ACTIVE else plan.loan.defaulted_on,
            "p_next_due_on": plan.next_due_on,
            "p_final_due_on": plan.rows[-1].due_on,
            "p_ended_on": plan.paid_on if plan.is_payoff else plan.loan.ended_on,
        }
        for plan in plans
    ]
    columns = _loans.c
    statement = (
        sa.update(_loans)
        .where(columns.id == sa.bindparam("p_id"), columns.version == sa.bindparam("p_version"))
        .values(
            outstanding_cents=columns.outstanding_cents - _whole("p_principal"),
            interest_paid_cents=columns.interest_paid_cents + _whole("p_interest"),
            late_fees_paid_cents=columns.late_fees_paid_cents + _whole("p_late_fee"),
            installment_cents=sa.bindparam("p_installment"),
            state=sa.bindparam("p_state"),
            defaulted_on=sa.bindparam("p_defaulted_on"),
            next_due_on=sa.bindparam("p_next_due_on"),
            final_due_on=sa.bindparam("p_final_due_on"),
            ended_on=sa.bindparam("p_ended_on"),
            version=columns.version + 1,
        )
    )
    if session.connection().execute(statement, changes).rowcount != len(changes):
        raise LoanChangedError
    touch(session, *(loan_topic(plan.loan.id) for plan in plans))


def _whole(name: str) -> sa.BindParameter[int]:
    return sa.bindparam(name, type_=sa.BigInteger)
