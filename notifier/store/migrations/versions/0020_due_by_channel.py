"""What is due is found by channel: one that waits is passed over without reading its rows."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

_DUE = sa.text("status IN ('planned', 'ready', 'deferred')")


def upgrade() -> None:
    """Apply it."""
    op.drop_index("ix_messages_due", "messages")
    op.create_index(
        "ix_messages_due",
        "messages",
        ["priority", "due_at", "channel"],
        sqlite_where=_DUE,
        postgresql_where=_DUE,
    )
