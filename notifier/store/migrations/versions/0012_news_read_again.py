"""Deliveries are found by what they wait for: also those that were no news, to be read again."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_WAITS = sa.text("waits_for IS NOT NULL")


def upgrade() -> None:
    """Apply it."""
    op.create_index(
        "ix_deliveries_waits_for",
        "deliveries",
        ["waits_for"],
        sqlite_where=_WAITS,
        postgresql_where=_WAITS,
    )
