"""The laws of the books: silent on a right book, and each speaks when it is broken behind its back."""

from datetime import date

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from p2p_reflex.database import read, run, transaction
from p2p_reflex.domain.vocabulary import AccountKind
from p2p_reflex.models import Loan
from p2p_reflex.services.bidding import bidding
from p2p_reflex.services.days import opening
from p2p_reflex.services.listings import listings
from p2p_reflex.services.money import books, ledger
from p2p_reflex.services.paying import payments
from tests.builders import (
    NOW,
    TODAY,
    a_borrower,
    a_form_key,
    a_lender,
    a_listing_form,
    a_loan,
)

JOURNAL_TABLES = ("journal_transaction", "journal_entry", "loan_event", "loan_event_void")


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

    assert [law.law for law in results] == list(range(1, 12))
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
    assert set(broken) == {1, 2, 10, 11}
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

    assert set(broken) == {10, 11}
    assert len(broken[10]) == 8
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


@pytest.fixture
def loan_id(database: Engine) -> int:
    """Lend by two lenders, and pay twice: an installment, and one with money ahead of time."""
    loan_id = run(
        a_loan, principal_cents=1_200_00, term_months=12, notes=[(900_00, "0.10"), (300_00, "0.14")]
    )
    for amount, business_on in (("106.20", date(2026, 12, 20)), ("300", date(2027, 1, 20))):
        pay(loan_id, amount, business_on)
    return loan_id


def pay(loan_id: int, amount: str, business_on: date) -> None:
    with transaction() as session:
        payments.pay(
            session,
            borrower_id=session.get_one(Loan, loan_id).borrower_id,
            loan_id=loan_id,
            amount=amount,
            choice="keep_installment",
            form_key=a_form_key(),
            business_on=business_on,
            now=NOW,
        )


def test_a_loan_that_is_paid_ahead_and_paid_off_keeps_every_law(loan_id: int) -> None:
    assert broken_laws() == {}

    pay(loan_id, "5000", date(2027, 2, 3))

    assert broken_laws() == {}


@pytest.mark.parametrize(
    ("change", "laws"),
    [
        ("UPDATE note SET outstanding_cents = outstanding_cents - 1 WHERE id = 1", {5, 8}),
        ("UPDATE loan SET outstanding_cents = outstanding_cents - 1", {5, 7}),
        ("UPDATE bid SET accepted_cents = accepted_cents - 100 WHERE id = 1", {6}),
        ("UPDATE listing SET amount_cents = amount_cents - 100, covered_cents = 100000", {6}),
        ("UPDATE installment SET principal_cents = principal_cents + 1 WHERE number = 9", {7}),
        ("UPDATE installment SET interest_paid_cents = interest_paid_cents - 1 WHERE number = 1", {7}),
        ("UPDATE payment_part SET interest_cents = interest_cents + 1 WHERE id = 1", {7}),
        ("UPDATE loan SET interest_paid_cents = interest_paid_cents + 1", {7}),
        ("UPDATE lender_payment SET principal_cents = principal_cents + 1 WHERE id = 1", {8}),
        ("UPDATE payment SET servicing_fee_cents = servicing_fee_cents + 1 WHERE id = 1", {8}),
        ("UPDATE note SET interest_received_cents = interest_received_cents + 1 WHERE id = 2", {8}),
    ],
)
def test_a_cent_moved_behind_the_books_breaks_the_law_it_belongs_to(
    loan_id: int, change: str, laws: set[int]
) -> None:
    do(change)

    assert set(broken_laws()) == laws


def test_a_part_of_a_payment_that_went_to_another_lender_is_told(loan_id: int) -> None:
    do("UPDATE note SET lender_id = (SELECT lender_id FROM note WHERE id = 2) WHERE id = 1")

    violations = broken_laws()[8]

    assert len(violations) == 4
    assert all("than their part of the payment" in violation for violation in violations)


@pytest.fixture
def listing_id(database: Engine) -> int:
    """Offer 1,900 dollars by four lenders, a bot among them, for a listing of 1,500."""
    with transaction() as session:
        opening.open_market(session, business_on=TODAY)
        listing_id = listings.publish(
            session,
            borrower_id=a_borrower(session),
            form=a_listing_form(amount="1,500", highest_rate="20"),
            form_key=a_form_key(),
            business_on=TODAY,
            now=NOW,
        )
        for amount, rate, is_bot in (
            ("800", "15", False),
            ("300", "15.5", True),
            ("300", "15.5", False),
            ("500", "14.75", False),
        ):
            bidding.place_bid(
                session,
                lender_id=a_lender(session, cash_cents=1_000_00, is_bot=is_bot),
                listing_id=listing_id,
                amount=amount,
                rate=rate,
                form_key=a_form_key(),
                business_on=TODAY,
                now=NOW,
            )
    return listing_id


def test_a_book_with_bids_that_lead_in_full_in_part_and_not_at_all_keeps_every_law(listing_id: int) -> None:
    assert broken_laws() == {}
    assert read(books.bank_equation).held_cents == 1_500_00


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE bid SET leading_cents = leading_cents - 1 WHERE id = 1",
        "UPDATE bid SET is_bot = FALSE",
        "UPDATE bid SET rate = 140000 WHERE id = 2",
        "UPDATE hold SET amount_cents = amount_cents - 1 WHERE id = 1",
        "UPDATE hold SET state = 'released' WHERE id = 1",
        "UPDATE listing SET covered_cents = covered_cents - 1",
        "UPDATE listing SET offered_cents = offered_cents + 100",
        "UPDATE listing SET state = 'expired'",
    ],
)
def test_an_open_book_that_does_not_agree_with_its_holds_and_ranks_is_told(
    listing_id: int, change: str
) -> None:
    do(change)

    assert set(broken_laws()) == {4}
