"""The unit's administrators: starts, handovers for the summer, and the yearly retention."""

from datetime import date, time, timedelta
from functools import partial
from tempfile import TemporaryDirectory
from typing import TypeVar

from dateutil.relativedelta import relativedelta

from digital_painschool.application.administrator import AdministratorDesk
from digital_painschool.application.export import Format
from digital_painschool.domain.enrolment import Enrolment
from digital_painschool.domain.people import HsaId, PersonId
from digital_painschool.domain.program import Program
from digital_painschool.errors import InvalidIdentity, Reason
from digital_painschool.testing.reference import checks, refusals
from digital_painschool.testing.reference.calendar import DAY
from digital_painschool.testing.reference.enrolment import ReferenceEnrolment
from digital_painschool.testing.reference.laws import Law
from digital_painschool.testing.reference.refusals import Refusal
from digital_painschool.testing.simulation.audit import check_enrolment
from digital_painschool.testing.simulation.days import working_day
from digital_painschool.testing.simulation.patients import PatientLife
from digital_painschool.testing.simulation.region import person
from digital_painschool.testing.simulation.scene import Scene

T = TypeVar("T")

_PAGE = 200
_TWO_MINUTES = timedelta(minutes=2)


class Coordinator:
    """The unit's patient administrator: starts patients, hands them over."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.actor = scene.unit.coordinator
        self.chance = scene.region.chance("coordinator", scene.unit.number)
        hands_over = self.chance.happens(scene.region.habits.staff.hands_over)
        for index in scene.unit.patients:
            self._plan_start(index)
        if hands_over:
            for life in scene.therapists.values():
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
        actor = scene.therapists[therapist].actor if chance.happens(habits.starts_alone) else self.actor
        number = who.value if "reserv" in who.scheme or chance.happens(0.5) else f"{who.value[:8]}-{who.value[8:]}"
        mistyped = number[:-1] + str((int(number[-1]) + 1) % 10)
        typed = [mistyped] * chance.happens(habits.mistypes) + [number] + [number] * chance.happens(habits.mistypes)
        for text in typed:
            same = (m for m in scene.models.values() if (m.person, m.program) == (who, program) and m.is_open)
            already = next(same, None)
            refusal = InvalidIdentity if text != number else Reason.ALREADY_OPEN if already else None
            call = partial(scene.school.therapist(actor).start, text, program=program.key, therapist=therapist)
            state = scene.ask(actor.hsa_id, call, already, refusal)
            if state is not None:
                self._begin(
                    state,
                    ReferenceEnrolment(
                        id=state.id,
                        person=who,
                        unit=scene.unit.id,
                        therapist=therapist,
                        program=program,
                        policy=scene.policy,
                        started_at=scene.now,
                    ),
                )

    def _begin(self, state: Enrolment, model: ReferenceEnrolment) -> None:
        scene = self.scene
        scene.models[model.id] = model
        scene.equal(Law.ACCESS_FOLLOWS_THE_TABLE, model.access_until, state.access_until, "the year's end", model)
        scene.worker.want(model.access_until)
        scene.patients[model.id] = PatientLife(scene, model, scene.region.chance("enrolment", model.id))
        if self.chance.happens(scene.region.habits.staff.welcomes):
            life = scene.therapists[model.therapist]
            scene.at(scene.now + _TWO_MINUTES, lambda: life.write(model, life.notify()))

    def ended(self, model: ReferenceEnrolment) -> None:
        """Plan that a patient whose enrolment has ended comes again, perhaps."""
        habits = self.scene.region.habits.patients
        if self.chance.happens(habits.comes_again):
            day = self.scene.today + self.chance.whole(*habits.comes_again_after_days) * DAY
            self._start_on(day, model.person, model.therapist, model.program)

    # Leave

    def _plan_leave(self, away: HsaId, first: date, after: date) -> None:
        scene = self.scene
        colleagues = [hsa_id for hsa_id in scene.therapists if hsa_id != away]
        if colleagues:
            colleague = self.chance.pick(colleagues)
            scene.at(scene.instant(first - DAY, time(15)), lambda: self.hand_over(away, colleague))
            if self.chance.happens(scene.region.habits.staff.hands_back):
                scene.at(scene.instant(after, time(7)), lambda: self.hand_over(colleague, away, back=True))

    def hand_over(self, from_: HsaId, to: HsaId, *, back: bool = False) -> None:
        """Hand a therapist's patients over to a colleague, or back those that were the colleague's at first."""
        scene, desk = self.scene, self.scene.school.therapist(self.actor)
        rows = scene.walk(self.actor.hsa_id, lambda after: partial(desk.unit_caseload, after, limit=_PAGE))
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
            refusal = refusals.transferring(model, to)
            call = partial(self.scene.school.therapist(self.actor).hand_over, model.id, to)
            if self.scene.ask(self.actor.hsa_id, call, model, refusal) is not None:
                model.hand_over(to, self.scene.now)


class Archivist:
    """The unit's data administrator: exports, plans, has the plan approved and purges, once a year."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
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
        return self.scene.ask(self.actor.hsa_id, call, None, refusal)

    def _equal(self, expected: object, found: object, what: str) -> None:
        self.scene.equal(Law.PURGE_TAKES_WHAT_IT_MAY, expected, found, what, None)

    def _version(self, model: ReferenceEnrolment) -> int:
        return len(self.scene.storage.timeline(model.id))

    def begin(self) -> None:
        """Export perhaps, and plan."""
        scene, policy = self.scene, self.scene.policy
        ended = [model for model in scene.models.values() if not model.is_open and not model.purged]
        if self.exports:
            with TemporaryDirectory() as folder:
                receipt = self._ask(partial(self._office.export, folder, formats=(Format.JSON_LINES,)))
            if receipt is not None:
                self._equal(len(ended), receipt.enrolments, "enrolments exported")
                for model in ended:
                    model.exported = self._version(model)
        plan = self._ask(partial(self._office.plan_purge))
        if plan is None:
            return
        before = scene.now.astimezone(policy.zone) - relativedelta(years=policy.retention_years)
        planned = {model.id: self._version(model) for model in ended if model.last_entry_at < before}
        self._equal(planned.keys(), {one.enrolment_id for one in plan.enrolments}, "what is planned to be purged")
        self._ask(partial(self._office.purge, plan.id), Reason.NOT_APPROVED)
        scene.at(scene.now + DAY, lambda: self._approve(plan.id, planned))

    def _approve(self, plan_id: str, planned: dict[str, int]) -> None:
        if self._ask(partial(self._office.approve, plan_id, decision="Dnr 2026-17")) is not None:
            self.scene.at(self.scene.now + 7 * DAY, lambda: self._purge(plan_id, planned))

    def _purge(self, plan_id: str, planned: dict[str, int]) -> None:
        scene, events = self.scene, self.scene.figures.events
        may: set[str] = set()
        for id_, version in planned.items():
            model = scene.models[id_]
            check_enrolment(scene, model)
            unchanged = self._version(model) == version
            if unchanged and (not scene.policy.export_before_purge or model.exported == version):
                may.add(id_)
        receipt = self._ask(partial(self._office.purge, plan_id))
        if receipt is None:
            return
        left = {skip.enrolment_id for skip in receipt.skipped}
        self._equal((may, planned.keys() - may), ({*receipt.purged}, left), "what was purged, and what was left")
        events["enrolments purged"] += len(receipt.purged)
        events["planned, and left as the rules ask"] += len(receipt.skipped)
        for id_ in receipt.purged:
            scene.models[id_].purged = True
            check_enrolment(scene, scene.models[id_])
        again = self._ask(partial(self._office.purge, plan_id))
        self._equal(receipt, again, "the receipt of a purge made twice")
        for id_ in receipt.purged[:1]:
            scene.patients[id_].visit()
