"""The revisions of the schema, and the migration of a database to the last one."""

from pathlib import Path
from typing import Any, TextIO

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from digital_painschool.adapters.sql.revisions import NEWER, REVISIONS, VERSION_TABLE
from digital_painschool.errors import StorageError


def upgrade(engine: Engine, schema: str | None = None) -> None:
    """Bring the schema up to date in one transaction, as the engine begins it; a concurrent migration waits.

    Raises:
        StorageError: The schema is a newer version's.
        DBAPIError: The database failed; nothing was changed.
    """
    with engine.begin() as connection:
        upgrade_on(connection, schema)


def upgrade_on(connection: Connection, schema: str | None = None) -> None:
    """Bring the schema up to date in the transaction of a connection.

    Args:
        connection: A connection that creates tables in the schema.
        schema: The schema of the version table; None for the database's default.

    Raises:
        StorageError: The schema is a newer version's.
    """
    version: dict[str, Any] = {"version_table": VERSION_TABLE, "version_table_schema": schema}
    present = MigrationContext.configure(connection, opts=version).get_current_heads()
    if any(revision not in REVISIONS for revision in present):
        raise StorageError(NEWER)
    command.upgrade(configured(connection=connection, **version), "head")


def configured(output: TextIO | None = None, **context: object) -> Config:
    """Return Alembic's configuration.

    Args:
        output: Receives the SQL of a migration that is written and not run.
        context: What `env.py` passes to Alembic about the database.
    """
    config = Config(output_buffer=output)
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.attributes["context"] = context
    return config


def cause_of(error: DBAPIError) -> Exception:
    """Return the driver's own error."""
    return error.orig if isinstance(error.orig, Exception) else error
