"""The laws of the books: silent on a right book, and each speaks when it is broken behind its back."""

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from p2p_reflex.database import read, run, transaction
from p2p_reflex.domain.vocabulary import AccountKind
from p2p_reflex.services import books, ledger
from tests.builders import NOW, TODAY, a_lender

JOURNAL_TABLES = ("journal_transaction", "journal_entry")


def broken_laws() -> dict[int, tuple[str, ...]]:
    """Check the books, and keep what is broken."""
    return {law.law: law.violations for law in read(books.check_books) if not law.holds}


def do(*statements: str) -> None:
    """Change the database behind the ledger's back."""
    with transaction() as session:
        for statement in statements:
            session.execute(sa.text(statement))


def without_guards(engine: Engine) -> None:
    """Take the triggers away that would refuse a change of the journal."""
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            question = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
            drops = [f"DROP TRIGGER {name}" for name in connection.execute(sa.text(question)).scalars()]
        else:
            drops = [f"ALTER TABLE {table} DISABLE TRIGGER USER" for table in JOURNAL_TABLES]
    do(*drops)


@pytest.fixture
def lender_id(database: Engine) -> int:
    return run(a_lender, cash_cents=250_00)


def test_an_empty_book_keeps_every_law(database: Engine) -> None:
    results = read(books.check_books)

    assert [law.law for law in results] == list(range(1, 11))
    assert broken_laws() == {}


def test_the_bank_has_what_wallets_holds_fund_and_income_come_to(lender_id: int) -> None:
    equation = read(books.bank_equation)

    assert equation.bank_cents == 250_00
    assert equation.wallets_cents + equation.held_cents == 250_00
    assert equation.difference_cents == 0


def test_a_changed_entry_is_told_by_the_sum_the_balance_and_the_chain(
    database: Engine, lender_id: int
) -> None:
    without_guards(database)

    do("UPDATE journal_entry SET amount_cents = amount_cents + 1 WHERE amount_cents > 0")

    broken = broken_laws()
    assert set(broken) == {1, 2, 10}
    assert broken[1] == ("Transaction 1 sums to $0.01, not to zero.",)
    assert broken[2][0].endswith("(wallet) says $250.00, its entries say $250.01.")
    assert any("after it" in violation for violation in broken[10])


def test_a_transaction_without_entries_is_told(database: Engine, lender_id: int) -> None:
    without_guards(database)

    do("DELETE FROM journal_entry")

    assert "Transaction 1 has no entries." in broken_laws()[1]


def test_a_changed_balance_is_told(lender_id: int) -> None:
    do(f"UPDATE ledger_account SET balance_cents = 1 WHERE member_id = {lender_id} AND kind = 'wallet'")

    broken = broken_laws()

    assert set(broken) == {1, 2, 9}
    assert broken[9] == ("The bank has $250.00; wallets, holds, fund and income come to $0.01.",)


def test_a_wallet_below_zero_is_told(lender_id: int) -> None:
    do(
        "UPDATE ledger_account SET may_be_negative = TRUE, balance_cents = -5"
        f" WHERE member_id = {lender_id} AND kind = 'wallet'"
    )

    violations = broken_laws()[3]

    assert len(violations) == 2
    assert violations[0].endswith("(wallet) stands at −$0.05.")
    assert violations[1].endswith("is not kept from going below zero.")


def test_money_held_for_no_bid_is_told(lender_id: int) -> None:
    own = read(ledger.member_accounts, member_ids=[lender_id])[lender_id]
    movement = ledger.Movement(
        kind=ledger.TransactionKind.HOLD,
        memo="Held for nothing",
        legs=(ledger.Leg(own.wallet_id, -10_00), ledger.Leg(own.held_id, 10_00)),
    )

    run(ledger.post, [movement], business_on=TODAY, recorded_at=NOW)

    broken = broken_laws()
    assert broken == {4: (f"Member {lender_id} has $10.00 held; $0.00 of their bids leads.",)}


def test_a_missing_guard_of_the_journal_is_told(database: Engine) -> None:
    without_guards(database)

    broken = broken_laws()

    assert set(broken) == {10}
    assert len(broken[10]) == 4
    assert all(violation.endswith("is missing from the database.") for violation in broken[10])


def test_a_right_reversal_breaks_no_law(lender_id: int) -> None:
    run(
        ledger.reverse,
        transaction_id=1,
        memo="Recorded by mistake",
        actor_id=None,
        business_on=TODAY,
        recorded_at=NOW,
    )

    assert broken_laws() == {}


def test_a_reversal_that_is_not_equal_and_opposite_is_told(lender_id: int) -> None:
    own = read(ledger.member_accounts, member_ids=[lender_id])[lender_id]
    bank_id = read(ledger.house_accounts)[AccountKind.BANK]
    half = ledger.Movement(
        kind=ledger.TransactionKind.REVERSAL,
        memo="Half of it",
        legs=(ledger.Leg(bank_id, 125_00), ledger.Leg(own.wallet_id, -125_00)),
        reverses_id=1,
    )

    run(ledger.post, [half], business_on=TODAY, recorded_at=NOW)

    broken = broken_laws()
    assert set(broken) == {10}
    assert len(broken[10]) == 2


def test_a_flood_of_violations_is_counted_not_spelled_out(database: Engine) -> None:
    with transaction() as session:
        for _ in range(25):
            a_lender(session, cash_cents=100)

    do("UPDATE ledger_account SET balance_cents = 0 WHERE kind = 'wallet'")

    assert broken_laws()[2][20:] == ("And 5 more of this kind.",)
