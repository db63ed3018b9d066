"""Owns the laws of the journal: it balances, its caches are right, nothing is negative, it only grows."""

import sqlalchemy as sa
from sqlmodel import Session

from p2p_reflex.domain.formats import money
from p2p_reflex.services.laws.found import violations
from p2p_reflex.services.laws.requests import confirmed_is_journalled
from p2p_reflex.services.laws.servicing import advances_add_up

SQLITE_GUARDS = frozenset(
    f"{table}_refuses_{change}"
    for table in ("journal_transaction", "journal_entry", "loan_event", "loan_event_void")
    for change in ("update", "delete")
)
POSTGRESQL_GUARDS = frozenset(
    f"{table}_refuses_{change}"
    for table in ("journal_transaction", "journal_entry", "loan_event", "loan_event_void")
    for change in ("change", "truncate")
)


def transactions_balance(session: Session) -> list[str]:
    """Law 1: every journal transaction sums to zero, and so does the whole book."""
    unbalanced = violations(
        session,
        "SELECT transaction_id, SUM(amount_cents) AS total FROM journal_entry"
        " GROUP BY transaction_id HAVING SUM(amount_cents) <> 0 ORDER BY transaction_id",
        lambda row: f"Transaction {row.transaction_id} sums to {money(int(row.total))}, not to zero.",
    )
    empty = violations(
        session,
        "SELECT t.id FROM journal_transaction t WHERE NOT EXISTS"
        " (SELECT 1 FROM journal_entry e WHERE e.transaction_id = t.id) ORDER BY t.id",
        lambda row: f"Transaction {row.id} has no entries.",
    )
    whole = violations(
        session,
        "SELECT total FROM (SELECT COALESCE(SUM(balance_cents), 0) AS total FROM ledger_account) AS book"
        " WHERE total <> 0",
        lambda row: f"The balances of the whole book sum to {money(int(row.total))}, not to zero.",
    )
    return unbalanced + empty + whole


def balances_are_sums(session: Session) -> list[str]:
    """Law 2: a cached balance is the sum of its entries."""
    return violations(
        session,
        "SELECT a.id, a.kind, a.balance_cents, COALESCE(e.total, 0) AS total FROM ledger_account a"
        " LEFT JOIN (SELECT account_id, SUM(amount_cents) AS total FROM journal_entry GROUP BY account_id) e"
        " ON e.account_id = a.id WHERE a.balance_cents <> COALESCE(e.total, 0) ORDER BY a.id",
        lambda row: (
            f"Account {row.id} ({row.kind}) says {money(row.balance_cents)},"
            f" its entries say {money(int(row.total))}."
        ),
    )


def nothing_negative(session: Session) -> list[str]:
    """Law 3: no wallet, hold or fund is negative, and none may become so."""
    balances = violations(
        session,
        "SELECT id, kind, balance_cents FROM ledger_account"
        " WHERE kind IN ('wallet', 'held', 'reserve_fund') AND balance_cents < 0 ORDER BY id",
        lambda row: f"Account {row.id} ({row.kind}) stands at {money(row.balance_cents)}.",
    )
    unguarded = violations(
        session,
        "SELECT id, kind FROM ledger_account"
        " WHERE kind IN ('wallet', 'held', 'reserve_fund') AND may_be_negative ORDER BY id",
        lambda row: f"Account {row.id} ({row.kind}) is not kept from going below zero.",
    )
    holds = violations(
        session,
        "SELECT id, amount_cents FROM hold WHERE amount_cents < 0 ORDER BY id",
        lambda row: f"Hold {row.id} stands at {money(row.amount_cents)}.",
    )
    return balances + unguarded + holds


def bank_covers_everybody(session: Session) -> list[str]:
    """Law 9: money at the bank = wallets + holds + fund + the platform's income, less what it advanced."""
    return (
        advances_add_up(session)
        + confirmed_is_journalled(session)
        + violations(
            session,
            "SELECT bank, owed FROM (SELECT"
            " COALESCE(SUM(CASE WHEN kind = 'bank' THEN -balance_cents END), 0) AS bank,"
            " COALESCE(SUM(CASE WHEN kind <> 'bank' THEN balance_cents END), 0) AS owed"
            " FROM ledger_account) AS book WHERE bank <> owed",
            lambda row: (
                f"The bank has {money(int(row.bank))};"
                f" wallets, holds, fund and income come to {money(int(row.owed))}."
            ),
        )
    )


def journal_only_grows(session: Session) -> list[str]:
    """Law 10: journal rows are never changed; a reversal happens at most once, equal and opposite."""
    return _guards_missing(session) + _broken_chains(session) + _wrong_reversals(session)


def _guards_missing(session: Session) -> list[str]:
    """Name the triggers that should refuse changes and are not there, or are switched off."""
    connection = session.connection()
    if connection.dialect.name == "sqlite":
        present = connection.execute(
            sa.text("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        ).scalars()
        missing = SQLITE_GUARDS - set(present)
    else:
        present = connection.execute(
            sa.text("SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled IN ('O', 'A')")
        ).scalars()
        missing = POSTGRESQL_GUARDS - set(present)
    return [f"The guard {name} is missing from the database." for name in sorted(missing)]


def _broken_chains(session: Session) -> list[str]:
    """Compare each entry's balance after it with the sum of its account's entries so far."""
    return violations(
        session,
        "SELECT id, account_id, balance_after_cents, running FROM (SELECT id, account_id,"
        " balance_after_cents, SUM(amount_cents) OVER (PARTITION BY account_id ORDER BY id) AS running"
        " FROM journal_entry) AS chain WHERE balance_after_cents <> running ORDER BY id",
        lambda row: (
            f"Entry {row.id} of account {row.account_id} says {money(row.balance_after_cents)} after it,"
            f" the entries up to it say {money(int(row.running))}."
        ),
    )


def _wrong_reversals(session: Session) -> list[str]:
    """Find what was reversed twice, reversals of reversals, and reversals that are not equal and opposite."""
    twice = violations(
        session,
        "SELECT reverses_id, COUNT(*) AS times FROM journal_transaction WHERE reverses_id IS NOT NULL"
        " GROUP BY reverses_id HAVING COUNT(*) > 1 ORDER BY reverses_id",
        lambda row: f"Transaction {row.reverses_id} was reversed {row.times} times.",
    )
    chained = violations(
        session,
        "SELECT r.id FROM journal_transaction r JOIN journal_transaction t ON t.id = r.reverses_id"
        " WHERE t.reverses_id IS NOT NULL ORDER BY r.id",
        lambda row: f"Transaction {row.id} reverses a reversal.",
    )
    unequal = violations(
        session,
        "SELECT reversal_id, account_id FROM ("
        " SELECT r.id AS reversal_id, e.account_id, e.amount_cents FROM journal_transaction r"
        " JOIN journal_entry e ON e.transaction_id = r.id WHERE r.reverses_id IS NOT NULL"
        " UNION ALL"
        " SELECT r.id AS reversal_id, e.account_id, e.amount_cents FROM journal_transaction r"
        " JOIN journal_entry e ON e.transaction_id = r.reverses_id) AS both_sides"
        " GROUP BY reversal_id, account_id HAVING SUM(amount_cents) <> 0 ORDER BY reversal_id, account_id",
        lambda row: f"Reversal {row.reversal_id} does not undo what happened on account {row.account_id}.",
    )
    return twice + chained + unequal
