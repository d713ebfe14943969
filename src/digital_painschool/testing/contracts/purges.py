"""Enrolments that are over, and plans and receipts of their purge."""

from collections.abc import Mapping
from datetime import timedelta

from digital_painschool.domain.enrolment import Enrolment
from digital_painschool.domain.ids import EnrolmentId, PlanId
from digital_painschool.domain.notification import Notify
from digital_painschool.domain.people import HsaId, PersonId
from digital_painschool.domain.retention import (
    EndedEnrolment,
    ExportedFile,
    ExportReceipt,
    PurgePlan,
    PurgeReceipt,
    Skipped,
)
from digital_painschool.ports.storage import (
    CaseQuery,
    DeskCall,
    Storage,
    find_call,
    find_cancellable,
    find_ended,
    load_documents,
    load_draft,
    load_enrolment,
    load_histories,
    load_notifications,
    load_timeline,
    readable,
    save_export,
    save_plan,
)
from digital_painschool.rules.notifications import drop
from digital_painschool.rules.retention import approve, plan, receipt
from digital_painschool.testing.contracts.calls import key_of, under_key
from digital_painschool.testing.contracts.changes import (
    HOUR,
    MORNING,
    PERSONS,
    POLICY,
    RUN,
    access_entry,
    begin,
    by_worker,
    converse,
    fill_in,
    finish,
    saved,
)
from digital_painschool.testing.example import DAILY, PAIN
from digital_painschool.testing.people import NURSE, PERSON, UNIT

LATER = MORNING + timedelta(days=11 * 366)
LOGGED = access_entry(NURSE, LATER, action="plan-purge")
IDS = tuple(EnrolmentId(f"e{number}") for number in range(len(PERSONS)))


def over(storage: Storage, enrolment_id: str, person: PersonId = PERSON, *, unit: HsaId = UNIT) -> Enrolment:
    """Save an enrolment with answers, a message and a notification, and end it under a key."""
    e = saved(storage, begin(enrolment_id, person, unit=unit))
    e = saved(storage, fill_in(e, at=MORNING))
    e = saved(storage, converse(e, notify=Notify.COLLECTED, at=MORNING))
    return saved(storage, under_key(finish(e, at=MORNING + HOUR, pending=find_cancellable(storage, e.id))))


def changed_after_the_end(storage: Storage, enrolment: Enrolment) -> Enrolment:
    """Save a note of the worker on the timeline of an enrolment that has ended, and return the state after it."""
    notification = load_notifications(storage, enrolment.id)[0].notification
    return saved(storage, by_worker(enrolment, drop, notification, at=RUN))


def all_over(storage: Storage) -> list[Enrolment]:
    """Save and end an enrolment for each person."""
    return [over(storage, enrolment_id, person) for enrolment_id, person in zip(IDS, PERSONS, strict=True)]


def kept_plan(storage: Storage, plan_id: str = "plan-1") -> PurgePlan:
    """Plan and approve the purge of all that has ended."""
    made = plan(readable(storage.ended(UNIT)), POLICY, plan_id=PlanId(plan_id), unit=UNIT, by=NURSE, at=LATER)
    save_plan(storage, made, LOGGED)
    approved = approve(made, "beslut 2037-4", by=NURSE, at=LATER)
    save_plan(storage, approved, LOGGED)
    return approved


def receipt_of(made: PurgePlan, *skipped: Skipped) -> PurgeReceipt:
    """Write the receipt of a plan."""
    assert made.decision is not None
    return receipt(made, made.decision, skipped, by=NURSE, at=LATER)


def exported(
    storage: Storage,
    versions: Mapping[EnrolmentId, int],
    export_id: str = "export-1",
    completed: DeskCall | None = None,
) -> None:
    """Save an export's receipt."""
    kept = ExportReceipt(
        id=export_id,
        unit=UNIT,
        exported_by=NURSE.hsa_id,
        exported_at=LATER,
        enrolments=len(versions),
        files=(ExportedFile(name="forms.csv", lines=3, sha256="0" * 64),),
    )
    save_export(storage, kept, versions, completed=completed)


def ended_once(enrolment_id: str, version: int) -> EndedEnrolment:
    """Name an enrolment as a plan does, whatever it is in truth."""
    return EndedEnrolment(
        enrolment_id=EnrolmentId(enrolment_id), version=version, ended_at=MORNING, last_entry_at=MORNING
    )


def assert_gone(storage: Storage, enrolment: Enrolment) -> None:
    """Assert that nothing is left of an enrolment."""
    id_ = enrolment.id
    assert None is load_enrolment(storage, id_)
    assert {} == dict(storage.load_many((id_,)))
    assert id_ not in {other.id for other in readable(storage.find_by_person(enrolment.person))}
    assert () == load_timeline(storage, id_)
    assert {} == dict(load_documents(storage, id_, range(1, enrolment.version + 1)))
    assert () == load_notifications(storage, id_)
    assert [None, None] == [load_draft(storage, id_, form) for form in (PAIN, DAILY)]
    assert () == find_cancellable(storage, id_)
    assert {} == dict(find_ended(storage, enrolment.unit, (id_,)))
    assert () == load_histories(storage, enrolment.unit, (id_,))
    assert id_ not in {ended.enrolment_id for ended in storage.ended(enrolment.unit)}
    query = CaseQuery(unit=enrolment.unit, therapist=None, now=LATER, limit=1000)
    assert id_ not in {row.enrolment_id for row in storage.list_caseload(query)}
    assert id_ not in storage.access_ended(LATER, 1000)
    assert None is find_call(storage, key_of(enrolment))
