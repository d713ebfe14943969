"""What the parts of the storage share: where enrolments and notifications stand, and how they are found."""

from collections.abc import Iterable, Iterator

from digital_painschool.domain.enrolment import CaseloadCounts, UnreadableEnrolment
from digital_painschool.domain.fold import replay
from digital_painschool.domain.people import HsaId, PersonId
from digital_painschool.ports.storage import AccessEntry
from digital_painschool.serialization.enrolments import ENROLMENT_SHAPE
from digital_painschool.serialization.stored import Data, read_each, read_stored
from json_storage.folder import Folder, Table, Transaction, log
from json_storage.values import (
    Asked,
    Kept,
    access_to_data,
    asked_from_data,
    entry_from_data,
    kept_from_data,
)


class Part:
    """A part of the storage, on its folder."""

    def __init__(self, folder: Folder) -> None:
        self._folder = folder


def timeline_rows(books: Transaction, enrolment_id: str) -> Iterator[Data]:
    """Return the timeline entries of an enrolment as they are kept."""
    return (row for _, row in books.rows(Table.TIMELINES, enrolment_id))


def kept(books: Transaction, enrolment_id: str) -> Kept | None:
    """Return an enrolment, or None.

    Raises:
        StorageError: It cannot be read.
    """
    return read_stored(f"enrolment {enrolment_id}", _kept, books, enrolment_id)


def kept_among(books: Transaction, enrolment_ids: Iterable[str]) -> Iterator[Kept]:
    """Return the enrolments that there are among some, each once."""
    found = (kept(books, enrolment_id) for enrolment_id in dict.fromkeys(enrolment_ids))
    return (one for one in found if one is not None)


def each_kept(books: Transaction, enrolment_ids: Iterable[str]) -> list[Kept | UnreadableEnrolment]:
    """Return the enrolments that there are among some, each once; one that cannot be read is named."""
    ids = dict.fromkeys(enrolment_ids)
    found = read_each(ids, lambda id_: kept(books, id_), lambda id_: UnreadableEnrolment(enrolment_id=id_))
    return [one for one in found if one is not None]


def all_kept(books: Transaction) -> Iterator[Kept]:
    """Yield all enrolments; a log line names those that cannot be read, as nobody can tell whose list they are in."""
    ids = (id_ for ids in books.all(Table.PERSONS) for id_ in ids)
    for one in each_kept(books, ids):
        if isinstance(one, UnreadableEnrolment):
            log.error("enrolment %s cannot be read; was it changed by hand?", one.enrolment_id)
        else:
            yield one


def _kept(books: Transaction, enrolment_id: str) -> Kept | None:
    data = books.get(Table.STATES, enrolment_id)
    if data is None:
        return None
    if data["shape"] != ENROLMENT_SHAPE:
        # An older version folded it, or a newer one; the timeline gives it again.
        events = (entry_from_data(row).event for row in timeline_rows(books, data["id"]))
        return Kept(enrolment=replay(events), counts=CaseloadCounts(**data["tally"]), exported=data["exported"])
    return kept_from_data(data)


def keep(books: Transaction, one: Kept) -> None:
    """Keep an enrolment as it is now."""
    books.put(Table.STATES, one.to_data(), one.enrolment.id)


def ids_of(books: Transaction, person: PersonId) -> list[str]:
    """Return the ids of all enrolments of a person."""
    ids: list[str] | None = books.get(Table.PERSONS, person.scheme, person.value)
    return ids or []


def keep_ids(books: Transaction, person: PersonId, ids: list[str]) -> None:
    """Keep the ids of all enrolments of a person; of one who has none, nothing is kept."""
    if ids:
        books.put(Table.PERSONS, ids, person.scheme, person.value)
    else:
        books.remove(Table.PERSONS, person.scheme, person.value)


def asked(books: Transaction, notification_id: str) -> Asked | None:
    """Return a notification, or None."""
    data = books.get(Table.NOTIFICATIONS, notification_id)
    return None if data is None else asked_from_data(data)


def put_asked(books: Transaction, one: Asked) -> None:
    """Keep a notification as it is now."""
    books.put(Table.NOTIFICATIONS, one.to_data(), one.record.notification.id)


def asked_by(books: Transaction, enrolment_id: str) -> list[Asked]:
    """Return what an enrolment asked for, by entry, then by id."""
    ids = [notification_id for _, notification_id in books.rows(Table.ASKED, enrolment_id)]
    found = [one for one in (asked(books, id_) for id_ in ids) if one is not None]
    return sorted(found, key=lambda one: (one.record.notification.trigger.seq, one.record.notification.id))


def collected_of(books: Transaction, unit: HsaId, recipient: PersonId | HsaId) -> tuple[tuple[str, ...], list[str]]:
    """Return the key under which a recipient's collected digests at a unit are listed, and their ids."""
    named = (recipient.scheme, recipient.value) if isinstance(recipient, PersonId) else (str(recipient),)
    key = (str(unit), *named)
    ids: list[str] | None = books.get(Table.COLLECTED, *key)
    return key, ids or []


def enter(books: Transaction, entries: Iterable[AccessEntry]) -> None:
    """Add to the access log."""
    for entry in entries:
        books.add(Table.LOG, (access_to_data(entry),), entry.unit)
