"""P2: a whole desk call on SQLite beside raw sqlite3 with the same statements and bytes, two ORMs, and eventsourcing.

The statements of our calls are recorded once, at the driver, on a copy of the file: their texts, parameters and order.
The floor runs them on another copy, and in the end both files must hold the same rows.
"""

import shutil
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

from attrs import frozen
from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event

from benchmarks.database import MESSAGE, SHORT_ANSWERS, SHORT_FORM, on_sqlite
from benchmarks.django_host import DjangoHost
from benchmarks.host_service import calls_of
from benchmarks.measuring import calls, interleaved
from benchmarks.sqlalchemy_host import SqlalchemyHost
from benchmarks.table import Row

_PATIENTS = 100
_DURABLE = ("NORMAL", "FULL")
_OURS, _RAW = "ours", "raw sqlite3, same statements and bytes"
_SQLALCHEMY, _DJANGO = "a service on SQLAlchemy's ORM", "a service on Django's ORM"
_REPLAYING, _CACHED = "eventsourcing, replaying", "eventsourcing, with its cache"
_WANTED = {_RAW: 0.7, _SQLALCHEMY: 5.0, _DJANGO: 5.0, _REPLAYING: 2.0, _CACHED: 2.0}


@frozen
class _Statement:
    """One statement as it went to the driver."""

    sql: str
    values: Any
    many: bool
    gives_rows: bool


_Tape = list[list[_Statement]]
"""First the statements with which the connection was opened, then those of each call."""


def measure(*, quick: bool) -> Iterable[Row]:
    """Measure forms saved and messages written in turn, with both of SQLite's ways to be durable."""
    number, rounds = (20, 2) if quick else (200, 24)
    for synchronous in _DURABLE:
        with TemporaryDirectory(prefix="painschool-benchmark-") as folder:
            yield from _measure(Path(folder), synchronous, number, rounds)


def _measure(folder: Path, synchronous: str, number: int, rounds: int) -> Iterator[Row]:
    template = folder / "template.db"
    place = on_sqlite(template, _PATIENTS, synchronous=synchronous, migrate=True)
    with place.school:
        place.prepare()
    ours, recorded, raw = (shutil.copyfile(template, folder / f"{name}.db") for name in ("ours", "recorded", "raw"))
    tape = _record(recorded, synchronous, (rounds + 1) * number)
    place = on_sqlite(ours, _PATIENTS, synchronous=synchronous)
    # eventsourcing has no setting for how durable SQLite is to be: it is set as each connection is made.
    settled = patch.object(sqlite3, "connect", partial(sqlite3.connect, factory=_connection_with(synchronous)))
    sqlalchemy = SqlalchemyHost(f"sqlite:///{folder / 'sqlalchemy.db'}", synchronous=synchronous)
    django = DjangoHost(_for_django(folder / "django.db", synchronous))
    with (
        place.school,
        closing(sqlite3.connect(raw, isolation_level=None)) as connection,
        closing(sqlalchemy),
        closing(django),
        settled,
    ):
        jobs = {
            _OURS: place.call,
            _RAW: _played(connection, tape),
            _SQLALCHEMY: calls_of(sqlalchemy, _PATIENTS),
            _DJANGO: calls_of(django, _PATIENTS),
            _REPLAYING: _Treatments(folder / "replaying.db", {}).call,
            _CACHED: _Treatments(folder / "cached.db", {"AGGREGATE_CACHE_MAXSIZE": str(_PATIENTS)}).call,
        }
        timings = interleaved({name: calls(job, number) for name, job in jobs.items()}, rounds)
    _require_same_rows(ours, raw)
    for peer, wanted in _WANTED.items():
        yield Row.timed(
            timings,
            _OURS,
            peer,
            aim="P2",
            what=f"a desk call, synchronous={synchronous}",
            beside=peer,
            wanted=wanted,
        )


def _for_django(file: Path, synchronous: str) -> Mapping[str, Any]:
    begin = f"PRAGMA journal_mode=WAL; PRAGMA synchronous={synchronous}"
    options = {"transaction_mode": "IMMEDIATE", "init_command": begin}
    return {"ENGINE": "django.db.backends.sqlite3", "NAME": str(file), "OPTIONS": options}


def _record(file: Path, synchronous: str, number: int) -> _Tape:
    tape: _Tape = [[]]

    class Recording(sqlite3.Connection):
        def execute(self, sql: str, values: Any = (), /) -> sqlite3.Cursor:
            cursor = super().execute(sql, values)
            tape[-1].append(_Statement(sql, values, many=False, gives_rows=cursor.description is not None))
            return cursor

        def executemany(self, sql: str, values: Iterable[Any], /) -> sqlite3.Cursor:
            all_values = list(values)
            tape[-1].append(_Statement(sql, all_values, many=True, gives_rows=False))
            return super().executemany(sql, all_values)

    with patch.object(sqlite3, "connect", partial(sqlite3.connect, factory=Recording)):
        place = on_sqlite(file, _PATIENTS, synchronous=synchronous)
        with place.school:
            for _ in range(number):
                tape.append([])
                place.call()
    return tape


def _played(connection: sqlite3.Connection, tape: _Tape) -> Callable[[], None]:
    execute, executemany = connection.execute, connection.executemany

    def run(statements: Sequence[_Statement]) -> None:
        for statement in statements:
            if statement.many:
                executemany(statement.sql, statement.values)
            elif statement.gives_rows:
                execute(statement.sql, statement.values).fetchall()
            else:
                execute(statement.sql, statement.values)

    opening, *rest = tape
    run(opening)
    left = iter(rest)
    return lambda: run(next(left))


def _require_same_rows(ours: Path, raw: Path) -> None:
    with closing(sqlite3.connect(ours)) as one, closing(sqlite3.connect(raw)) as other:
        if list(one.iterdump()) != list(other.iterdump()):
            raise RuntimeError("the floor did not do the same work: the rows of the two files differ")


def _connection_with(synchronous: str) -> type[sqlite3.Connection]:
    class Settled(sqlite3.Connection):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self.execute(f"PRAGMA synchronous={synchronous}")

    return Settled


class _Treatment(Aggregate):  # type: ignore[misc] # the library has no types here
    """The same facts, with the documents in the events; no permissions, checks, notifications or access log."""

    def __init__(self, number: str) -> None:
        self.number = number
        self.modules: list[int] = []
        self.saved: dict[str, int] = {}
        self.messages = 0

    @event("ModuleOpened")  # type: ignore[untyped-decorator] # the library has no types here
    def open_module(self, module: int) -> None:
        self.modules.append(module)

    @event("FormSaved")  # type: ignore[untyped-decorator] # the library has no types here
    def save_form(self, form: str, answers: Mapping[str, object]) -> None:  # noqa: ARG002 - the event keeps it
        self.saved[form] = self.saved.get(form, 0) + 1

    @event("MessageSent")  # type: ignore[untyped-decorator] # the library has no types here
    def write(self, text: str) -> None:  # noqa: ARG002 - as above
        self.messages += 1


class _Treatments:
    """The peer's application with as many patients, as far on, and the same two calls in turn."""

    def __init__(self, file: Path, environment: Mapping[str, str]) -> None:
        sqlite = {"PERSISTENCE_MODULE": "eventsourcing.sqlite", "SQLITE_DBNAME": str(file)}
        self._application = Application({**sqlite, **environment})
        self._ids = [self._begun(f"EXAMPLE{number:05}") for number in range(_PATIENTS)]
        self._calls = 0

    def _begun(self, number: str) -> Any:
        treatment = _Treatment(number)
        for module in (1, 2, 3):
            treatment.open_module(module)
        treatment.save_form(SHORT_FORM, SHORT_ANSWERS)
        treatment.write(MESSAGE)
        self._application.save(treatment)
        return treatment.id

    def call(self) -> None:
        """Load one, let it save a form or write a message, and save it."""
        patient, message = divmod(self._calls, 2)
        self._calls += 1
        treatment = self._application.repository.get(self._ids[patient % _PATIENTS])
        if message:
            treatment.write(MESSAGE)
        else:
            treatment.save_form(SHORT_FORM, SHORT_ANSWERS)
        self._application.save(treatment)
