"""How often what was posted to a source's address was refused, by the hour and the reason."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply it. What was refused before was not counted."""
    op.create_table(
        "source_refusals",
        sa.Column("source_id", sa.Uuid(), nullable=False),
        sa.Column("hour", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("latest_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["source_id"], ["sources.id"], name=op.f("fk_source_refusals_source_id")
        ),
        sa.PrimaryKeyConstraint("source_id", "hour", "reason", name=op.f("pk_source_refusals")),
    )
