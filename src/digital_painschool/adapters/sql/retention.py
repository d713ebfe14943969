"""The part of the storage in SQL that exports and purges."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from digital_painschool.adapters.sql.ended import SqlEndedEnrolments
from digital_painschool.adapters.sql.forgetting import SqlForgetting
from digital_painschool.adapters.sql.joining import SaveRecord
from digital_painschool.adapters.sql.plan_list import SqlPlanList
from digital_painschool.adapters.sql.purge import SqlPurge
from digital_painschool.adapters.sql.records import SqlRecords
from digital_painschool.domain.enrolment import UnreadableEnrolment
from digital_painschool.domain.ids import EnrolmentId, PlanId
from digital_painschool.domain.people import HsaId
from digital_painschool.domain.retention import (
    EndedEnrolment,
    PlanState,
    PlanSummary,
    Skipped,
)
from digital_painschool.ports.storage import NO_VERSIONS, AccessEntry, DeskCall, Listed, Record, RecordKey, Saved


class SqlRetention:
    """The methods of the storage port for records, and for the data administrator."""

    _ended: SqlEndedEnrolments
    _forgetting: SqlForgetting
    _plan_list: SqlPlanList
    _purge: SqlPurge
    _records: SqlRecords
    _save_record: SaveRecord

    def ended(
        self, unit: HsaId, *, among: Iterable[EnrolmentId] | None = None, after: str = "", limit: int = 1000
    ) -> tuple[EndedEnrolment | UnreadableEnrolment, ...]:
        return self._ended.ended(unit, among=among, after=after, limit=limit)

    def notification_keys(self, unit: HsaId, enrolment_ids: Iterable[EnrolmentId]) -> tuple[str, ...]:
        return self._purge.notification_keys(unit, enrolment_ids)

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
        access: Iterable[AccessEntry] = (),
        completed: DeskCall | None = None,
    ) -> None:
        self._purge.purge(plan_id, purge, skip, access=access, completed=completed)

    def load_record(self, key: RecordKey) -> Record | None:
        return self._records.load_record(key)

    def list_records(
        self,
        kind: type[Listed],
        unit: HsaId,
        *,
        newest_first: bool = True,
        after: tuple[datetime, str] | None = None,
        limit: int,
    ) -> tuple[Listed, ...]:
        return self._records.list_records(kind, unit, newest_first=newest_first, after=after, limit=limit)

    def save_record(
        self,
        key: RecordKey,
        record: Saved,
        access: Iterable[AccessEntry] = (),
        *,
        exported: Mapping[EnrolmentId, int] = NO_VERSIONS,
        completed: DeskCall | None = None,
    ) -> Saved:
        return self._save_record(key, record, access, exported=exported, completed=completed)
