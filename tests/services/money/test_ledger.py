"""The ledger: balanced, guarded, append-only, and exact when many write at once."""

import random
import re

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlalchemy.exc import DBAPIError

from p2p_reflex.database import read, run, transaction
from p2p_reflex.domain.errors import LendingError
from p2p_reflex.domain.vocabulary import AccountKind, TransactionKind
from p2p_reflex.models import JournalEntry, JournalTransaction, LedgerAccount
from p2p_reflex.services.money import ledger
from p2p_reflex.services.money.ledger import (
    AlreadyReversedError,
    InsufficientFundsError,
    Leg,
    MemberAccounts,
    Movement,
)
from tests.builders import NOW, TODAY, a_lender, give_cash, in_threads


def accounts_of(*member_ids: int) -> list[MemberAccounts]:
    """Find the accounts of some members."""
    found = read(ledger.member_accounts, member_ids=member_ids)
    return [found[member_id] for member_id in member_ids]


def moves(from_id: int, to_id: int, amount_cents: int, key: str | None = None) -> Movement:
    """Describe a movement between two accounts."""
    return Movement(
        kind=TransactionKind.PAYMENT,
        memo="A test moves money",
        legs=(Leg(from_id, -amount_cents), Leg(to_id, amount_cents)),
        key=key,
    )


def post(*movements: Movement) -> tuple[int, ...]:
    """Post movements in a transaction of their own."""
    return run(ledger.post, movements, business_on=TODAY, recorded_at=NOW)


def total_and_drift() -> tuple[int, int]:
    """Sum the whole book, and count the accounts whose cached balance is not the sum of their entries."""
    with transaction() as session:
        total = session.execute(sa.select(sa.func.sum(LedgerAccount.balance_cents))).scalar()
        sums = dict(
            session.execute(
                sa.select(JournalEntry.account_id, sa.func.sum(JournalEntry.amount_cents)).group_by(
                    JournalEntry.account_id
                )
            ).all()
        )
        cached = session.execute(sa.select(LedgerAccount.id, LedgerAccount.balance_cents)).all()
    return int(total or 0), sum(1 for account_id, balance in cached if balance != sums.get(account_id, 0))


def test_a_deposit_makes_the_wallet_and_what_the_bank_holds_grow_alike(database: Engine) -> None:
    lender_id = run(a_lender, cash_cents=125_00)

    available, held = read(ledger.balances, member_id=lender_id)

    assert (available, held) == (125_00, 0)
    assert total_and_drift() == (0, 0)


def test_nobody_spends_what_they_do_not_have_and_nothing_half_happens(database: Engine) -> None:
    rich_id, poor_id = run(a_lender, cash_cents=500_00), run(a_lender, cash_cents=10_00)
    rich, poor = accounts_of(rich_id, poor_id)

    with pytest.raises(InsufficientFundsError, match=re.escape("You have $10.00 available.")) as refused:
        post(moves(rich.wallet_id, poor.held_id, 1_00), moves(poor.wallet_id, rich.held_id, 10_01))

    assert refused.value.member_id == poor_id
    assert read(ledger.balances, member_id=rich_id) == (500_00, 0)
    assert read(ledger.balances, member_id=poor_id) == (10_00, 0)
    assert total_and_drift() == (0, 0)


@pytest.mark.parametrize(
    "amounts", [(-100, 99), (0, 0), (100,), (-(10**16), 10**16), (-1.0, 1.0), (True, -1)], ids=str
)
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_legs_that_are_not_a_balanced_transaction_of_whole_cents_are_refused(
    database: Engine, amounts: tuple[int, ...]
) -> None:
    (accounts,) = accounts_of(run(a_lender, cash_cents=100_00))
    places = (accounts.wallet_id, accounts.held_id)
    legs = tuple(Leg(account_id, amount) for account_id, amount in zip(places, amounts, strict=False))

    with pytest.raises(ValueError, match=r"leg"):
        post(Movement(kind=TransactionKind.PAYMENT, memo="Wrong", legs=legs))


def test_the_database_itself_refuses_a_negative_wallet(database: Engine) -> None:
    (accounts,) = accounts_of(run(a_lender, cash_cents=100_00))

    with pytest.raises(DBAPIError), transaction() as session:
        session.execute(
            sa.update(LedgerAccount)
            .where(LedgerAccount.id == accounts.wallet_id)
            .values(balance_cents=LedgerAccount.balance_cents - 100_01)
        )

    assert total_and_drift() == (0, 0)


@pytest.mark.parametrize("table", [JournalTransaction, JournalEntry])
@pytest.mark.parametrize("change", ["update", "delete"])
def test_the_database_itself_refuses_to_change_the_journal(
    database: Engine, table: type, change: str
) -> None:
    run(a_lender, cash_cents=100_00)
    statement = sa.delete(table) if change == "delete" else sa.update(table).values(id=table.id + 1000)

    with pytest.raises(DBAPIError, match="The journal only grows"), transaction() as session:
        session.execute(statement)


def test_the_same_journal_key_is_taken_once(database: Engine) -> None:
    (accounts,) = accounts_of(run(a_lender, cash_cents=100_00))
    post(moves(accounts.wallet_id, accounts.held_id, 5_00, key="loan:1:day:2026-11-20"))

    with pytest.raises(DBAPIError):
        post(moves(accounts.wallet_id, accounts.held_id, 5_00, key="loan:1:day:2026-11-20"))

    assert total_and_drift() == (0, 0)


def test_of_two_reversals_at_once_one_succeeds(database: Engine) -> None:
    lender_id = run(a_lender)
    with transaction() as session:
        deposit_id = give_cash(session, member_id=lender_id, cash_cents=80_00)
        give_cash(session, member_id=lender_id, cash_cents=80_00)

    def reverse() -> int:
        return run(
            ledger.reverse,
            transaction_id=deposit_id,
            memo="Entered twice",
            actor_id=None,
            business_on=TODAY,
            recorded_at=NOW,
        )

    results = in_threads([reverse] * 4)

    assert sum(isinstance(result, int) for result in results) == 1
    assert sum(isinstance(result, AlreadyReversedError) for result in results) == 3
    assert read(ledger.balances, member_id=lender_id) == (80_00, 0)
    assert total_and_drift() == (0, 0)


def test_money_that_has_moved_on_cannot_be_reversed_out_of_an_empty_wallet(database: Engine) -> None:
    giver_id, taker_id = run(a_lender), run(a_lender)
    giver, taker = accounts_of(giver_id, taker_id)
    with transaction() as session:
        deposit_id = give_cash(session, member_id=giver_id, cash_cents=80_00)
    post(moves(giver.wallet_id, taker.wallet_id, 80_00))

    with pytest.raises(InsufficientFundsError):
        run(
            ledger.reverse,
            transaction_id=deposit_id,
            memo="Mistake",
            actor_id=None,
            business_on=TODAY,
            recorded_at=NOW,
        )

    assert total_and_drift() == (0, 0)


def test_many_random_transfers_at_once_neither_lose_nor_create_nor_overdraw(database: Engine) -> None:
    member_ids = [run(a_lender, cash_cents=40_00) for _ in range(5)]
    wallets = [accounts.wallet_id for accounts in accounts_of(*member_ids)]
    luck = random.Random(7)
    plans = [[(*luck.sample(wallets, 2), luck.randrange(1_00, 30_00)) for _ in range(25)] for _ in range(6)]

    def work(plan: list[tuple[int, int, int]]) -> int:
        refused = 0
        for from_id, to_id, amount in plan:
            try:
                post(moves(from_id, to_id, amount))
            except LendingError:
                refused += 1
        return refused

    results = in_threads([lambda plan=plan: work(plan) for plan in plans])  # type: ignore[misc]

    assert all(isinstance(result, int) for result in results), results
    assert sum(results) > 0, "the plan is meant to run some wallets dry"
    assert sum(read(ledger.balances, member_id=member_id)[0] for member_id in member_ids) == 200_00
    assert total_and_drift() == (0, 0)


def test_every_read_during_writes_sees_books_that_balance(database: Engine) -> None:
    member_ids = [run(a_lender, cash_cents=1_000_00) for _ in range(4)]
    wallets = [accounts.wallet_id for accounts in accounts_of(*member_ids)]

    def write(place: int) -> None:
        for step in range(30):
            post(moves(wallets[place], wallets[(place + 1 + step % 3) % 4], 1_00 + step))

    def look() -> list[int]:
        def total(session: object) -> int:
            return int(session.execute(sa.select(sa.func.sum(LedgerAccount.balance_cents))).scalar())  # type: ignore[attr-defined]

        return [read(total) for _ in range(40)]

    results = in_threads([lambda place=place: write(place) for place in range(4)] + [look, look])  # type: ignore[misc]

    assert results[:4] == [None] * 4
    assert set(results[4]) | set(results[5]) == {0}
    assert total_and_drift() == (0, 0)


def test_balances_hold_more_than_a_32_bit_number_of_cents(database: Engine) -> None:
    lender_id = run(a_lender, cash_cents=90_000_000_000_00)

    assert read(ledger.balances, member_id=lender_id) == (90_000_000_000_00, 0)


def test_the_bank_is_the_only_account_below_zero(database: Engine) -> None:
    run(a_lender, cash_cents=10_00)

    with transaction() as session:
        kinds = set(
            session.execute(sa.select(LedgerAccount.kind).where(LedgerAccount.balance_cents < 0)).scalars()
        )

    assert kinds == {AccountKind.BANK}
