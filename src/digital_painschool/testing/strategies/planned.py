"""The school of a history that is being drawn: the reference model, its clock, and its delivery worker."""

from datetime import datetime

from attrs import Factory, define, field

from digital_painschool.domain.ids import EnrolmentId, PlanId
from digital_painschool.domain.people import Actor, PersonId
from digital_painschool.domain.policy import Policy
from digital_painschool.domain.program import Program
from digital_painschool.testing.environment import START
from digital_painschool.testing.history import EnrolmentStep, TherapistWrites
from digital_painschool.testing.people import RESERVE_NUMBER, UNIT
from digital_painschool.testing.reference.calendar import is_forenoon
from digital_painschool.testing.reference.enrolment import ReferenceEnrolment
from digital_painschool.testing.reference.expectations import ExpectedNotification
from digital_painschool.testing.reference.school import ReferencePlan, ReferenceSchool
from digital_painschool.testing.reference.steps import execute


@define(eq=False)
class PlannedSchool:
    """A school as it is after the steps that were drawn so far.

    Attributes:
        waiting: The notifications to patients that no pass has dealt with.
        finished: The purge plans that were carried out.
    """

    programs: tuple[Program, ...]
    policy: Policy
    now: datetime = START
    model: ReferenceSchool = field(init=False)
    waiting: list[ExpectedNotification] = Factory(list)
    finished: list[ReferencePlan] = Factory(list)

    def __attrs_post_init__(self) -> None:
        self.model = ReferenceSchool(self.policy)

    def start(self, number: str, program: Program, by: Actor) -> ReferenceEnrolment:
        """Start a program."""
        id_ = f"e-{len(self.model.enrolments)}"
        return self.model.start(EnrolmentId(id_), PersonId("number", number), program, by, self.now)

    def execute(self, enrolment: ReferenceEnrolment, step: EnrolmentStep) -> None:
        """Execute a step that is accepted."""
        number = execute(enrolment, step, self.now)
        if isinstance(step, TherapistWrites) and step.notify.value != "none":
            assert isinstance(number, int)
            conversation = step.conversation or len(enrolment.conversations)
            self.waiting.append(
                ExpectedNotification.of_message(enrolment, 0, conversation, number, step.notify, self.now)
            )

    def deliver(self) -> None:
        """Run a delivery pass: it finds out who cannot be reached in the inbox."""
        for one in [*self.waiting]:
            if one.due_at <= self.now and (not one.collected or is_forenoon(self.now, self.policy)):
                self.waiting.remove(one)
                if one.has_reason(self.now) and one.enrolment.number == RESERVE_NUMBER:
                    enrolment, lost = one.enrolment, f"{one} of {one.due_at}"
                    enrolment.notes += 1
                    enrolment.undelivered.append(lost)
                    enrolment.lost_at[lost] = enrolment.version, self.now
                    enrolment.raised.add(enrolment.version, "undelivered")

    def export(self) -> None:
        """Export the ended enrolments."""
        for one in self.model.exported(UNIT):
            one.exported = one.version

    @property
    def plan(self) -> ReferencePlan | None:
        """The last purge plan."""
        return self.model.plans[-1] if self.model.plans else None

    def plan_purge(self) -> ReferencePlan:
        """Plan a purge."""
        return self.model.plan_purge(PlanId(f"plan-{len(self.model.plans)}"), UNIT, self.now)

    def purge(self, plan: ReferencePlan) -> None:
        """Carry out a plan, once; the ordinals of a patient's later enrolments change."""
        planned = [one for one in self.model.stored() if one.id in plan.versions]
        if plan not in self.finished:
            for one in [one for one in planned if self.model.skipped(one, plan, self.now) is None]:
                one.purged = True
            self.finished.append(plan)
