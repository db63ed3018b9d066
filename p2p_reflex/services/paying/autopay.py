"""Owns autopay: the borrower's switches, and collecting what is due from the wallet."""

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa
from sqlmodel import Session

from p2p_reflex.domain.errors import LendingError, UnknownError
from p2p_reflex.models import Loan, table_of
from p2p_reflex.services.loans.loan_positions import LARGEST_ID, PAYABLE_STATES, positions
from p2p_reflex.services.money.ledger import InsufficientFundsError
from p2p_reflex.services.paying import autopay_rows
from p2p_reflex.services.paying.autopay_posting import post_ordinary
from p2p_reflex.services.paying.autopay_rows import DueLoan
from p2p_reflex.services.paying.payment_plans import plan_payment
from p2p_reflex.services.paying.payment_posting import post_payments
from p2p_reflex.services.touched import loan_topic, member_topic, touch

CHUNK_LOANS = 5_000

_loans = table_of(Loan)


class AutopayEndedError(LendingError):
    """A loan that ended has nothing left to collect."""

    def __init__(self) -> None:
        super().__init__("This loan has ended, so there is nothing left to pay automatically.")


@dataclass(frozen=True, slots=True)
class Collected:
    """One payment that autopay made; `is_partial` where the wallet had less than was due."""

    loan_id: int
    borrower_id: int
    payment_id: int
    amount_cents: int
    is_payoff: bool
    is_partial: bool = False


@dataclass(frozen=True, slots=True)
class Short:
    """One loan whose borrower's wallet does not cover what is due; `due_cents` is what of it stays due."""

    loan_id: int
    borrower_id: int
    due_cents: int


@dataclass(frozen=True, slots=True)
class AutopayOutcome:
    """What autopay collected, and where it could not or not all; the loans up to `through_id` were looked at.

    There may be more loans after `through_id`; without one, there are none.
    """

    collected: tuple[Collected, ...]
    short: tuple[Short, ...]
    through_id: int | None = None


def set_autopay(session: Session, *, borrower_id: int, loan_id: int, enabled: bool, now: datetime) -> bool:
    """Switch autopay on or off for the borrower's own loan and return how it stands; saying it twice is fine.

    Raises UnknownError, AutopayEndedError.
    """
    _switch(session, borrower_id=borrower_id, loan_id=loan_id, values={"autopay": bool(enabled)})
    return bool(enabled)


def set_partial(session: Session, *, borrower_id: int, loan_id: int, enabled: bool, now: datetime) -> bool:
    """Allow autopay, or not, to take what is there where the wallet does not cover all that is due.

    Raises UnknownError, AutopayEndedError.
    """
    _switch(session, borrower_id=borrower_id, loan_id=loan_id, values={"autopay_partial": bool(enabled)})
    return bool(enabled)


def _switch(session: Session, *, borrower_id: int, loan_id: int, values: dict[str, bool]) -> None:
    if not isinstance(loan_id, int) or not 0 < loan_id <= LARGEST_ID:
        raise UnknownError("loan")
    mine = sa.and_(_loans.c.id == loan_id, _loans.c.borrower_id == borrower_id)
    connection = session.connection()
    state = connection.execute(sa.select(_loans.c.state).where(mine).with_for_update()).scalar()
    if state is None:
        raise UnknownError("loan")
    if state not in PAYABLE_STATES:
        raise AutopayEndedError
    connection.execute(sa.update(_loans).where(mine).values(**values, version=_loans.c.version + 1))
    touch(session, loan_topic(loan_id), member_topic(borrower_id))


def collect(session: Session, *, business_on: date, now: datetime) -> AutopayOutcome:
    """Pay what is due on every loan with autopay, as far as the borrower's wallet reaches.

    Law: run again for the same day it collects nothing more, because then nothing is due or nothing is there.
    """
    collected: list[Collected] = []
    short: list[Short] = []
    after_id: int | None = 0
    while after_id is not None:
        chunk = collect_chunk(session, after_id=after_id, limit=CHUNK_LOANS, business_on=business_on, now=now)
        collected += chunk.collected
        short += chunk.short
        after_id = chunk.through_id
    return AutopayOutcome(tuple(collected), tuple(short))


def collect_chunk(
    session: Session, *, after_id: int, limit: int, business_on: date, now: datetime
) -> AutopayOutcome:
    """Do the same for the next loans after an id, in a fixed number of statements however many they are.

    A loan is paid in full or, where the borrower allows it, with what is there; else it stays due and is
    tried again the next day.
    """
    ids = autopay_rows.due_ids(session, business_on=business_on, after_id=after_id, limit=limit)
    loans = autopay_rows.due_loans(session, loan_ids=ids, business_on=business_on) if ids else []
    emptied: set[int] = set()
    while True:
        choice = _decide(loans, emptied)
        try:
            with _undoable(session):
                collected = _pay(session, choice, business_on=business_on, now=now)
            break
        except InsufficientFundsError as refused:
            # The wallet was emptied between the look and the guard; the others are paid all the same.
            if refused.member_id not in choice.payers:
                raise
            emptied.add(refused.member_id)
    through_id = ids[-1] if len(ids) == limit else None
    return AutopayOutcome(tuple(collected), choice.short, through_id)


def _undoable(session: Session) -> AbstractContextManager[object]:
    """Let what follows be undone alone; nobody empties a wallet meanwhile on SQLite, which has one writer.

    There a savepoint together with the journal's triggers would make each entry cost several times as much.
    """
    is_shared = session.connection().dialect.name == "postgresql"
    return session.begin_nested() if is_shared else nullcontext()


@dataclass(frozen=True, slots=True)
class _Choice:
    """The loans that are paid in full, those with a part of what is due, and those that remain short."""

    full: tuple[DueLoan, ...]
    partial: tuple[tuple[DueLoan, int], ...]
    short: tuple[Short, ...]

    @property
    def payers(self) -> set[int]:
        """Name the borrowers whose wallets are asked."""
        return {loan.borrower_id for loan in self.full} | {loan.borrower_id for loan, _ in self.partial}


def _decide(loans: Sequence[DueLoan], emptied: set[int]) -> _Choice:
    """Choose what is paid; of one borrower's loans they come in order, while the wallet reaches."""
    full: list[DueLoan] = []
    partial: list[tuple[DueLoan, int]] = []
    short: list[Short] = []
    left: dict[int, int] = {}
    for loan in loans:
        has = 0 if loan.borrower_id in emptied else left.get(loan.borrower_id, loan.wallet_cents)
        due_cents = loan.due_cents
        if has >= due_cents:
            full.append(loan)
            has -= due_cents
        else:
            taken = has if loan.pays_part else 0
            if taken:
                partial.append((loan, taken))
            short.append(Short(loan.id, loan.borrower_id, due_cents - taken))
            has -= taken
        left[loan.borrower_id] = has
    return _Choice(tuple(full), tuple(partial), tuple(short))


def _pay(session: Session, choice: _Choice, *, business_on: date, now: datetime) -> list[Collected]:
    """Pay the ordinary ones as columns, the others by a plan each."""
    payment_ids = post_ordinary(session, choice.full, business_on=business_on, now=now) if choice.full else {}
    collected = [
        Collected(loan.id, loan.borrower_id, payment_ids[loan.id], loan.due_cents, is_payoff=False)
        for loan in choice.full
        if loan.id in payment_ids
    ]
    amounts = {loan.id: loan.due_cents for loan in choice.full if loan.id not in payment_ids}
    parts = {loan.id: taken for loan, taken in choice.partial}
    amounts.update(parts)
    plans = [
        plan_payment(loan, amount_cents=amounts[loan.id], business_on=business_on)
        for loan in positions(session, loan_ids=sorted(amounts))
    ]
    planned_ids = post_payments(
        session, plans, from_outside={}, is_autopay=True, business_on=business_on, now=now
    )
    collected += [
        Collected(
            plan.loan.id,
            plan.loan.borrower_id,
            payment_id,
            plan.amount_cents,
            plan.is_payoff,
            is_partial=plan.loan.id in parts,
        )
        for plan, payment_id in zip(plans, planned_ids, strict=True)
    ]
    return sorted(collected, key=lambda paid: paid.loan_id)
