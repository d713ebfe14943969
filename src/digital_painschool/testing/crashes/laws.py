"""What holds of all that is kept whenever nobody is writing, whoever died before."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime

from digital_painschool.enrolment import Enrolment, Phase, replay
from digital_painschool.events import (
    ConversationRenamed,
    ConversationStarted,
    FormSaved,
    MessageSent,
    NotificationDropped,
    NotificationUndelivered,
)
from digital_painschool.notification import Channel, NotificationRecord, Notify, Status
from digital_painschool.ports import Storage
from digital_painschool.ports.storage import CaseQuery, Entry, readable
from digital_painschool.rules.flags import tally
from digital_painschool.testing.crashes.account import UNITS

_WRITTEN = (ConversationStarted, ConversationRenamed, FormSaved, MessageSent)
_NOTED = (NotificationDropped, NotificationUndelivered)
_LEAVES_A_NOTE = (Status.DROPPED, Status.UNREACHABLE, Status.FAILED)


def broken_laws(storage: Storage, ids: Sequence[str], now: datetime) -> Iterator[str]:
    """Tell which laws do not hold of what is kept.

    Args:
        storage: Where it is kept.
        ids: Every id that was ever given.
        now: The instant at which the list of patients is judged.
    """
    states = storage.load_many(ids)
    timelines = {id_: storage.timeline(id_) for id_ in ids}
    records = {id_: storage.notifications(id_) for id_ in ids}
    rows = {
        row.enrolment_id: row.tally
        for unit in UNITS
        for row in readable(storage.cases(CaseQuery(unit=unit, therapist=None, now=now, limit=len(ids) or 1)))
    }
    for id_ in ids:
        state, timeline = states.get(id_), timelines[id_]
        if state is None:
            yield from _nothing_is_left(storage, id_, timeline, records[id_])
            continue
        if not timeline or replay(entry.event for entry in timeline) != state:
            yield f"law 1: {id_}'s state is not what its timeline replays to"
        if [entry.seq for entry in timeline] != list(range(1, state.version + 1)):
            yield f"law 1: {id_} is of version {state.version} and has {len(timeline)} timeline entries"
        yield from _written(storage, id_, timeline)
        if rows.get(id_) != (None if state.phase is Phase.ENDED else tally(state)):
            yield f"law 4: {id_}'s row in the list of patients says something else than its state"
        yield from _asked_for(id_, state, timeline, records[id_])
        yield from _settled(id_, timeline, records[id_])
        if state.phase is Phase.ENDED and storage.cancellable(id_):
            yield f"law 5: {id_} has ended and its notifications still wait"


def _nothing_is_left(
    storage: Storage, id_: str, timeline: Sequence[Entry], records: Sequence[NotificationRecord]
) -> Iterator[str]:
    left = {"timeline": timeline, "documents": storage.documents(id_, range(1, 1000)), "notifications": records}
    yield from (f"law 7: {id_} is gone and its {name} are not" for name, found in left.items() if found)


def _written(storage: Storage, id_: str, timeline: Sequence[Entry]) -> Iterator[str]:
    asked = {entry.seq for entry in timeline if isinstance(entry.event, _WRITTEN)}
    there = set(storage.documents(id_, range(1, len(timeline) + 2)))
    yield from (f"law 2: what was written with {id_}'s entry {seq} is not there" for seq in sorted(asked - there))
    yield from (f"law 2: {id_} has a document {seq} without an entry" for seq in sorted(there - asked))


def _asked_for(
    id_: str, state: Enrolment, timeline: Sequence[Entry], records: Sequence[NotificationRecord]
) -> Iterator[str]:
    """Every message that is to be told of has one notification; an ending takes its part out of a shared one."""
    caused = Counter(
        cause.seq
        for record in records
        for cause in record.notification.causes
        if cause.enrolment_id == id_ and record.notification.channel is Channel.INBOX
    )
    for entry in timeline:
        event = entry.event
        wanted = isinstance(event, MessageSent) and event.notify is not Notify.NONE
        fine = (1,) if wanted and state.phase is not Phase.ENDED else (0, int(wanted))
        if caused[entry.seq] not in fine:
            yield f"law 5: {id_}'s entry {entry.seq} is told of by {caused[entry.seq]} notifications"


def _settled(id_: str, timeline: Sequence[Entry], records: Sequence[NotificationRecord]) -> Iterator[str]:
    noted = Counter(entry.event.notification for entry in timeline if isinstance(entry.event, _NOTED))
    yield from (
        f"law 5: {id_}'s timeline says {times} times that {n} was not told" for n, times in noted.items() if times > 1
    )
    for record in records:
        if record.status in _LEAVES_A_NOTE and record.notification.id not in noted:
            yield f"law 5: {record.notification.id} is {record.status.value} and {id_}'s timeline does not say so"
        if record.status in (Status.DELIVERED, Status.MERGED) and record.notification.id in noted:
            yield f"law 5: {record.notification.id} is {record.status.value} and {id_}'s timeline says otherwise"
