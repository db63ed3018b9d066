"""What happened to bots, in a record that only grows; and decisions that may be forgotten."""

import sqlalchemy as sa
from alembic import op
from alembic.util import CommandError

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

TABLE = "bot_event"
REFUSAL = "The record of what happened to bots only grows."


def upgrade() -> None:
    """Go up to this revision."""
    op.add_column("bot", sa.Column("forgotten_count", sa.Integer(), server_default="0", nullable=False))
    with op.batch_alter_table("bot_decision") as batch_op:
        batch_op.drop_constraint(op.f("fk_bot_decision_listing_id_listing"), type_="foreignkey")
        batch_op.drop_constraint(op.f("fk_bot_decision_bid_id_bid"), type_="foreignkey")
    op.create_table(
        TABLE,
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("bot_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("field", sa.String(length=40), nullable=False),
        sa.Column("before", sa.String(length=40), nullable=False),
        sa.Column("after", sa.String(length=40), nullable=False),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("actor_id", sa.BigInteger(), nullable=True),
        sa.Column("business_on", sa.Date(), nullable=False),
        sa.Column("happened_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["actor_id"], ["member.id"], name=op.f("fk_bot_event_actor_id_member")),
        sa.ForeignKeyConstraint(["bot_id"], ["bot.id"], name=op.f("fk_bot_event_bot_id_bot")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bot_event")),
    )
    op.create_index("ix_bot_event_bot_id_id", TABLE, ["bot_id", "id"])
    _write_record_so_far()
    _guard_record()


def downgrade() -> None:
    """Go back to the revision before."""
    raise CommandError("A record that only grows does not go back.")


def _write_record_so_far() -> None:
    """Note when the bots were enrolled; who stopped one since then was not written down."""
    at = "enrolled_on || ' 00:00:00.000000'" if _is_sqlite() else "enrolled_on::timestamp AT TIME ZONE 'UTC'"
    op.execute(
        f"INSERT INTO {TABLE} (bot_id, kind, field, before, after, reason, business_on, happened_at)"  # noqa: S608
        f" SELECT id, 'enrolled', '', '', '', '', enrolled_on, {at} FROM bot ORDER BY id"
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
        "CREATE FUNCTION refuse_bot_event_change() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{REFUSAL}'; END $$"
    )
    op.execute(
        f"CREATE TRIGGER {TABLE}_refuses_change BEFORE UPDATE OR DELETE ON {TABLE} "
        "FOR EACH ROW EXECUTE FUNCTION refuse_bot_event_change()"
    )
    op.execute(
        f"CREATE TRIGGER {TABLE}_refuses_truncate BEFORE TRUNCATE ON {TABLE} "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_bot_event_change()"
    )


def _is_sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"
