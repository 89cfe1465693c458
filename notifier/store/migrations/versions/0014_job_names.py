"""Later names of jobs, from vendors that name a booking anew; and which account a job is of."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply it."""
    op.add_column("jobs", sa.Column("account", sa.String(), nullable=True))
    op.create_table(
        "job_names",
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["brand_id"], ["brands.id"], name=op.f("fk_job_names_brand_id")),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name=op.f("fk_job_names_job_id")),
        sa.PrimaryKeyConstraint("brand_id", "name", name=op.f("pk_job_names")),
    )
