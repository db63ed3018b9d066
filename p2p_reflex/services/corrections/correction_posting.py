"""Owns the writing of a correction: reversals, one adjusting transaction, advances, the loan as replayed."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from p2p_reflex.domain.loan_life import Applied, LoanEvent
from p2p_reflex.domain.vocabulary import AccountKind, TransactionKind
from p2p_reflex.models import JournalEntry, LedgerAccount, Payment, table_of
from p2p_reflex.services.corrections import receivables
from p2p_reflex.services.corrections.correction_parts import FirstDone, adjusting, first_done, write_parts
from p2p_reflex.services.corrections.correction_plans import CorrectionPlan, money_changes
from p2p_reflex.services.loans import loan_log, loan_rewriting
from p2p_reflex.services.money import ledger
from p2p_reflex.services.money.ledger import Leg, MemberAccounts, Movement
from p2p_reflex.services.paying.payment_posting import holder_account

_accounts = table_of(LedgerAccount)
_entries = table_of(JournalEntry)
_payments = table_of(Payment)


@dataclass(frozen=True, slots=True)
class Posted:
    """What a correction wrote: its event, and what the platform advanced."""

    event_id: int
    advanced_cents: int


@dataclass(frozen=True, slots=True)
class _Books:
    """The accounts that a correction moves money between."""

    borrower_id: int
    accounts: Mapping[int, MemberAccounts]
    house: Mapping[AccountKind, int]

    def of(self, holder: int | None) -> int:
        return holder_account(holder, self.accounts, self.house)

    @property
    def borrower_account(self) -> int:
        return self.accounts[self.borrower_id].wallet_id


def post(
    session: Session,
    plan: CorrectionPlan,
    *,
    cause: LoanEvent,
    memo: str,
    reason: str,
    details: dict[str, Any] | None,
    admin_id: int,
    business_on: date,
    now: datetime,
) -> Posted:
    """Write a correction of a locked loan: everything is as if the mistake had never been made.

    `cause` is the event that brought it about; it is logged first, and named by all that falls away.
    Law: the journal only grows, and no wallet goes below zero: what is missing the platform advances.
    """
    (event_id,) = loan_log.record(
        session,
        [(plan.loan.id, cause)],
        reason=reason,
        actor_id=admin_id,
        details=details,
        business_on=business_on,
        now=now,
    )
    loan_log.void(session, event_ids=[event.id for event in plan.voided], by_event_id=event_id)
    added = [(plan.loan.id, event) for event in plan.added if event != cause]
    loan_log.record(session, added, actor_id=admin_id, business_on=business_on, now=now)
    advanced_cents = _move_money(
        session, plan, event_id, memo=memo, admin_id=admin_id, business_on=business_on, now=now
    )
    _rewrite_payments(session, plan)
    loan_rewriting.rewrite_life(session, before=plan.loan, life=plan.new)
    return Posted(event_id, advanced_cents)


def shortfalls(session: Session, plan: CorrectionPlan) -> dict[int | None, int]:
    """Give what holders would have to give back and do not have any more; the fund is nobody."""
    return _shortfalls(session, plan, _books(session, plan), for_update=False)


def _move_money(
    session: Session,
    plan: CorrectionPlan,
    event_id: int,
    *,
    memo: str,
    admin_id: int,
    business_on: date,
    now: datetime,
) -> int:
    """Post all movements in one call, and write down which notes they touch. Return what was advanced."""
    books = _books(session, plan)
    received, _, _ = money_changes(plan)
    gains = {holder: cents for holder, cents in received.items() if cents > 0}
    collected = receivables.collect(
        session, received=gains, accounts=books.accounts, house=books.house, business_on=business_on
    )
    missing = _shortfalls(session, plan, books, for_update=True)
    own = first_done(session, plan.returned)
    reversals = [
        _reversal(session, first.transaction_id, memo=memo, plan=plan, admin_id=admin_id)
        for first in own.values()
    ]
    movements = [
        *_advance(missing, books, plan, admin_id),
        *reversals,
        *_adjustment(plan, own, books, memo=memo, admin_id=admin_id),
        *_unsold(plan, books, admin_id),
    ]
    ids = ledger.post(session, [*movements, *collected], business_on=business_on, recorded_at=now)
    by_movement = dict(zip(map(id, movements), ids, strict=False))
    adjusting_id = next(
        (by_movement[id(each)] for each in movements if each.kind is TransactionKind.CORRECTION), None
    )
    reversal_ids = {each.reverses_id: by_movement[id(each)] for each in reversals}
    write_parts(session, plan, own, reversal_ids, adjusting_id, event_id, business_on)
    receivables.open_for(
        session, shortfalls=missing, loan_id=plan.loan.id, event_id=event_id, business_on=business_on
    )
    return sum(missing.values())


def _books(session: Session, plan: CorrectionPlan) -> _Books:
    holders = {holder for holder in plan.holders().values() if holder is not None}
    accounts = ledger.member_accounts(session, member_ids=sorted({plan.loan.borrower_id, *holders}))
    return _Books(plan.loan.borrower_id, accounts, ledger.house_accounts(session))


def _shortfalls(
    session: Session, plan: CorrectionPlan, books: _Books, *, for_update: bool
) -> dict[int | None, int]:
    """Compare what is taken from holders with what they have."""
    received, _, _ = money_changes(plan)
    taken = {books.of(holder): (holder, -cents) for holder, cents in received.items() if cents < 0}
    query = (
        sa.select(_accounts.c.id, _accounts.c.balance_cents)
        .where(_accounts.c.id.in_(sorted(taken)))
        .order_by(_accounts.c.id)
    )
    if for_update:
        query = query.with_for_update()
    missing = {}
    for account_id, balance_cents in session.connection().execute(query).all():
        holder, cents = taken[account_id]
        if cents > balance_cents:
            missing[holder] = cents - balance_cents
    return missing


def _reversal(
    session: Session, transaction_id: int, *, memo: str, plan: CorrectionPlan, admin_id: int
) -> Movement:
    """Make the equal and opposite of a payment's own transaction."""
    rows = session.connection().execute(
        sa.select(_entries.c.account_id, _entries.c.amount_cents)
        .where(_entries.c.transaction_id == transaction_id)
        .order_by(_entries.c.id)
    )
    return Movement(
        kind=TransactionKind.REVERSAL,
        memo=memo,
        legs=tuple(Leg(account_id, -cents) for account_id, cents in rows),
        reverses_id=transaction_id,
        listing_id=plan.loan.listing_id,
        loan_id=plan.loan.id,
        actor_id=admin_id,
    )


def _advance(
    missing: Mapping[int | None, int], books: _Books, plan: CorrectionPlan, admin_id: int
) -> list[Movement]:
    if not missing:
        return []
    legs = [Leg(books.of(holder), cents) for holder, cents in missing.items()]
    legs.append(Leg(books.house[AccountKind.RECEIVABLE], -sum(missing.values())))
    return [
        Movement(
            kind=TransactionKind.ADVANCE,
            memo=f"Advanced by the platform for a correction of {plan.loan.title}",
            legs=tuple(legs),
            listing_id=plan.loan.listing_id,
            loan_id=plan.loan.id,
            actor_id=admin_id,
        )
    ]


def _adjustment(
    plan: CorrectionPlan,
    own: Mapping[int, FirstDone],
    books: _Books,
    *,
    memo: str,
    admin_id: int,
) -> list[Movement]:
    """Move what is left to move once the reversals are made: one transaction, or none."""
    legs: dict[int, int] = defaultdict(int)
    holders = plan.holders()
    for change in plan.payments:
        for note_id, cents in adjusting(change, own).items():
            legs[books.of(holders[note_id])] += cents.gross_cents - cents.fee_cents
            legs[books.house[AccountKind.FEE_INCOME]] += cents.fee_cents
        given_back = own[change.payment_id].gross_cents if change.payment_id in own else change.after_cents
        legs[books.borrower_account] += change.before_cents - given_back
    moved = tuple(Leg(account_id, cents) for account_id, cents in legs.items() if cents)
    if not moved:
        return []
    return [
        Movement(
            kind=TransactionKind.CORRECTION,
            memo=f"{memo}: what came after it",
            legs=moved,
            listing_id=plan.loan.listing_id,
            loan_id=plan.loan.id,
            actor_id=admin_id,
        )
    ]


def _unsold(plan: CorrectionPlan, books: _Books, admin_id: int) -> list[Movement]:
    """Give the fund back what it paid for principal that was not owed any more."""
    legs: dict[int, int] = defaultdict(int)
    holders = plan.holders()
    for note_id, cents in plan.sold_less().items():
        legs[books.of(holders[note_id])] -= cents
        legs[books.house[AccountKind.RESERVE_FUND]] += cents
    if not legs:
        return []
    return [
        Movement(
            kind=TransactionKind.FUND_PURCHASE,
            memo=f"Reserve fund bought less of {plan.loan.title}",
            legs=tuple(Leg(account_id, cents) for account_id, cents in legs.items()),
            listing_id=plan.loan.listing_id,
            loan_id=plan.loan.id,
            actor_id=admin_id,
        )
    ]


def _rewrite_payments(session: Session, plan: CorrectionPlan) -> None:
    """Write on the payments that stand what they paid now; one that was reversed stays as it was made."""
    kept = [plan.new.payments[change.payment_id] for change in plan.payments if not change.is_returned]
    for applied in kept:
        values = _payment_values(applied)
        mine = _payments.c.id == applied.event.payment_id
        session.connection().execute(sa.update(_payments).where(mine).values(**values))


def _payment_values(applied: Applied) -> dict[str, Any]:
    repayment = applied.repayment
    assert repayment is not None  # noqa: S101 - only payments are asked for
    return {
        "paid_on": applied.event.effective_on,
        "amount_cents": repayment.amount_cents,
        "principal_cents": repayment.principal_cents,
        "interest_cents": repayment.interest_cents,
        "late_fee_cents": repayment.late_fee_cents,
        "prepaid_principal_cents": repayment.prepaid_principal_cents,
        "servicing_fee_cents": sum(part.servicing_fee_cents for part in applied.split),
        "collection_fee_cents": sum(part.collection_fee_cents for part in applied.split),
        "outstanding_after_cents": repayment.outstanding_cents,
        "is_payoff": repayment.is_payoff,
        "is_recovery": repayment.is_recovery,
    }
