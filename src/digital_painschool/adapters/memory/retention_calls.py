"""The calls of the memory storage for exports, plans, purges and receipts."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime

from digital_painschool.adapters.memory.parts import Parts
from digital_painschool.domain.ids import EnrolmentId, PlanId
from digital_painschool.domain.people import HsaId
from digital_painschool.domain.retention import (
    EndedEnrolment,
    ExportReceipt,
    PlanState,
    PlanSummary,
    PurgePlan,
    PurgeReceipt,
    Skipped,
)
from digital_painschool.ports.storage import AccessEntry, DeskCall, PurgeRecord


class MemoryRetentionCalls:
    """The protocol `Retention` in memory, each call under the storage's lock."""

    _open: Callable[[], AbstractContextManager[Parts]]

    def notification_keys(self, unit: HsaId, enrolment_ids: Iterable[EnrolmentId]) -> tuple[str, ...]:
        ids = tuple(enrolment_ids)
        with self._open() as parts:
            return parts.retention.notification_keys(unit, ids)

    def save_export(
        self, receipt: ExportReceipt, versions: Mapping[EnrolmentId, int], *, completed: DeskCall | None = None
    ) -> None:
        with self._open() as parts:
            parts.desk_calls.add(completed)
            parts.retention.save_export(receipt, versions)

    def save_plan(self, plan: PurgePlan, access: AccessEntry, *, completed: DeskCall | None = None) -> None:
        with self._open() as parts:
            parts.desk_calls.add(completed)
            parts.retention.save_plan(plan)
            parts.access_log.log((access,))

    def load_purge(self, plan_id: PlanId) -> PurgeRecord:
        with self._open() as parts:
            return parts.retention.load_purge(plan_id)

    def list_plans(
        self,
        unit: HsaId,
        state: PlanState | None = None,
        *,
        newest_first: bool = True,
        after: tuple[datetime, str] | None = None,
        limit: int,
    ) -> tuple[PlanSummary, ...]:
        with self._open() as parts:
            return parts.retention.list_plans(unit, state, after, limit, newest_first=newest_first)

    def list_exports(
        self,
        unit: HsaId,
        *,
        newest_first: bool = True,
        after: tuple[datetime, str] | None = None,
        limit: int,
    ) -> tuple[ExportReceipt, ...]:
        with self._open() as parts:
            return parts.retention.list_exports(unit, after, limit, newest_first=newest_first)

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
        completed: DeskCall | None = None,
    ) -> None:
        with self._open() as parts:
            parts.desk_calls.add(completed)
            parts.retention.purge(plan_id, purge, skip)

    def save_receipt(self, receipt: PurgeReceipt, *, completed: DeskCall | None = None) -> PurgeReceipt:
        with self._open() as parts:
            parts.desk_calls.add(completed)
            return parts.retention.save_receipt(receipt)

    def receipts(self, unit: HsaId) -> tuple[PurgeReceipt, ...]:
        with self._open() as parts:
            return parts.retention.receipts(unit)
