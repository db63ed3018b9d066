"""Money in and out that waits for an admin."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

TABLE = "money_request"
CHECKS = {
    "amount_positive": "amount_cents > 0",
    "decided_once": "(state = 'waiting') = (decided_at IS NULL)",
    "decided_by_somebody": "(state = 'waiting') = (decided_by_id IS NULL)",
    "confirmed_is_posted": "(state = 'confirmed') = (transaction_id IS NOT NULL)",
    "refused_for_a_reason": "(state = 'refused') = (reason <> '')",
    "cancelled_by_its_member": "(state = 'cancelled') = (decided_by_id = member_id)",
    "two_admins": (
        "state <> 'confirmed' OR first_confirmed_by_id IS NULL OR first_confirmed_by_id <> decided_by_id"
    ),
    "first_confirmed_at_a_time": "(first_confirmed_by_id IS NULL) = (first_confirmed_at IS NULL)",
}
LINKS = {
    "member_id": "member",
    "first_confirmed_by_id": "member",
    "decided_by_id": "member",
    "transaction_id": "journal_transaction",
}


def upgrade() -> None:
    """Go up to this revision."""
    op.create_table(
        TABLE,
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("member_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("amount_cents", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("requested_on", sa.Date(), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("first_confirmed_by_id", sa.BigInteger(), nullable=True),
        sa.Column("first_confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by_id", sa.BigInteger(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("transaction_id", sa.BigInteger(), nullable=True),
        *(
            sa.CheckConstraint(condition, name=op.f(f"ck_{TABLE}_{name}"))
            for name, condition in CHECKS.items()
        ),
        *(
            sa.ForeignKeyConstraint([column], [f"{target}.id"], name=op.f(f"fk_{TABLE}_{column}_{target}"))
            for column, target in LINKS.items()
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{TABLE}")),
        sa.UniqueConstraint("transaction_id", name=op.f(f"uq_{TABLE}_transaction_id")),
    )
    op.create_index("ix_money_request_member_id_id", TABLE, ["member_id", "id"])
    waiting = sa.text("state = 'waiting'")
    op.create_index("ix_money_request_waiting", TABLE, ["id"], sqlite_where=waiting, postgresql_where=waiting)


def downgrade() -> None:
    """Go back to the revision before."""
    op.drop_table(TABLE)
