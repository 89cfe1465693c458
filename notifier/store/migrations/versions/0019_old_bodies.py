"""Deliveries that have a body still, by their time: all others are in the journal for ever."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

_HAS_BODY = sa.text("body IS NOT NULL")


def upgrade() -> None:
    """Apply it."""
    op.create_index(
        "ix_deliveries_body",
        "deliveries",
        ["received_at"],
        sqlite_where=_HAS_BODY,
        postgresql_where=_HAS_BODY,
    )
