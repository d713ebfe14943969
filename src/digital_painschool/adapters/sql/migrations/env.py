"""Run by Alembic: migrates on the connection that `upgrade` hands over."""

from alembic import context

from digital_painschool.adapters.sql.revisions import VERSION_TABLE
from digital_painschool.adapters.sql.schema import METADATA

context.configure(
    connection=context.config.attributes["connection"], target_metadata=METADATA, version_table=VERSION_TABLE
)
with context.begin_transaction():
    context.run_migrations()
