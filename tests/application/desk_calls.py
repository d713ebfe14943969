"""Every method of every desk, called in a way that is granted, and the lines that it leaves in the access log."""

from collections.abc import Callable
from typing import Any, NamedTuple

from digital_painschool.application.caseload import CaseSelection
from digital_painschool.bootstrap.school import PainSchool
from digital_painschool.domain.enrolment import Phase
from digital_painschool.domain.ids import EnrolmentId, PlanId
from digital_painschool.domain.people import Actor, Patient, PersonId
from digital_painschool.domain.policy import FlagKind, Policy
from digital_painschool.domain.program import Ordering
from digital_painschool.testing.environment import START, PortsFactory, in_memory, local
from digital_painschool.testing.example import PAIN, SLEEP, program
from digital_painschool.testing.people import (
    ANNA,
    ARCHIVIST,
    BO,
    CILLA,
    COLLEAGUE,
    COORDINATOR,
    NURSE,
    OTHER_ARCHIVIST,
    PATIENT,
    STRANGER,
)
from digital_painschool.testing.scenario import Scenario

PEOPLE: dict[str, tuple[Actor | Patient, Callable[[PainSchool], Any]]] = {
    "desk": (NURSE, lambda s: s.therapist(NURSE)),
    "colleague": (COLLEAGUE, lambda s: s.therapist(COLLEAGUE)),
    "coordinator": (COORDINATOR, lambda s: s.therapist(COORDINATOR)),
    "stranger": (STRANGER, lambda s: s.therapist(STRANGER)),
    "archivist": (ARCHIVIST, lambda s: s.therapist(ARCHIVIST)),
    "office": (ARCHIVIST, lambda s: s.administrator(ARCHIVIST)),
    "outsider": (OTHER_ARCHIVIST, lambda s: s.administrator(OTHER_ARCHIVIST)),
    "nurse": (NURSE, lambda s: s.administrator(NURSE)),
    "room": (PATIENT, lambda s: s.patient(ANNA)),
    "former": (Patient(PersonId("personnummer", CILLA)), lambda s: s.patient(CILLA)),
    "another": (Patient(PersonId("personnummer", BO)), lambda s: s.patient(BO)),
}
"""Who calls, and the desk."""


def public_methods(desk: object) -> dict[str, Callable[..., Any]]:
    """Return the public methods of a desk, and of its `pages`, by name."""
    found = {name: getattr(desk, name) for name in dir(desk) if not name.startswith("_")}
    pages = found.pop("pages", None)
    return found if pages is None else found | {f"pages.{name}": one for name, one in public_methods(pages).items()}


class Of(NamedTuple):
    """Whose record a line is about."""

    enrolment: EnrolmentId | None
    person: str | None


E = EnrolmentId("e-0003")
ENDED, MAINTAINED = Of(EnrolmentId("e-0001"), CILLA), Of(EnrolmentId("e-0002"), ANNA)
TREATED, THEIRS = Of(E, ANNA), Of(EnrolmentId("e-0004"), BO)
APPROVED, PLANNED = PlanId("e-0005"), PlanId("e-0006")
NOBODY = Of(None, None)


def lived(ports_factory: PortsFactory = in_memory) -> Scenario:
    """Return a school with one of everything: Cilla ended long ago; Anna is done, and in maintenance in another one."""
    policy = Policy(export_before_purge=False)
    school = Scenario(
        ports_factory,
        programs=(program(Ordering.RELEASED), SLEEP),
        policy=policy,
        start=local("2014-03-03 08:00"),
    )
    ended = school.start(CILLA)
    school.school.patient(CILLA).write(ended, "Hej")
    school.desk.end(ended, reason="klar")
    school.now = START
    school.desk.maintain(school.start(ANNA, "somnskola"), days=30, modules=(1,), shortens=True)
    id_ = school.start(ANNA)
    school.coordinator.start(BO, program="smartskola", therapist=COLLEAGUE.hsa_id)
    school.room.save_form(id_, PAIN, {"smarta": 3})
    school.room.write(id_, "Hej")
    school.desk.release_module(id_, 2)
    school.desk.release_module(id_, 3)
    school.complete(id_, 1, 2, 3)
    school.office.approve(school.office.plan_purge(), decision="RS 1")
    school.office.plan_purge()
    return school


Line = tuple[str, Of]
GRANTED: dict[str, tuple[Callable[..., object], list[Line]]] = {
    "desk.programs": (lambda d: d.programs(), []),
    "desk.limits": (lambda d: d.limits(), []),
    "desk.staff": (lambda d: d.staff(), []),
    "desk.identify": (lambda d: d.identify(BO), []),
    "desk.start": (lambda d: d.start(BO, program="somnskola"), [("start", Of(EnrolmentId("e-0007"), BO))]),
    "desk.find": (lambda d: d.find(ANNA), [("see-enrolment", MAINTAINED), ("see-enrolment", TREATED)]),
    "desk.find_withdrawable": (
        lambda d: d.find_withdrawable(ANNA),
        [("find-withdrawable", MAINTAINED), ("find-withdrawable", TREATED)],
    ),
    "coordinator.find": (lambda d: d.find(CILLA), [("see-enrolment", ENDED)]),
    "desk.caseload": (lambda d: d.caseload(), [("list-own-patients", TREATED), ("list-own-patients", MAINTAINED)]),
    "desk.caseload a page": (lambda d: d.caseload(limit=1), [("list-own-patients", TREATED)]),
    "desk.caseload the next page": (
        lambda d: d.caseload(d.caseload(limit=1).next, limit=1),
        [("list-own-patients", TREATED), ("list-own-patients", MAINTAINED)],
    ),
    "desk.caseload a selection": (
        lambda d: d.caseload(show=CaseSelection(phase=Phase.MAINTENANCE)),
        [("list-own-patients", MAINTAINED)],
    ),
    "desk.counts": (lambda d: d.counts(), [("count-own-patients", NOBODY)]),
    "coordinator.unit_counts": (lambda d: d.unit_counts(), [("count-unit", NOBODY)]),
    "coordinator.unit_caseload": (
        lambda d: d.unit_caseload(),
        [("list-unit", TREATED), ("list-unit", THEIRS), ("list-unit", MAINTAINED)],
    ),
    "desk.enrolment": (lambda d: d.enrolment(E), [("see-enrolment", TREATED)]),
    "desk.program": (lambda d: d.program(E), [("see-enrolment", TREATED)]),
    "desk.module": (lambda d: d.module(E, 2), [("see-enrolment", TREATED)]),
    "desk.end_reasons": (lambda d: d.end_reasons(E), [("see-enrolment", TREATED)]),
    "desk.next_module": (lambda d: d.next_module(E), [("see-enrolment", TREATED)]),
    "desk.to_handle": (lambda d: d.to_handle(E), [("see-flags", TREATED)]),
    "desk.patient_page": (lambda d: d.patient_page(E), [("see-enrolment", TREATED)]),
    "desk.form_answers": (lambda d: d.form_answers(E, PAIN), [("read-answers", TREATED)]),
    "desk.open_form": (lambda d: d.open_form(E, PAIN), [("read-answers", TREATED), ("mark-form-read", TREATED)]),
    "desk.answers": (lambda d: d.answers(E, PAIN), [("read-answers", TREATED)]),
    "desk.mark_read": (lambda d: d.mark_read(E, PAIN), [("mark-form-read", TREATED)]),
    "desk.mark_read nothing": (lambda d: d.mark_read(E, PAIN, up_to=0), [("mark-form-read", TREATED)]),
    "desk.mark_handled": (lambda d: d.mark_handled(E, FlagKind.PROGRAM_DONE), [("mark-flag-handled", TREATED)]),
    "desk.conversations": (lambda d: d.conversations(E), [("read-conversation", TREATED)]),
    "desk.read_conversation": (lambda d: d.read_conversation(E, 1), [("read-conversation", TREATED)] * 2),
    "desk.start_conversation": (lambda d: d.start_conversation(E, "Hej"), [("write-message", TREATED)]),
    "desk.write": (lambda d: d.write(E, 1, "Hej"), [("write-message", TREATED)]),
    "desk.rename_conversation": (lambda d: d.rename_conversation(E, 1, "Ny"), [("rename-conversation", TREATED)]),
    "desk.timeline": (lambda d: d.timeline(E), [("see-timeline", TREATED)]),
    "desk.timeline of a form": (lambda d: d.timeline(E, form=PAIN), [("see-timeline", TREATED)]),
    "desk.notifications": (lambda d: d.notifications(E), [("see-notifications", TREATED)]),
    "desk.pages.timeline": (lambda d: d.pages.timeline(E), [("see-timeline", TREATED)]),
    "desk.pages.timeline of a form": (lambda d: d.pages.timeline(E, form=PAIN), [("see-timeline", TREATED)]),
    "desk.pages.timeline two pages": (
        lambda d: d.pages.timeline(E, d.pages.timeline(E, limit=1).next),
        [("see-timeline", TREATED)] * 2,
    ),
    "desk.pages.conversations": (lambda d: d.pages.conversations(E), [("read-conversation", TREATED)]),
    "desk.pages.messages": (lambda d: d.pages.messages(E, 1), [("read-conversation", TREATED)] * 2),
    "desk.pages.messages again": (
        lambda d: (d.read_conversation(E, 1), d.pages.messages(E, 1)),
        [("read-conversation", TREATED)] * 3,
    ),
    "desk.pages.notifications": (lambda d: d.pages.notifications(E), [("see-notifications", TREATED)]),
    "desk.review": (lambda d: d.review(E), [("review", TREATED)]),
    "coordinator.hand_over": (lambda d: d.hand_over(E, COLLEAGUE.hsa_id), [("hand-over", TREATED)]),
    "desk.release_module again": (lambda d: d.release_module(E, 2), [("release-module", TREATED)]),
    "desk.maintain": (lambda d: d.maintain(E, days=30, modules=(1,), shortens=True), [("maintain", TREATED)]),
    "desk.reactivate": (lambda d: d.reactivate(MAINTAINED.enrolment), [("reactivate", MAINTAINED)]),
    "desk.end": (lambda d: d.end(E, reason="klar"), [("end", TREATED)]),
    "desk.withdraw": (lambda d: d.withdraw(MAINTAINED.enrolment, "wrong-person"), [("withdraw", MAINTAINED)]),
    "desk.mark_read nothing under a key": (
        lambda d: [d.mark_read(E, PAIN, up_to=0, once="k") for _ in range(2)],
        [("mark-form-read", TREATED)] * 2,
    ),
    "desk.profile": (lambda d: d.profile(), []),
    "desk.receive_notifications": (lambda d: d.receive_notifications(email=True), [("keep-profile", NOBODY)]),
    "office.export": (lambda o: o.export("export"), [("export", ENDED)]),
    "office.download": (lambda o: b"".join(o.download()), [("export", ENDED)]),
    "office.plan_purge": (lambda o: o.plan_purge(), [("plan-purge", NOBODY)]),
    "office.plan": (lambda o: o.plan(PLANNED), []),
    "office.overdue": (lambda o: o.overdue(), [("see-plans", NOBODY)]),
    "office.approve": (lambda o: o.approve(PLANNED, decision="RS 2"), [("approve-purge", NOBODY)]),
    "office.purge": (lambda o: o.purge(APPROVED), [("purge", ENDED)]),
    "office.purge again": (lambda o: (o.purge(APPROVED), o.purge(APPROVED)), [("purge", ENDED)]),
    "office.receipts": (lambda o: o.receipts(), []),
    "office.access_log": (lambda o: o.access_log(), [("see-access-log", NOBODY)]),
    "office.access_log of a person": (lambda o: o.access_log(person=BO), [("see-access-log", Of(None, BO))]),
    "office.pages.exports": (lambda o: o.pages.exports(), [("see-plans", NOBODY)]),
    "office.pages.plans": (lambda o: o.pages.plans(), [("see-plans", NOBODY)]),
    "office.pages.plans two pages": (
        lambda o: o.pages.plans(o.pages.plans(limit=1).next),
        [("see-plans", NOBODY)] * 2,
    ),
    "office.pages.access_log": (lambda o: o.pages.access_log(), [("see-access-log", NOBODY)]),
    "office.pages.access_log of a person": (
        lambda o: o.pages.access_log(person=BO),
        [("see-access-log", Of(None, BO))],
    ),
    "office.pages.access_log two pages": (
        lambda o: o.pages.access_log(o.pages.access_log(limit=1).next),
        [("see-access-log", NOBODY)] * 2,
    ),
    "room.enrolments": (lambda r: r.enrolments(), [("see-enrolment", MAINTAINED), ("see-enrolment", TREATED)]),
    "room.overview": (lambda r: r.overview(E), [("see-enrolment", TREATED)]),
    "room.open_module": (lambda r: r.open_module(E, 1), [("open-module", TREATED)]),
    "room.open_module again": (lambda r: (r.open_module(E, 1), r.open_module(E, 1)), [("open-module", TREATED)] * 2),
    "room.read_page": (lambda r: r.read_page(E, 1, 1), [("read-page", TREATED)]),
    "room.read_page again": (lambda r: (r.read_page(E, 1, 2), r.read_page(E, 1, 2)), [("read-page", TREATED)] * 2),
    "room.complete_module again": (lambda r: r.complete_module(E, 1), [("complete-module", TREATED)]),
    "room.limits": (lambda r: r.limits(E), [("see-program", TREATED)]),
    "room.form": (lambda r: r.form(E, PAIN), [("see-program", TREATED)]),
    "room.form_answers": (lambda r: r.form_answers(E, PAIN), [("read-answers", TREATED)]),
    "room.save_form": (lambda r: r.save_form(E, PAIN, {"smarta": 3}), [("save-form", TREATED)]),
    "room.save_draft": (lambda r: r.save_draft(E, PAIN, {}), [("save-draft", TREATED)]),
    "room.draft": (lambda r: r.draft(E, PAIN), [("read-draft", TREATED)]),
    "room.form_page": (lambda r: r.form_page(E, PAIN), [("read-draft", TREATED)]),
    "room.discard_draft": (lambda r: r.discard_draft(E, PAIN), [("discard-draft", TREATED)]),
    "room.conversations": (lambda r: r.conversations(E), [("read-conversation", TREATED)]),
    "room.read_conversation": (lambda r: r.read_conversation(E, 1), [("read-conversation", TREATED)] * 2),
    "room.pages.conversations": (lambda r: r.pages.conversations(E), [("read-conversation", TREATED)]),
    "room.pages.messages": (lambda r: r.pages.messages(E, 1), [("read-conversation", TREATED)]),
    "room.write": (lambda r: r.write(E, "Hej", conversation=1), [("write-message", TREATED)]),
    "room.write a heading of the unit's": (
        lambda r: r.write(E, "Hej"),
        [("see-enrolment", TREATED), ("write-message", TREATED)],
    ),
    "room.rename_conversation": (lambda r: r.rename_conversation(E, 1, "Ny"), [("rename-conversation", TREATED)]),
}
"""Calls that are granted, each with its lines: the action, and whose record it is about."""
