"""The access log."""

from collections.abc import Iterable
from itertools import islice

from digital_painschool.domain.people import HsaId, PersonId
from digital_painschool.ports.storage import AccessEntry
from json_storage.folder import Folder, Table
from json_storage.stored import add_access
from json_storage.values import access_from_data


class JsonAccessLog:
    """Who did what with whose data. An entry's number is the byte at which it ends in the log file of its unit."""

    def __init__(self, folder: Folder) -> None:
        self._folder = folder

    def log(self, entries: Iterable[AccessEntry]) -> None:
        given = tuple(entries)
        with self._folder.transaction() as transaction:
            add_access(transaction, given)

    def access_entries(
        self, unit: HsaId, *, person: PersonId | None = None, after: int = 0, limit: int = 1000
    ) -> tuple[tuple[int, AccessEntry], ...]:
        with self._folder.transaction() as transaction:
            rows = transaction.rows(Table.LOG, unit, after=after)
            entries = ((number, access_from_data(row)) for number, row in rows)
            wanted = ((number, entry) for number, entry in entries if person in {None, entry.person})
            return tuple(islice(wanted, limit))
