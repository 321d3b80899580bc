"""Alembic's entry: it runs on the connection that ``memory.migrations.upgrade`` holds, in that transaction."""

from alembic import context

from memory._tables import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
    transaction_per_migration=False,
)
context.run_migrations()
