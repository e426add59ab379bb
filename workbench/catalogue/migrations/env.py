"""Alembic environment: migrations run on the connection the workspace hands over."""

from alembic import context

from workbench.catalogue.tables import Table

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Table.metadata,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
