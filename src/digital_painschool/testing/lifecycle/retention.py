"""The rules of retention: the administrator's procedure over the years, with changes, deaths and repeated purges."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.domain.notification import Channel, Notify
from digital_painschool.domain.people import Actor, HsaId, Role
from digital_painschool.domain.retention import PlanState, PurgePlan, PurgeReceipt, Skip
from digital_painschool.errors import DeliveryError, Reason
from digital_painschool.ports.storage import Storage, load_enrolment, load_purge, readable
from digital_painschool.testing.example import PAIN
from digital_painschool.testing.faults import Fault
from digital_painschool.testing.history import End, PatientWrites, ReadPage, SaveDraft, SaveForm, Withdraw
from digital_painschool.testing.lifecycle.base import (
    ENROLMENT,
    MOST_ENROLMENTS,
    THERAPISTS,
    during,
    message,
)
from digital_painschool.testing.lifecycle.checks import log_violations
from digital_painschool.testing.lifecycle.clock import BESIDE
from digital_painschool.testing.lifecycle.desk_calls import RepeatedDeskCalls
from digital_painschool.testing.people import OTHER_UNIT, UNIT, staff
from digital_painschool.testing.reference.calendar import MICROSECOND, years_later
from digital_painschool.testing.reference.checks import purge_violations
from digital_painschool.testing.reference.laws import Law, LawViolation, require, unequal, unless
from digital_painschool.testing.reference.school import ReferencePlan
from digital_painschool.testing.scenario import Scenario

_LAW = Law.PURGE_TAKES_WHAT_IT_MAY
_PLAN = st.integers(0, 2)
_FORGETS_NOTHING = Fault("forget", times=None, does=DeliveryError("busy"))
_WHERE = st.sampled_from(["here", "here", "here", "elsewhere"])
LIVES: Mapping[str, tuple[Notify, str]] = MappingProxyType(
    {
        "quiet": (Notify.NONE, "none"),
        "notified": (Notify.DIRECT, "none"),
        "notified in the end": (Notify.DIRECT, "busy"),
        "claimed": (Notify.DIRECT, "dies before"),
        "notified and claimed": (Notify.DIRECT, "dies"),
        "waiting": (Notify.COLLECTED, "none"),
    }
)
"""How the patient is notified of the last message of a treatment, and what goes wrong with that."""


def _unit(where: str) -> HsaId:
    return UNIT if where == "here" else OTHER_UNIT


def _administrator(unit: HsaId) -> Actor:
    return staff(4, Role.DATA_ADMINISTRATOR, unit=unit)


class Retention(RepeatedDeskCalls):
    """The fate of records when everything is over."""

    def __init__(self) -> None:
        super().__init__()
        self._exports = 0

    @property
    def plans(self) -> list[ReferencePlan]:
        """The purge plans, oldest first."""
        return self.model.school.plans

    @rule(patient=st.integers(0, 2), therapist=st.sampled_from([*THERAPISTS]), life=st.sampled_from([*LIVES]))
    @during("records")
    @precondition(lambda self: len(self.enrolments) < MOST_ENROLMENTS)
    def a_life(self, patient: int, therapist: str, life: str) -> None:
        """Start, continue and end a treatment; a worker may leave a notification claimed."""
        of = self.enrol(self.numbers[patient], THERAPISTS[therapist], self.programs[1])
        if of is not None:
            notify, trouble = LIVES[life]
            self.take(of, SaveForm(PAIN, {"smarta": 9}))
            self.take(of, SaveDraft(PAIN, {"smarta": 8}))
            self.take(of, PatientWrites())
            self.take(of, message(of, 0, notify))
            self.make_pass([trouble])
            self.take(of, End())

    @rule(patient=st.integers(0, 2), ends=st.booleans(), life=st.sampled_from([*LIVES]))
    @during("records", "treatment")
    @precondition(lambda self: len(self.enrolments) < MOST_ENROLMENTS)
    def a_slip(self, patient: int, ends: bool, life: str) -> None:  # noqa: FBT001
        """Start for the wrong person, who reads and begins to write; withdraw it, also after an end; start again."""
        of = self.enrol(self.numbers[patient], THERAPISTS["nurse"], self.programs[1])
        if of is not None:
            notify, trouble = LIVES[life]
            self.take(of, message(of, 0, notify))
            self.take(of, ReadPage(1))
            self.take(of, SaveDraft(PAIN, {"smarta": 8}))
            self.make_pass([trouble])
            if ends:
                self.take(of, End())
            self.take(of, Withdraw())
            self.take(of, ReadPage(1))
            if len(self.enrolments) < MOST_ENROLMENTS:
                self.enrol(of.number, of.therapist_actor, of.program)

    @rule(enrolment=ENROLMENT, microseconds=BESIDE)
    @during("records")
    def wait_for_the_end_of_the_period(self, enrolment: int, microseconds: int) -> None:
        """Wait for years, until a record may be purged."""
        ended = [one for one in self.model.school.stored() if not one.is_open]
        if ended:
            last = ended[enrolment % len(ended)].last_entry_at
            over = years_later(last, self.policy.retention_years, self.policy.zone)
            self.move(over + microseconds * MICROSECOND)

    @rule(where=_WHERE)
    @during("records")
    def export(self, where: str) -> None:
        """Export the unit's ended enrolments."""
        unit = _unit(where)
        self._exports += 1
        by, name = _administrator(unit), f"export-{self._exports}"
        if self.ask_under_key(
            _LAW,
            "the administrator exports",
            lambda s, key: s.school.administrator(by).export(s.environment.folder / name, once=key),
            by=by.hsa_id,
        ) and all(one.exported == one.version or one.is_withdrawn for one in readable(self.school.storage.ended(unit))):
            for one in self.model.school.exported(unit):
                one.exported = one.version

    @rule(where=_WHERE)
    @during("records")
    def plan(self, where: str) -> None:
        """Plan a purge: of the ended enrolments whose period is over, of the withdrawn ones, and no others."""
        unit = _unit(where)
        by = _administrator(unit)
        made: list[PurgePlan] = []

        def call(school: Scenario, key: str) -> PurgePlan:
            made.append(school.school.administrator(by).plan_purge(once=key))
            return made[-1]

        self.ask_under_key(_LAW, "the administrator plans a purge", call, by=by.hsa_id, is_logged=True)
        if made:
            plan = self.model.school.plan_purge(made[0].id, unit, self.now)
            found = {planned.enrolment_id: planned.version for planned in made[0].enrolments}
            what = "the planned enrolments, which are the ended ones whose period is over, and the withdrawn ones"
            require(unequal(_LAW, plan.versions, found, what))
            expected = {one.id for one in self.model.school.stored(unit) if one.is_withdrawn}
            withdrawn = {planned.enrolment_id for planned in made[0].enrolments if planned.is_withdrawn}
            require(unequal(_LAW, expected, withdrawn, "the planned enrolments that were withdrawn"))

    @rule(where=_WHERE, state=st.sampled_from(PlanState))
    @during("records")
    @precondition(lambda self: self.plans)
    def list_the_plans(self, where: str, state: PlanState) -> None:
        """List the unit's plans that have come so far, oldest first."""
        unit = _unit(where)
        by = _administrator(unit)
        expected = [one.id for one in self.plans if one.unit == unit and one.state is state]
        found: list[list[str]] = []

        def call(school: Scenario) -> object:
            page = school.school.administrator(by).pages.plans(state=state, newest_first=False)
            found.append([one.id for one in page.rows])
            return page

        self.ask(_LAW, "the administrator lists the plans", call, by=by.hsa_id, is_logged=True)
        if found:  # else the process has died
            require(unequal(_LAW, expected, found[0], f"the plans that are {state.value}"))

    @rule(plan=_PLAN)
    @during("records")
    @precondition(lambda self: self.plans)
    def approve(self, plan: int) -> None:
        """Approve a plan; a second decision changes nothing."""
        of = self.plans[-1 - plan % len(self.plans)]
        by, decision = _administrator(of.unit), f"RS {2026 + of.is_approved}-1"
        of.is_approved |= self.ask_under_key(
            _LAW,
            "the administrator approves",
            lambda s, key: s.school.administrator(by).approve(of.id, decision=decision, once=key),
            by=by.hsa_id,
            is_logged=True,
        )
        stored = load_purge(self.school.storage, of.id).plan
        reference = stored.decision.reference if stored is not None and stored.decision is not None else None
        expected = "RS 2026-1" if of.is_approved else None
        require(unequal(_LAW, expected, reference, "the decision that the plan rests on"))

    @rule(plan=_PLAN, inbox_fails=st.sampled_from([False, False, True]))
    @during("records")
    @precondition(lambda self: self.plans)
    def purge(self, plan: int, inbox_fails: bool) -> None:  # noqa: FBT001
        """Carry out a plan; the purge may be interrupted, and continued."""
        of = self.plans[-1 - plan % len(self.plans)]
        by, school, storage = _administrator(of.unit), self.model.school, self.school.storage
        receipts: list[PurgeReceipt] = []

        def call(one: Scenario, key: str) -> PurgeReceipt:
            receipts.append(one.school.administrator(by).purge(of.id, once=key))
            return receipts[-1]

        planned = [one for one in school.enrolments if one.id in of.versions]
        stored = [one for one in planned if not one.purged]
        skips = {one.id: school.skipped(one, of, self.now) for one in planned}
        may_go = {id_ for id_, why in skips.items() if of.is_approved and why is None}
        needed = {key for one in school.stored() if one.is_open for key in _keys(storage, one.unit, one.id)}
        keys = {one.id: _keys(storage, one.unit, one.id) - needed for one in stored}
        inbox_fails &= self.asked.armed is None and any(keys[id_] for id_ in may_go - of.outcome.keys())
        failure = DeliveryError if inbox_fails and of.receipt is None else None
        for recording in self.asked.recordings:
            recording.sending.inject(*([_FORGETS_NOTHING] if inbox_fails else []))
        refusal = failure if of.is_approved else Reason.NOT_APPROVED
        self.ask_under_key(_LAW, "the administrator purges", call, refusal=refusal, by=by.hsa_id)
        storage = self.school.storage  # the process may have died: another one reads
        for recording in self.asked.recordings:
            recording.sending.clear()
        forgotten = self.asked.recordings[0].forgotten
        lost = needed & forgotten
        require(unless(not lost, _LAW, f"open enrolments need {lost}, and the inbox was told to forget it"))
        for one in stored:
            if load_enrolment(storage, one.id) is None:
                require(unless(one.id in may_go, _LAW, "purged, and must not be", one.id))
                require(unless(of.receipt is None, _LAW, "purged with a plan that was carried out before", one.id))
                one.purged = of.outcome[one.id] = True
                require(purge_violations(one, storage))
                unforgotten = keys[one.id] - forgotten
                what = f"purged, and the inbox was not told to forget {unforgotten}"
                require(unless(not unforgotten, _LAW, what, one.id))
                require(log_violations(storage, one.unit, one.id))
        require(self._skip_violations(of, skips))
        if receipts:
            require(_receipt_violations(of, receipts[0], may_go))
            require(unequal(_LAW, receipts[0], load_purge(storage, of.id).receipt, "the stored receipt"))

    def _skip_violations(self, of: ReferencePlan, skips: Mapping[EnrolmentId, Skip | None]) -> Iterator[LawViolation]:
        for id_, skipped in load_purge(self.school.storage, of.id).progress.items():
            if skipped is not None and id_ not in of.outcome:
                yield from unequal(_LAW, skips[id_], skipped.why, "the reason why it was skipped", id_)
                of.outcome[id_] = False

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
        """Run some treatments, wait for years, and export, plan, approve and purge, twice; perhaps run a pass."""
        for patient, life in enumerate(lives[: MOST_ENROLMENTS - len(self.enrolments)]):
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
                self.asked.armed = (dies, how)
            self.purge(0, inbox_fails=False)
            self.purge(0, inbox_fails=False)

    procedure_again = the_whole_procedure
    """The same, so that it comes twice as often."""


def _keys(storage: Storage, unit: HsaId, enrolment_id: EnrolmentId) -> set[tuple[Channel, str]]:
    return {(Channel.INBOX, key) for key in storage.notification_keys(unit, [enrolment_id])}


def _receipt_violations(of: ReferencePlan, receipt: PurgeReceipt, may_go: set[EnrolmentId]) -> Iterator[LawViolation]:
    if of.receipt is not None:
        yield from unequal(_LAW, of.receipt, receipt, "purged twice: the second receipt")
        return
    of.receipt = receipt
    skipped = {skip.enrolment_id for skip in receipt.skipped}
    for id_ in of.versions:
        was_purged = of.outcome.get(id_, False)
        is_done = id_ in of.outcome or id_ not in may_go
        yield from unless(is_done, _LAW, "may be purged, and was neither purged nor skipped", id_)
        found = (id_ in receipt.purged, id_ in skipped)
        yield from unequal(_LAW, (was_purged, not was_purged), found, "purged and skipped, as the receipt says", id_)
