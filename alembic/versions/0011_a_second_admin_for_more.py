"""Let anything that writes money off wait for a second admin, not only corrections of payments."""

import json

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

OLD_COLUMNS = (
    "id", "kind", "loan_id", "amount_cents", "reason", "state",
    "requested_by_id", "requested_on", "requested_at", "decided_by_id", "decided_at",
)  # fmt: skip


def upgrade() -> None:
    """Go up to this revision; what waits is carried over and has to be asked for anew, for lack of figures."""
    _create("approval_request", "(state IN ('approved', 'rejected')) = (decided_by_id IS NOT NULL)",
            sa.Column("subject", sa.String(60), nullable=False),
            sa.Column("asked", sa.JSON(), nullable=False),
            sa.Column("shown", sa.String(64), nullable=False))  # fmt: skip
    _one_waiting("approval_request", "subject")
    for row in _rows("correction_request"):
        values = {name: row[name] for name in OLD_COLUMNS}
        values["asked"] = {"payment_id": row["payment_id"], "paid_on": row["paid_on"] and str(row["paid_on"])}
        values |= {"subject": f"payment {row['payment_id']}", "shown": ""}
        _insert("approval_request", values)
    op.drop_table("correction_request")
    _number_on("approval_request")


def downgrade() -> None:
    """Go back to the revision before; requests that it does not know are left out."""
    _create("correction_request", "(state = 'pending') = (decided_by_id IS NULL)",
            sa.Column("payment_id", sa.BigInteger(), nullable=False),
            sa.Column("paid_on", sa.Date(), nullable=True), payment=True)  # fmt: skip
    _one_waiting("correction_request", "payment_id", name="payment")
    for row in _rows("approval_request"):
        if row["kind"] in ("reversal", "backdating") and row["state"] in ("pending", "approved", "rejected"):
            asked = json.loads(row["asked"]) if isinstance(row["asked"], str) else row["asked"]
            values = {name: row[name] for name in OLD_COLUMNS}
            values |= {"payment_id": asked["payment_id"], "paid_on": asked["paid_on"]}
            _insert("correction_request", values)
    op.drop_table("approval_request")
    _number_on("correction_request")


def _create(table: str, decided: str, *columns: sa.Column, payment: bool = False) -> None:
    links = [("loan_id", "loan"), ("requested_by_id", "member"), ("decided_by_id", "member")]
    if payment:
        links.append(("payment_id", "payment"))
    op.create_table(
        table,
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("loan_id", sa.BigInteger(), nullable=False),
        *columns,
        sa.Column("amount_cents", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(300), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("requested_by_id", sa.BigInteger(), nullable=False),
        sa.Column("requested_on", sa.Date(), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by_id", sa.BigInteger(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "decided_by_id IS NULL OR decided_by_id <> requested_by_id", name=op.f(f"ck_{table}_two_admins")
        ),
        sa.CheckConstraint(decided, name=op.f(f"ck_{table}_decided_by_somebody")),
        *(
            sa.ForeignKeyConstraint([column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}_{other}"))
            for column, other in links
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    )
    op.create_index(op.f(f"ix_{table}_loan_id"), table, ["loan_id"])


def _one_waiting(table: str, column: str, name: str = "") -> None:
    """Let one request of each subject wait at a time."""
    waits = sa.text("state = 'pending'")
    index = f"uq_{table}_pending_{name or column}"
    op.create_index(index, table, [column], unique=True, sqlite_where=waits, postgresql_where=waits)


def _rows(table: str) -> list[sa.RowMapping]:
    return list(op.get_bind().execute(sa.text(f"SELECT * FROM {table} ORDER BY id")).mappings())  # noqa: S608


def _insert(table: str, values: dict[str, object]) -> None:
    values = {name: json.dumps(value) if isinstance(value, dict) else value for name, value in values.items()}
    names, marks = ", ".join(values), ", ".join(f":{name}" for name in values)
    op.get_bind().execute(sa.text(f"INSERT INTO {table} ({names}) VALUES ({marks})"), values)  # noqa: S608


def _number_on(table: str) -> None:
    """Let PostgreSQL count on after the rows that were carried over."""
    if op.get_bind().dialect.name == "postgresql":
        last = f"(SELECT COALESCE(MAX(id), 0) + 1 FROM {table})"  # noqa: S608
        op.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), {last}, false)")
