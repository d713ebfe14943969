"""Exports, plans, purges and receipts of the memory storage; the storage holds the lock."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from digital_painschool.adapters.memory.drafts import MemoryDrafts
from digital_painschool.adapters.memory.enrolments import MemoryEnrolments
from digital_painschool.adapters.memory.outbox import MemoryOutbox
from digital_painschool.domain.enrolment import Enrolment
from digital_painschool.domain.ids import EnrolmentId, PlanId
from digital_painschool.domain.people import HsaId
from digital_painschool.domain.retention import (
    EndedEnrolment,
    ExportReceipt,
    PlanState,
    PlanSummary,
    PurgePlan,
    PurgeReceipt,
    Skip,
    Skipped,
)
from digital_painschool.ports.storage import PurgeRecord, plan_summary


class MemoryRetention:
    """Ended enrolments on their way out.

    Args:
        enrolments: The enrolments of the same storage.
        drafts: The drafts of the same storage.
        outbox: The outbox of the same storage.
    """

    def __init__(self, enrolments: MemoryEnrolments, drafts: MemoryDrafts, outbox: MemoryOutbox) -> None:
        self._enrolments = enrolments
        self._drafts = drafts
        self._outbox = outbox
        self._exports: dict[str, ExportReceipt] = {}
        self._plans: dict[PlanId, PurgePlan] = {}
        self._progress: dict[PlanId, dict[EnrolmentId, Skipped | None]] = {}
        self._receipts: dict[PlanId, PurgeReceipt] = {}

    def notification_keys(self, unit: HsaId, enrolment_ids: Iterable[EnrolmentId]) -> tuple[str, ...]:
        """Return the keys under which notifications of some of a unit's enrolments were sent, rising."""
        return tuple(sorted(self._outbox.read.keys(unit, enrolment_ids, self._enrolments.is_open)))

    def save_export(self, receipt: ExportReceipt, versions: Mapping[EnrolmentId, int]) -> None:
        """Save an export's receipt, and the versions that count as exported."""
        self._exports[receipt.id] = receipt
        self._enrolments.count_as_exported(receipt.unit, versions)

    def save_plan(self, plan: PurgePlan) -> None:
        """Save a plan, or its approval."""
        stored = self._plans.get(plan.id)
        if stored is None or stored.decision is None:
            self._plans[plan.id] = plan

    def load_purge(self, plan_id: PlanId) -> PurgeRecord:
        """Return what is stored of a purge."""
        return PurgeRecord(
            plan=self._plans.get(plan_id),
            progress=dict(self._progress.get(plan_id, {})),
            receipt=self._receipts.get(plan_id),
        )

    def list_plans(
        self,
        unit: HsaId,
        state: PlanState | None,
        after: tuple[datetime, str] | None,
        limit: int,
        *,
        newest_first: bool,
    ) -> tuple[PlanSummary, ...]:
        """Return a unit's plans in the order of their making."""
        theirs = (plan_summary(p, self._receipts.get(p.id)) for p in self._plans.values() if p.unit == unit)
        wanted = sorted((p for p in theirs if state in {None, p.state}), key=_place, reverse=newest_first)
        behind = [p for p in wanted if after is None or (_place(p) < after if newest_first else _place(p) > after)]
        return tuple(behind[:limit])

    def list_exports(
        self, unit: HsaId, after: tuple[datetime, str] | None, limit: int, *, newest_first: bool
    ) -> tuple[ExportReceipt, ...]:
        """Return a unit's export receipts in the order of the exports."""

        def place(receipt: ExportReceipt) -> tuple[datetime, str]:
            return receipt.exported_at, receipt.id

        theirs = (receipt for receipt in self._exports.values() if receipt.unit == unit)
        ordered = sorted(theirs, key=place, reverse=newest_first)
        behind = [r for r in ordered if after is None or (place(r) < after if newest_first else place(r) > after)]
        return tuple(behind[:limit])

    def purge(self, plan_id: PlanId, purge: Sequence[EndedEnrolment], skip: Sequence[Skipped]) -> None:
        """Delete some of a plan's enrolments with all their data, and note the skipped ones."""
        progress = self._progress.setdefault(plan_id, {})
        for planned in purge:
            enrolment_id = planned.enrolment_id
            if progress.get(enrolment_id) is not None:
                continue
            present = self._enrolments.load(enrolment_id)
            if present is not None and not present.is_open and present.version == planned.version:
                self._delete(present)
                progress[enrolment_id] = None
            elif enrolment_id not in progress:
                progress[enrolment_id] = Skipped(enrolment_id=enrolment_id, why=Skip.CHANGED)
        for skipped in skip:
            progress.setdefault(skipped.enrolment_id, skipped)

    def save_receipt(self, receipt: PurgeReceipt) -> PurgeReceipt:
        """Save the receipt of a purge, and return the first one that was saved for its plan."""
        return self._receipts.setdefault(receipt.plan_id, receipt)

    def receipts(self, unit: HsaId) -> tuple[PurgeReceipt, ...]:
        """Return a unit's receipts, oldest first."""
        found = (receipt for receipt in self._receipts.values() if receipt.unit == unit)
        return tuple(sorted(found, key=lambda receipt: (receipt.purged_at, receipt.plan_id)))

    def _delete(self, enrolment: Enrolment) -> None:
        self._enrolments.delete(enrolment)
        self._drafts.delete(enrolment.id)
        others = any(other.unit == enrolment.unit for other in self._enrolments.find_by_person(enrolment.person))
        self._outbox.delete(enrolment.id, (enrolment.unit, enrolment.person), others=others)


def _place(plan: PlanSummary) -> tuple[datetime, str]:
    return plan.made_at, plan.id
