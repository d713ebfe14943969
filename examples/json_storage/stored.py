"""How enrolments, notifications and access entries are found and saved in a transaction; the parts share it."""

from collections.abc import Iterable, Iterator

from digital_painschool.domain.enrolment import CaseloadCounts, UnreadableEnrolment
from digital_painschool.domain.fold import replay
from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.domain.people import HsaId, PersonId
from digital_painschool.ports.storage import AccessEntry
from digital_painschool.serialization.enrolments import ENROLMENT_SHAPE
from digital_painschool.serialization.stored import Data, read_each, read_stored
from json_storage.folder import Table, Transaction, log
from json_storage.values import (
    StoredEnrolment,
    StoredNotification,
    access_to_data,
    entry_from_data,
    notification_from_data,
    stored_enrolment_from_data,
)


def timeline_rows(transaction: Transaction, enrolment_id: EnrolmentId) -> Iterator[Data]:
    """Return the timeline entries of an enrolment as data."""
    return (row for _, row in transaction.rows(Table.TIMELINES, enrolment_id))


def find_enrolment(transaction: Transaction, enrolment_id: EnrolmentId) -> StoredEnrolment | None:
    """Return an enrolment, or None.

    Raises:
        StorageError: The enrolment is unreadable.
    """
    return read_stored(f"enrolment {enrolment_id}", _find_enrolment, transaction, enrolment_id)


def find_enrolments(transaction: Transaction, enrolment_ids: Iterable[str]) -> Iterator[StoredEnrolment]:
    """Return the known enrolments among some, each once."""
    found = (find_enrolment(transaction, EnrolmentId(enrolment_id)) for enrolment_id in dict.fromkeys(enrolment_ids))
    return (one for one in found if one is not None)


def find_each_enrolment(
    transaction: Transaction, enrolment_ids: Iterable[str]
) -> list[StoredEnrolment | UnreadableEnrolment]:
    """Return the known enrolments among some, each once, with placeholders for unreadable ones."""
    ids = dict.fromkeys(enrolment_ids)
    found = read_each(
        ids, lambda id_: find_enrolment(transaction, EnrolmentId(id_)), lambda id_: UnreadableEnrolment(enrolment_id=EnrolmentId(id_))
    )
    return [one for one in found if one is not None]


def all_enrolments(transaction: Transaction) -> Iterator[StoredEnrolment]:
    """Yield all enrolments. A log line names the unreadable ones, as nobody can tell whose list they belong to."""
    ids = (id_ for ids in transaction.all(Table.PERSONS) for id_ in ids)
    for one in find_each_enrolment(transaction, ids):
        if isinstance(one, UnreadableEnrolment):
            log.error("enrolment %s cannot be read; was it changed by hand?", one.enrolment_id)
        else:
            yield one


def _find_enrolment(transaction: Transaction, enrolment_id: EnrolmentId) -> StoredEnrolment | None:
    data = transaction.get(Table.STATES, enrolment_id)
    if data is None:
        return None
    if data["shape"] != ENROLMENT_SHAPE:
        # Another version of the library folded this state; the timeline gives it again.
        events = (entry_from_data(row).event for row in timeline_rows(transaction, data["id"]))
        counts = CaseloadCounts(**data["tally"])
        return StoredEnrolment(enrolment=replay(events), counts=counts, exported=data["exported"])
    return stored_enrolment_from_data(data)


def save_enrolment(transaction: Transaction, one: StoredEnrolment) -> None:
    """Save the present state of an enrolment."""
    transaction.put(Table.STATES, one.to_data(), one.enrolment.id)


def ids_of_person(transaction: Transaction, person: PersonId) -> list[str]:
    """Return the ids of all enrolments of a person."""
    ids: list[str] | None = transaction.get(Table.PERSONS, person.scheme, person.value)
    return ids or []


def save_ids_of_person(transaction: Transaction, person: PersonId, ids: list[str]) -> None:
    """Save the ids of all enrolments of a person; without ids, nothing of the person is left."""
    if ids:
        transaction.put(Table.PERSONS, ids, person.scheme, person.value)
    else:
        transaction.remove(Table.PERSONS, person.scheme, person.value)


def find_notification(transaction: Transaction, notification_id: str) -> StoredNotification | None:
    """Return a notification, or None."""
    data = transaction.get(Table.NOTIFICATIONS, notification_id)
    return None if data is None else notification_from_data(data)


def save_notification(transaction: Transaction, one: StoredNotification) -> None:
    """Save the present state of a notification."""
    transaction.put(Table.NOTIFICATIONS, one.to_data(), one.record.notification.id)


def asked_by(transaction: Transaction, enrolment_id: EnrolmentId) -> list[str]:
    """Return the ids of the notifications that an enrolment asked for."""
    return [notification_id for _, notification_id in transaction.rows(Table.ASKED, enrolment_id)]


def notifications_of(transaction: Transaction, enrolment_id: EnrolmentId) -> list[StoredNotification]:
    """Return the notifications that an enrolment asked for, by entry, then by id."""
    asked = (find_notification(transaction, id_) for id_ in asked_by(transaction, enrolment_id))
    found = [one for one in asked if one is not None]
    return sorted(found, key=lambda one: (one.record.notification.trigger.seq, one.record.notification.id))


def collected_digests_of(
    transaction: Transaction, unit: HsaId, recipient: PersonId | HsaId
) -> tuple[tuple[str, ...], list[str]]:
    """Return the key under which a recipient's collected digests at a unit are listed, and their ids."""
    named = (recipient.scheme, recipient.value) if isinstance(recipient, PersonId) else (str(recipient),)
    key = (str(unit), *named)
    ids: list[str] | None = transaction.get(Table.COLLECTED, *key)
    return key, ids or []


def add_access(transaction: Transaction, entries: Iterable[AccessEntry]) -> None:
    """Add entries to the access log."""
    for entry in entries:
        transaction.add(Table.LOG, (access_to_data(entry),), entry.unit)
