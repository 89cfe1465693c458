"""What a source sent and how it stands: every page of the board asks which need somebody."""

from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply it."""
    op.create_index("ix_deliveries_source", "deliveries", ["source_id", "status", "received_at"])
