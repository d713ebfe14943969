"""A digest of everything that a unit keeps, in one canonical form, so that two runs can be compared."""

import json
from collections.abc import Iterator
from hashlib import sha256

from digital_painschool.domain.notification import NotificationRecord
from digital_painschool.domain.people import PersonId
from digital_painschool.ports.storage import (
    CaseQuery,
    load_documents,
    load_enrolment,
    load_notifications,
    load_timeline,
    readable,
)
from digital_painschool.serialization.enrolments import enrolment_to_data
from digital_painschool.serialization.events import KIND_OF, event_to_data
from digital_painschool.serialization.scalars import instant_to_text, optional_instant_to_text
from digital_painschool.serialization.values import to_data
from digital_painschool.testing.simulation.audit import Audit
from digital_painschool.testing.simulation.scene import Scene


def digest(scene: Scene, audit: Audit) -> str:
    """Return the SHA-256 (hexadecimal) of everything stored: states, timelines, documents, notifications, papers."""
    found = sha256()

    def add() -> None:
        for value in _kept(scene, audit):
            found.update(json.dumps(value, sort_keys=True, ensure_ascii=False, default=str).encode())

    scene.guard(add)
    return found.hexdigest()


def _kept(scene: Scene, audit: Audit) -> Iterator[object]:
    storage, unit = scene.storage, scene.unit
    for id_ in sorted(scene.accounts):
        state = load_enrolment(storage, id_)
        if state is None:
            continue
        yield enrolment_to_data(state)
        timeline = load_timeline(storage, id_)
        yield [
            (KIND_OF[type(e.event)], instant_to_text(e.event.at), e.event.by, event_to_data(e.event)) for e in timeline
        ]
        yield {str(seq): content for seq, content in load_documents(storage, id_, range(1, state.version + 1)).items()}
        yield [_record(record) for record in load_notifications(storage, id_)]
    query = CaseQuery(unit=unit.id, therapist=None, now=scene.now, limit=len(scene.accounts) + 1)
    yield [
        [*row.key, str(row.counts), instant_to_text(row.access_until)] for row in readable(storage.list_caseload(query))
    ]
    yield [to_data(storage.profile(unit.id, actor.hsa_id)) for actor in unit.therapists]
    yield [to_data(receipt) for receipt in storage.receipts(unit.id)]
    yield dict(audit.log_lines)


def _record(record: NotificationRecord) -> list[object]:
    notification = record.notification
    to = notification.recipient
    return [
        notification.id,
        to.value if isinstance(to, PersonId) else to,
        instant_to_text(notification.due_at),
        record.status.value,
        record.attempts,
        optional_instant_to_text(record.settled_at),
        notification.trigger.seq,
    ]
