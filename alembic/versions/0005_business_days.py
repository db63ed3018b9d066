"""Business days: their steps, their seals, their figures; what is sealed takes no more entries."""

# ruff: noqa: S608 - every name below is a constant

import sqlalchemy as sa
from alembic import op
from alembic.util import CommandError

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

REFUSAL = "This business day is sealed."
STANDS = "A sealed day stays sealed."
SEALING_LOCK = 73_462_011


def upgrade() -> None:
    """Go up to this revision."""
    op.create_table(
        "business_step",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("business_on", sa.Date(), nullable=False),
        sa.Column("step", sa.String(length=32), nullable=False),
        sa.Column("chunk", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("through_id", sa.BigInteger(), nullable=False),
        sa.Column("item_count", sa.Integer(), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("duration_ms", sa.Integer(), nullable=False),
        sa.Column("attempt_count", sa.Integer(), nullable=False),
        sa.Column("error", sa.String(length=500), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "state <> 'failed' OR error <> ''", name=op.f("ck_business_step_failed_for_a_reason")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_business_step")),
    )
    op.create_index(
        "uq_business_step_business_on_step_chunk",
        "business_step",
        ["business_on", "step", "chunk"],
        unique=True,
    )

    op.create_table(
        "daily_figures",
        sa.Column("business_on", sa.Date(), nullable=False),
        sa.Column("open_listing_count", sa.Integer(), nullable=False),
        sa.Column("asked_cents", sa.BigInteger(), nullable=False),
        sa.Column("covered_cents", sa.BigInteger(), nullable=False),
        sa.Column("person_bid_count", sa.Integer(), nullable=False),
        sa.Column("bot_bid_count", sa.Integer(), nullable=False),
        sa.Column("lent_count", sa.Integer(), nullable=False),
        sa.Column("lent_cents", sa.BigInteger(), nullable=False),
        sa.Column("payment_count", sa.Integer(), nullable=False),
        sa.Column("principal_paid_cents", sa.BigInteger(), nullable=False),
        sa.Column("interest_paid_cents", sa.BigInteger(), nullable=False),
        sa.Column("late_fees_paid_cents", sa.BigInteger(), nullable=False),
        sa.Column("servicing_fees_cents", sa.BigInteger(), nullable=False),
        sa.Column("deposited_cents", sa.BigInteger(), nullable=False),
        sa.Column("withdrawn_cents", sa.BigInteger(), nullable=False),
        sa.Column("current_count", sa.Integer(), nullable=False),
        sa.Column("current_cents", sa.BigInteger(), nullable=False),
        sa.Column("grace_count", sa.Integer(), nullable=False),
        sa.Column("grace_cents", sa.BigInteger(), nullable=False),
        sa.Column("late_16_30_count", sa.Integer(), nullable=False),
        sa.Column("late_16_30_cents", sa.BigInteger(), nullable=False),
        sa.Column("late_31_120_count", sa.Integer(), nullable=False),
        sa.Column("late_31_120_cents", sa.BigInteger(), nullable=False),
        sa.Column("default_count", sa.Integer(), nullable=False),
        sa.Column("default_cents", sa.BigInteger(), nullable=False),
        sa.Column("charged_off_count", sa.Integer(), nullable=False),
        sa.Column("charged_off_cents", sa.BigInteger(), nullable=False),
        sa.Column("wallets_cents", sa.BigInteger(), nullable=False),
        sa.Column("held_cents", sa.BigInteger(), nullable=False),
        sa.Column("reserve_fund_cents", sa.BigInteger(), nullable=False),
        sa.Column("income_cents", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("business_on", name=op.f("pk_daily_figures")),
    )
    op.create_table(
        "sealed_day",
        sa.Column("business_on", sa.Date(), nullable=False),
        sa.Column("previous_digest", sa.String(length=64), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("transaction_count", sa.Integer(), nullable=False),
        sa.Column("entry_count", sa.Integer(), nullable=False),
        sa.Column("fingerprints", sa.LargeBinary(), nullable=False),
        sa.Column("sealed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("business_on", name=op.f("pk_sealed_day")),
    )
    op.create_index("ix_bid_placed_on", "bid", ["placed_on"])
    unpaid = sa.text("paid_on IS NULL")
    op.create_index(
        "ix_installment_unpaid",
        "installment",
        ["loan_id", "due_on"],
        sqlite_where=unpaid,
        postgresql_where=unpaid,
    )
    op.add_column(
        "loan", sa.Column("autopay_partial", sa.Boolean(), server_default=sa.false(), nullable=False)
    )
    if op.get_bind().dialect.name == "sqlite":
        _guard_sqlite()
    else:
        _guard_postgresql()


def downgrade() -> None:
    """Go back down from this revision."""
    raise CommandError("Sealed days stay sealed.")


def _guard_sqlite() -> None:
    """Refuse entries of sealed days, and changes of the seals.

    FAIL, not ABORT: a trigger that may abort makes SQLite keep a journal for every single row.
    """
    sealed_through = "(SELECT MAX(business_on) FROM sealed_day)"
    op.execute(
        "CREATE TRIGGER journal_transaction_refuses_sealed BEFORE INSERT ON journal_transaction "
        f"WHEN NEW.business_on <= {sealed_through} BEGIN SELECT RAISE(FAIL, '{REFUSAL}'); END"
    )
    op.execute(
        "CREATE TRIGGER journal_entry_refuses_sealed BEFORE INSERT ON journal_entry WHEN (SELECT business_on "
        f"FROM journal_transaction WHERE id = NEW.transaction_id) <= {sealed_through} "
        f"BEGIN SELECT RAISE(FAIL, '{REFUSAL}'); END"
    )
    for change in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER sealed_day_refuses_{change.lower()} BEFORE {change} ON sealed_day "
            f"BEGIN SELECT RAISE(ABORT, '{STANDS}'); END"
        )


def _guard_postgresql() -> None:
    """Do the same; who posts and who seals wait for each other, so that no entry slips in behind the seal.

    Numbers of transactions grow with the days, so the lowest one tells of all entries of a statement.
    """
    op.execute(
        "CREATE FUNCTION refuse_sealed_transaction() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"PERFORM pg_advisory_xact_lock_shared({SEALING_LOCK}); "
        "IF EXISTS (SELECT 1 FROM added WHERE business_on <= (SELECT MAX(business_on) FROM sealed_day)) "
        f"THEN RAISE EXCEPTION '{REFUSAL}'; END IF; RETURN NULL; END $$"
    )
    op.execute(
        "CREATE FUNCTION refuse_sealed_entry() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"PERFORM pg_advisory_xact_lock_shared({SEALING_LOCK}); "
        "IF EXISTS (SELECT 1 FROM journal_transaction WHERE id = (SELECT MIN(transaction_id) FROM added) "
        "AND business_on <= (SELECT MAX(business_on) FROM sealed_day)) "
        f"THEN RAISE EXCEPTION '{REFUSAL}'; END IF; RETURN NULL; END $$"
    )
    for table in ("transaction", "entry"):
        op.execute(
            f"CREATE TRIGGER journal_{table}_refuses_sealed AFTER INSERT ON journal_{table} REFERENCING NEW TABLE "
            f"AS added FOR EACH STATEMENT EXECUTE FUNCTION refuse_sealed_{table}()"
        )
    op.execute(
        "CREATE FUNCTION refuse_seal_change() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{STANDS}'; END $$"
    )
    op.execute(
        "CREATE TRIGGER sealed_day_refuses_change BEFORE UPDATE OR DELETE ON sealed_day "
        "FOR EACH ROW EXECUTE FUNCTION refuse_seal_change()"
    )
    op.execute(
        "CREATE TRIGGER sealed_day_refuses_truncate BEFORE TRUNCATE ON sealed_day "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_seal_change()"
    )
