"""What the rule language and the ledger of moments need."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from notifier.store.tables.columns import UtcTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_JSON = sa.JSON().with_variant(JSONB(), "postgresql")


def upgrade() -> None:
    """Apply it."""
    with op.batch_alter_table("people") as table:
        table.add_column(sa.Column("identity_hash", sa.LargeBinary(length=32), nullable=True))
        table.create_index("ix_people_identity", ["brand_id", "identity_hash"])
    with op.batch_alter_table("contact_points") as table:
        table.add_column(sa.Column("regions", _JSON, nullable=True))
    with op.batch_alter_table("messages") as table:
        table.add_column(
            sa.Column("priority", sa.Integer(), nullable=False, server_default=sa.text("1"))
        )
        table.add_column(sa.Column("carried_by", sa.Uuid(), nullable=True))
        table.create_index("ix_messages_carried_by", ["carried_by"])
        table.drop_index("ix_messages_due")
        table.create_index(
            "ix_messages_due",
            ["priority", "due_at"],
            sqlite_where=sa.text("status IN ('planned', 'ready', 'deferred')"),
            postgresql_where=sa.text("status IN ('planned', 'ready', 'deferred')"),
        )
    with op.batch_alter_table("promises") as table:
        table.add_column(
            sa.Column(
                "what", sa.String(length=40), nullable=False, server_default=sa.text("'window'")
            )
        )
    with op.batch_alter_table("brands") as table:
        table.add_column(sa.Column("quiet_days", _JSON, nullable=True))
    with op.batch_alter_table("technicians") as table:
        table.add_column(sa.Column("person_id", sa.Uuid(), nullable=True))
        table.create_foreign_key("fk_technicians_person_id", "people", ["person_id"], ["id"])
    op.create_table(
        "rule_sets",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.Column("files", _JSON, nullable=False),
        sa.Column("in_force_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rule_sets")),
    )
    op.create_index("ix_rule_sets_in_force_at", "rule_sets", ["in_force_at"])
