"""The part of the storage in SQL that exports and purges."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from digital_painschool.adapters.sql.desk_calls import SqlDeskCalls
from digital_painschool.adapters.sql.ended import SqlEndedEnrolments
from digital_painschool.adapters.sql.exports import SqlExports
from digital_painschool.adapters.sql.forgetting import SqlForgetting
from digital_painschool.adapters.sql.plan_list import SqlPlanList
from digital_painschool.adapters.sql.purge import SqlPurge
from digital_painschool.adapters.sql.purge_plans import SqlPurgePlans
from digital_painschool.adapters.sql.purge_receipts import SqlPurgeReceipts
from digital_painschool.domain.enrolment import UnreadableEnrolment
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
from digital_painschool.ports.storage import AccessEntry, CallKey, DeskCall, PurgeRecord


class SqlRetention:
    """The methods of the storage port for the data administrator, and for calls that concern no single enrolment."""

    _ended: SqlEndedEnrolments
    _exports: SqlExports
    _forgetting: SqlForgetting
    _plans: SqlPurgePlans
    _plan_list: SqlPlanList
    _purge: SqlPurge
    _receipts: SqlPurgeReceipts
    _desk_calls: SqlDeskCalls

    def ended(
        self, unit: HsaId, *, among: Iterable[EnrolmentId] | None = None, after: str = "", limit: int = 1000
    ) -> tuple[EndedEnrolment | UnreadableEnrolment, ...]:
        return self._ended.ended(unit, among=among, after=after, limit=limit)

    def notification_keys(self, unit: HsaId, enrolment_ids: Iterable[EnrolmentId]) -> tuple[str, ...]:
        return self._purge.notification_keys(unit, enrolment_ids)

    def save_export(
        self, receipt: ExportReceipt, versions: Mapping[EnrolmentId, int], *, completed: DeskCall | None = None
    ) -> None:
        self._exports.save_export(receipt, versions, completed=completed)

    def save_plan(self, plan: PurgePlan, access: AccessEntry, *, completed: DeskCall | None = None) -> None:
        self._plans.save_plan(plan, access, completed=completed)

    def load_purge(self, plan_id: PlanId) -> PurgeRecord:
        return self._purge.load_purge(plan_id)

    def list_plans(
        self,
        unit: HsaId,
        state: PlanState | None = None,
        *,
        newest_first: bool = True,
        after: tuple[datetime, str] | None = None,
        limit: int,
    ) -> tuple[PlanSummary, ...]:
        return self._plan_list.list_plans(unit, state, newest_first=newest_first, after=after, limit=limit)

    def list_exports(
        self,
        unit: HsaId,
        *,
        newest_first: bool = True,
        after: tuple[datetime, str] | None = None,
        limit: int,
    ) -> tuple[ExportReceipt, ...]:
        return self._exports.list_exports(unit, newest_first=newest_first, after=after, limit=limit)

    def unforgotten(self, *, after: str = "", limit: int = 1000) -> tuple[tuple[HsaId, EnrolmentId], ...]:
        return self._forgetting.unforgotten(after=after, limit=limit)

    def forgotten(self, unit: HsaId, enrolment_id: EnrolmentId, keys: Iterable[str]) -> None:
        self._forgetting.forgotten(unit, enrolment_id, tuple(keys))

    def purge(
        self,
        plan_id: PlanId,
        purge: Sequence[EndedEnrolment],
        skip: Sequence[Skipped],
        *,
        completed: DeskCall | None = None,
    ) -> None:
        self._purge.purge(plan_id, purge, skip, completed=completed)

    def save_receipt(self, receipt: PurgeReceipt, *, completed: DeskCall | None = None) -> PurgeReceipt:
        return self._receipts.save_receipt(receipt, completed=completed)

    def receipts(self, unit: HsaId) -> tuple[PurgeReceipt, ...]:
        return self._receipts.receipts(unit)

    # DeskCalls

    def find_desk_call(self, key: CallKey) -> DeskCall | None:
        return self._desk_calls.find_desk_call(key)
