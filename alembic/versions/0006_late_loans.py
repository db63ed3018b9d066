"""Late loans: a log of each loan's life, notes of the reserve fund, recoveries, corrections, receivables."""

import sqlalchemy as sa
from alembic import op
from alembic.util import CommandError

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

LOG_TABLES = ("loan_event", "loan_event_void")
REFUSAL = "The log of loans only grows: record a correction instead."


def upgrade() -> None:
    """Go up to this revision."""
    _add_columns()
    _make_room_in_notes()
    _create_log()
    _create_corrections()
    _guard_log()
    _write_log_so_far()
    op.bulk_insert(
        sa.table(
            "ledger_account",
            sa.column("kind", sa.String),
            sa.column("balance_cents", sa.BigInteger),
            sa.column("may_be_negative", sa.Boolean),
        ),
        [{"kind": "receivable", "balance_cents": 0, "may_be_negative": True}],
    )


def downgrade() -> None:
    """Go back to the revision before."""
    raise CommandError("A log that only grows does not go back.")


def _cents(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=False, server_default="0")


def _key() -> sa.Column[int]:
    big = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    return sa.Column("id", big, autoincrement=True, nullable=False)


def _add_columns() -> None:
    """Add what SQLite can add without copying a table."""
    op.add_column("loan", sa.Column("stage", sa.String(32), nullable=False, server_default="current"))
    op.add_column("loan", sa.Column("defaulted_on", sa.Date(), nullable=True))
    op.add_column("loan", sa.Column("charged_off_on", sa.Date(), nullable=True))
    op.add_column("loan", _cents("charged_off_cents"))
    op.add_column("loan", _cents("forgiven_cents"))
    op.execute("UPDATE loan SET stage = 'paid_off' WHERE state = 'paid_off'")
    op.add_column("installment", sa.Column("late_fee_on", sa.Date(), nullable=True))
    op.add_column("installment", _cents("carried_interest_cents"))
    op.add_column(
        "payment", sa.Column("is_recovery", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.add_column("payment", _cents("collection_fee_cents"))


def _make_room_in_notes() -> None:
    """Let the fund hold notes, and corrections take back what lenders got.

    SQLite changes a table by copying it, and does not drop one that others point at: the lenders' payments
    stand aside while the notes are copied.
    """
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    if is_sqlite:
        op.execute("CREATE TABLE lender_payment_aside AS SELECT * FROM lender_payment")
        op.execute("DELETE FROM lender_payment")
    with op.batch_alter_table("note") as batch_op:
        batch_op.add_column(_cents("collection_fees_cents"))
        batch_op.add_column(_cents("forgiven_cents"))
        batch_op.add_column(sa.Column("bought_from_id", sa.BigInteger(), nullable=True))
        batch_op.alter_column("lender_id", existing_type=sa.BigInteger(), nullable=True)
        batch_op.alter_column("bid_id", existing_type=sa.BigInteger(), nullable=True)
        batch_op.drop_constraint(op.f("ck_note_principal_positive"), type_="check")
        batch_op.create_check_constraint(
            op.f("ck_note_principal_positive"),
            "principal_cents > 0 OR (lender_id IS NULL AND principal_cents = 0)",
        )
        batch_op.create_check_constraint(
            op.f("ck_note_bid_for_or_bought"),
            "(lender_id IS NULL) = (bid_id IS NULL) AND (lender_id IS NULL) = (bought_from_id IS NOT NULL)",
        )
        batch_op.create_foreign_key(op.f("fk_note_bought_from_id_note"), "note", ["bought_from_id"], ["id"])
        batch_op.create_index(op.f("ix_note_bought_from_id"), ["bought_from_id"])
    with op.batch_alter_table("lender_payment") as batch_op:
        batch_op.add_column(sa.Column("transaction_id", sa.BigInteger(), nullable=True))
        batch_op.add_column(_cents("collection_fee_cents"))
        batch_op.drop_constraint(op.f("ck_lender_payment_not_negative"), type_="check")
        batch_op.create_foreign_key(
            op.f("fk_lender_payment_transaction_id_journal_transaction"),
            "journal_transaction",
            ["transaction_id"],
            ["id"],
        )
    if is_sqlite:
        columns = (
            "id, payment_id, note_id, paid_on, principal_cents, interest_cents, late_fee_cents,"
            " servicing_fee_cents"
        )
        op.execute(f"INSERT INTO lender_payment ({columns}) SELECT {columns} FROM lender_payment_aside")  # noqa: S608
        op.execute("DROP TABLE lender_payment_aside")


def _create_log() -> None:
    op.create_table(
        "loan_event",
        _key(),
        sa.Column("loan_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("place", sa.BigInteger(), nullable=True),
        sa.Column("payment_id", sa.BigInteger(), nullable=True),
        sa.Column("amount_cents", sa.BigInteger(), nullable=False),
        sa.Column("choice", sa.String(32), nullable=True),
        sa.Column("number", sa.Integer(), nullable=True),
        sa.Column("rate", sa.BigInteger(), nullable=True),
        sa.Column("months", sa.Integer(), nullable=True),
        sa.Column("until_on", sa.Date(), nullable=True),
        sa.Column("details", sa.JSON(), nullable=True),
        sa.Column("reason", sa.String(300), nullable=False),
        sa.Column("actor_id", sa.BigInteger(), nullable=True),
        sa.Column("recorded_on", sa.Date(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["loan_id"], ["loan.id"], name=op.f("fk_loan_event_loan_id_loan")),
        sa.ForeignKeyConstraint(
            ["payment_id"], ["payment.id"], name=op.f("fk_loan_event_payment_id_payment")
        ),
        sa.ForeignKeyConstraint(["actor_id"], ["member.id"], name=op.f("fk_loan_event_actor_id_member")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_loan_event")),
    )
    op.create_index(op.f("ix_loan_event_loan_id"), "loan_event", ["loan_id"])
    op.create_index(op.f("ix_loan_event_payment_id"), "loan_event", ["payment_id"])
    op.create_index("ix_loan_event_kind_effective_on", "loan_event", ["kind", "effective_on"])
    op.create_table(
        "loan_event_void",
        sa.Column("event_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("by_event_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["event_id"], ["loan_event.id"], name=op.f("fk_loan_event_void_event_id_loan_event")
        ),
        sa.ForeignKeyConstraint(
            ["by_event_id"], ["loan_event.id"], name=op.f("fk_loan_event_void_by_event_id_loan_event")
        ),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_loan_event_void")),
    )
    op.create_index(op.f("ix_loan_event_void_by_event_id"), "loan_event_void", ["by_event_id"])
    op.create_table(
        "ladder_window",
        sa.Column("step", sa.String(32), nullable=False),
        sa.Column("first_on", sa.Date(), nullable=False),
        sa.Column("last_on", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("step", name=op.f("pk_ladder_window")),
    )
    op.create_table(
        "delinquency_roll",
        sa.Column("business_on", sa.Date(), nullable=False),
        sa.Column("from_stage", sa.String(32), nullable=False),
        sa.Column("to_stage", sa.String(32), nullable=False),
        sa.Column("loan_count", sa.Integer(), nullable=False),
        sa.Column("outstanding_cents", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("business_on", "from_stage", "to_stage", name=op.f("pk_delinquency_roll")),
    )


def _create_corrections() -> None:
    op.create_table(
        "correction_request",
        _key(),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("loan_id", sa.BigInteger(), nullable=False),
        sa.Column("payment_id", sa.BigInteger(), nullable=False),
        sa.Column("paid_on", sa.Date(), nullable=True),
        sa.Column("amount_cents", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(300), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("requested_by_id", sa.BigInteger(), nullable=False),
        sa.Column("requested_on", sa.Date(), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by_id", sa.BigInteger(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "decided_by_id IS NULL OR decided_by_id <> requested_by_id",
            name=op.f("ck_correction_request_two_admins"),
        ),
        sa.CheckConstraint(
            "(state = 'pending') = (decided_by_id IS NULL)",
            name=op.f("ck_correction_request_decided_by_somebody"),
        ),
        *(
            sa.ForeignKeyConstraint(
                [column], [f"{table}.id"], name=op.f(f"fk_correction_request_{column}_{table}")
            )
            for column, table in (
                ("loan_id", "loan"),
                ("payment_id", "payment"),
                ("requested_by_id", "member"),
                ("decided_by_id", "member"),
            )
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_correction_request")),
    )
    op.create_index(op.f("ix_correction_request_loan_id"), "correction_request", ["loan_id"])
    op.create_index(
        "uq_correction_request_pending_payment",
        "correction_request",
        ["payment_id"],
        unique=True,
        sqlite_where=sa.text("state = 'pending'"),
        postgresql_where=sa.text("state = 'pending'"),
    )
    op.create_table(
        "receivable",
        _key(),
        sa.Column("member_id", sa.BigInteger(), nullable=True),
        sa.Column("loan_id", sa.BigInteger(), nullable=False),
        sa.Column("event_id", sa.BigInteger(), nullable=False),
        sa.Column("amount_cents", sa.BigInteger(), nullable=False),
        sa.Column("collected_cents", sa.BigInteger(), nullable=False),
        sa.Column("written_off_cents", sa.BigInteger(), nullable=False),
        sa.Column("opened_on", sa.Date(), nullable=False),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.CheckConstraint("amount_cents > 0", name=op.f("ck_receivable_amount_positive")),
        sa.CheckConstraint(
            "collected_cents >= 0 AND written_off_cents >= 0"
            " AND collected_cents + written_off_cents <= amount_cents",
            name=op.f("ck_receivable_closed_within_amount"),
        ),
        sa.CheckConstraint(
            "(closed_on IS NULL) = (collected_cents + written_off_cents < amount_cents)",
            name=op.f("ck_receivable_closed_when_nothing_is_left"),
        ),
        *(
            sa.ForeignKeyConstraint([column], [f"{table}.id"], name=op.f(f"fk_receivable_{column}_{table}"))
            for column, table in (("member_id", "member"), ("loan_id", "loan"), ("event_id", "loan_event"))
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_receivable")),
    )
    op.create_index(op.f("ix_receivable_loan_id"), "receivable", ["loan_id"])
    op.create_index(
        "ix_receivable_open",
        "receivable",
        ["member_id"],
        sqlite_where=sa.text("closed_on IS NULL"),
        postgresql_where=sa.text("closed_on IS NULL"),
    )
    op.create_table(
        "reserve_fund_day",
        sa.Column("business_on", sa.Date(), nullable=False),
        *(
            sa.Column(f"{name}_cents", sa.BigInteger(), nullable=False)
            for name in (
                "balance",
                "contributed",
                "bought",
                "returned",
                "held",
                "expected_loss",
                "future_income",
            )
        ),
        sa.PrimaryKeyConstraint("business_on", name=op.f("pk_reserve_fund_day")),
    )


def _guard_log() -> None:
    """Let the log only grow, in the database itself."""
    if op.get_bind().dialect.name == "sqlite":
        for table in LOG_TABLES:
            for change in ("UPDATE", "DELETE"):
                op.execute(
                    f"CREATE TRIGGER {table}_refuses_{change.lower()} BEFORE {change} ON {table} "
                    f"BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
                )
        return
    op.execute(
        "CREATE FUNCTION refuse_loan_log_change() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{REFUSAL}'; END $$"
    )
    for table in LOG_TABLES:
        op.execute(
            f"CREATE TRIGGER {table}_refuses_change BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION refuse_loan_log_change()"
        )
        op.execute(
            f"CREATE TRIGGER {table}_refuses_truncate BEFORE TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_loan_log_change()"
        )


def _write_log_so_far() -> None:
    """Write down what happened to the loans that are there: made, then paid."""
    columns = (
        "loan_id, kind, effective_on, payment_id, amount_cents, choice, rate, months, reason, actor_id,"
        " recorded_on, recorded_at"
    )
    op.execute(
        f"INSERT INTO loan_event ({columns}) SELECT id, 'disbursed', disbursed_on, NULL, principal_cents,"  # noqa: S608
        " NULL, annual_rate, term_months, '', borrower_id, disbursed_on, created_at FROM loan ORDER BY id"
    )
    op.execute(
        f"INSERT INTO loan_event ({columns}) SELECT p.loan_id, 'paid', p.paid_on, p.id, p.amount_cents,"  # noqa: S608
        " p.choice, NULL, NULL, '', n.borrower_id, p.paid_on, p.created_at FROM payment p"
        " JOIN loan n ON n.id = p.loan_id WHERE NOT EXISTS"
        " (SELECT 1 FROM journal_transaction r WHERE r.reverses_id = p.transaction_id) ORDER BY p.id"
    )
