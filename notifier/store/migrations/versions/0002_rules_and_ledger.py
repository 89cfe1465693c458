"""What the rule language and the ledger of moments need."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from notifier.store.tables.columns import UtcTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_DUE = sa.text("status IN ('planned', 'ready', 'deferred')")
_JSON = sa.JSON().with_variant(JSONB(), "postgresql")


def upgrade() -> None:
    """Apply it. No table is made anew, for its rows are in use."""
    op.add_column("people", sa.Column("identity_hash", sa.LargeBinary(length=32), nullable=True))
    op.create_index("ix_people_identity", "people", ["brand_id", "identity_hash"])
    op.add_column("contact_points", sa.Column("regions", _JSON, nullable=True))
    op.add_column("brands", sa.Column("quiet_days", _JSON, nullable=True))
    op.add_column(
        "messages",
        sa.Column("priority", sa.Integer(), nullable=False, server_default=sa.text("1")),
    )
    op.add_column("messages", sa.Column("carried_by", sa.Uuid(), nullable=True))
    op.create_index("ix_messages_carried_by", "messages", ["carried_by"])
    op.drop_index("ix_messages_due", "messages")
    op.create_index(
        "ix_messages_due",
        "messages",
        ["priority", "due_at"],
        sqlite_where=_DUE,
        postgresql_where=_DUE,
    )
    op.add_column(
        "promises",
        sa.Column("what", sa.String(length=40), nullable=False, server_default=sa.text("'window'")),
    )
    op.add_column(
        "technicians",
        sa.Column(
            "person_id",
            sa.Uuid(),
            sa.ForeignKey("people.id", name="fk_technicians_person_id"),
            nullable=True,
        ),
        inline_references=True,
    )
    op.drop_column("technicians", "phone")  # their number is a contact point
    op.create_table(
        "rule_sets",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.Column("files", _JSON, nullable=False),
        sa.Column("in_force_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rule_sets")),
    )
    op.create_index("ix_rule_sets_in_force_at", "rule_sets", ["in_force_at"])
