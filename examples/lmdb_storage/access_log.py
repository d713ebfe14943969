"""The access log."""

import json
from collections.abc import Iterable
from itertools import islice

from digital_painschool.domain.people import HsaId, PersonId
from digital_painschool.ports.storage import AccessEntry
from digital_painschool.serialization.stored import read_each
from lmdb_storage.database import Database, log
from lmdb_storage.records import add_access
from lmdb_storage.tables import Table
from lmdb_storage.values import access_from_data


class LmdbAccessLog:
    """Who did what with whose data. The numbers of a unit's entries rise by one."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def log(self, entries: Iterable[AccessEntry]) -> None:
        given = tuple(entries)
        with self._database.writing() as transaction:
            add_access(transaction, given)

    def access_entries(
        self, unit: HsaId, *, person: PersonId | None = None, after: int = 0, limit: int = 1000
    ) -> tuple[tuple[int, AccessEntry], ...]:
        first = max(after, 0)
        with self._database.reading() as transaction:
            stored = enumerate(transaction.scan(Table.LOG, unit, after=(first,)), start=first + 1)
            read = (entry for row in stored for entry in read_each([row], _entry, _log_unreadable))
            wanted = (entry for entry in read if entry is not None and person in {None, entry[1].person})
            return tuple(islice(wanted, limit))


def _entry(row: tuple[int, bytes]) -> tuple[int, AccessEntry]:
    number, stored = row
    return number, access_from_data(json.loads(stored))


def _log_unreadable(row: tuple[int, bytes]) -> None:
    log.error("entry %d of a unit's access log cannot be read; was it changed by hand?", row[0])
