"""How enrolments, notifications and access entries are found and saved in a transaction; the parts share it.

A record has one place, and its indexes are written with it. So no index can contradict its record.
"""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from digital_painschool.domain.enrolment import UnreadableEnrolment
from digital_painschool.domain.fold import replay
from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.domain.people import PersonId
from digital_painschool.ports.storage import AccessEntry, CompletedCall, DeskCall, StoredEnrolment
from digital_painschool.rules.flags import caseload_counts
from digital_painschool.serialization.enrolments import ENROLMENT_SHAPE
from digital_painschool.serialization.stored import read_each, read_stored
from lmdb_storage.database import Transaction, log
from lmdb_storage.tables import Key, Table
from lmdb_storage.values import (
    StoredNotification,
    access_to_data,
    entry_from_data,
    notification_from_data,
    stored_enrolment_from_data,
    stored_enrolment_to_data,
)


def find_enrolment(transaction: Transaction, enrolment_id: str) -> StoredEnrolment | None:
    """Return an enrolment, or None.

    Raises:
        StorageError: The enrolment is unreadable.
    """
    return read_stored(f"enrolment {enrolment_id}", _find_enrolment, transaction, enrolment_id)


def find_each_enrolment(
    transaction: Transaction, enrolment_ids: Iterable[str]
) -> list[StoredEnrolment | UnreadableEnrolment]:
    """Return the known enrolments among some, each once, with placeholders for unreadable ones."""
    found = read_each(
        dict.fromkeys(enrolment_ids),
        lambda id_: find_enrolment(transaction, id_),
        lambda id_: UnreadableEnrolment(enrolment_id=EnrolmentId(id_)),
    )
    return [one for one in found if one is not None]


def find_readable_enrolments(transaction: Transaction, enrolment_ids: Iterable[str]) -> Iterator[StoredEnrolment]:
    """Yield the known enrolments among some; a log line names the unreadable ones."""
    for one in find_each_enrolment(transaction, enrolment_ids):
        if isinstance(one, StoredEnrolment):
            yield one
        else:
            log.error("enrolment %s cannot be read; was it changed by hand?", one.enrolment_id)


def _find_enrolment(transaction: Transaction, enrolment_id: str) -> StoredEnrolment | None:
    data = transaction.get(Table.STATES, enrolment_id)
    if data is None:
        return None
    if data["shape"] != ENROLMENT_SHAPE:
        # Another version of the library folded this state; the timeline gives it again.
        rows = map(json.loads, transaction.scan(Table.TIMELINES, enrolment_id))
        enrolment = replay(entry_from_data(row).event for row in rows)
        one = StoredEnrolment(enrolment=enrolment, counts=caseload_counts(enrolment), exported=data["exported"])
    else:
        one = stored_enrolment_from_data(data)
    if one.enrolment.id != enrolment_id:
        raise ValueError("the state is another enrolment's")
    return one


def save_enrolment(transaction: Transaction, one: StoredEnrolment, before: StoredEnrolment | None) -> None:
    """Save the present state of an enrolment, and its places in the indexes."""
    id_ = one.enrolment.id
    transaction.put(Table.STATES, stored_enrolment_to_data(one), id_)
    places, places_before = dict(_places(one)), dict(_places(before))
    for place in places_before.keys() - places.keys():
        transaction.remove(place[0], *place[1])
    for place in places.keys() - places_before.keys():
        transaction.put(place[0], id_, *place[1])


def _may_have_started(transaction: Transaction, key: list[str]) -> bool:
    """Return whether a completed call started its enrolment; one that is damaged may have."""
    try:
        _, version, _ = list[object](transaction.get(Table.RECORDS, *key))
    except (TypeError, ValueError):
        return True
    return version == 1


def remove_enrolment(transaction: Transaction, one: StoredEnrolment) -> None:
    """Remove an enrolment with all that is its own, and its places in the indexes; the key of its start stays."""
    id_ = one.enrolment.id
    for key in map(json.loads, list(transaction.scan(Table.OF_ENROLMENT, id_))):
        kind, *parts = key
        if kind == CompletedCall.__name__ and _may_have_started(transaction, key):
            transaction.put(Table.RECORDS, ["", ""], DeskCall.__name__, *parts)
        transaction.remove(Table.RECORDS, *key)
        transaction.remove(Table.OF_ENROLMENT, id_, *key)
    for number in range(1, one.enrolment.version + 1):
        transaction.remove(Table.TIMELINES, id_, number)
        transaction.remove(Table.DOCUMENTS, id_, number)
    for place in dict(_places(one)):
        transaction.remove(place[0], *place[1])
    transaction.remove(Table.STATES, id_)


def _places(one: StoredEnrolment | None) -> Iterator[tuple[tuple[Table, Key], None]]:
    """Yield the indexes that an enrolment is in, each with its key."""
    if one is None:
        return
    state = one.enrolment
    yield (Table.PERSONS, (state.person.scheme, state.person.value, state.id)), None
    if not one.enrolment.is_open:
        yield (Table.ENDED, (state.unit, state.id)), None
        return
    yield (Table.OPEN, (state.unit, state.id)), None


def ids_of_person(transaction: Transaction, person: PersonId) -> list[str]:
    """Return the ids of all enrolments of a person."""
    return ids(transaction.scan(Table.PERSONS, person.scheme, person.value))


def ids(scanned: Iterable[bytes]) -> list[str]:
    """Return the ids that an index holds."""
    return [json.loads(stored) for stored in scanned]


def find_notification(transaction: Transaction, notification_id: str) -> StoredNotification | None:
    """Return a notification, or None.

    Raises:
        StorageError: The notification is unreadable.
    """
    data: Any = read_stored(f"notification {notification_id}", transaction.get, Table.NOTIFICATIONS, notification_id)
    return None if data is None else read_stored(f"notification {notification_id}", notification_from_data, data)


def save_notification(transaction: Transaction, one: StoredNotification) -> None:
    """Save the present state of a notification."""
    transaction.put(Table.NOTIFICATIONS, one.to_data(), one.record.notification.id)


def notifications_of(transaction: Transaction, enrolment_id: str) -> list[StoredNotification]:
    """Return the notifications that an enrolment asked for, by entry, then by id."""
    asked = (find_notification(transaction, id_) for id_ in ids(transaction.scan(Table.ASKED, enrolment_id)))
    return sorted((one for one in asked if one is not None), key=by_entry)


def by_entry(one: StoredNotification) -> tuple[int, str]:
    """Return the position of a notification among those of its enrolment."""
    return one.record.notification.trigger.seq, one.record.notification.id


def add_access(transaction: Transaction, entries: Iterable[AccessEntry]) -> None:
    """Add entries to the access log, each under the next number of its unit."""
    for entry in entries:
        number = transaction.last_number(Table.LOG, entry.unit) + 1
        transaction.put(Table.LOG, access_to_data(entry), entry.unit, number)
