"""Storage in memory."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import islice
from threading import RLock

from attrs import Factory, frozen

from digital_painschool.adapters.memory.outbox import Outbox
from digital_painschool.adapters.memory.records import Records, copy_of
from digital_painschool.domain.digest import Batch, Claim, Decision, DeliveryResult
from digital_painschool.domain.enrolment import Enrolment, Phase
from digital_painschool.domain.events import Event
from digital_painschool.domain.notification import Notification, NotificationRecord, Profile
from digital_painschool.domain.people import HsaId, PersonId
from digital_painschool.domain.program import Program
from digital_painschool.domain.retention import EndedEnrolment, ExportReceipt, PurgePlan, PurgeReceipt, Skip, Skipped
from digital_painschool.errors import StorageError
from digital_painschool.ports.storage import NOTHING, AccessEntry, CaseQuery, CaseRow, Change, Content, Entry, History


@frozen
class _Books:
    records: Records = Factory(Records)
    outbox: Outbox = Factory(Outbox)
    log: list[AccessEntry] = Factory(list)
    profiles: dict[tuple[HsaId, HsaId], Profile] = Factory(dict)
    programs: dict[tuple[HsaId, str, str], Program] = Factory(dict)
    exports: dict[str, ExportReceipt] = Factory(dict)
    plans: dict[str, PurgePlan] = Factory(dict)
    progress: dict[str, dict[str, Skipped | None]] = Factory(dict)
    receipts: dict[str, PurgeReceipt] = Factory(dict)

    def is_open(self, enrolment_id: str) -> bool:
        """Return whether an enrolment is there and has not ended."""
        enrolment = self.records.find(enrolment_id)
        return enrolment is not None and enrolment.phase is not Phase.ENDED

    def forget(self, enrolment_id: str) -> None:
        enrolment = self.records.find(enrolment_id)
        self.records.forget(enrolment_id)
        if enrolment is not None:
            others = any(other.unit == enrolment.unit for other in self.records.find_by_person(enrolment.person))
            self.outbox.forget(enrolment_id, (enrolment.unit, enrolment.person), others=others)


class MemoryStorage:
    """Keeps everything in this process's memory, for tests and demos; with it, or with `close`, all is gone.

    It keeps the whole contract of the storage port but durability. One lock is held throughout each call, so a call is
    a transaction: what it changes is worked out first and kept last, when nothing can fail any more.
    """

    def __init__(self) -> None:
        self._lock = RLock()
        self._books: _Books | None = _Books()

    @contextmanager
    def _open(self) -> Iterator[_Books]:
        with self._lock:
            if self._books is None:
                raise StorageError("the storage is closed; open another")
            yield self._books

    def close(self) -> None:
        with self._lock:
            self._books = None

    def load(self, enrolment_id: str) -> Enrolment | None:
        with self._open() as books:
            return books.records.find(enrolment_id)

    def load_many(self, enrolment_ids: Iterable[str]) -> Mapping[str, Enrolment]:
        with self._open() as books:
            found = ((enrolment_id, books.records.find(enrolment_id)) for enrolment_id in enrolment_ids)
            return {enrolment_id: enrolment for enrolment_id, enrolment in found if enrolment is not None}

    def find_by_person(self, person: PersonId) -> tuple[Enrolment, ...]:
        with self._open() as books:
            theirs = books.records.find_by_person(person)
            return tuple(sorted(theirs, key=lambda enrolment: (enrolment.started_at, enrolment.id)))

    def save(self, change: Change) -> None:
        with self._open() as books:
            books.records.check(change)
            books.outbox.check(change)
            documents = {seq: copy_of(content) for seq, content in change.documents.items()}
            books.records.keep(change, documents)
            books.outbox.keep(change)
            books.log.append(change.access)

    def timeline(self, enrolment_id: str, kinds: Iterable[type[Event]] | None = None) -> tuple[Entry, ...]:
        wanted = None if kinds is None else frozenset(kinds)
        with self._open() as books:
            return tuple(books.records.timeline(enrolment_id, wanted))

    def documents(self, enrolment_id: str, seqs: Iterable[int]) -> Mapping[int, Content]:
        with self._open() as books:
            return books.records.documents(enrolment_id, seqs)

    def access_ended(self, now: datetime, limit: int) -> tuple[str, ...]:
        with self._open() as books:
            over = sorted(
                (enrolment.access_until, enrolment.id)
                for enrolment in books.records.still_open()
                if enrolment.access_until <= now and enrolment.noted_end != enrolment.access_until
            )
            return tuple(enrolment_id for _, enrolment_id in over[:limit])

    def list_caseload(self, query: CaseQuery) -> tuple[CaseRow, ...]:
        with self._open() as books:
            rows = (
                books.records.case(enrolment, query)
                for enrolment in books.records.still_open()
                if enrolment.unit == query.unit and query.therapist in (None, enrolment.therapist)
            )
            after = sorted((r for r in rows if query.after is None or r.key > query.after), key=lambda row: row.key)
            return tuple(after[: query.limit])

    def claim(self, now: datetime, limit: int, lease: timedelta) -> tuple[Claim, ...]:
        with self._open() as books:
            return books.outbox.claim(now, limit, lease)

    def begin(self, decided: Sequence[tuple[Claim, Decision]]) -> Mapping[str, Batch]:
        with self._open() as books:
            return books.outbox.begin(decided)

    def complete(
        self, results: Sequence[DeliveryResult], access: Mapping[str, Sequence[AccessEntry]] = NOTHING
    ) -> None:
        with self._open() as books:
            for digest_id in sorted(books.outbox.complete(results)):
                books.log.extend(access.get(digest_id, ()))

    def notifications(self, enrolment_id: str) -> tuple[NotificationRecord, ...]:
        with self._open() as books:
            return tuple(books.outbox.records(enrolment_id))

    def cancellable(self, enrolment_id: str) -> tuple[Notification, ...]:
        with self._open() as books:
            return tuple(books.outbox.cancellable(enrolment_id))

    def unnoted(self, *, after: str = "", limit: int = 1000) -> tuple[NotificationRecord, ...]:
        with self._open() as books:
            return tuple(books.outbox.unnoted(after, limit))

    def profile(self, unit: HsaId, hsa_id: HsaId) -> Profile:
        with self._open() as books:
            return books.profiles.get((unit, hsa_id), Profile())

    def save_profile(self, unit: HsaId, hsa_id: HsaId, profile: Profile, access: AccessEntry) -> None:
        with self._open() as books:
            books.profiles[unit, hsa_id] = profile
            books.log.append(access)

    def log(self, entries: Iterable[AccessEntry]) -> None:
        new = tuple(entries)
        with self._open() as books:
            books.log.extend(new)

    def access_entries(
        self, unit: HsaId, *, person: PersonId | None = None, after: int = 0, limit: int = 1000
    ) -> tuple[tuple[int, AccessEntry], ...]:
        with self._open() as books:
            # From `after` on: whoever reads on where they were does not go through all that they have read.
            entries = (
                (number, entry)
                for number, entry in enumerate(books.log[max(after, 0) :], start=max(after, 0) + 1)
                if entry.unit == unit and person in (None, entry.person)
            )
            return tuple(islice(entries, limit))

    def save_program(self, unit: HsaId, program: Program) -> Program:
        with self._open() as books:
            return books.programs.setdefault((unit, program.key, program.version), program)

    def program(self, unit: HsaId, key: str, version: str) -> Program | None:
        with self._open() as books:
            return books.programs.get((unit, key, version))

    def ended(self, unit: HsaId, *, after: str = "", limit: int = 1000) -> tuple[EndedEnrolment, ...]:
        with self._open() as books:
            ids = sorted(enrolment.id for enrolment in books.records.of_unit(unit) if enrolment.id > after)
            over = (books.records.ended(enrolment_id) for enrolment_id in ids)
            return tuple(enrolment for enrolment in over if enrolment is not None)[:limit]

    def find_ended(self, unit: HsaId, enrolment_ids: Iterable[str]) -> Mapping[str, EndedEnrolment]:
        wanted = frozenset(enrolment_ids)
        with self._open() as books:
            ids = (enrolment.id for enrolment in books.records.of_unit(unit) if enrolment.id in wanted)
            over = (books.records.ended(enrolment_id) for enrolment_id in ids)
            return {enrolment.enrolment_id: enrolment for enrolment in over if enrolment is not None}

    def person_ids_of(self, unit: HsaId, enrolment_ids: Iterable[str]) -> Mapping[str, PersonId]:
        with self._open() as books:
            found = (books.records.find(enrolment_id) for enrolment_id in enrolment_ids)
            return {e.id: e.person for e in found if e is not None and e.unit == unit}

    def notification_keys(self, unit: HsaId, enrolment_ids: Iterable[str]) -> tuple[str, ...]:
        with self._open() as books:
            return tuple(sorted(books.outbox.keys(unit, enrolment_ids, books.is_open)))

    def load_histories(
        self, unit: HsaId, enrolment_ids: Sequence[str], kinds: Iterable[type[Event]] | None = None
    ) -> tuple[History, ...]:
        wanted = None if kinds is None else frozenset(kinds)
        with self._open() as books:
            found = (books.records.find(enrolment_id) for enrolment_id in enrolment_ids)
            return tuple(books.records.history(e, wanted) for e in found if e is not None and e.unit == unit)

    def save_export(self, receipt: ExportReceipt, versions: Mapping[str, int]) -> None:
        with self._open() as books:
            books.exports[receipt.id] = receipt
            books.records.exported(receipt.unit, versions)

    def save_plan(self, plan: PurgePlan, access: AccessEntry) -> None:
        with self._open() as books:
            kept = books.plans.get(plan.id)
            if kept is None or kept.decision is None:
                books.plans[plan.id] = plan
            books.log.append(access)

    def plan(self, plan_id: str) -> PurgePlan | None:
        with self._open() as books:
            return books.plans.get(plan_id)

    def purge(self, plan_id: str, purge: Sequence[EndedEnrolment], skip: Sequence[Skipped]) -> None:
        with self._open() as books:
            progress = books.progress.setdefault(plan_id, {})
            for planned in purge:
                enrolment_id = planned.enrolment_id
                if enrolment_id in progress:
                    continue
                present = books.records.ended(enrolment_id)
                if present is not None and present.version == planned.version:
                    books.forget(enrolment_id)
                    progress[enrolment_id] = None
                else:
                    progress[enrolment_id] = Skipped(enrolment_id=enrolment_id, why=Skip.CHANGED)
            for skipped in skip:
                progress.setdefault(skipped.enrolment_id, skipped)

    def purge_progress(self, plan_id: str) -> Mapping[str, Skipped | None]:
        with self._open() as books:
            return dict(books.progress.get(plan_id, {}))

    def save_receipt(self, receipt: PurgeReceipt) -> PurgeReceipt:
        with self._open() as books:
            return books.receipts.setdefault(receipt.plan_id, receipt)

    def receipt(self, plan_id: str) -> PurgeReceipt | None:
        with self._open() as books:
            return books.receipts.get(plan_id)

    def receipts(self, unit: HsaId) -> tuple[PurgeReceipt, ...]:
        with self._open() as books:
            theirs = (receipt for receipt in books.receipts.values() if receipt.unit == unit)
            return tuple(sorted(theirs, key=lambda receipt: (receipt.purged_at, receipt.plan_id)))

    def replay_purge(self, receipt: PurgeReceipt, enrolment_ids: Sequence[str]) -> int:
        with self._open() as books:
            found = map(books.records.find, sorted({*receipt.purged} & {*enrolment_ids}))
            back = [e.id for e in found if e is not None and e.unit == receipt.unit and e.phase is Phase.ENDED]
            for enrolment_id in back:
                books.forget(enrolment_id)
            books.receipts.setdefault(receipt.plan_id, receipt)
            return len(back)
