"""What a delivery only points to is asked of its vendor, with a key of the business.

A list of many that comes of that is recorded in steps.
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply it. Sources have no key until one is given."""
    op.add_column("sources", sa.Column("api_key", sa.LargeBinary(), nullable=True))
    op.add_column("sources", sa.Column("asks_again_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("sources", sa.Column("renewing_until", sa.DateTime(timezone=True), nullable=True))
    op.add_column("deliveries", sa.Column("recorded", sa.Integer(), nullable=True))
    op.add_column("deliveries", sa.Column("answers", sa.LargeBinary(), nullable=True))
    op.add_column("deliveries", sa.Column("fetch_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("deliveries", sa.Column("fetch_since", sa.DateTime(timezone=True), nullable=True))
