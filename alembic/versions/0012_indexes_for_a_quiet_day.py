"""Let the figures of a day be read from an index, and keep no index that nobody asks."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

DATES = ["state", "next_due_on", "grade", "term_months", "final_due_on", "outstanding_cents"]


def upgrade() -> None:
    """Go up to this revision."""
    op.create_index("ix_loan_dates", "loan", DATES)
    op.drop_index("ix_loan_state_next_due_on", "loan")
    op.create_index("ix_loan_disbursed_on", "loan", ["disbursed_on"])
    op.drop_index("ix_lender_payment_paid_on", "lender_payment")
    bought = sa.text("bought_from_id IS NOT NULL")
    op.drop_index("ix_note_bought_from_id", "note")
    op.create_index(
        "ix_note_bought_from_id", "note", ["bought_from_id"], sqlite_where=bought, postgresql_where=bought
    )


def downgrade() -> None:
    """Go back down from this revision."""
    op.drop_index("ix_note_bought_from_id", "note")
    op.create_index("ix_note_bought_from_id", "note", ["bought_from_id"])
    op.create_index("ix_lender_payment_paid_on", "lender_payment", ["paid_on"])
    op.drop_index("ix_loan_disbursed_on", "loan")
    op.create_index("ix_loan_state_next_due_on", "loan", ["state", "next_due_on"])
    op.drop_index("ix_loan_dates", "loan")
