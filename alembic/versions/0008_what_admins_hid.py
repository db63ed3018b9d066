"""What admins hid of what people wrote and showed again: a record that only grows."""

import sqlalchemy as sa
from alembic import op
from alembic.util import CommandError

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

TABLE = "moderation_entry"
REFUSAL = "The record of what was hidden only grows: show it again instead."


def upgrade() -> None:
    """Go up to this revision."""
    op.create_table(
        TABLE,
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("message_id", sa.BigInteger(), nullable=True),
        sa.Column("letter_id", sa.BigInteger(), nullable=True),
        sa.Column("is_hidden", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("admin_id", sa.BigInteger(), nullable=False),
        sa.Column("done_on", sa.Date(), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(message_id IS NULL) <> (letter_id IS NULL)", name=op.f("ck_moderation_entry_about_one_thing")
        ),
        sa.CheckConstraint("reason <> ''", name=op.f("ck_moderation_entry_for_a_reason")),
        sa.ForeignKeyConstraint(
            ["message_id"],
            ["listing_message.id"],
            name=op.f("fk_moderation_entry_message_id_listing_message"),
        ),
        sa.ForeignKeyConstraint(
            ["letter_id"], ["letter.id"], name=op.f("fk_moderation_entry_letter_id_letter")
        ),
        sa.ForeignKeyConstraint(
            ["admin_id"], ["member.id"], name=op.f("fk_moderation_entry_admin_id_member")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_moderation_entry")),
    )
    for column in ("message_id", "letter_id"):
        op.create_index(op.f(f"ix_moderation_entry_{column}"), TABLE, [column])
    _write_record_so_far()
    _guard_record()


def downgrade() -> None:
    """Go back to the revision before."""
    raise CommandError("A record that only grows does not go back.")


def _write_record_so_far() -> None:
    """Note what is hidden already, on the day it was hidden."""
    day = "date(hidden_at)" if _is_sqlite() else "(hidden_at AT TIME ZONE 'UTC')::date"
    for table, column in (("listing_message", "message_id"), ("letter", "letter_id")):
        op.execute(
            f"INSERT INTO {TABLE} ({column}, is_hidden, reason, admin_id, done_on, done_at)"  # noqa: S608
            f" SELECT id, TRUE, hidden_reason, hidden_by_id, {day}, hidden_at FROM {table}"
            " WHERE hidden_at IS NOT NULL ORDER BY hidden_at, id"
        )


def _guard_record() -> None:
    """Refuse changes in the database itself."""
    if _is_sqlite():
        for change in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {TABLE}_refuses_{change.lower()} BEFORE {change} ON {TABLE} "
                f"BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
            )
        return
    op.execute(
        "CREATE FUNCTION refuse_moderation_change() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{REFUSAL}'; END $$"
    )
    op.execute(
        f"CREATE TRIGGER {TABLE}_refuses_change BEFORE UPDATE OR DELETE ON {TABLE} "
        "FOR EACH ROW EXECUTE FUNCTION refuse_moderation_change()"
    )
    op.execute(
        f"CREATE TRIGGER {TABLE}_refuses_truncate BEFORE TRUNCATE ON {TABLE} "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_moderation_change()"
    )


def _is_sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"
