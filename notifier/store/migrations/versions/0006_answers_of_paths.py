"""How long a provider took to answer, how long it wants to be left alone, and where to look."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_ANSWERS = sa.text("origin = 'answer'")


def upgrade() -> None:
    """Apply it. Answers of before say neither."""
    op.add_column("receipts", sa.Column("took_s", sa.Double(), nullable=True))
    op.add_column("receipts", sa.Column("wait_s", sa.Double(), nullable=True))
    op.create_index(
        "ix_receipts_answers",
        "receipts",
        ["provider", "received_at"],
        sqlite_where=_ANSWERS,
        postgresql_where=_ANSWERS,
    )
