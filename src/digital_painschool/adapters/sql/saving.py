"""How a step is saved: state, timeline, documents, notifications and access entry, together or not at all."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Update, bindparam, update
from sqlalchemy.sql import ClauseElement

from digital_painschool.adapters.sql.common import ADD_ACCESS, access_values, from_json, insert_into, to_json
from digital_painschool.adapters.sql.digest_rows import digest_values, notification_values
from digital_painschool.adapters.sql.outbox import OutboxPart
from digital_painschool.adapters.sql.pool import Connection
from digital_painschool.adapters.sql.schema import documents, enrolments, timeline
from digital_painschool.adapters.sql.single_statement import (
    notification_at_once,
    start_at_once,
    step_at_once,
    values_at_once,
)
from digital_painschool.domain.enrolment import CaseloadCounts, Enrolment
from digital_painschool.domain.events import AccessEnded, Ended, HandedOver, Maintained
from digital_painschool.domain.notification import Notification
from digital_painschool.errors import Conflict, StorageError
from digital_painschool.ports.storage import Change
from digital_painschool.serialization.enrolments import ENROLMENT_SHAPE, enrolment_from_data, enrolment_to_data
from digital_painschool.serialization.events import KIND_OF, event_to_data, shape_of
from digital_painschool.serialization.stored import read_stored

_CHANGED = "the enrolment was changed by somebody else; load it and decide again"

_SET_BY_OTHERS = ("exported_version",)
_START = insert_into(enrolments, leave_out=_SET_BY_OTHERS)
_NEVER_CHANGED = ("id", "unit", "person_scheme", "person_value", "program", "program_version", "started_at")
_MOVED = ("therapist", "phase", "access_until", "noted_end", "ended_at")
_MOVES = frozenset({HandedOver, Maintained, AccessEnded, Ended})
"""The events that change a column of `_MOVED`. These are in indexes, which SQLite writes anew for each column that an
UPDATE names, changed or not: leaving them out of the other steps saves more than half of the UPDATE."""


def _update(*left_out: str) -> Update:
    columns = {c.name: bindparam(c.name, type_=c.type) for c in enrolments.c if c.name not in left_out}
    mine = (enrolments.c.id == bindparam("enrolment_id"), enrolments.c.version == bindparam("before"))
    return update(enrolments).where(*mine).values(columns)


_MOVE = _update(*_NEVER_CHANGED, *_SET_BY_OTHERS)
_STEP = _update(*_NEVER_CHANGED, *_SET_BY_OTHERS, *_MOVED)
_ADD_ENTRY = insert_into(timeline)
_ADD_DOCUMENT = insert_into(documents)

_AT_ONCE: Mapping[ClauseElement, ClauseElement] = {
    _START: start_at_once(_START),
    _STEP: step_at_once(_STEP),
    _MOVE: step_at_once(_MOVE),
}
_NOTIFYING_AT_ONCE: Mapping[ClauseElement, ClauseElement] = {
    _STEP: step_at_once(_STEP, notifying=True),
    _MOVE: step_at_once(_MOVE, notifying=True),
}


class StateCache:
    """The states that were read or saved last, each with its JSON text: a row of the same text is the same value.

    It spares the next step the reading of what this process has just written; what anybody else wrote has another text.

    Args:
        limit: The most states that are remembered.
    """

    def __init__(self, limit: int = 1024) -> None:
        self._limit = limit
        self._known: dict[str, tuple[str, Enrolment]] = {}

    def read(self, enrolment_id: str, text: str) -> Enrolment:
        """Return the state that a row's text describes.

        Raises:
            StorageError: It cannot be read, or is another enrolment's.
        """
        known = self._known.get(enrolment_id)
        if known is not None and known[0] == text:
            return known[1]
        enrolment = read_stored(f"enrolment {enrolment_id}", _own_state_of, enrolment_id, text)
        self.keep(text, enrolment)
        return enrolment

    def keep(self, text: str, enrolment: Enrolment) -> None:
        """Remember a state and its text."""
        if len(self._known) >= self._limit:
            self._known = {}
        self._known[enrolment.id] = (text, enrolment)

    def forget(self) -> None:
        """Remember nothing any more."""
        self._known = {}


def own_state(enrolment_id: str, enrolment: Enrolment) -> Enrolment:
    """Return a state that was read under an id.

    Raises:
        StorageError: It is another enrolment's: steps would change the wrong patient's record.
    """
    if enrolment.id != enrolment_id:
        raise StorageError(f"enrolment {enrolment_id} cannot be read: its state is another enrolment's")
    return enrolment


def _own_state_of(enrolment_id: str, text: str) -> Enrolment:
    return own_state(enrolment_id, enrolment_from_data(from_json(text)))


class SavingPart(OutboxPart):
    """Saves steps: statement by statement where the database is near, in one statement where it is far."""

    _states: StateCache

    def save(self, change: Change) -> None:
        rows = _Rows(change)
        if not (self._database.driver.prefers_single_round_trip and self._saved_at_once(change, rows)):
            self._database.write(lambda connection: self._save(connection, change, rows))
        self._states.keep(rows.enrolment["state"], change.enrolment)

    def _save(self, connection: Connection, change: Change, rows: "_Rows") -> None:
        if self._database.driver.prefers_single_round_trip:
            if not connection.fetch_all(_AT_ONCE[rows.first], rows.all_at_once()):
                raise Conflict(_CHANGED)
        else:
            if connection.execute(rows.first, rows.enrolment) != 1:
                raise Conflict(_CHANGED)
            connection.execute_many(_ADD_ENTRY, rows.entries)
            connection.execute_many(_ADD_DOCUMENT, rows.documents)
            connection.execute(ADD_ACCESS, rows.access)
        if change.cancelled or change.noted or change.notifications:
            self._change_notifications(connection, change)

    def _saved_at_once(self, change: Change, rows: "_Rows") -> bool:
        if change.cancelled or change.noted or len(change.notifications) > 1:
            return False
        if not change.notifications:
            if not self._database.write(
                lambda connection: connection.fetch_all(_AT_ONCE[rows.first], rows.all_at_once()), alone=True
            ):
                raise Conflict(_CHANGED)
            return True
        statement = _NOTIFYING_AT_ONCE.get(rows.first)
        if statement is None:
            return False
        values = rows.all_at_once(change.notifications[0])
        try:
            return bool(self._database.write(lambda connection: connection.fetch_all(statement, values), alone=True))
        except Conflict:  # whether by the step or by the notification is for the longer way to find out
            return False


class _Rows:
    """A change as rows."""

    def __init__(self, change: Change) -> None:
        enrolment = change.enrolment
        self.enrolment = _enrolment_values(enrolment, change.counts, change.before)
        self.entries = _entry_values(change)
        unit = self.enrolment["unit"]
        self.documents = [
            {"enrolment_id": enrolment.id, "seq": seq, "unit": unit, "content": to_json(content)}
            for seq, content in change.documents.items()
        ]
        self.access = access_values(change.access)
        self.first: ClauseElement = _START
        if change.before:
            self.first = _STEP if _MOVES.isdisjoint(map(type, change.events)) else _MOVE

    def all_at_once(self, notification: Notification | None = None) -> dict[str, Any]:
        """Return everything as the values of one statement."""
        added = values_at_once(self.entries, self.documents, self.access)
        if notification is not None:
            added |= notification_at_once(digest_values(notification), notification_values(notification))
        return self.enrolment | added


def _entry_values(change: Change) -> list[dict[str, Any]]:
    values = []
    for seq, event in enumerate(change.events, start=change.before + 1):
        kind = KIND_OF[type(event)]
        values.append(
            {
                "enrolment_id": change.enrolment.id,
                "seq": seq,
                "unit": str(change.enrolment.unit),
                "kind": kind,
                "shape": shape_of(kind),
                "at": event.at,
                "by": str(event.by),
                "data": to_json(event_to_data(event)),
            }
        )
    return values


def _enrolment_values(enrolment: Enrolment, counts: CaseloadCounts, before: int) -> dict[str, Any]:
    person = enrolment.person
    return {
        "enrolment_id": enrolment.id,
        "before": before,
        "id": enrolment.id,
        "unit": str(enrolment.unit),
        "person_scheme": person.scheme,
        "person_value": person.value,
        "program": enrolment.program,
        "program_version": enrolment.program_version,
        "therapist": str(enrolment.therapist),
        "phase": enrolment.phase.value,
        "version": enrolment.version,
        "started_at": enrolment.started_at,
        "access_until": enrolment.access_until,
        "noted_end": enrolment.noted_end,
        "ended_at": enrolment.ended_at,
        "last_entry_at": enrolment.last_entry_at,
        "last_seen_at": enrolment.last_seen_at,
        "reviewed_at": enrolment.reviewed_at,
        "unread_forms": counts.unread_forms,
        "unread_messages": counts.unread_messages,
        "done": counts.done,
        "undelivered": counts.undelivered,
        "priority": counts.priority,
        "state_shape": ENROLMENT_SHAPE,
        "state": to_json(enrolment_to_data(enrolment)),
    }
