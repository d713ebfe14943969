"""The laws that hold whenever nobody is writing, whichever process has died."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from digital_painschool.domain.enrolment import Enrolment, Phase
from digital_painschool.domain.events import ConversationRenamed, ConversationStarted, FormSaved, MessageSent
from digital_painschool.domain.fold import replay
from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.domain.notification import Channel, NotificationRecord, Notify, Status
from digital_painschool.domain.policy import Policy
from digital_painschool.ports import Storage
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
from digital_painschool.testing.reference.arrivals import Arrival, Arrivals
from digital_painschool.testing.reference.laws import Law, LawViolation, unless, violation
from digital_painschool.testing.reference.notes import note_violations
from digital_painschool.testing.snapshot import UNITS, drafts_of

_WRITTEN = (ConversationStarted, ConversationRenamed, FormSaved, MessageSent)
_WHOLE, _NOTIFIED = Law.REFUSED_CHANGES_NOTHING, Law.NOTIFIED_ONCE_IN_TIME


def stored_violations(storage: Storage, ids: Sequence[str], now: datetime) -> Iterator[LawViolation]:
    """Yield the laws that do not hold of what is stored.

    Args:
        storage: The storage.
        ids: Every id that was ever given.
        now: The instant at which the caseload is judged.
    """
    states = load_enrolments(storage, map(EnrolmentId, ids))
    owed = {record.notification.id for record in storage.unnoted()}
    rows = {
        row.enrolment_id: row.counts
        for unit in UNITS
        for row in readable(storage.list_caseload(CaseQuery(unit=unit, therapist=None, now=now, limit=len(ids) or 1)))
    }
    for id_ in map(EnrolmentId, ids):
        state, timeline, records = states.get(id_), load_timeline(storage, id_), load_notifications(storage, id_)
        if state is None:
            yield from _left_violations(storage, id_, timeline, records)
            continue
        law, numbers = Law.REPLAY_GIVES_THE_STATE, [entry.seq for entry in timeline]
        yield from unless(_replays_to(state, timeline), law, "the state is not what the timeline gives", id_)
        gapless = numbers == [*range(1, state.version + 1)]
        yield from unless(gapless, law, f"version {state.version}, and the timeline has the entries {numbers}", id_)
        yield from _document_violations(storage, id_, timeline)
        left = state.phase is not Phase.ACTIVE and drafts_of(storage, id_)
        yield from unless(not left, Law.ACCESS_FOLLOWS_THE_TABLE, "drafts are left in maintenance or at the end", id_)
        counts = caseload_counts(state) if state.is_open else None
        law = Law.UNREAD_IS_SAVED_LESS_READ
        yield from unless(rows.get(id_) == counts, law, "the caseload says something else than the state", id_)
        yield from _request_violations(id_, timeline, records)
        yield from note_violations(id_, timeline, records, owed)
        waits = not state.is_open and find_cancellable(storage, id_)
        yield from unless(not waits, _NOTIFIED, "ended, and its notifications still wait", id_)


def arrival_violations(
    storage: Storage,
    ids: Sequence[str],
    arrived: Sequence[tuple[Arrival, object | None]],
    policy: Policy,
    *,
    at_last: bool,
) -> Iterator[LawViolation]:
    """Yield what was sent wrongly, what is settled and did not arrive; at last also what waits, or waits for a note."""
    arrivals = Arrivals(policy)
    for arrival, digest_of in arrived:
        yield from arrivals.add(arrival, digest_of=digest_of)
    for record in (record for id_ in ids for record in load_notifications(storage, EnrolmentId(id_))):
        one, to_patient = record.notification, record.notification.channel is Channel.INBOX
        has_arrived = any(n.to == one.recipient and n.at >= one.due_at for n, _ in arrived)
        if record.status is Status.DELIVERED and to_patient and not has_arrived:
            yield violation(_NOTIFIED, f"{one.id} is settled, and nothing arrived")
        if at_last and record.status is Status.PENDING:
            yield violation(_NOTIFIED, f"{one.id} waits for ever")
    for record in storage.unnoted() if at_last else ():
        yield violation(_NOTIFIED, f"{record.notification.id} waits for its note for ever")


def _replays_to(state: Enrolment, timeline: Sequence[Entry]) -> bool:
    try:
        return bool(timeline) and replay(entry.event for entry in timeline) == state
    except (ValueError, IndexError, TypeError, AttributeError):
        return False  # a damaged timeline may fit no state


def _left_violations(
    storage: Storage, id_: EnrolmentId, timeline: Sequence[Entry], records: Sequence[NotificationRecord]
) -> Iterator[LawViolation]:
    left: Mapping[str, object] = {
        "timeline": timeline,
        "documents": load_documents(storage, id_, range(1, 1000)),
        "drafts": drafts_of(storage, id_),
        "notifications": records,
    }
    for name, found in left.items():
        yield from unless(not found, Law.PURGE_TAKES_WHAT_IT_MAY, f"gone, and its {name} are not", id_)


def _document_violations(storage: Storage, id_: EnrolmentId, timeline: Sequence[Entry]) -> Iterator[LawViolation]:
    written = {entry.seq for entry in timeline if isinstance(entry.event, _WRITTEN)}
    stored = set(load_documents(storage, id_, range(1, len(timeline) + 2)))
    for seq in sorted(written ^ stored):
        what = "the document of entry {} is not there" if seq in written else "document {} has no entry"
        yield violation(_WHOLE, what.format(seq), id_)


def _request_violations(
    id_: EnrolmentId, timeline: Sequence[Entry], records: Sequence[NotificationRecord]
) -> Iterator[LawViolation]:
    """Yield each message that has not as many notifications to the patient as it asks for: one, or none."""
    triggers = (record.notification.trigger for record in records if record.notification.channel is Channel.INBOX)
    asked = Counter(trigger.seq for trigger in triggers)
    for entry in timeline:
        event = entry.event
        right = isinstance(event, MessageSent) and event.notify is not Notify.NONE
        what = f"entry {entry.seq} has {asked[entry.seq]} notifications to the patient"
        yield from unless(asked[entry.seq] == right, _NOTIFIED, what, id_)
