"""What the unit's administrators do: starts, hand-overs for the summer, and the yearly retention."""

from collections.abc import Callable
from datetime import date, time, timedelta
from tempfile import TemporaryDirectory
from typing import TypeVar

from dateutil.relativedelta import relativedelta

from digital_painschool.application.export import Format
from digital_painschool.domain.people import HsaId, PersonId
from digital_painschool.errors import InvalidIdentity, NotFound, Reason
from digital_painschool.ports.storage import load_timeline
from digital_painschool.testing.simulation.audit import check_account, check_purged, check_rows
from digital_painschool.testing.simulation.days import DAY, instant, working_day
from digital_painschool.testing.simulation.findings import Law
from digital_painschool.testing.simulation.patients import PatientLife
from digital_painschool.testing.simulation.reference_model import Account, Refusal, Stage
from digital_painschool.testing.simulation.region import Treatment, person
from digital_painschool.testing.simulation.scene import Scene
from digital_painschool.testing.simulation.therapists import TherapistLife

T = TypeVar("T")

_PAGE = 200
_TWO_MINUTES = timedelta(minutes=2)


class Coordinator:
    """The unit's patient administrator: starts patients, hands them over.

    Args:
        scene: Where.
        therapists: The unit's therapists, by HSA-id.
    """

    def __init__(self, scene: Scene, therapists: dict[HsaId, TherapistLife]) -> None:
        self.scene = scene
        self.actor = scene.unit.coordinator
        self.therapists = therapists
        self.chance = scene.region.chance("coordinator", scene.unit.number)
        self.patients: dict[str, PatientLife] = {}
        self.hands_over = self.chance.happens(scene.region.habits.staff.hands_over)
        for index in scene.unit.patients:
            self._plan_start(index)
        if self.hands_over:
            for life in therapists.values():
                for first, after in life.leaves:
                    self._plan_leave(life, first, after)
        scene.access_moved = self._access_moved
        scene.ended = self._ended
        scene.saves_meanwhile = lambda account, form: self.patients[account.id].save(form)

    # Starts

    def _plan_start(self, index: int) -> None:
        scene, habits = self.scene, self.scene.region.habits.patients
        chance = scene.region.chance("patient", index)
        kind = chance.weighed(
            ("vgr-reservnummer", habits.reserve_numbers),
            ("samordningsnummer", habits.coordination_numbers),
            ("personnummer", 1),
        )
        who = person(index, kind)
        day = scene.region.begins + chance.whole(0, scene.region.arrivals - 1) * DAY
        therapist = scene.unit.therapists[(index - scene.unit.patients.start) % len(scene.unit.therapists)].hsa_id
        first, second = scene.unit.treatments
        self._start_on(day, who, therapist, first)
        if chance.happens(habits.second_program):
            self._start_on(day + chance.whole(*habits.second_after_days) * DAY, who, therapist, second)

    def _start_on(self, day: date, who: PersonId, therapist: HsaId, treatment: Treatment) -> None:
        at = time(8 + self.chance.whole(0, 7), self.chance.whole(0, 59))
        when = instant(working_day(day), at, self.scene.unit.policy.zone)
        self.scene.at(when, lambda: self.start(who, therapist, treatment))

    def start(self, who: PersonId, therapist: HsaId, treatment: Treatment) -> None:
        """Start a patient: by the therapist mostly, or here for the therapist; mistyped at first sometimes."""
        scene, habits = self.scene, self.scene.region.habits.staff
        by_therapist = self.chance.happens(habits.starts_alone)
        actor = self.therapists[therapist].actor if by_therapist else self.actor
        number = who.value if "reserv" in who.scheme or self.chance.happens(0.5) else f"{who.value[:8]}-{who.value[8:]}"
        key = treatment.program.key

        def typed(text: str) -> Account | None:
            already = self._open_one(who, treatment)
            refusal = InvalidIdentity if text != number else Reason.ALREADY_OPEN if already else None
            desk = scene.school.therapist(actor)
            state = scene.ask(
                "start",
                actor.hsa_id,
                lambda: desk.start(text, program=key, therapist=therapist),
                about=already,
                refusal=refusal,
            )
            if state is None:
                return None
            account = Account(state.id, who, scene.unit.id, therapist, treatment, scene.unit.policy.zone, scene.now)
            scene.accounts[account.id] = account
            scene.find_by_person.setdefault(who, []).append(account)
            scene.equal(
                Law.ACCESS_FOLLOWS_THE_TABLE, account, account.access_until, state.access_until, "the year's end"
            )
            return account

        if self.chance.happens(habits.mistypes):
            typed(number[:-1] + str((int(number[-1]) + 1) % 10))
        account = typed(number)
        if self.chance.happens(habits.mistypes):
            typed(number)
        if account is None:
            return
        scene.want_pass(account.access_until)
        self.patients[account.id] = PatientLife(scene, account, scene.region.chance("enrolment", account.id))
        if self.chance.happens(habits.welcomes):
            life = self.therapists[therapist]
            scene.at(scene.now + _TWO_MINUTES, lambda: life.write(account, life.notify()))

    def _open_one(self, who: PersonId, treatment: Treatment) -> Account | None:
        return next(
            (
                account
                for account in self.scene.find_by_person.get(who, ())
                if account.treatment is treatment and account.stage is not Stage.ENDED
            ),
            None,
        )

    def _access_moved(self, account: Account) -> None:
        self.patients[account.id].at_boundary()
        self.scene.want_pass(account.access_until)

    def _ended(self, account: Account) -> None:
        habits = self.scene.region.habits.patients
        if self.chance.happens(habits.comes_again):
            day = self.scene.tellings.day(self.scene.now) + self.chance.whole(*habits.comes_again_after_days) * DAY
            self._start_on(day, account.person, account.therapist, account.treatment)

    # Leave

    def _plan_leave(self, life: TherapistLife, first: date, after: date) -> None:
        zone = self.scene.unit.policy.zone
        colleagues = [hsa_id for hsa_id in self.therapists if hsa_id != life.actor.hsa_id]
        if colleagues:
            colleague = self.chance.pick(colleagues)
            self.scene.at(instant(first - DAY, time(15), zone), lambda: self.hand_over(life.actor.hsa_id, colleague))
            if self.chance.happens(self.scene.region.habits.staff.hands_back):
                self.scene.at(
                    instant(after, time(7), zone), lambda: self.hand_over(colleague, life.actor.hsa_id, own=True)
                )

    def hand_over(self, from_: HsaId, to: HsaId, *, own: bool = False) -> None:
        """Hand a therapist's patients over to a colleague, or back those that were the therapist's before."""
        scene, desk = self.scene, self.scene.school.therapist(self.actor)
        rows = scene.walk(
            "look through the unit", self.actor.hsa_id, lambda after: desk.unit_caseload(after, limit=_PAGE)
        )
        if rows is None:
            return
        check_rows(scene, rows, [a for a in scene.accounts.values() if a.stage is not Stage.ENDED])
        for row in rows:
            account = scene.accounts[row.enrolment_id]
            if account.therapist == from_ and (not own or to == self._first_therapist(account)):
                self._hand_over(account, to)

    def _first_therapist(self, account: Account) -> HsaId:
        started = load_timeline(self.scene.storage, account.id)[0].event
        return getattr(started, "therapist", account.therapist)

    def _hand_over(self, account: Account, to: HsaId) -> None:
        scene, desk = self.scene, self.scene.school.therapist(self.actor)
        done = scene.ask("hand over", self.actor.hsa_id, lambda: desk.hand_over(account.id, to), about=account)
        if done is not None:
            account.hand_over(to, scene.now)
        if self.chance.happens(scene.region.habits.staff.double_click):
            again = scene.school.therapist(self.actor)
            scene.ask(
                "hand over",
                self.actor.hsa_id,
                lambda: again.hand_over(account.id, to),
                about=account,
                refusal=Reason.SAME_THERAPIST,
            )


class Archivist:
    """The unit's data administrator: exports, plans, has it approved, purges, once a year.

    Args:
        scene: Where.
    """

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.actor = scene.unit.archivist
        self.chance = scene.region.chance("archivist", scene.unit.number)
        self.exports = self.chance.happens(scene.region.habits.staff.cares_for_retention)
        self.exported: dict[str, int] = {}
        year = min(365, scene.region.days)
        for n in range(1, scene.region.days // year + 1):
            day = working_day(scene.region.begins + (n * year - self.chance.whole(year // 8, year // 4)) * DAY)
            scene.at(instant(day, time(10), scene.unit.policy.zone), self.begin)

    def begin(self) -> None:
        """Export perhaps, and plan."""
        scene, policy = self.scene, self.scene.unit.policy
        office = scene.school.administrator(self.actor)
        ended = [account for account in scene.accounts.values() if account.stage is Stage.ENDED and not account.purged]
        if self.exports:
            with TemporaryDirectory() as folder:
                receipt = self._ask("export", lambda: office.export(folder, formats=(Format.JSON_LINES,)))
            if receipt is not None:
                self._equal(len(ended), receipt.enrolments, "enrolments exported")
                self.exported = {account.id: self._version(account) for account in ended}
        plan = self._ask("plan a purge", office.plan_purge)
        if plan is None:
            return
        before = scene.now.astimezone(policy.zone) - relativedelta(years=policy.retention_years)
        old = sorted(account.id for account in ended if account.last_entry < before)
        self._equal(old, sorted(planned.enrolment_id for planned in plan.enrolments), "what is planned to be purged")
        self._ask("purge without approval", lambda: office.purge(plan.id), Reason.NOT_APPROVED)
        planned = {account_id: self._version(scene.accounts[account_id]) for account_id in old}
        scene.at(scene.now + DAY, lambda: self._approve(plan.id, planned))

    def _approve(self, plan_id: str, planned: dict[str, int]) -> None:
        office = self.scene.school.administrator(self.actor)
        done = self._ask("approve a purge", lambda: office.approve(plan_id, decision="Dnr 2026-17"))
        if done is not None:
            self.scene.at(self.scene.now + 7 * DAY, lambda: self._purge(plan_id, planned))

    def _purge(self, plan_id: str, planned: dict[str, int]) -> None:
        scene, office = self.scene, self.scene.school.administrator(self.actor)
        may: set[str] = set()
        for id_, version in planned.items():
            check_account(scene, scene.accounts[id_])
            now = self._version(scene.accounts[id_])
            if now == version and (not scene.unit.policy.export_before_purge or self.exported.get(id_) == now):
                may.add(id_)
        receipt = self._ask("purge", lambda: office.purge(plan_id))
        if receipt is None:
            return
        self._equal(sorted(may), sorted(receipt.purged), "what was purged")
        self._equal(
            sorted(planned.keys() - may), sorted(skip.enrolment_id for skip in receipt.skipped), "what was left"
        )
        scene.figures.events["enrolments purged"] += len(receipt.purged)
        scene.figures.events["planned, and left as the rules ask"] += len(receipt.skipped)
        for id_ in receipt.purged:
            account = scene.accounts[id_]
            account.purged = True
            check_purged(scene, account)
        self._equal(
            receipt, self._ask("purge again", lambda: office.purge(plan_id)), "the receipt of a purge made twice"
        )
        for id_ in receipt.purged[:1]:
            self._ask_for_purged(id_)

    def _ask_for_purged(self, id_: str) -> None:
        account = self.scene.accounts[id_]
        room = self.scene.school.patient(account.person.value)
        self.scene.ask("look at what was purged", "patient", lambda: room.overview(id_), refusal=NotFound)

    def _version(self, account: Account) -> int:
        return len(load_timeline(self.scene.storage, account.id))

    def _ask(self, kind: str, call: Callable[[], T], refusal: Refusal | None = None) -> T | None:
        return self.scene.ask(kind, self.actor.hsa_id, call, refusal=refusal)

    def _equal(self, expected: object, seen: object, what: str) -> None:
        if expected != seen:
            self.scene.find(Law.PURGE_TAKES_WHAT_IT_MAY, None, f"{what}: {expected!r} by the books, and it is {seen!r}")
