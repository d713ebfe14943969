"""Alembic's entry point: migrate, or write the SQL, as the package's configuration says."""

from alembic import context

from digital_painschool.adapters.sql.schema import METADATA

context.configure(target_metadata=METADATA, **context.config.attributes["context"])
with context.begin_transaction():
    context.run_migrations()
