"""In what a database differs from the schema that the statements are written for.

Alembic compares tables, columns, types and defaults. What it passes over (the conditions of partial indexes, the order
and the collation of what is indexed, identity columns, triggers, constraints) is compared with a database that is made
from the schema itself, as the database's own catalogue describes it.
"""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psycopg
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, NullPool, create_engine

from digital_painschool.adapters.sql.revisions import VERSION_TABLE
from digital_painschool.adapters.sql.schema import METADATA
from tests.databases import path_of

_REFERENCE = "painschool_reference"

_TABLE_TEXT = re.compile(r"\b(?:CHECK|COLLATE|AUTOINCREMENT|DEFERRABLE|ON DELETE|ON UPDATE)\b.*")

_CATALOGUE = {
    "table": "SELECT relname, relkind, relpersistence, relrowsecurity, reloptions FROM pg_class"
    " WHERE relnamespace = to_regnamespace(%s) AND relkind NOT IN ('i', 'S')",
    "column": "SELECT relname, attname, format_type(atttypid, atttypmod), attnotnull, attidentity, attgenerated,"
    " collname, pg_get_expr(adbin, adrelid) FROM pg_attribute JOIN pg_class ON attrelid = pg_class.oid"
    " LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum"
    " LEFT JOIN pg_collation ON attcollation = pg_collation.oid"
    " WHERE relnamespace = to_regnamespace(%s) AND relkind = 'r' AND attnum > 0 AND NOT attisdropped",
    "index": "SELECT relname, indisvalid, pg_get_indexdef(indexrelid, 0, true)"
    " FROM pg_index JOIN pg_class ON indrelid = pg_class.oid WHERE relnamespace = to_regnamespace(%s)",
    "key": "SELECT relname, conname, convalidated, pg_get_constraintdef(pg_constraint.oid, true)"
    " FROM pg_constraint JOIN pg_class ON conrelid = pg_class.oid WHERE connamespace = to_regnamespace(%s)",
    "trigger": "SELECT relname, pg_get_triggerdef(pg_trigger.oid, true)"
    " FROM pg_trigger JOIN pg_class ON tgrelid = pg_class.oid"
    " WHERE relnamespace = to_regnamespace(%s) AND NOT tgisinternal",
}
"""What is asked of PostgreSQL's catalogue; names in the answers are bare, because the search path leads to them."""


def drift(url: str, schema: str = "public") -> list[str]:
    """Tell in what a database differs from the schema; an empty list means in nothing."""
    if url.startswith("sqlite"):
        engine = create_engine(f"sqlite:///{path_of(url)}", poolclass=NullPool)
        found, wanted = _on_sqlite(path_of(url)), _wanted_on_sqlite()
    else:
        engine = _engine(url, schema)
        found, wanted = _on_postgresql(url, schema), _wanted_on_postgresql(url)
    return [
        *(f"{one[0]} is missing: {one[1:]}" for one in sorted(wanted - found, key=str)),
        *(f"{one[0]} is not in the schema: {one[1:]}" for one in sorted(found - wanted, key=str)),
        *(f"Alembic: {difference}" for difference in _by_alembic(engine)),
    ]


def _by_alembic(engine: Engine) -> list[Any]:
    # On SQLite it takes an identity column for a default; the catalogue tells of defaults there.
    defaults = engine.dialect.name == "postgresql"
    options = {"version_table": VERSION_TABLE, "compare_type": True, "compare_server_default": defaults}
    with engine.connect() as connection:
        return list(compare_metadata(MigrationContext.configure(connection, opts=options), METADATA))


def _engine(url: str, schema: str) -> Engine:
    def connect() -> psycopg.Connection:
        return psycopg.connect(url, options=f"-csearch_path={schema}")

    return create_engine("postgresql+psycopg://", creator=connect, poolclass=NullPool)


def _on_postgresql(url: str, schema: str) -> set[tuple[Any, ...]]:
    with psycopg.connect(url, options=f"-csearch_path={schema}") as connection:
        return {
            (kind, *(tuple(cell) if isinstance(cell, list) else cell for cell in row))
            for kind, query in _CATALOGUE.items()
            for row in connection.execute(query.encode(), (schema,))
            if VERSION_TABLE not in row
        }


def _wanted_on_postgresql(url: str) -> set[tuple[Any, ...]]:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"CREATE SCHEMA {_REFERENCE}".encode())
        try:
            METADATA.create_all(_engine(url, _REFERENCE))
            return _on_postgresql(url, _REFERENCE)
        finally:
            connection.execute(f"DROP SCHEMA {_REFERENCE} CASCADE".encode())


def _wanted_on_sqlite() -> set[tuple[Any, ...]]:
    with TemporaryDirectory() as folder:
        file = Path(folder) / "reference.db"
        METADATA.create_all(create_engine(f"sqlite:///{file}", poolclass=NullPool))
        return _on_sqlite(file)


def _on_sqlite(file: Path) -> set[tuple[Any, ...]]:
    with closing(sqlite3.connect(file)) as connection:
        return set(_described(connection))


def _described(connection: sqlite3.Connection) -> Iterator[tuple[Any, ...]]:
    def ask(what: str, name: str) -> list[Any]:
        return connection.execute(f"SELECT * FROM pragma_{what}(?)", (name,)).fetchall()  # noqa: S608 - constants

    objects = connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_master").fetchall()
    for kind, name, table, sql in objects:
        if table == VERSION_TABLE:
            continue
        if kind != "table":
            yield (kind, name, table, *("" if sql is None else line.strip() for line in (sql or "").splitlines()))
            continue
        yield ("table", name, *(row[2:] for row in ask("table_list", name)), *_TABLE_TEXT.findall(sql))
        yield from (("column", name, *row[1:]) for row in ask("table_xinfo", name))
        yield from (("key", name, *row) for row in ask("foreign_key_list", name))
        for _, index, *how in ask("index_list", name):
            yield ("index", name, index, *how, *(row[2:] for row in ask("index_xinfo", index)))
