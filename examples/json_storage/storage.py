"""The storage as a whole: its parts on one folder."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from digital_painschool.domain.digest import Batch, Claim, Decision, DeliveryResult
from digital_painschool.domain.enrolment import Enrolment, UnreadableEnrolment
from digital_painschool.domain.events import Event
from digital_painschool.domain.ids import EnrolmentId, PlanId
from digital_painschool.domain.notification import NotificationRecord, Profile, UnreadableNotification
from digital_painschool.domain.people import HsaId, PersonId
from digital_painschool.domain.program import Program
from digital_painschool.domain.retention import EndedEnrolment, ExportReceipt, PurgePlan, PurgeReceipt, Skipped
from digital_painschool.ports.storage import (
    NOTHING,
    AccessEntry,
    CaseQuery,
    CaseRow,
    Change,
    PurgeRecord,
    Storage,
    Timeline,
)
from json_storage.access_log import JsonAccessLog
from json_storage.caseload import JsonCaseload
from json_storage.enrolments import JsonEnrolments
from json_storage.folder import Folder
from json_storage.outbox import JsonOutbox
from json_storage.programs import JsonPrograms
from json_storage.retention import JsonRetention
from json_storage.staff_profiles import JsonStaff


class JsonStorage:
    """Stores everything in a folder of JSON files, which several processes of one machine may have open.

    Each call takes the folder's one lock, also to read. A save writes no more than it changes. But the list of patients
    reads every state, and a claim reads everything that waits: right for a clinic, slow for a region.

    Args:
        folder: The folder of the files; made when it is missing.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = Folder(folder)
        self._enrolments = JsonEnrolments(self._folder)
        self._caseload = JsonCaseload(self._folder)
        self._outbox = JsonOutbox(self._folder)
        self._staff = JsonStaff(self._folder)
        self._access_log = JsonAccessLog(self._folder)
        self._programs = JsonPrograms(self._folder)
        self._retention = JsonRetention(self._folder)

    def close(self) -> None:
        self._folder.close()

    def load_many(self, enrolment_ids: Iterable[str]) -> Mapping[str, Enrolment | UnreadableEnrolment]:
        return self._enrolments.load_many(enrolment_ids)

    def find_by_person(self, person: PersonId) -> tuple[Enrolment | UnreadableEnrolment, ...]:
        return self._enrolments.find_by_person(person)

    def save(self, change: Change) -> None:
        self._enrolments.save(change)

    def load_timelines(
        self,
        enrolment_ids: Iterable[str],
        kinds: Iterable[type[Event]] | None = None,
        documents: Iterable[int] | None = None,
    ) -> Mapping[str, Timeline | UnreadableEnrolment]:
        return self._enrolments.load_timelines(enrolment_ids, kinds, documents)

    def access_ended(self, now: datetime, limit: int) -> tuple[str, ...]:
        return self._enrolments.access_ended(now, limit)

    def list_caseload(self, query: CaseQuery) -> tuple[CaseRow, ...]:
        return self._caseload.list_caseload(query)

    def claim(self, now: datetime, limit: int, lease: timedelta) -> tuple[Claim, ...]:
        return self._outbox.claim(now, limit, lease)

    def begin(self, decided: Sequence[tuple[Claim, Decision]]) -> Mapping[str, Batch]:
        return self._outbox.begin(decided)

    def complete(
        self, results: Sequence[DeliveryResult], access: Mapping[str, Sequence[AccessEntry]] = NOTHING
    ) -> None:
        self._outbox.complete(results, access)

    def notifications(self, enrolment_id: EnrolmentId) -> tuple[NotificationRecord | UnreadableNotification, ...]:
        return self._outbox.notifications(enrolment_id)

    def unnoted(self, *, after: str = "", limit: int = 1000) -> tuple[NotificationRecord, ...]:
        return self._outbox.unnoted(after=after, limit=limit)

    def profile(self, unit: HsaId, hsa_id: HsaId) -> Profile:
        return self._staff.profile(unit, hsa_id)

    def save_profile(self, unit: HsaId, hsa_id: HsaId, profile: Profile, access: AccessEntry) -> None:
        self._staff.save_profile(unit, hsa_id, profile, access)

    def log(self, entries: Iterable[AccessEntry]) -> None:
        self._access_log.log(entries)

    def access_entries(
        self, unit: HsaId, *, person: PersonId | None = None, after: int = 0, limit: int = 1000
    ) -> tuple[tuple[int, AccessEntry], ...]:
        return self._access_log.access_entries(unit, person=person, after=after, limit=limit)

    def save_program(self, unit: HsaId, program: Program) -> Program:
        return self._programs.save_program(unit, program)

    def program(self, unit: HsaId, key: str, version: str) -> Program | None:
        return self._programs.program(unit, key, version)

    def ended(
        self, unit: HsaId, *, among: Iterable[str] | None = None, after: str = "", limit: int = 1000
    ) -> tuple[EndedEnrolment | UnreadableEnrolment, ...]:
        return self._retention.ended(unit, among=among, after=after, limit=limit)

    def notification_keys(self, unit: HsaId, enrolment_ids: Iterable[str]) -> tuple[str, ...]:
        return self._retention.notification_keys(unit, enrolment_ids)

    def save_export(self, receipt: ExportReceipt, versions: Mapping[str, int]) -> None:
        self._retention.save_export(receipt, versions)

    def save_plan(self, plan: PurgePlan, access: AccessEntry) -> None:
        self._retention.save_plan(plan, access)

    def load_purge(self, plan_id: PlanId) -> PurgeRecord:
        return self._retention.load_purge(plan_id)

    def purge(self, plan_id: PlanId, purge: Sequence[EndedEnrolment], skip: Sequence[Skipped]) -> None:
        self._retention.purge(plan_id, purge, skip)

    def save_receipt(self, receipt: PurgeReceipt) -> PurgeReceipt:
        return self._retention.save_receipt(receipt)

    def receipts(self, unit: HsaId) -> tuple[PurgeReceipt, ...]:
        return self._retention.receipts(unit)


_: type[Storage] = JsonStorage  # a type checker compares the class with the port here
