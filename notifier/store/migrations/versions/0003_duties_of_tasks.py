"""What planning wants a person for is a column of a task, not a part of its key."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_TASKS = sa.table(
    "tasks",
    sa.column("id", sa.Uuid()),
    sa.column("key", sa.String()),
    sa.column("duty", sa.String()),
    sa.column("rule", sa.String()),
)


def upgrade() -> None:
    """Apply it. Tasks that planning raised before are told apart by their keys."""
    op.add_column("tasks", sa.Column("duty", sa.String(length=40), nullable=True))
    op.add_column("tasks", sa.Column("rule", sa.String(), nullable=True))
    connection = op.get_bind()
    for task, key in connection.execute(sa.select(_TASKS.c.id, _TASKS.c.key)).all():
        duty, rule = _read(key)
        if duty is not None:
            connection.execute(
                sa.update(_TASKS).where(_TASKS.c.id == task).values(duty=duty, rule=rule)
            )


def _read(key: str) -> tuple[str | None, str | None]:
    """Return the duty and the rule that `key` names, as versions before this one wrote it."""
    match key.split(":"):
        case ["update" | "call_back" as duty, _, _, *_]:
            return duty, None
        case ["dispatch", _, rule, *_]:
            return "dispatch", rule
        case ["call", _, _, "declined", *_]:
            return "declined", None
        case ["call", _, _, "unreached" | "needs_call" as duty, rule, *_]:
            return duty, rule
        case ["call", _, _, rule, _, *_]:
            return "beside", rule
        case _:
            return None, None
