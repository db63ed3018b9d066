"""Owns the writing of a correction: reversals, one adjusting transaction, advances, the loan as replayed."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, cast

import sqlalchemy as sa
from sqlmodel import Session

from p2p_reflex.domain.allocation import LenderPart
from p2p_reflex.domain.loan_life import Applied, LoanEvent
from p2p_reflex.domain.vocabulary import AccountKind, TransactionKind
from p2p_reflex.models import JournalEntry, LedgerAccount, LenderPayment, Payment
from p2p_reflex.services import ledger, loan_log, loan_rewriting, receivables
from p2p_reflex.services.correction_plans import CorrectionPlan, PaidChange, money_changes
from p2p_reflex.services.ledger import Leg, MemberAccounts, Movement
from p2p_reflex.services.payment_posting import holder_account

_accounts = cast(sa.Table, LedgerAccount.__table__)  # type: ignore[attr-defined]
_entries = cast(sa.Table, JournalEntry.__table__)  # type: ignore[attr-defined]
_lender_payments = cast(sa.Table, LenderPayment.__table__)  # type: ignore[attr-defined]
_payments = cast(sa.Table, Payment.__table__)  # type: ignore[attr-defined]

Cents = tuple[int, int, int, int, int]
"""Principal, interest, late fee, servicing fee, collection fee."""

NOTHING: Cents = (0, 0, 0, 0, 0)


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
    own = _own_parts(session, plan.returned)
    reversals = [
        _reversal(session, transaction_id, memo=memo, plan=plan, admin_id=admin_id)
        for transaction_id, _, _ in own.values()
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
    _write_parts(session, plan, own, reversal_ids, adjusting_id, event_id, business_on)
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


def _own_parts(
    session: Session, returned: Iterable[PaidChange]
) -> dict[int, tuple[int, int, dict[int, Cents]]]:
    """Read what the payments to be reversed first did: their transactions, amounts, and notes' parts."""
    own: dict[int, tuple[int, int, dict[int, Cents]]] = {}
    connection = session.connection()
    for payment_id in sorted(change.payment_id for change in returned):
        transaction_id = connection.execute(
            sa.select(_payments.c.transaction_id).where(_payments.c.id == payment_id)
        ).scalar_one()
        query = sa.select(_lender_payments).where(
            _lender_payments.c.payment_id == payment_id, _lender_payments.c.event_id.is_(None)
        )
        parts = {row.note_id: _cents_of(row) for row in connection.execute(query)}
        gross_cents = sum(sum(cents[:3]) for cents in parts.values())
        own[payment_id] = (transaction_id, gross_cents, parts)
    return own


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
    own: Mapping[int, tuple[int, int, dict[int, Cents]]],
    books: _Books,
    *,
    memo: str,
    admin_id: int,
) -> list[Movement]:
    """Move what is left to move once the reversals are made: one transaction, or none."""
    legs: dict[int, int] = defaultdict(int)
    holders = plan.holders()
    for change in plan.payments:
        for note_id, cents in _adjusting(change, own).items():
            legs[books.of(holders[note_id])] += _net(cents)
            legs[books.house[AccountKind.FEE_INCOME]] += cents[3] + cents[4]
        given_back = own[change.payment_id][1] if change.payment_id in own else change.after_cents
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


def _adjusting(change: PaidChange, own: Mapping[int, tuple[int, int, dict[int, Cents]]]) -> dict[int, Cents]:
    """Give what the adjusting transaction adds to each note's part of a payment."""
    first = own[change.payment_id][2] if change.payment_id in own else {}
    found = {}
    for note_id in {*change.before, *change.after, *first}:
        before = _cents_of_part(change.before.get(note_id))
        wanted = first.get(note_id, NOTHING) if first else _cents_of_part(change.after.get(note_id))
        delta = _less(wanted, before)
        if any(delta):
            found[note_id] = delta
    return found


def _write_parts(
    session: Session,
    plan: CorrectionPlan,
    own: Mapping[int, tuple[int, int, dict[int, Cents]]],
    reversal_ids: Mapping[int | None, int],
    adjusting_id: int | None,
    event_id: int,
    business_on: date,
) -> None:
    """Add the notes' parts of the reversals and of the adjusting transaction to those of the payments."""
    rows: list[dict[str, Any]] = []
    for payment_id, (transaction_id, _, parts) in own.items():
        rows += [
            _part_row(payment_id, note_id, reversal_ids[transaction_id], _less(NOTHING, cents), business_on)
            for note_id, cents in parts.items()
        ]
    for change in plan.payments:
        rows += [
            _part_row(change.payment_id, note_id, adjusting_id, cents, business_on)
            for note_id, cents in _adjusting(change, own).items()
        ]
    for row in rows:
        row["event_id"] = event_id
    if rows:
        session.connection().execute(sa.insert(_lender_payments), rows)


def _part_row(
    payment_id: int, note_id: int, transaction_id: int | None, cents: Cents, business_on: date
) -> dict[str, Any]:
    return {
        "payment_id": payment_id,
        "note_id": note_id,
        "transaction_id": transaction_id,
        "paid_on": business_on,
        "principal_cents": cents[0],
        "interest_cents": cents[1],
        "late_fee_cents": cents[2],
        "servicing_fee_cents": cents[3],
        "collection_fee_cents": cents[4],
    }


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


def _cents_of(row: Any) -> Cents:
    return (
        row.principal_cents,
        row.interest_cents,
        row.late_fee_cents,
        row.servicing_fee_cents,
        row.collection_fee_cents,
    )


def _cents_of_part(part: LenderPart | None) -> Cents:
    return NOTHING if part is None else _cents_of(part)


def _less(one: Sequence[int], other: Sequence[int]) -> Cents:
    principal, interest, late_fee, fee, collection_fee = (
        left - right for left, right in zip(one, other, strict=True)
    )
    return principal, interest, late_fee, fee, collection_fee


def _net(cents: Cents) -> int:
    return sum(cents[:3]) - cents[3] - cents[4]
