"""What a task is about, a promise of staff or a path, are columns of it, not parts of its key.

Two paths may speak from one address: each is a sender of its own, which rests by itself.
"""

import re
from uuid import UUID

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_TASKS = sa.table(
    "tasks",
    sa.column("id", sa.Uuid()),
    sa.column("key", sa.String()),
    sa.column("promised_in", sa.Uuid()),
    sa.column("path", sa.String()),
)

# As versions before this one wrote them into keys.
_PROMISED_IN = re.compile(r":promised/([0-9a-f]{32})(?::|$)")
_PATH = re.compile(r"(?:halted:[a-z]+|silent):([a-z0-9_]+):")


def upgrade() -> None:
    """Apply it. Tasks of before are read once; those that are done may open again."""
    with op.batch_alter_table("senders") as senders:
        senders.drop_constraint(op.f("uq_senders_brand_id_channel_address"), type_="unique")
        senders.create_unique_constraint(
            op.f("uq_senders_brand_id_channel_provider_address"),
            ["brand_id", "channel", "provider", "address"],
        )
    op.add_column("tasks", sa.Column("promised_in", sa.Uuid(), nullable=True))
    op.add_column("tasks", sa.Column("path", sa.String(length=40), nullable=True))
    connection = op.get_bind()
    key = _TASKS.c.key
    about = sa.or_(key.contains(":promised/"), key.startswith("halted:"), key.startswith("silent:"))
    for task, text in connection.execute(sa.select(_TASKS.c.id, key).where(about)).all():
        promise, path = _PROMISED_IN.search(text), _PATH.match(text)
        connection.execute(
            sa.update(_TASKS)
            .where(_TASKS.c.id == task)
            .values(
                promised_in=UUID(promise[1]) if promise is not None else None,
                path=path[1] if path is not None else None,
            )
        )
