"""How much has gone, for the guards to hold against their limits, and what the brake holds."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_BRAKED = sa.text("status = 'deferred' AND reason = 'braked'")

#: The start of the hour in which a message was claimed, by kind of database.
_HOUR = {
    "postgresql": "date_trunc('hour', claimed_at)",
    "sqlite": "strftime('%Y-%m-%d %H:00:00.000000', claimed_at)",
}


def upgrade() -> None:
    """Apply it. What each rule sent in its fullest hour is what it ever did."""
    op.create_table(
        "tallies",
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("of", sa.String(length=40), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("more", sa.Integer(), nullable=False),
        sa.Column("most", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["brand_id"], ["brands.id"], name=op.f("fk_tallies_brand_id")),
        sa.PrimaryKeyConstraint("brand_id", "of", "key", name=op.f("pk_tallies")),
    )
    op.create_index(
        "ix_messages_braked",
        "messages",
        ["brand_id", "rule"],
        unique=False,
        sqlite_where=_BRAKED,
        postgresql_where=_BRAKED,
    )
    hour = _HOUR[op.get_bind().dialect.name]
    op.execute(
        f"""
        INSERT INTO tallies (brand_id, "of", key, since, amount, more, most)
        SELECT brand_id, 'rule', rule, min(hour), 0, 0, max(messages)
        FROM (
            SELECT brand_id, rule, {hour} AS hour, count(*) AS messages
            FROM messages WHERE claimed_at IS NOT NULL
            GROUP BY brand_id, rule, {hour}
        ) AS hours
        GROUP BY brand_id, rule
        """  # noqa: S608 - nothing of it comes from outside
    )
