"""The SQL of a migration, for a database administrator who runs it by hand."""

from collections.abc import Callable, Mapping
from io import StringIO

from alembic import command

from digital_painschool.adapters.sql.migrations import configured
from digital_painschool.adapters.sql.revisions import MIGRATION_LOCK, REVISIONS, VERSION_TABLE
from digital_painschool.adapters.sql.schema_names import require_none, require_valid
from digital_painschool.errors import StorageError

_NOT_HERE = "SQL is written for postgresql and sqlite"


def sql(kind: str, *, schema: str | None = None, since: str | None = None) -> str:
    """Return the SQL that migrates a database from a revision to the last one, in one transaction.

    Args:
        kind: `"postgresql"` or `"sqlite"`.
        schema: On PostgreSQL, the schema of the tables; created when it is missing.
        since: The present revision of the database; None when it is empty.

    Raises:
        StorageError: The kind, the schema or the revision does not exist.
    """
    if kind not in _BEGIN:
        raise StorageError(_NOT_HERE)
    if since is not None and since not in REVISIONS:
        raise StorageError(f"there is no revision of that name; there are {', '.join(REVISIONS)}")
    begin = _BEGIN[kind](schema)
    written = StringIO()
    config = configured(
        written,
        dialect_name=kind,
        literal_binds=True,
        transactional_ddl=False,  # `begin` below opens the transaction, with statements that Alembic does not know
        version_table=VERSION_TABLE,
        version_table_schema=schema,
    )
    command.upgrade(config, f"{since or 'base'}:head", sql=True)
    head = f"-- digital_painschool, {kind}: from {since or 'an empty database'} to revision {REVISIONS[-1]}."
    lines = "\n".join(line.rstrip() for line in written.getvalue().splitlines()).strip()
    return "\n\n".join(filter(None, (f"{head}\n{_STOP[kind]}", begin, lines, "COMMIT;\n")))


def _on_sqlite(schema: str | None) -> str:
    require_none(schema)
    return "BEGIN IMMEDIATE;"


def _on_postgresql(schema: str | None) -> str:
    begin = f"BEGIN;\nSELECT pg_advisory_xact_lock({MIGRATION_LOCK});"
    if require_valid(schema) is None:
        return begin
    return f'{begin}\nCREATE SCHEMA IF NOT EXISTS "{schema}";\nSET LOCAL search_path TO "{schema}";'


_BEGIN: Mapping[str, Callable[[str | None], str]] = {"postgresql": _on_postgresql, "sqlite": _on_sqlite}
_STOP = {
    "postgresql": "-- Run it with: psql -v ON_ERROR_STOP=1 -f FILE",
    "sqlite": "-- Run it with: sqlite3 -bail DATABASE < FILE",
}
