"""Purges of the memory storage; the storage holds the lock."""

from collections.abc import Iterable, Sequence

from digital_painschool.adapters.memory.enrolments import MemoryEnrolments
from digital_painschool.adapters.memory.outbox import MemoryOutbox
from digital_painschool.adapters.memory.records import MemoryRecords
from digital_painschool.domain.enrolment import Enrolment
from digital_painschool.domain.ids import EnrolmentId, PlanId
from digital_painschool.domain.people import HsaId
from digital_painschool.domain.retention import EndedEnrolment, Skip, Skipped
from digital_painschool.ports.storage import PurgeProgress, record_key


class MemoryRetention:
    """Ended enrolments on their way out.

    Args:
        enrolments: The enrolments of the same storage.
        records: The records of the same storage.
        outbox: The outbox of the same storage.
    """

    def __init__(self, enrolments: MemoryEnrolments, records: MemoryRecords, outbox: MemoryOutbox) -> None:
        self._enrolments = enrolments
        self._records = records
        self._outbox = outbox

    def notification_keys(self, unit: HsaId, enrolment_ids: Iterable[EnrolmentId]) -> tuple[str, ...]:
        """Return the keys under which notifications of some of a unit's enrolments were sent, rising."""
        return tuple(sorted(self._outbox.read.keys(unit, enrolment_ids, self._enrolments.is_open)))

    def purge(
        self, plan_id: PlanId, purge: Sequence[EndedEnrolment], skip: Sequence[Skipped]
    ) -> frozenset[EnrolmentId]:
        """Delete some of a plan's enrolments with all their data, note the skipped ones, return the deleted."""
        deleted: set[EnrolmentId] = set()
        key = record_key(PurgeProgress, plan_id)
        before = self._records.load(key)
        progress = dict(before.outcomes) if isinstance(before, PurgeProgress) else {}
        for planned in purge:
            enrolment_id = planned.enrolment_id
            if progress.get(enrolment_id) is not None:
                continue
            present = self._enrolments.load(enrolment_id)
            if present is not None and not present.is_open and present.version == planned.version:
                self._delete(present)
                deleted.add(enrolment_id)
                progress[enrolment_id] = None
            elif enrolment_id not in progress:
                progress[enrolment_id] = Skipped(enrolment_id=enrolment_id, why=Skip.CHANGED)
        for skipped in skip:
            progress.setdefault(skipped.enrolment_id, skipped)
        self._records.note(key, PurgeProgress(outcomes=progress))
        return frozenset(deleted)

    def _delete(self, enrolment: Enrolment) -> None:
        self._enrolments.delete(enrolment)
        self._records.delete(enrolment.id)
        others = any(other.unit == enrolment.unit for other in self._enrolments.find_by_person(enrolment.person))
        self._outbox.delete(enrolment.id, (enrolment.unit, enrolment.person), others=others)
