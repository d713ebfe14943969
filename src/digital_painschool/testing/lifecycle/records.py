"""Law 7: the administrator's procedure over the years, with changes in between, deaths, and purging twice."""

from datetime import datetime
from pathlib import Path

from attrs import define, field
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from digital_painschool.domain.notification import Channel
from digital_painschool.domain.people import Actor, HsaId, Role
from digital_painschool.domain.retention import PurgePlan, PurgeReceipt
from digital_painschool.errors import DeliveryError
from digital_painschool.ports.storage import readable
from digital_painschool.testing.example import PAIN
from digital_painschool.testing.faults import Fault
from digital_painschool.testing.lifecycle import calendar
from digital_painschool.testing.lifecycle.base import during
from digital_painschool.testing.lifecycle.clock import BESIDE
from digital_painschool.testing.lifecycle.days import Days
from digital_painschool.testing.lifecycle.laws import holds, same
from digital_painschool.testing.lifecycle.model import Course
from digital_painschool.testing.lifecycle.treatment import COURSE, MOST_COURSES, THERAPISTS
from digital_painschool.testing.people import OTHER_UNIT, UNIT, staff
from digital_painschool.testing.scenario import Scenario

PLAN = st.integers(0, 2)
_FORGETS_NOTHING = Fault("forget", times=None, does=DeliveryError("busy"))
WHERE = st.sampled_from(["here", "here", "here", "elsewhere"])

LIVES = {
    "quiet": ("none", "none"),
    "told": ("direct", "none"),
    "told in the end": ("direct", "busy"),
    "left in hand": ("direct", "dies before"),
    "told and left in hand": ("direct", "dies"),
    "waiting": ("collected", "none"),
}
"""How the last message of a treatment is told of, and what goes wrong with that."""


@define(eq=False)
class Planned:
    """A plan as the model has it.

    Args:
        id: Its id.
        unit: Whose.
        versions: What is in it, each with the number of timeline entries that it had.
        approved: Whether it was.
        outcome: What became of each: `True` is gone; empty as long as nothing was dealt with.
        receipt: What was given when it was carried out.
    """

    id: str
    unit: HsaId
    versions: dict[str, int]
    approved: bool = False
    outcome: dict[str, bool] = field(factory=dict)
    receipt: PurgeReceipt | None = None


class Records(Days):
    """What becomes of records when everything is over."""

    def __init__(self) -> None:
        super().__init__()
        self.plans: list[Planned] = []
        self.exports = 0

    @staticmethod
    def office_of(unit: HsaId) -> Actor:
        """Return a unit's data administrator."""
        return staff(4, Role.DATA_ADMINISTRATOR, unit=unit)

    def version(self, course: Course) -> int:
        """Return the number of timeline entries that are kept of an enrolment."""
        return len(self.school.storage.timeline(course.id))

    def last_entry(self, course: Course) -> datetime:
        """Return when the last of them was made."""
        return max(entry.event.at for entry in self.school.storage.timeline(course.id))

    def is_old_enough(self, course: Course) -> bool:
        """Return whether an ended enrolment's period is over."""
        edge = calendar.years_later(self.now, -self.policy.retention_years, self.policy.zone)
        return not course.gone and not course.is_open() and self.last_entry(course) < edge

    def of_unit(self, unit: HsaId) -> list[Course]:
        """Return a unit's enrolments that are still there."""
        return [course for course in self.present if course.unit == unit]

    @rule(patient=st.integers(0, 2), therapist=st.sampled_from([*THERAPISTS]), life=st.sampled_from([*LIVES]))
    @during("records")
    @precondition(lambda self: len(self.courses) < MOST_COURSES)
    def a_life(self, patient: int, therapist: str, life: str) -> None:
        """A patient is treated, and it ends; a worker may have left a notification in the lurch."""
        before = len(self.courses)
        self.start(patient, therapist, 1)
        if len(self.courses) > before:
            notify, trouble = LIVES[life]
            last = self.counted.index(self.courses[-1])
            self.save_form(last, PAIN, 1)
            self.patient_writes(last, 0)
            self.therapist_writes(last, 0, notify)
            self.make_pass([trouble])
            self.end(last, "klar")

    @rule(course=COURSE, microseconds=BESIDE)
    @during("records")
    def wait_for_the_end_of_the_period(self, course: int, microseconds: int) -> None:
        """Years go by, until a record may be purged."""
        of = [c for c in self.present if not c.is_open()]
        if of:
            last = self.last_entry(of[course % len(of)])
            over = calendar.years_later(last, self.policy.retention_years, self.policy.zone)
            self.move(over + microseconds * calendar.MICROSECOND)

    @rule(where=WHERE)
    @during("records")
    def export(self, where: str) -> None:
        """The administrator exports the unit's ended enrolments."""
        unit = UNIT if where == "here" else OTHER_UNIT
        self.exports += 1
        by, name = self.office_of(unit), f"export-{self.exports}"
        versions = {c.id: self.version(c) for c in self.of_unit(unit) if not c.is_open()}
        call = lambda s: s.school.administrator(by).export(_folder(s, name))  # noqa: E731
        if self.ask(7, "the administrator exports", call, by=by.hsa_id) and self._exported(unit):
            for course in self.of_unit(unit):
                course.exported = versions.get(course.id, course.exported)

    def _exported(self, unit: HsaId) -> bool:
        return all(e.exported == e.version for e in readable(self.school.storage.ended(unit)))

    @rule(where=WHERE)
    @during("records")
    def plan(self, where: str) -> None:
        """The administrator draws up a plan: the ended enrolments whose period is over, and no others."""
        unit = UNIT if where == "here" else OTHER_UNIT
        by = self.office_of(unit)
        made: list[PurgePlan] = []

        def call(school: Scenario) -> PurgePlan:
            made.append(school.school.administrator(by).plan_purge())
            return made[-1]

        self.ask(7, "the administrator plans a purge", call, by=by.hsa_id, traced=True)
        if made:
            versions = {c.id: self.version(c) for c in self.of_unit(unit) if self.is_old_enough(c)}
            found = {planned.enrolment_id: planned.version for planned in made[0].enrolments}
            same(7, versions, found, "the plan holds others than the ended ones whose period is over")
            self.plans.append(Planned(made[0].id, unit, versions))

    @rule(plan=PLAN)
    @during("records")
    @precondition(lambda self: self.plans)
    def approve(self, plan: int) -> None:
        """The administrator approves a plan; a second decision changes nothing."""
        of = self.plans[-1 - plan % len(self.plans)]
        by, decision = self.office_of(of.unit), f"RS {2026 + of.approved}-1"
        call = lambda s: s.school.administrator(by).approve(of.id, decision=decision)  # noqa: E731
        if self.ask(7, "the administrator approves", call, by=by.hsa_id, traced=True):
            of.approved = True
        kept = self.school.storage.plan(of.id)
        reference = kept.decision.reference if kept is not None and kept.decision is not None else None
        same(7, "RS 2026-1" if of.approved else None, reference, "the plan rests on another decision")

    @rule(plan=PLAN, inbox_fails=st.sampled_from([False, False, True]))
    @during("records")
    @precondition(lambda self: self.plans)
    def purge(self, plan: int, inbox_fails: bool) -> None:  # noqa: FBT001
        """The administrator carries a plan out; it may be interrupted, and taken up again."""
        of = self.plans[-1 - plan % len(self.plans)]
        by = self.office_of(of.unit)
        given: list[PurgeReceipt] = []

        def call(school: Scenario) -> PurgeReceipt:
            given.append(school.school.administrator(by).purge(of.id))
            return given[-1]

        there = [c for c in self.present if c.id in of.versions]
        why_not = {c.id: self.why_not(c, of) for c in self.courses if c.id in of.versions}
        may_go = {id_ for id_, why in why_not.items() if of.approved and why is None}
        needed = {key for c in self.present if c.is_open() for key in self._keys_of(c.id)}
        keys = {c.id: self._keys_of(c.id) - needed for c in there}
        fails = inbox_fails and self.armed is None and any(keys[id_] for id_ in may_go - of.outcome.keys())
        for recording in self.recordings:
            recording.sending.inject(*([_FORGETS_NOTHING] if fails else []))
        fine = of.approved and not (fails and of.receipt is None)
        self.ask(7, "the administrator purges", call, fine=fine, by=by.hsa_id)
        for recording in self.recordings:
            recording.sending.clear()
        lost = needed & self.recordings[0].forgotten
        holds(7, not lost, f"open enrolments need {lost}, and the inbox was told to forget it")
        self._look_what_is_gone(of, there, may_go, keys)
        self._look_what_was_skipped(of, why_not)
        if given:
            self._look_at_the_receipt(of, given[0], may_go)

    def why_not(self, course: Course, of: Planned) -> str | None:
        """Return why a planned enrolment may not go now, or None when it may."""
        version = self.version(course)
        reasons = {
            "NOT_ENDED": course.gone,
            "CHANGED": version != of.versions[course.id],
            "TOO_YOUNG": not self.is_old_enough(course),
            "NOT_EXPORTED": self.policy.export_before_purge and course.exported != version,
        }
        return next((reason for reason, is_so in reasons.items() if is_so), None)

    def _look_what_is_gone(
        self, of: Planned, there: list[Course], may_go: set[str], keys: dict[str, set[tuple[Channel, str]]]
    ) -> None:
        storage = self.school.storage
        for course in there:
            if storage.load(course.id) is not None:
                continue
            holds(7, course.id in may_go, f"{course.id} is purged, and may not be")
            holds(7, of.receipt is None, f"{course.id} went with a plan that was carried out before")
            course.gone = of.outcome[course.id] = True
            left = (
                storage.timeline(course.id),
                dict(storage.documents(course.id, range(1, of.versions[course.id] + 1))),
                storage.notifications(course.id),
                storage.notification_keys(course.unit, [course.id]),
                [e for e in readable(storage.find_by_person(self.person(course.number))) if e.id == course.id],
            )
            same(7, ((), {}, (), (), []), left, f"{course.id} is purged, and something of it is left")
            unforgotten = keys[course.id] - self.recordings[0].forgotten
            holds(7, not unforgotten, f"{course.id} is purged, and the inbox was not told to forget {unforgotten}")
            log = storage.access_entries(course.unit, limit=1_000_000)
            traces = {entry.action for _, entry in log if entry.enrolment_id == course.id}
            holds(
                7,
                {"start", "purge"} <= traces,
                f"{course.id} is purged, and the access log does not tell of it any more",
            )

    def _keys_of(self, enrolment_id: str) -> set[tuple[Channel, str]]:
        unit = next(course.unit for course in self.present if course.id == enrolment_id)
        keys = self.school.storage.notification_keys(unit, [enrolment_id])
        return {(Channel.INBOX, key) for key in keys}

    def _look_what_was_skipped(self, of: Planned, why_not: dict[str, str | None]) -> None:
        for id_, skipped in self.school.storage.purge_progress(of.id).items():
            if skipped is not None and id_ not in of.outcome:
                same(7, why_not[id_], skipped.why.name, f"{id_} was skipped for another reason")
                of.outcome[id_] = False

    def _look_at_the_receipt(self, of: Planned, receipt: PurgeReceipt, may_go: set[str]) -> None:
        if of.receipt is not None:
            same(7, of.receipt, receipt, "purged twice, and the second receipt is another")
            return
        of.receipt = receipt
        for id_ in of.versions:
            gone = of.outcome.get(id_, False)
            holds(7, id_ in of.outcome or id_ not in may_go, f"{id_} may be purged, and was not dealt with")
            same(7, gone, id_ in receipt.purged, f"the receipt has it otherwise for {id_}")
            same(7, not gone, id_ in {skip.enrolment_id for skip in receipt.skipped}, f"{id_}: skipped, or not")
        same(7, receipt, self.school.storage.receipt(of.id), "the receipt is not kept")

    @rule(
        lives=st.lists(st.sampled_from([*LIVES]), min_size=1, max_size=3),
        exports=st.booleans(),
        passes=st.sampled_from(["never", "before the plan", "after it"]),
        microseconds=BESIDE,
        dies=st.sampled_from([None, None, 0, 1, 2, 3]),
        how=st.sampled_from(["dies before", "dies after"]),
    )
    @during("records")
    def the_whole_procedure(
        self,
        lives: list[str],
        exports: bool,  # noqa: FBT001
        passes: str,
        microseconds: int,
        dies: int | None,
        how: str,
    ) -> None:
        """Patients are treated, and years go by; export, plan, approve, purge, and purge again; perhaps a pass."""
        for patient, life in enumerate(lives[: MOST_COURSES - len(self.courses)]):
            self.a_life(patient, "nurse", life)
        if exports:
            self.export("here")
        if passes == "before the plan":
            self.make_pass()
        self.wait_for_the_end_of_the_period(-1, microseconds)
        before = len(self.plans)
        self.plan("here")
        if len(self.plans) > before:
            self.approve(0)
            if passes == "after it":
                self.make_pass()
            if dies is not None and self.crashes:
                self.armed = (dies, how)
            self.purge(0, inbox_fails=False)
            self.purge(0, inbox_fails=False)

    procedure_again = the_whole_procedure
    """The same, so that it comes twice as often."""


def _folder(school: Scenario, name: str) -> Path:
    return school.environment.folder / name
