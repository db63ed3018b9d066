"""Let the journal only grow: refuse changes in the database itself, and open the house's own accounts."""

import sqlalchemy as sa
from alembic import op
from alembic.util import CommandError

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

JOURNAL_TABLES = ("journal_transaction", "journal_entry")
REFUSAL = "The journal only grows: post a reversal instead."


def upgrade() -> None:
    """Go up to this revision."""
    if op.get_bind().dialect.name == "sqlite":
        _guard_sqlite()
    else:
        _guard_postgresql()
    accounts = sa.table(
        "ledger_account",
        sa.column("kind", sa.String),
        sa.column("balance_cents", sa.BigInteger),
        sa.column("may_be_negative", sa.Boolean),
    )
    op.bulk_insert(
        accounts,
        [
            {"kind": "bank", "balance_cents": 0, "may_be_negative": True},
            {"kind": "reserve_fund", "balance_cents": 0, "may_be_negative": False},
            {"kind": "fee_income", "balance_cents": 0, "may_be_negative": False},
        ],
    )


def downgrade() -> None:
    """Go back down from this revision."""
    raise CommandError("A journal that only grows does not go back.")


def _guard_sqlite() -> None:
    """Add one trigger for each table and each kind of change."""
    for table in JOURNAL_TABLES:
        for change in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_refuses_{change.lower()} BEFORE {change} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
            )


def _guard_postgresql() -> None:
    """Add one function, and triggers for rows and for TRUNCATE."""
    op.execute(
        "CREATE FUNCTION refuse_journal_change() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{REFUSAL}'; END $$"
    )
    for table in JOURNAL_TABLES:
        op.execute(
            f"CREATE TRIGGER {table}_refuses_change BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION refuse_journal_change()"
        )
        op.execute(
            f"CREATE TRIGGER {table}_refuses_truncate BEFORE TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_journal_change()"
        )
