"""What Alembic runs. The connection is handed in by `store.migrate`."""

from alembic import context

from notifier.store.tables import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
