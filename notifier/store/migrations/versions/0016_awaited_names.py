"""The further names by which a delivery is read again, where its vendor gave its job several.

What waits already has but one.
"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply it."""
    op.create_table(
        "awaited_names",
        sa.Column("key", sa.LargeBinary(length=32), nullable=False),
        sa.Column("delivery_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["delivery_id"], ["deliveries.id"], name=op.f("fk_awaited_names_delivery_id")
        ),
        sa.PrimaryKeyConstraint("key", "delivery_id", name=op.f("pk_awaited_names")),
    )
