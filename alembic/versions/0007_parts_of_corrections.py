"""Say which correction added a lender's part of a payment."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go up to this revision."""
    with op.batch_alter_table("lender_payment") as batch_op:
        batch_op.add_column(sa.Column("event_id", sa.BigInteger(), nullable=True))
        batch_op.create_foreign_key(
            op.f("fk_lender_payment_event_id_loan_event"), "loan_event", ["event_id"], ["id"]
        )


def downgrade() -> None:
    """Go back to the revision before."""
    with op.batch_alter_table("lender_payment") as batch_op:
        batch_op.drop_constraint(op.f("fk_lender_payment_event_id_loan_event"), type_="foreignkey")
        batch_op.drop_column("event_id")
