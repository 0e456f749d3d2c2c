"""Runs the migrations within the transaction of `jackfield.engine.state.migrating`."""

from alembic import context

context.configure(
    connection=context.config.attributes["connection"],
    version_table=context.config.attributes["version_table"],
)
context.run_migrations()
