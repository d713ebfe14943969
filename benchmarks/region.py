"""A region of any size: lives that happened once, stamped out with other ids, people, therapists and units.

    python -m benchmarks.region --enrolments 1000000 sqlite:///region.db
    python -m benchmarks.region --enrolments 1000000 postgresql://localhost/region

The database does the stamping: for a chunk of enrolments at a time, one INSERT … SELECT a table. The secondary indexes
are made when all is there.
"""

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol

import click
from attrs import frozen
from rich.progress import Progress
from sqlalchemy import Column, Table, create_engine
from sqlalchemy.dialects import postgresql

from benchmarks.sample_data import THERAPIST, UNIT, USUAL, Lived, live
from digital_painschool.adapters.sql import migrate
from digital_painschool.adapters.sql.schema import (
    access_log,
    digests,
    documents,
    enrolments,
    notifications,
    timeline,
)

CHUNK = 20_000
_TABLES = (enrolments, timeline, documents, digests, notifications, access_log)
_STAMPS = ("id", "person", "unit", "therapist")
OutboxEntry = Callable[[int], None]


@frozen(kw_only=True)
class Size:
    """The size of a region; enrolments go round the therapists, therapists round the units.

    Args:
        enrolments: How many enrolments.
        therapists: How many therapists.
        units: How many units.
        lives: The lives that are led, by name.
    """

    enrolments: int
    therapists: int
    units: int
    lives: Sequence[str] = USUAL

    @classmethod
    def of(cls, number: int, lives: Sequence[str] = USUAL) -> "Size":
        """Return a region of so many enrolments, a hundred a therapist, ten therapists a unit."""
        return cls(enrolments=number, therapists=max(1, number // 100), units=max(1, number // 1000), lives=lives)


def enrolment_id(number: int) -> str:
    """Return an enrolment's id: they rise, as those of a school do."""
    return f"{number:032x}"


def unit(number: int) -> str:
    """Return a unit's HSA-id."""
    return f"SE2321000131-E{number:012}"


def therapist(number: int) -> str:
    """Return a therapist's HSA-id."""
    return f"SE2321000131-P{number:012}"


class _Target(Protocol):
    """The work that SQLite and PostgreSQL do in different ways."""

    def run(self, sql: str) -> None: ...
    def fill(self, table: str, rows: Iterable[Sequence[Any]]) -> None: ...
    def cast(self, column: Column[Any]) -> str: ...
    def finish(self) -> None: ...
    def close(self) -> None: ...


class _Sqlite:
    def __init__(self, file: str) -> None:
        self._connection = sqlite3.connect(file, isolation_level=None)
        for pragma in ("synchronous=OFF", "foreign_keys=OFF", "cache_size=-500000", "temp_store=MEMORY"):
            self.run(f"PRAGMA {pragma}")

    def run(self, sql: str) -> None:
        self._connection.execute(sql)

    def fill(self, table: str, rows: Iterable[Sequence[Any]]) -> None:
        for row in rows:
            self._connection.execute(f"INSERT INTO {table} VALUES ({', '.join('?' * len(row))})", row)  # noqa: S608

    def cast(self, column: Column[Any]) -> str:
        return f't."{column.name}"'

    def finish(self) -> None:
        self.run("ANALYZE")
        self.run("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        self._connection.close()


class _Postgresql:
    def __init__(self, url: str) -> None:
        import psycopg

        self._connection = psycopg.connect(url, autocommit=True)
        for setting in (
            "synchronous_commit = off",
            "session_replication_role = replica",  # no foreign key is checked: the rows come from whole lives
            "maintenance_work_mem = '512MB'",
            "work_mem = '64MB'",
        ):
            self.run(f"SET {setting}")

    def run(self, sql: str) -> None:
        self._connection.execute(sql.encode())

    def fill(self, table: str, rows: Iterable[Sequence[Any]]) -> None:
        with self._connection.cursor() as cursor, cursor.copy(f"COPY {table} FROM STDIN".encode()) as copy:
            for row in rows:
                copy.write_row(row)

    def cast(self, column: Column[Any]) -> str:
        return f't."{column.name}"::{column.type.compile(postgresql.dialect())}'  # type: ignore[no-untyped-call]

    def finish(self) -> None:
        self.run("VACUUM (ANALYZE)")
        self.run("CHECKPOINT")

    def close(self) -> None:
        self._connection.close()


def load(url: str, size: Size, told: OutboxEntry = lambda _: None) -> None:
    """Load a region into a database that has no schema yet.

    Args:
        url: `sqlite:///file.db` or `postgresql://…`.
        size: How large.
        told: Told how many enrolments there are so far.
    """
    migrate(url)
    _indexes(url, there=False)
    scheme, _, rest = url.partition("://")
    target: _Target = _Sqlite(rest.removeprefix("/")) if scheme == "sqlite" else _Postgresql(url)
    with closing(target), TemporaryDirectory(prefix="painschool-lives-") as folder:
        file = Path(folder) / "lives.db"
        lived = live(file, size.lives)
        with closing(sqlite3.connect(file)) as source:
            stamps = [_stamp(source, target, table, lived) for table in _TABLES]
            versions = source.execute("SELECT key, version, data FROM programs").fetchall()
        target.run(f"CREATE TEMP TABLE ids (life text, {', '.join(f'{name} text' for name in _STAMPS)})")
        of_ten = [life.enrolment_id for life in lived for _ in range(life.often)]
        for start in range(0, size.enrolments, CHUNK):
            numbers = range(start, min(start + CHUNK, size.enrolments))
            target.run("BEGIN")
            target.run("DELETE FROM ids")
            target.fill("ids", _ids(numbers, of_ten, size))
            for stamp in stamps:
                target.run(stamp)
            target.run("COMMIT")
            told(len(numbers))
        target.fill("programs", ((unit(number), *version) for number in range(size.units) for version in versions))
        _indexes(url, there=True)
        target.finish()


def _ids(numbers: Iterable[int], of_ten: Sequence[str], size: Size) -> Iterator[Sequence[str]]:
    for number in numbers:
        # The lives go round within a therapist's patients, so that each has some of every kind.
        life = of_ten[number // size.therapists % len(of_ten)]
        whose = number % size.therapists
        yield life, enrolment_id(number), f"E{number:011}", unit(whose % size.units), therapist(whose)


def _stamp(source: sqlite3.Connection, target: _Target, table: Table, lived: Sequence[Lived]) -> str:
    """Write a table's rows of all lives into a table beside it, and return the statement that stamps them out."""
    columns = [column for column in table.c if column.identity is None]
    names = ", ".join(f'"{column.name}"' for column in columns)
    rows = source.execute(f"SELECT {names} FROM {table.name}").fetchall()  # noqa: S608 - names of our own tables
    marked = [(life.enrolment_id, *_marked(row, life)) for row in rows if (life := _owner(row, lived)) is not None]
    texts = ", ".join(f'"{column.name}" text' for column in columns)
    target.run(f"CREATE TEMP TABLE life_{table.name} (life text, {texts})")
    target.fill(f"life_{table.name}", marked)
    values = ", ".join(
        _value(target.cast(column), [str(row[place]) for row in marked])
        for place, column in enumerate(columns, start=1)
    )
    return (
        f"INSERT INTO {table.name} ({names}) SELECT {values}"  # noqa: S608 - as above
        f" FROM ids JOIN life_{table.name} t ON t.life = ids.life"
    )


def _owner(row: Sequence[Any], lived: Sequence[Lived]) -> Lived | None:
    return next((life for life in lived if any(life.enrolment_id in str(cell) for cell in row)), None)


def _marked(row: Sequence[Any], life: Lived) -> list[Any]:
    own = dict(zip((life.enrolment_id, life.person, UNIT, THERAPIST), _STAMPS, strict=True))
    marked = list(row)
    for text, stamp in own.items():
        marked = [cell.replace(text, f"<{stamp}>") if isinstance(cell, str) else cell for cell in marked]
    return marked


def _value(value: str, cells: Sequence[str]) -> str:
    for stamp in _STAMPS:
        if any(f"<{stamp}>" in cell for cell in cells):
            value = f"replace({value}, '<{stamp}>', ids.{stamp})"
    return value


def _indexes(url: str, *, there: bool) -> None:
    """Drop the secondary indexes, or make them: at once is faster than row by row."""
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    try:
        for table in _TABLES:
            for index in sorted(table.indexes, key=lambda index: str(index.name)):
                with engine.begin() as connection:
                    (index.create if there else index.drop)(connection)
    finally:
        engine.dispose()


@click.command()
@click.argument("url")
@click.option("--enrolments", default=1_000_000, show_default=True, help="How many.")
def main(url: str, enrolments: int) -> None:
    """Load a region: a hundred enrolments a therapist, ten therapists a unit."""
    with Progress() as progress:
        task = progress.add_task("enrolments", total=enrolments)
        load(url, Size.of(enrolments), lambda number: progress.advance(task, number))


if __name__ == "__main__":
    main()
