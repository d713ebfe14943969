"""What timelines note of notifications, held to the notifications themselves."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from types import MappingProxyType

from digital_painschool.domain.events import Ended, Event, NotificationDropped, NotificationUndelivered, Withdrawn
from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.domain.notification import NotificationRecord, Status
from digital_painschool.ports.storage import Entry
from digital_painschool.testing.reference.laws import Law, LawViolation, unless, violation

_LAW = Law.NOTIFIED_ONCE_IN_TIME
_DROPPED_OR_UNDELIVERED = (NotificationDropped, NotificationUndelivered)
_NOTE_OF: Mapping[Status, type[Event]] = MappingProxyType(
    {
        Status.DROPPED: NotificationDropped,
        Status.UNREACHABLE: NotificationUndelivered,
        Status.FAILED: NotificationUndelivered,
    }
)
"""The event that notes the end of a notification, by its status."""


def note_violations(
    enrolment_id: EnrolmentId, timeline: Iterable[Entry], records: Iterable[NotificationRecord], owed: AbstractSet[str]
) -> Iterator[LawViolation]:
    """Yield each notification whose end the timeline does not say exactly once, unless a note is owed.

    A closed enrolment need not say what was undelivered.
    This holds whenever nobody is writing, whichever process has died.
    """
    events = [entry.event for entry in timeline]
    is_closed = any(isinstance(event, Ended | Withdrawn) for event in events)
    noted = Counter((one.notification, type(one)) for one in events if isinstance(one, _DROPPED_OR_UNDELIVERED))
    for (notification, _), times in noted.items():
        what = f"its timeline says {times} times what became of {notification}"
        yield from unless(times == 1, _LAW, what, enrolment_id)
    for record in records:
        id_, status = record.notification.id, record.status
        is_owed, note = id_ in owed, _NOTE_OF.get(status)
        found = {kind for one, kind in noted if one == id_}
        expected = set() if is_owed or note is None else {note}
        if is_closed and not found and note is NotificationUndelivered:
            continue  # it came too late for anybody to act
        if found != expected or (is_owed and note is None):
            says = "says otherwise" if found or is_owed else "does not say so"
            yield violation(_LAW, f"{id_} is {status.value}, and the timeline {says}", enrolment_id)
