"""Sealed days: what was changed behind the platform's back shows, and the first bad transaction is named."""

from datetime import date, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from p2p_reflex.database import read, run, transaction
from p2p_reflex.models import JournalTransaction, SealedDay
from p2p_reflex.services.days import business_day, sealing
from p2p_reflex.services.laws import seals
from p2p_reflex.services.money.ledger import DaySealedError
from tests.builders import NOW, TODAY, a_lender, give_cash
from tests.markets import a_market

ON_SQLITE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture(autouse=True)
def _three_sealed_days(database: Engine) -> None:
    run(a_market)
    business_day.advance(run, days=3, now=NOW)


def tamper(*statements: str) -> None:
    """Take the guards away, and change the journal behind the platform's back."""
    with transaction() as session:
        triggers = session.execute(sa.text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).scalars()
        for name in list(triggers):
            session.execute(sa.text(f"DROP TRIGGER {name}"))
        session.execute(sa.text("PRAGMA defer_foreign_keys = ON"))
        for statement in statements:
            session.execute(sa.text(statement))


def payments_of(on: date = TODAY) -> list[int]:
    """Name a day's transactions."""
    query = sa.select(JournalTransaction.id).where(JournalTransaction.business_on == on)
    return read(lambda session: list(session.scalars(query.order_by(JournalTransaction.id))))


def test_sealed_days_verify_and_are_chained() -> None:
    days = run(lambda session: session.scalars(sa.select(SealedDay).order_by(SealedDay.business_on)).all())

    assert [day.business_on for day in days] == [TODAY + timedelta(days=n) for n in range(3)]
    assert [day.previous_digest for day in days] == [sealing.FIRST_LINK, days[0].digest, days[1].digest]
    assert days[0].transaction_count == len(days[0].fingerprints) // 16 > 0
    assert read(seals.sealed_days_verify) == []


def test_a_sealed_day_takes_no_more_entries() -> None:
    lender_id = run(a_lender)

    with pytest.raises(DaySealedError, match="has just ended"):
        run(give_cash, member_id=lender_id, cash_cents=5_00)

    assert read(seals.sealed_days_verify) == []


def test_the_seals_themselves_are_not_changed() -> None:
    for statement in ("UPDATE sealed_day SET digest = ''", "DELETE FROM sealed_day"):
        with pytest.raises(sa.exc.DBAPIError, match="stays sealed"), transaction() as session:
            session.execute(sa.text(statement))


@ON_SQLITE
@pytest.mark.parametrize("column", ["amount_cents", "balance_after_cents", "account_id"])
def test_a_flipped_entry_is_found(column: str) -> None:
    bad_id = payments_of()[2]

    tamper(
        f"UPDATE journal_entry SET {column} = {column} + 1 WHERE id ="
        f" (SELECT MAX(id) FROM journal_entry WHERE transaction_id = {bad_id})"
    )

    assert f"{TODAY}: transaction {bad_id} or its entries are not as they were sealed." in read(
        seals.sealed_days_verify
    )


@ON_SQLITE
def test_a_changed_memo_is_found() -> None:
    bad_id = payments_of()[-1]

    tamper(f"UPDATE journal_transaction SET memo = memo || '.' WHERE id = {bad_id}")

    assert f"{TODAY}: transaction {bad_id} or its entries are not as they were sealed." in read(
        seals.sealed_days_verify
    )


@ON_SQLITE
@pytest.mark.parametrize("place", [0, 3, -1])
def test_a_deleted_transaction_is_found(place: int) -> None:
    bad_id = payments_of()[place]

    tamper(
        "PRAGMA foreign_keys = OFF",
        *(
            f"DELETE FROM {table} WHERE payment_id IN"
            f" (SELECT id FROM payment WHERE transaction_id = {bad_id})"
            for table in ("payment_part", "loan_event", "lender_payment")
        ),
        f"DELETE FROM payment WHERE transaction_id = {bad_id}",
        f"DELETE FROM journal_entry WHERE transaction_id = {bad_id}",
        f"DELETE FROM journal_transaction WHERE id = {bad_id}",
    )

    assert f"{TODAY}: transaction {bad_id} is gone." in read(seals.sealed_days_verify)


@ON_SQLITE
def test_two_swapped_transactions_are_found() -> None:
    first, second = payments_of()[1:3]

    tamper(
        f"UPDATE journal_entry SET transaction_id = -1 WHERE transaction_id = {first}",
        f"UPDATE journal_entry SET transaction_id = {first} WHERE transaction_id = {second}",
        f"UPDATE journal_entry SET transaction_id = {second} WHERE transaction_id = -1",
    )

    assert f"{TODAY}: transaction {first} or its entries are not as they were sealed." in read(
        seals.sealed_days_verify
    )


@ON_SQLITE
def test_an_entry_put_into_a_sealed_day_is_found() -> None:
    bad_id = payments_of()[0]

    tamper(
        "INSERT INTO journal_entry (transaction_id, account_id, amount_cents, balance_after_cents)"
        f" SELECT {bad_id}, account_id, 1, 1 FROM journal_entry LIMIT 1"
    )

    assert f"{TODAY}: transaction {bad_id} or its entries are not as they were sealed." in read(
        seals.sealed_days_verify
    )


@ON_SQLITE
def test_a_seal_cut_off_at_the_end_is_missed() -> None:
    last_on = TODAY + timedelta(days=2)

    tamper(f"DELETE FROM sealed_day WHERE business_on = '{last_on}'")

    assert f"The seal of {last_on} is missing." in read(seals.sealed_days_verify)


@ON_SQLITE
def test_a_seal_written_anew_does_not_fit_the_chain() -> None:
    tamper(f"UPDATE sealed_day SET digest = '{'ab' * 32}' WHERE business_on = '{TODAY}'")

    told = read(seals.sealed_days_verify)

    assert f"{TODAY}: the seal itself was changed." in told
    assert f"The seal of {TODAY + timedelta(days=1)} does not follow the seal of the day before." in told


@ON_SQLITE
def test_guards_that_are_gone_are_missed() -> None:
    tamper()

    assert len(read(seals.sealed_days_verify)) == 4
