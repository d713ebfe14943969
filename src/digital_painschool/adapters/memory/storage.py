"""Storage in memory: the one lock over its parts."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from threading import RLock

from digital_painschool.adapters.memory.parts import Parts
from digital_painschool.domain.digest import Batch, Claim, Decision, DeliveryResult
from digital_painschool.domain.draft import Draft
from digital_painschool.domain.enrolment import Enrolment
from digital_painschool.domain.events import Event
from digital_painschool.domain.ids import DigestId, EnrolmentId, PlanId
from digital_painschool.domain.notification import Channel, NotificationRecord
from digital_painschool.domain.pace import ChannelPace, DueCount, grant
from digital_painschool.domain.people import HsaId, PersonId
from digital_painschool.domain.retention import EndedEnrolment, ExportReceipt, Skipped
from digital_painschool.errors import StorageError
from digital_painschool.ports.storage import (
    NO_VERSIONS,
    NOTHING,
    WHOLE,
    AccessEntry,
    Change,
    CompletedCall,
    DeskCall,
    Excerpt,
    Listed,
    OutboxFigures,
    Record,
    RecordKey,
    Saved,
    Storage,
    StoredEnrolment,
    Timeline,
)


class MemoryStorage(Storage):
    """Stores everything in this process's memory, for tests and demos; `close` deletes it, as the process's end does.

    The storage keeps the whole contract of the port but durability. One lock is held throughout each call, so that a
    call is a transaction: everything that can fail comes before the first change.
    """

    def __init__(self) -> None:
        self._lock = RLock()
        self._parts: Parts | None = Parts()

    @contextmanager
    def _open(self) -> Iterator[Parts]:
        with self._lock:
            if self._parts is None:
                raise StorageError("the storage is closed; open another")
            yield self._parts

    def close(self) -> None:
        with self._lock:
            self._parts = None

    def load_many(self, enrolment_ids: Iterable[EnrolmentId]) -> Mapping[EnrolmentId, Enrolment]:
        ids = tuple(enrolment_ids)
        with self._open() as parts:
            return parts.enrolments.load_many(ids)

    def find_by_person(self, person: PersonId) -> tuple[Enrolment, ...]:
        with self._open() as parts:
            return parts.enrolments.find_by_person(person)

    def list_enrolments(
        self,
        unit: HsaId | None,
        *,
        ended: bool,
        among: Iterable[EnrolmentId] | None = None,
        after: str = "",
        limit: int = 1000,
    ) -> tuple[StoredEnrolment, ...]:
        ids = None if among is None else frozenset(among)
        with self._open() as parts:
            return parts.enrolments.list_enrolments(unit, ended=ended, among=ids, after=after, limit=limit)

    def save(self, change: Change) -> None:
        with self._open() as parts:
            parts.enrolments.check(change)
            parts.outbox.check(change)
            parts.records.require_new(change.completed)
            parts.enrolments.save(change)
            parts.outbox.save(change)
            parts.records.add_call(change.completed)
            parts.records.discard_drafts(change.enrolment.id, change.discarded_drafts)
            parts.access_log.log((change.access,))

    def load_timelines(
        self,
        enrolment_ids: Iterable[EnrolmentId],
        kinds: Iterable[type[Event]] | None = None,
        documents: Iterable[int] | None = None,
        *,
        after: int = 0,
        limit: int | None = None,
        excerpt: Excerpt = WHOLE,
    ) -> Mapping[EnrolmentId, Timeline]:
        ids = tuple(enrolment_ids)
        wanted = None if kinds is None else frozenset(kinds)
        seqs = None if documents is None else tuple(documents)
        with self._open() as parts:
            return {id_: parts.enrolments.timeline(id_, wanted, seqs, after, limit, excerpt) for id_ in ids}

    def save_draft(
        self,
        enrolment: Enrolment,
        form: str,
        draft: Draft | None,
        access: AccessEntry,
        *,
        replaces: str | None = None,
        completed: CompletedCall | None = None,
    ) -> None:
        with self._open() as parts:
            if draft is not None:
                parts.enrolments.require_version(enrolment.id, enrolment.version)
            parts.records.require_draft(enrolment.id, form, replaces)
            parts.records.require_new(completed)
            parts.records.discard_drafts(enrolment.id, (form,))
            if draft is not None:
                parts.records.save_draft(enrolment.id, draft)
            parts.records.add_call(completed)
            parts.access_log.log((access,))

    def claim(
        self, now: datetime, limit: int, lease: timedelta, channels: Collection[Channel] | None = None
    ) -> tuple[Claim, ...]:
        wanted = None if channels is None else frozenset(channels)
        with self._open() as parts:
            return parts.outbox.claim(now, limit, lease, wanted)

    def count_due(self, now: datetime) -> tuple[DueCount, ...]:
        with self._open() as parts:
            return parts.outbox.count_due(now)

    def reserve_slots(
        self, channel: Channel, pace: ChannelPace, wanted: int, now: datetime, span: timedelta
    ) -> tuple[datetime, ...]:
        with self._open() as parts:
            slots, latest = grant(parts.latest_slots.get(channel), pace, wanted, now, span)
            if latest is not None:
                parts.latest_slots[channel] = latest
            return slots

    def begin(self, decided: Sequence[tuple[Claim, Decision]]) -> Mapping[DigestId, Batch]:
        with self._open() as parts:
            return parts.outbox.begin(decided)

    def complete(
        self, results: Sequence[DeliveryResult], access: Mapping[DigestId, Sequence[AccessEntry]] = NOTHING
    ) -> None:
        with self._open() as parts:
            for digest_id in sorted(parts.outbox.complete(results)):
                parts.access_log.log(access.get(digest_id, ()))

    def reject(self, key: str, at: datetime) -> int:
        with self._open() as parts:
            return parts.outbox.reject(key, at)

    def notifications(
        self,
        enrolment_id: EnrolmentId,
        *,
        newest_first: bool = False,
        after: tuple[int, str] | None = None,
        limit: int | None = None,
    ) -> tuple[NotificationRecord, ...]:
        with self._open() as parts:
            return parts.outbox.read.notifications(enrolment_id, newest_first=newest_first, after=after, limit=limit)

    def unnoted(self, *, after: str = "", limit: int = 1000) -> tuple[NotificationRecord, ...]:
        with self._open() as parts:
            return parts.outbox.read.unnoted(after=after, limit=limit)

    def outbox_figures(self, now: datetime, since: datetime) -> OutboxFigures:
        with self._open() as parts:
            return parts.operations.outbox_figures(now, since)

    def record_worker(self, worker: str, at: datetime, until: datetime) -> None:
        with self._open() as parts:
            parts.operations.record_worker(worker, at, until)

    def log(self, entries: Iterable[AccessEntry]) -> None:
        new = tuple(entries)
        with self._open() as parts:
            parts.access_log.log(new)

    def access_entries(
        self,
        unit: HsaId,
        *,
        person: PersonId | None = None,
        enrolment_id: EnrolmentId | None = None,
        action: str | None = None,
        after: int = 0,
        limit: int = 1000,
        excerpt: Excerpt = WHOLE,
    ) -> tuple[tuple[int, AccessEntry], ...]:
        with self._open() as parts:
            return parts.access_log.access_entries(unit, person, enrolment_id, action, after, limit, excerpt)

    def load_record(self, key: RecordKey) -> Record | None:
        with self._open() as parts:
            return parts.records.load(key)

    def list_records(
        self,
        kind: type[Listed],
        unit: HsaId,
        *,
        newest_first: bool = True,
        after: tuple[datetime, str] | None = None,
        limit: int,
    ) -> tuple[Listed, ...]:
        with self._open() as parts:
            return parts.records.list(kind, unit, after, limit, newest_first=newest_first)

    def save_record(
        self,
        key: RecordKey,
        record: Saved,
        access: Iterable[AccessEntry] = (),
        *,
        exported: Mapping[EnrolmentId, int] = NO_VERSIONS,
        completed: DeskCall | None = None,
    ) -> Saved:
        entries = tuple(access)
        with self._open() as parts:
            parts.records.require_new(completed)
            parts.records.add_call(completed)
            if isinstance(record, ExportReceipt):
                parts.enrolments.count_as_exported(record.unit, exported)
            parts.access_log.log(entries)
            return parts.records.save(key, record)

    def notification_keys(self, unit: HsaId, enrolment_ids: Iterable[EnrolmentId]) -> tuple[str, ...]:
        ids = tuple(enrolment_ids)
        with self._open() as parts:
            return parts.retention.notification_keys(unit, ids)

    def forgotten(self, unit: HsaId, enrolment_id: EnrolmentId, keys: Iterable[str]) -> None:
        done = frozenset(keys)
        with self._open() as parts:
            parts.outbox.forget(unit, enrolment_id, done)

    def purge(
        self,
        plan_id: PlanId,
        purge: Sequence[EndedEnrolment],
        skip: Sequence[Skipped],
        *,
        access: Iterable[AccessEntry] = (),
        completed: DeskCall | None = None,
    ) -> None:
        with self._open() as parts:
            parts.records.require_new(completed)
            parts.records.add_call(completed)
            deleted = parts.retention.purge(plan_id, purge, skip)
            parts.access_log.log(entry for entry in access if entry.enrolment_id in deleted)
