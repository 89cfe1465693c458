"""When a message's turn first came: its channel has the time from then on."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply it."""
    op.add_column("messages", sa.Column("turn_at", sa.DateTime(timezone=True), nullable=True))
