"""The access log."""

import json
from collections.abc import Iterable
from itertools import islice

from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.domain.people import HsaId, PersonId
from digital_painschool.ports.storage import WHOLE, AccessEntry, Excerpt
from digital_painschool.serialization.stored import read_each
from lmdb_storage.database import Part, log
from lmdb_storage.records import add_access
from lmdb_storage.tables import Table
from lmdb_storage.values import access_from_data


class LmdbAccessLog(Part):
    """Who did what with whose data. The numbers of a unit's entries rise by one."""

    def log(self, entries: Iterable[AccessEntry]) -> None:
        given = tuple(entries)
        with self._database.writing() as transaction:
            add_access(transaction, given)

    def access_entries(
        self,
        unit: HsaId,
        *,
        person: PersonId | None = None,
        enrolment_id: EnrolmentId | None = None,
        action: str | None = None,
        after: int = 0,
        limit: int = 1000,
        excerpt: Excerpt = WHOLE,
    ) -> tuple[tuple[int, AccessEntry], ...]:
        def is_wanted(number: int, entry: AccessEntry) -> bool:
            return (
                person in {None, entry.person}
                and enrolment_id in {None, entry.enrolment_id}
                and action in {None, entry.action}
                and excerpt.holds(number, entry.at, entry.by)
            )

        with self._database.reading() as transaction:
            stored = transaction.numbered(Table.LOG, unit, after=after, excerpt=excerpt)
            read = (entry for row in stored for entry in read_each([row], _entry, _log_unreadable))
            return tuple(islice((entry for entry in read if entry is not None and is_wanted(*entry)), limit))


def _entry(row: tuple[int, bytes]) -> tuple[int, AccessEntry]:
    number, stored = row
    return number, access_from_data(json.loads(stored))


def _log_unreadable(row: tuple[int, bytes]) -> None:
    log.error("entry %d of a unit's access log cannot be read; was it changed by hand?", row[0])
