"""What holds of all that is kept whenever nobody is writing, whoever died before."""

from collections import Counter
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime

from attrs import frozen

from digital_painschool.domain.enrolment import Phase
from digital_painschool.domain.events import (
    ConversationRenamed,
    ConversationStarted,
    FormSaved,
    MessageSent,
    NotificationDropped,
    NotificationUndelivered,
)
from digital_painschool.domain.fold import replay
from digital_painschool.domain.notification import Channel, NotificationRecord, Notify, Status
from digital_painschool.domain.people import PersonId
from digital_painschool.domain.policy import Policy
from digital_painschool.ports import Storage
from digital_painschool.ports.messaging import Address
from digital_painschool.ports.storage import (
    CaseQuery,
    Entry,
    find_cancellable,
    load_documents,
    load_enrolments,
    load_notifications,
    load_timeline,
    readable,
)
from digital_painschool.rules.flags import caseload_counts
from digital_painschool.testing.crashes.account import UNITS

_WRITTEN = (ConversationStarted, ConversationRenamed, FormSaved, MessageSent)
_NOTED = (NotificationDropped, NotificationUndelivered)
_LEAVES_A_NOTE = (Status.DROPPED, Status.UNREACHABLE, Status.FAILED)


def broken_laws(storage: Storage, ids: Sequence[str], now: datetime) -> Iterator[str]:
    """Return which laws do not hold of what is kept.

    Args:
        storage: Where it is kept.
        ids: Every id that was ever given.
        now: The instant at which the list of patients is judged.
    """
    states = load_enrolments(storage, ids)
    timelines = {id_: load_timeline(storage, id_) for id_ in ids}
    records = {id_: load_notifications(storage, id_) for id_ in ids}
    owed = {record.notification.id for record in storage.unnoted()}
    rows = {
        row.enrolment_id: row.counts
        for unit in UNITS
        for row in readable(storage.list_caseload(CaseQuery(unit=unit, therapist=None, now=now, limit=len(ids) or 1)))
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
        if rows.get(id_) != (None if state.phase is Phase.ENDED else caseload_counts(state)):
            yield f"law 4: {id_}'s row in the list of patients says something else than its state"
        yield from _asked_for(id_, timeline, records[id_])
        yield from _settled(id_, timeline, records[id_], owed)
        if state.phase is Phase.ENDED and find_cancellable(storage, id_):
            yield f"law 5: {id_} has ended and its notifications still wait"


@frozen
class Accepted:
    """What an inbox or a messenger took as new: its key, for whom, when, and whether it is a patient's daily digest."""

    key: str
    to: PersonId | Address
    at: datetime
    collected: bool


def wrongly_told(accepted: Sequence[Accepted], policy: Policy) -> Iterator[str]:
    """Yield what was sent twice, twice a day, or outside the forenoon. Every history is played at one unit."""
    keys = Counter(one.key for one in accepted)
    yield from (
        f"law 5: {key} arrived twice: its key was known, and it was taken as new" for key in keys if keys[key] > 1
    )
    days = Counter((one.to, one.at.astimezone(policy.zone).date()) for one in accepted if one.collected)
    yield from (f"law 5: a patient was told {n} times on {day}" for (_, day), n in days.items() if n > 1)
    for one in accepted:
        here = one.at.astimezone(policy.zone).time()
        if one.collected and not policy.collected_at <= here < policy.forenoon_ends:
            yield f"law 5: {one.key} arrived at {here}, not in the forenoon"


def not_told(storage: Storage, ids: Sequence[str], accepted: Sequence[Accepted], *, at_last: bool) -> Iterator[str]:
    """Yield what is settled and was in no accepted notification; at last also what waits, or waits for a note."""
    for record in (record for id_ in ids for record in load_notifications(storage, id_)):
        one = record.notification
        told = any(n.to == one.recipient and n.at >= one.due_at for n in accepted) or one.channel is not Channel.INBOX
        if record.status is Status.DELIVERED and not told:
            yield f"law 5: {one.id} is settled, and nothing arrived"
        if at_last and record.status is Status.PENDING:
            yield f"law 5: {one.id} waits for ever"
    if at_last:
        yield from (f"law 5: {one.notification.id} waits for its note for ever" for one in storage.unnoted())


def _nothing_is_left(
    storage: Storage, id_: str, timeline: Sequence[Entry], records: Sequence[NotificationRecord]
) -> Iterator[str]:
    left = {"timeline": timeline, "documents": load_documents(storage, id_, range(1, 1000)), "notifications": records}
    yield from (f"law 7: {id_} is gone and its {name} are not" for name, found in left.items() if found)


def _written(storage: Storage, id_: str, timeline: Sequence[Entry]) -> Iterator[str]:
    asked = {entry.seq for entry in timeline if isinstance(entry.event, _WRITTEN)}
    there = set(load_documents(storage, id_, range(1, len(timeline) + 2)))
    yield from (f"law 2: what was written with {id_}'s entry {seq} is not there" for seq in sorted(asked - there))
    yield from (f"law 2: {id_} has a document {seq} without an entry" for seq in sorted(there - asked))


def _asked_for(id_: str, timeline: Sequence[Entry], records: Sequence[NotificationRecord]) -> Iterator[str]:
    """Yield each message that has not as many notifications to the patient as it asks for: one, or none."""
    triggers = (record.notification.trigger for record in records if record.notification.channel is Channel.INBOX)
    asked = Counter(trigger.seq for trigger in triggers)
    for entry in timeline:
        event = entry.event
        if asked[entry.seq] != (isinstance(event, MessageSent) and event.notify is not Notify.NONE):
            yield f"law 5: {id_}'s entry {entry.seq} is told of by {asked[entry.seq]} notifications"


def _settled(
    id_: str, timeline: Sequence[Entry], records: Sequence[NotificationRecord], owed: AbstractSet[str]
) -> Iterator[str]:
    """Yield each notification whose end the timeline does not say once, though no note is owed to it."""
    noted = Counter(entry.event.notification for entry in timeline if isinstance(entry.event, _NOTED))
    yield from (
        f"law 5: {id_}'s timeline says {times} times that {n} was not told" for n, times in noted.items() if times > 1
    )
    for record in records:
        is_noted, is_owed = record.notification.id in noted, record.notification.id in owed
        if record.status in _LEAVES_A_NOTE and not is_noted and not is_owed:
            yield f"law 5: {record.notification.id} is {record.status.value} and {id_}'s timeline does not say so"
        if (is_noted or is_owed) and (record.status not in _LEAVES_A_NOTE or is_noted == is_owed):
            yield f"law 5: {record.notification.id} is {record.status.value} and {id_}'s timeline says otherwise"
