"""The history of the schema, and how a database is brought up to date."""

from collections.abc import Sequence
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from digital_painschool.adapters.sql.revisions import NEWER, REVISIONS, VERSION_TABLE
from digital_painschool.errors import StorageFailed

Failures = Sequence[type[Exception]]


def upgrade(engine: Engine) -> None:
    """Bring the schema up to date, in one transaction of the engine's own kind; others at it at the same time wait.

    Raises:
        StorageFailed: The schema is a newer version's.
        DBAPIError: The database could not do it; nothing was changed.
    """
    with engine.begin() as connection:
        upgrade_on(connection)


def upgrade_on(connection: Connection) -> None:
    """Bring the schema up to date on a connection that has begun a transaction.

    Raises:
        StorageFailed: The schema is a newer version's.
    """
    present = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE}).get_current_heads()
    if any(revision not in REVISIONS for revision in present):
        raise StorageFailed(NEWER)
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def cause_of(error: DBAPIError) -> Exception:
    """Give the driver's own error."""
    return error.orig if isinstance(error.orig, Exception) else error
