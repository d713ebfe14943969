"""What timelines note of notifications, held to the notifications themselves."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet

from digital_painschool.domain.events import (
    AccessEnded,
    Ended,
    Event,
    NotificationDropped,
    NotificationResolved,
    NotificationUndelivered,
    Withdrawn,
)
from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.domain.notification import NotificationRecord, Status
from digital_painschool.ports.storage import Entry
from digital_painschool.testing.reference.enrolment import ReferenceEnrolment
from digital_painschool.testing.reference.laws import Law, LawViolation, unequal, unless, violation

_LAW = Law.NOTIFIED_ONCE_IN_TIME
_GIVEN_UP = frozenset({Status.UNREACHABLE, Status.FAILED})
_NOTED = _GIVEN_UP | {Status.DROPPED}
"""The ends of a notification that its timeline says; an operator may drop it too."""


def note_violations(
    enrolment_id: EnrolmentId, timeline: Iterable[Entry], records: Iterable[NotificationRecord], owed: AbstractSet[str]
) -> Iterator[LawViolation]:
    """Yield each notification whose end the timeline does not say exactly once, unless a note is owed.

    Once an operator has sent it again, its end is to come anew. A closed enrolment need not say what was undelivered.
    This holds whenever nobody is writing, whichever process has died.
    """
    events = [entry.event for entry in timeline]
    is_closed = any(isinstance(event, Ended | Withdrawn) for event in events)
    noted: defaultdict[str, Counter[Status]] = defaultdict(Counter)
    for event in events:
        if isinstance(event, NotificationResolved):
            before = noted.pop(event.notification, Counter())
            what = f"{event.notification} was resolved, and its timeline does not say that it was given up"
            yield from unless(before.total() == 1 and {*before} <= _GIVEN_UP, _LAW, what, enrolment_id)
        for notification, status in _noted_by(event):
            noted[notification][status] += 1
    for notification, times in noted.items():
        for number in times.values():
            what = f"its timeline says {number} times what became of {notification}"
            yield from unless(number == 1, _LAW, what, enrolment_id)
    for record in records:
        id_, status = record.notification.id, record.status
        is_owed, found = id_ in owed, {*noted.pop(id_, ())}
        if is_closed and not found and status in _GIVEN_UP:
            continue  # it came too late for anybody to act
        is_right = not found if is_owed or status not in _NOTED else found == {status}
        if not is_right or (is_owed and status not in _NOTED):
            says = "says otherwise" if found or is_owed else "does not say so"
            yield violation(_LAW, f"{id_} is {status.value}, and the timeline {says}", enrolment_id)
    for notification in noted:
        yield violation(_LAW, f"its timeline says what became of {notification}, which there is not", enrolment_id)


def _noted_by(event: Event) -> Iterator[tuple[str, Status]]:
    """Yield the notification whose end an event notes, with its status."""
    if isinstance(event, NotificationDropped):
        yield event.notification, Status.DROPPED
    elif isinstance(event, NotificationUndelivered | NotificationResolved) and event.status in _NOTED:
        yield event.notification, event.status


def access_end_violations(enrolment: ReferenceEnrolment, event: AccessEnded) -> Iterator[LawViolation]:
    """Yield where an end of access that the timeline notes is not the one that the table gives."""
    law, what = Law.ACCESS_FOLLOWS_THE_TABLE, "the end of access that the timeline notes"
    noted = (event.access_until, event.kept)
    yield from unequal(law, (enrolment.access_until, enrolment.is_open_ended), noted, what, enrolment.id)
    has_ended = enrolment.ended_at is not None and enrolment.ended_at < event.at
    yield from unless(
        event.at >= event.access_until and not has_ended, law, f"{what}: too early or too late", enrolment.id
    )
