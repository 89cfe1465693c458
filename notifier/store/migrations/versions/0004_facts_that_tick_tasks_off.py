"""Which fact ticked a task off is on record, so that taking it back opens the task again."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply it. What was ticked off before stays so, whatever is taken back."""
    op.add_column("tasks", sa.Column("done_fact", sa.Uuid(), nullable=True))
