"""The reference model of a school: its enrolments, and the purge plans of its units."""

from collections.abc import Mapping
from datetime import datetime

from attrs import define, evolve, field

from digital_painschool.domain.ids import EnrolmentId, PlanId
from digital_painschool.domain.people import Actor, HsaId, PersonId, Role
from digital_painschool.domain.policy import Policy
from digital_painschool.domain.program import Program
from digital_painschool.domain.retention import PlanState, PurgeReceipt, Skip
from digital_painschool.testing.history import EnrolmentStep, HandOver, TherapistStep, Withdraw
from digital_painschool.testing.people import COORDINATOR, NURSE
from digital_painschool.testing.reference.calendar import years_later
from digital_painschool.testing.reference.enrolment import ReferenceEnrolment


@define(eq=False)
class ReferencePlan:
    """A purge plan as the model has it.

    Args:
        id: The plan's id.
        unit: The unit whose records they are.
        versions: The planned enrolments, each with its version.
        is_approved: Whether the plan is approved.
        outcome: What became of each enrolment: True is purged, False skipped. It is empty until something is done.
        receipt: The receipt of the finished purge.
    """

    id: PlanId
    unit: HsaId
    versions: Mapping[EnrolmentId, int]
    is_approved: bool = False
    outcome: dict[EnrolmentId, bool] = field(factory=dict)
    receipt: PurgeReceipt | None = None

    @property
    def state(self) -> PlanState:
        """The progress of the plan."""
        if self.receipt is not None:
            return PlanState.EXECUTED
        return PlanState.APPROVED if self.is_approved else PlanState.OPEN


@define(eq=False)
class ReferenceSchool:
    """The enrolments of a school, oldest first, and its plans."""

    policy: Policy
    enrolments: list[ReferenceEnrolment] = field(factory=list)
    plans: list[ReferencePlan] = field(factory=list)

    def stored(self, unit: HsaId | None = None) -> list[ReferenceEnrolment]:
        """Return the enrolments that are not purged, of all units or of one."""
        return [one for one in self.enrolments if not one.purged and unit in {None, one.unit}]

    def open_enrolment(self, number: str, unit: HsaId, program: str) -> ReferenceEnrolment | None:
        """Return a patient's open enrolment in a program at a unit: a second one is refused."""
        place = (number, unit, program)
        return next((e for e in self.stored() if e.is_open and (e.number, e.unit, e.program.key) == place), None)

    def start(
        self,
        id_: EnrolmentId,
        person: PersonId,
        program: Program,
        by: Actor,
        now: datetime,
        therapist: HsaId | None = None,
    ) -> ReferenceEnrolment:
        """Start a program for a patient of a therapist, by default of the one who does it; return the enrolment."""
        enrolment = ReferenceEnrolment(
            id=id_,
            person=person,
            unit=by.unit,
            therapist=therapist or by.hsa_id,
            program=program,
            policy=self.policy,
            started_at=now,
            started_by=by.hsa_id,
        )
        enrolment.give(by.hsa_id, now)
        self.enrolments.append(enrolment)
        return enrolment

    def addressed(self, enrolment: ReferenceEnrolment, step: EnrolmentStep) -> EnrolmentStep:
        """Return a step with its enrolment, taken by the therapist, starter or coordinator unless it names another."""
        who, which = enrolment.number, 99
        if not enrolment.purged:
            which = [e for e in self.stored() if e.number == who].index(enrolment) + 1
        if isinstance(step, HandOver | Withdraw) and step.by == COORDINATOR:
            by = Actor(hsa_id=COORDINATOR.hsa_id, unit=enrolment.unit, roles={Role.PATIENT_ADMINISTRATOR})
            return evolve(step, who=who, which=which, by=by)
        if isinstance(step, Withdraw) and step.by == NURSE:
            starter = Actor(hsa_id=enrolment.started_by, unit=enrolment.unit, roles={Role.THERAPIST})
            return evolve(step, who=who, which=which, by=starter)
        if isinstance(step, TherapistStep) and step.by == NURSE:
            return evolve(step, who=who, which=which, by=enrolment.therapist_actor)
        return evolve(step, who=who, which=which)

    def is_due(self, enrolment: ReferenceEnrolment, now: datetime) -> bool:
        """Return whether an enrolment may be planned: ended for longer than the period, or withdrawn at any time."""
        if enrolment.purged or enrolment.is_open:
            return False
        edge = years_later(now, -self.policy.retention_years, self.policy.zone)
        return enrolment.is_withdrawn or enrolment.last_entry_at < edge

    def exported(self, unit: HsaId | None = None) -> list[ReferenceEnrolment]:
        """Return the enrolments that an export holds: those that have ended, and no withdrawn one."""
        return [one for one in self.stored(unit) if not one.is_open and not one.is_withdrawn]

    def plan_purge(self, id_: PlanId, unit: HsaId, now: datetime) -> ReferencePlan:
        """Plan a purge of the enrolments of a unit that may be planned; return the plan."""
        versions = {one.id: one.version for one in self.stored(unit) if self.is_due(one, now)}
        self.plans.append(ReferencePlan(id_, unit, versions))
        return self.plans[-1]

    def skipped(self, enrolment: ReferenceEnrolment, plan: ReferencePlan, now: datetime) -> Skip | None:
        """Return why a planned enrolment may not be purged now, or None when it may."""
        reasons = {
            Skip.NOT_ENDED: enrolment.purged,
            Skip.CHANGED: enrolment.version != plan.versions[enrolment.id],
            Skip.TOO_YOUNG: not self.is_due(enrolment, now),
            Skip.NOT_EXPORTED: self.policy.export_before_purge
            and not enrolment.is_withdrawn
            and enrolment.exported != enrolment.version,
        }
        return next((reason for reason, holds in reasons.items() if holds), None)
