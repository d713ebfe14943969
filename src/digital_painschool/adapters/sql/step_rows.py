"""A step as rows."""

from copy import copy
from typing import Any

from digital_painschool.adapters.sql.access_log import access_values
from digital_painschool.adapters.sql.digest_rows import digest_values, notification_values
from digital_painschool.adapters.sql.json_text import to_json
from digital_painschool.adapters.sql.single_statement import notifying_values, record_values
from digital_painschool.ports.storage import Change
from digital_painschool.serialization.enrolments import ENROLMENT_SHAPE, enrolment_to_data
from digital_painschool.serialization.events import KIND_OF, event_to_data, shape_of


class StepRows:
    """A change as rows.

    Attributes:
        change: The change.
        enrolment: The row of the enrolment, the version that it replaces, and whether the enrolment may have drafts.
        entries: The rows of the timeline.
        documents: The rows of the documents.
        access: The row of the access log.
    """

    def __init__(self, change: Change) -> None:
        enrolment = change.enrolment
        self.change = change
        self.enrolment = _enrolment_values(change)
        self.entries = _entry_values(change)
        unit = self.enrolment["unit"]
        self.documents = [
            {"enrolment_id": enrolment.id, "seq": seq, "unit": unit, "content": to_json(content)}
            for seq, content in change.documents.items()
        ]
        self.access = access_values(change.access)

    def keeping_drafts(self) -> "StepRows":
        """Return the step as one that is written whether the enrolment has drafts or not."""
        other = copy(self)
        other.enrolment = self.enrolment | {"keeps_drafts": True}
        return other

    def single_values(self, *, notifying: bool) -> dict[str, Any]:
        """Return all rows as the values of a single statement, with the notification of the change if it adds one."""
        values = self.enrolment | record_values(self.entries, self.documents, self.access)
        if notifying:
            [notification] = self.change.notifications
            values |= notifying_values(digest_values(notification), notification_values(notification))
        return values


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


def _enrolment_values(change: Change) -> dict[str, Any]:
    enrolment, counts = change.enrolment, change.counts
    person = enrolment.person
    return {
        "enrolment_id": enrolment.id,
        "before": change.before,
        "keeps_drafts": not change.discarded_drafts,
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
        "noted_silence": enrolment.noted_silence,
        "noted_ending": enrolment.noted_ending,
        "ended_at": enrolment.ended_at,
        "last_entry_at": enrolment.last_entry_at,
        "last_seen_at": enrolment.last_seen_at,
        "reactivated_at": enrolment.reactivated_at,
        "reviewed_at": enrolment.reviewed_at,
        "unread_forms": counts.unread_forms,
        "unread_messages": counts.unread_messages,
        "done": counts.done,
        "undelivered": counts.undelivered,
        "handed_over": counts.handed_over,
        "priority": counts.priority,
        "waiting_since": counts.waiting_since,
        "state_shape": ENROLMENT_SHAPE,
        "state": to_json(enrolment_to_data(enrolment)),
    }
