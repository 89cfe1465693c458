"""Which attempts note that their call begins, and when it began.

Those of before did not: what their workers left undone may have been sent.
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply it."""
    op.add_column(
        "attempts",
        sa.Column("notes_call", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    op.create_table(
        "calls_begun",
        sa.Column("attempt_id", sa.Uuid(), nullable=False),
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["brand_id"], ["brands.id"], name=op.f("fk_calls_begun_brand_id")),
        sa.PrimaryKeyConstraint("attempt_id", name=op.f("pk_calls_begun")),
    )
