"""The history of the schema, and how a database is brought up to date."""

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
    """Bring the schema up to date, in one transaction of the engine's own kind; others at it at the same time wait.

    Raises:
        StorageError: The schema is a newer version's.
        DBAPIError: The database could not do it; nothing was changed.
    """
    with engine.begin() as connection:
        upgrade_on(connection, schema)


def upgrade_on(connection: Connection, schema: str | None = None) -> None:
    """Bring the schema up to date on a connection that has begun a transaction.

    Args:
        connection: Makes new tables in the schema.
        schema: Where the table of the version lies; None for where the database puts it by itself.

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
        output: Where SQL is written that is not run.
        context: What `env.py` tells Alembic of the database.
    """
    config = Config(output_buffer=output)
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.attributes["context"] = context
    return config


def cause_of(error: DBAPIError) -> Exception:
    """Return the driver's own error."""
    return error.orig if isinstance(error.orig, Exception) else error
