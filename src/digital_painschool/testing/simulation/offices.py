"""The unit's administrators: starts, handovers for the summer, and the yearly retention."""

from collections.abc import Mapping
from datetime import date, time, timedelta
from functools import partial
from tempfile import TemporaryDirectory
from typing import TypeVar

from attrs import define

from digital_painschool.application.administrator import AdministratorDesk
from digital_painschool.application.export import Format
from digital_painschool.domain.enrolment import Enrolment
from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.domain.people import Actor, HsaId, PersonId
from digital_painschool.domain.program import Program
from digital_painschool.domain.retention import Skip
from digital_painschool.errors import InvalidIdentity, Reason
from digital_painschool.ports.storage import load_timeline
from digital_painschool.testing.history import HandOver, Withdraw
from digital_painschool.testing.reference import checks
from digital_painschool.testing.reference.calendar import DAY
from digital_painschool.testing.reference.enrolment import ReferenceEnrolment
from digital_painschool.testing.reference.laws import Law
from digital_painschool.testing.reference.refusals import Refusal
from digital_painschool.testing.reference.school import ReferencePlan
from digital_painschool.testing.simulation.asking import ask, walk
from digital_painschool.testing.simulation.audit import check_enrolment
from digital_painschool.testing.simulation.days import working_day
from digital_painschool.testing.simulation.notifications import Notifications
from digital_painschool.testing.simulation.patients import PatientLife
from digital_painschool.testing.simulation.region import person
from digital_painschool.testing.simulation.scene import Scene
from digital_painschool.testing.simulation.taking import Steps
from digital_painschool.testing.simulation.therapists import TherapistLife

T = TypeVar("T")

_PAGE = 200
_TWO_MINUTES = timedelta(minutes=2)


@define(eq=False, slots=False)
class Coordinator:
    """The unit's patient administrator: starts patients, and adds their lives to the others; hands them over."""

    scene: Scene
    steps: Steps
    notifications: Notifications
    patients: dict[str, PatientLife]
    therapists: Mapping[HsaId, TherapistLife]

    def __attrs_post_init__(self) -> None:
        scene = self.scene
        self.actor = scene.unit.coordinator
        self.chance = scene.region.chance("coordinator", scene.unit.number)
        hands_over = self.chance.happens(scene.region.habits.staff.hands_over)
        for index in scene.unit.patients:
            self._plan_start(index)
        if hands_over:
            for life in self.therapists.values():
                for first, after in life.leaves:
                    self._plan_leave(life.actor.hsa_id, first, after)

    # Starts

    def _plan_start(self, index: int) -> None:
        scene, habits = self.scene, self.scene.region.habits.patients
        chance = scene.region.chance("patient", index)
        scheme = chance.weighed(
            ("vgr-reservnummer", habits.reserve_numbers),
            ("samordningsnummer", habits.coordination_numbers),
            ("personnummer", 1),
        )
        who = person(index, scheme)
        day = scene.region.begins + chance.whole(0, scene.region.arrivals - 1) * DAY
        therapist = scene.unit.therapists[(index - scene.unit.patients.start) % len(scene.unit.therapists)].hsa_id
        first, second = scene.unit.programs
        self._start_on(day, who, therapist, first)
        if chance.happens(habits.second_program):
            self._start_on(day + chance.whole(*habits.second_after_days) * DAY, who, therapist, second)

    def _start_on(self, day: date, who: PersonId, therapist: HsaId, program: Program) -> None:
        at = time(8 + self.chance.whole(0, 7), self.chance.whole(0, 59))
        self.scene.at(self.scene.instant(working_day(day), at), lambda: self.start(who, therapist, program))

    def start(self, who: PersonId, therapist: HsaId, program: Program) -> None:
        """Start a patient: by the therapist mostly, or for the therapist; sometimes mistyped first, or twice."""
        scene, chance, habits = self.scene, self.chance, self.scene.region.habits.staff
        actor = self.therapists[therapist].actor if chance.happens(habits.starts_alone) else self.actor
        number = who.value if "reserv" in who.scheme or chance.happens(0.5) else f"{who.value[:8]}-{who.value[8:]}"
        mistyped = number[:-1] + str((int(number[-1]) + 1) % 10)
        typed = [mistyped] * chance.happens(habits.mistypes) + [number] + [number] * chance.happens(habits.mistypes)
        for text in typed:
            already = scene.reference.open_enrolment(who.value, scene.unit.id, program.key)
            refusal = InvalidIdentity if text != number else Reason.ALREADY_OPEN if already else None
            call = partial(scene.school.therapist(actor).start, text, program=program.key, therapist=therapist)
            state = ask(scene, actor.hsa_id, call, already, refusal)
            if state is not None:
                self._begin(state, who, actor, self.therapists[therapist], program)

    def _begin(self, state: Enrolment, who: PersonId, by: Actor, life: TherapistLife, program: Program) -> None:
        scene = self.scene
        model = scene.reference.start(state.id, who, program, by, scene.now, life.actor.hsa_id)
        scene.models[model.id] = model
        self.notifications.saved(state, tuple(one.event for one in load_timeline(scene.storage, state.id)))
        scene.equal(Law.ACCESS_FOLLOWS_THE_TABLE, model.access_until, state.access_until, "the year's end", model)
        self.notifications.want(model.access_until)
        self.patients[model.id] = PatientLife(scene, self.steps, model, scene.region.chance("enrolment", model.id))
        if self.chance.happens(scene.region.habits.staff.welcomes):
            scene.at(scene.now + _TWO_MINUTES, lambda: life.write(model, life.notify()))

        if scene.region.chance("slip", model.id).happens(scene.region.habits.staff.slips):
            scene.at(scene.now + 2 * _TWO_MINUTES, lambda: self._withdraw(model, by))

    def _withdraw(self, model: ReferenceEnrolment, starter: Actor) -> None:
        """Withdraw a start that was a slip, and start again on the next day."""
        scene = self.scene
        if self.steps.take(model, Withdraw(), by=starter) is not None:
            scene.figures.events["starts withdrawn"] += 1
            self._start_on(scene.today + DAY, model.person, model.therapist, model.program)

    def ended(self, model: ReferenceEnrolment) -> None:
        """Plan that a patient whose enrolment has ended comes again, perhaps."""
        habits = self.scene.region.habits.patients
        if self.chance.happens(habits.comes_again):
            day = self.scene.today + self.chance.whole(*habits.comes_again_after_days) * DAY
            self._start_on(day, model.person, model.therapist, model.program)

    # Leave

    def _plan_leave(self, away: HsaId, first: date, after: date) -> None:
        scene = self.scene
        colleagues = [hsa_id for hsa_id in self.therapists if hsa_id != away]
        if colleagues:
            colleague = self.chance.pick(colleagues)
            scene.at(scene.instant(first - DAY, time(15)), lambda: self.hand_over(away, colleague))
            if self.chance.happens(scene.region.habits.staff.hands_back):
                scene.at(scene.instant(after, time(7)), lambda: self.hand_over(colleague, away, back=True))

    def hand_over(self, from_: HsaId, to: HsaId, *, back: bool = False) -> None:
        """Hand a therapist's patients over to a colleague, or back those that were the colleague's at first."""
        scene = self.scene
        rows = walk(scene, self.actor.hsa_id, scene.school.therapist(self.actor).unit_caseload, _PAGE)
        if rows is None:
            return
        open_ones = [model for model in scene.models.values() if model.is_open]
        scene.note(checks.row_violations(open_ones, rows, scene.now, "the unit's list"))
        for row in rows:
            model = scene.models[row.enrolment_id]
            if model.therapist == from_ and (not back or to == model.therapist_at(model.started_at)):
                self._hand_over(model, to)

    def _hand_over(self, model: ReferenceEnrolment, to: HsaId) -> None:
        for _ in range(1 + self.chance.happens(self.scene.region.habits.staff.double_click)):
            self.steps.take(model, HandOver(self.therapists[to].actor), by=self.actor)


@define(eq=False, slots=False)
class Archivist:
    """The unit's data administrator: exports, plans, has the plan approved and purges, once a year."""

    scene: Scene
    notifications: Notifications
    patients: Mapping[str, PatientLife]

    def __attrs_post_init__(self) -> None:
        scene = self.scene
        self.actor = scene.unit.archivist
        chance = scene.region.chance("archivist", scene.unit.number)
        self.exports = chance.happens(scene.region.habits.staff.cares_for_retention)
        year = min(365, scene.region.days)
        for n in range(1, scene.region.days // year + 1):
            day = working_day(scene.region.begins + (n * year - chance.whole(year // 8, year // 4)) * DAY)
            scene.at(scene.instant(day, time(10)), self.begin)

    @property
    def _office(self) -> AdministratorDesk:
        return self.scene.school.administrator(self.actor)

    def _ask(self, call: "partial[T]", refusal: Refusal | None = None) -> T | None:
        return ask(self.scene, self.actor.hsa_id, call, None, refusal, law=Law.PURGE_TAKES_WHAT_IT_MAY)

    def _equal(self, expected: object, found: object, what: str) -> None:
        self.scene.equal(Law.PURGE_TAKES_WHAT_IT_MAY, expected, found, what, None)

    def begin(self) -> None:
        """Export perhaps, and plan."""
        scene, unit = self.scene, self.scene.unit.id
        if self.exports:
            ended = scene.reference.exported()
            with TemporaryDirectory() as folder:
                receipt = self._ask(partial(self._office.export, folder, formats=(Format.JSON_LINES,)))
            if receipt is not None:
                self._equal(len(ended), receipt.enrolments, "enrolments exported")
                for model in ended:
                    model.exported = model.version
        plan = self._ask(partial(self._office.plan_purge))
        if plan is None:
            return
        expected = scene.reference.plan_purge(plan.id, unit, scene.now)
        found = {one.enrolment_id for one in plan.enrolments}
        self._equal(expected.versions.keys(), found, "what is planned to be purged")
        self._ask(partial(self._office.purge, plan.id), Reason.NOT_APPROVED)
        scene.at(scene.now + DAY, lambda: self._approve(expected))

    def _approve(self, plan: ReferencePlan) -> None:
        if self._ask(partial(self._office.approve, plan.id, decision="Dnr 2026-17")) is not None:
            self.scene.at(self.scene.now + 7 * DAY, lambda: self._purge(plan))

    def _purge(self, plan: ReferencePlan) -> None:
        scene, events = self.scene, self.scene.figures.events
        expected: dict[EnrolmentId, Skip | None] = {}
        for id_ in plan.versions:
            check_enrolment(scene, self.notifications, scene.models[id_])
            expected[id_] = scene.reference.skipped(scene.models[id_], plan, scene.now)
        receipt = self._ask(partial(self._office.purge, plan.id))
        if receipt is None:
            return
        found = {**dict.fromkeys(receipt.purged), **{skip.enrolment_id: skip.why for skip in receipt.skipped}}
        self._equal(expected, found, "what was purged (None), and what was left")
        events["enrolments purged"] += len(receipt.purged)
        events["planned, and left as the rules ask"] += len(receipt.skipped)
        for id_ in receipt.purged:
            scene.models[id_].purged = True
            check_enrolment(scene, self.notifications, scene.models[id_])
        again = self._ask(partial(self._office.purge, plan.id))
        self._equal(receipt, again, "the receipt of a purge made twice")
        for id_ in receipt.purged[:1]:
            self.patients[id_].visit()
