"""Which source booked a job, and what its vendor tells customers itself.

Sources of before are live, as they were; what is on record of them owes what it owed. None of
them spoke for itself: our words are not taken from anybody who had them.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_JSON = sa.JSON().with_variant(JSONB(), "postgresql")


def upgrade() -> None:
    """Apply it. A job of before is that of the source that its booking names."""
    op.add_column(
        "jobs",
        sa.Column(
            "source_id",
            sa.Uuid(),
            sa.ForeignKey("sources.id", name=op.f("fk_jobs_source_id")),
            nullable=True,
        ),
        inline_references=True,
    )
    op.add_column(
        "sources",
        sa.Column("says_itself", _JSON, nullable=False, server_default=sa.text("'[]'")),
    )
    _name_the_sources()


def _name_the_sources() -> None:
    sources = sa.table("sources", sa.column("id", sa.Uuid()))
    facts = sa.table(
        "facts",
        sa.column("job_id", sa.Uuid()),
        sa.column("type", sa.String()),
        sa.column("actor", sa.String()),
    )
    jobs = sa.table("jobs", sa.column("id", sa.Uuid()), sa.column("source_id", sa.Uuid()))
    connection = op.get_bind()
    for source in connection.scalars(sa.select(sources.c.id)).all():
        booked = sa.select(facts.c.job_id).where(
            facts.c.type == "booked", facts.c.actor == f"source:{source}"
        )
        connection.execute(sa.update(jobs).where(jobs.c.id.in_(booked)).values(source_id=source))
