"""Owns the look over the whole book: every law with what breaks it, and the bank's equation."""

from collections.abc import Callable
from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import Session, col, func, select

from p2p_reflex.domain.vocabulary import AccountKind
from p2p_reflex.models import LedgerAccount
from p2p_reflex.services.laws import journal, loans, market, seals

Law = Callable[[Session], list[str]]

LAWS: tuple[tuple[int, str, Law], ...] = (
    (1, "Every transaction sums to zero, and so does the whole book", journal.transactions_balance),
    (2, "A cached balance is the sum of its entries", journal.balances_are_sums),
    (3, "No wallet, hold or fund is negative", journal.nothing_negative),
    (4, "Cash held is what leads in open books and waits to be withdrawn", market.held_is_what_leads),
    (5, "A loan’s outstanding principal is the sum of its notes’", loans.notes_make_the_loan),
    (6, "Accepted money is never more than was asked for", market.accepted_within_asked),
    (7, "Schedules sum to the principal, paid parts to the payments", loans.schedules_add_up),
    (8, "Lenders’ parts sum to the payment less fees", loans.lenders_get_the_payment),
    (9, "Money at the bank is wallets, holds, fund and income, less advances", journal.bank_covers_everybody),
    (10, "The journal only grows; a reversal happens once", journal.journal_only_grows),
    (11, "Sealed days are as they were sealed", seals.sealed_days_verify),
)


@dataclass(frozen=True, slots=True)
class LawResult:
    """One law of the books, and a sentence for each thing that breaks it."""

    law: int
    title: str
    violations: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Tell whether nothing breaks the law."""
        return not self.violations


@dataclass(frozen=True, slots=True)
class BankEquation:
    """What is at the bank, and whom it belongs to; the difference is zero, always.

    What the platform advanced after corrections is owed to it, so it counts as if it lay at the bank.
    """

    bank_cents: int
    wallets_cents: int
    held_cents: int
    reserve_fund_cents: int
    income_cents: int
    receivable_cents: int = 0

    @property
    def difference_cents(self) -> int:
        """Give what the bank has, with what is owed to the platform, beyond what it owes."""
        owed = self.wallets_cents + self.held_cents + self.reserve_fund_cents + self.income_cents
        return self.bank_cents + self.receivable_cents - owed


def check_books(session: Session) -> tuple[LawResult, ...]:
    """Check every law; a broken one is told, never raised."""
    return tuple(LawResult(law, title, tuple(check(session))) for law, title, check in LAWS)


def bank_equation(session: Session) -> BankEquation:
    """Add up the accounts by what they are."""
    rows = session.exec(
        select(LedgerAccount.kind, func.sum(col(LedgerAccount.balance_cents), type_=sa.BigInteger)).group_by(
            LedgerAccount.kind
        )
    )
    by_kind = {AccountKind(kind): int(total) for kind, total in rows}
    return BankEquation(
        bank_cents=-by_kind.get(AccountKind.BANK, 0),
        wallets_cents=by_kind.get(AccountKind.WALLET, 0),
        held_cents=by_kind.get(AccountKind.HELD, 0),
        reserve_fund_cents=by_kind.get(AccountKind.RESERVE_FUND, 0),
        income_cents=by_kind.get(AccountKind.FEE_INCOME, 0),
        receivable_cents=-by_kind.get(AccountKind.RECEIVABLE, 0),
    )
