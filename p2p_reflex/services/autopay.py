"""Owns autopay: the borrower's switch, and collecting what is due from the wallet."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import cast

import sqlalchemy as sa
from sqlmodel import Session

from p2p_reflex.domain.errors import LendingError, UnknownError
from p2p_reflex.domain.vocabulary import AccountKind
from p2p_reflex.models import LedgerAccount, Loan
from p2p_reflex.services.ledger import InsufficientFundsError
from p2p_reflex.services.loan_positions import (
    CHUNK,
    LARGEST_ID,
    PAYABLE_STATES,
    LoanPosition,
    autopay_positions,
)
from p2p_reflex.services.payment_plans import PaymentPlan, plan_payment
from p2p_reflex.services.payment_posting import post_payments
from p2p_reflex.services.touched import loan_topic, member_topic, touch

_loans = cast(sa.Table, Loan.__table__)  # type: ignore[attr-defined]
_accounts = cast(sa.Table, LedgerAccount.__table__)  # type: ignore[attr-defined]


class AutopayEndedError(LendingError):
    """A loan that ended has nothing left to collect."""

    def __init__(self) -> None:
        super().__init__("This loan has ended, so there is nothing left to pay automatically.")


@dataclass(frozen=True, slots=True)
class Collected:
    """One payment that autopay made."""

    loan_id: int
    borrower_id: int
    payment_id: int
    amount_cents: int
    is_payoff: bool


@dataclass(frozen=True, slots=True)
class Short:
    """One loan whose borrower's wallet does not cover what is due."""

    loan_id: int
    borrower_id: int
    due_cents: int


@dataclass(frozen=True, slots=True)
class AutopayOutcome:
    """What a day's autopay collected, and where it could not."""

    collected: tuple[Collected, ...]
    short: tuple[Short, ...]


def set_autopay(session: Session, *, borrower_id: int, loan_id: int, enabled: bool, now: datetime) -> bool:
    """Switch autopay on or off for the borrower's own loan and return how it stands; saying it twice is fine.

    Raises UnknownError, AutopayEndedError.
    """
    if not isinstance(loan_id, int) or not 0 < loan_id <= LARGEST_ID:
        raise UnknownError("loan")
    mine = sa.and_(_loans.c.id == loan_id, _loans.c.borrower_id == borrower_id)
    connection = session.connection()
    state = connection.execute(sa.select(_loans.c.state).where(mine).with_for_update()).scalar()
    if state is None:
        raise UnknownError("loan")
    if state not in PAYABLE_STATES:
        raise AutopayEndedError
    connection.execute(
        sa.update(_loans).where(mine).values(autopay=bool(enabled), version=_loans.c.version + 1)
    )
    touch(session, loan_topic(loan_id), member_topic(borrower_id))
    return bool(enabled)


def collect(session: Session, *, business_on: date, now: datetime) -> AutopayOutcome:
    """Pay what is due on every loan with autopay whose borrower's wallet covers all of it.

    Law: run again for the same day it collects nothing more, because then nothing is due.
    """
    loans = autopay_positions(session, business_on=business_on)
    wallets = _wallet_balances(session, {loan.borrower_id for loan in loans})
    plans, short = _decide(loans, wallets, business_on)
    collected: list[Collected] = []
    while plans:
        try:
            with session.begin_nested():
                payment_ids = post_payments(
                    session, plans, from_outside={}, is_autopay=True, business_on=business_on, now=now
                )
        except InsufficientFundsError as refused:
            # The wallet was emptied between the look and the guard; the others are paid all the same.
            short += [_short(plan) for plan in plans if plan.loan.borrower_id == refused.member_id]
            left = [plan for plan in plans if plan.loan.borrower_id != refused.member_id]
            if len(left) == len(plans):
                raise
            plans = left
            continue
        collected = [
            Collected(plan.loan.id, plan.loan.borrower_id, payment_id, plan.amount_cents, plan.is_payoff)
            for plan, payment_id in zip(plans, payment_ids, strict=True)
        ]
        break
    return AutopayOutcome(tuple(collected), tuple(short))


def _decide(
    loans: Iterable[LoanPosition], wallets: dict[int, int], business_on: date
) -> tuple[list[PaymentPlan], list[Short]]:
    """Choose the loans that are paid; of one borrower's they come in order, while the wallet reaches."""
    plans: list[PaymentPlan] = []
    short: list[Short] = []
    for loan in loans:
        due_cents = sum(row.unpaid_cents for row in loan.due_by(business_on))
        if not due_cents:
            continue
        if wallets.get(loan.borrower_id, 0) < due_cents:
            short.append(Short(loan.id, loan.borrower_id, due_cents))
            continue
        wallets[loan.borrower_id] -= due_cents
        plans.append(plan_payment(loan, amount_cents=due_cents, business_on=business_on))
    return plans, short


def _short(plan: PaymentPlan) -> Short:
    return Short(plan.loan.id, plan.loan.borrower_id, plan.amount_cents)


def _wallet_balances(session: Session, member_ids: Iterable[int]) -> dict[int, int]:
    """Read what is available in the wallets of several members."""
    found: dict[int, int] = {}
    wanted = sorted(member_ids)
    for start in range(0, len(wanted), CHUNK):
        query = sa.select(_accounts.c.member_id, _accounts.c.balance_cents).where(
            _accounts.c.kind == AccountKind.WALLET, _accounts.c.member_id.in_(wanted[start : start + CHUNK])
        )
        found.update((member_id, balance) for member_id, balance in session.connection().execute(query))
    return found
