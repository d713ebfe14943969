"""Who tries what is not theirs: staff of other units, colleagues, administrators, other patients. Law 9."""

from collections.abc import Callable
from datetime import time, timedelta

from attrs import evolve

from digital_painschool.bootstrap.school import PainSchool
from digital_painschool.domain.people import Actor
from digital_painschool.errors import NotFound, NotPermitted
from digital_painschool.testing.simulation.days import DAY, instant
from digital_painschool.testing.simulation.reference_model import Account, Stage
from digital_painschool.testing.simulation.scene import Scene

_Try = Callable[[PainSchool, Actor, Account], object]

_ON_AN_ENROLMENT: tuple[_Try, ...] = (
    lambda school, who, account: school.therapist(who).timeline(account.id),
    lambda school, who, account: school.therapist(who).answers(account.id, "halsoskattning"),
    lambda school, who, account: school.therapist(who).conversations(account.id),
    lambda school, who, account: school.therapist(who).start_conversation(account.id, "Hej"),
    lambda school, who, account: school.therapist(who).review(account.id),
    lambda school, who, account: school.therapist(who).maintain(account.id, days=30, modules=(1,)),
    lambda school, who, account: school.therapist(who).end(account.id, reason="annan"),
    lambda school, who, account: school.therapist(who).notifications(account.id),
)
"""What is the own therapist's alone."""
_BY_THE_UNIT: tuple[_Try, ...] = (
    lambda school, who, account: school.therapist(who).enrolment(account.id),
    lambda school, who, account: school.therapist(who).to_handle(account.id),
    lambda school, who, account: school.therapist(who).hand_over(account.id, who.hsa_id),
)
"""What a unit's patient administrator may do too, and nobody else."""
_ON_A_UNIT: tuple[_Try, ...] = (
    lambda school, who, _: school.administrator(who).plan_purge(),
    lambda school, who, _: school.administrator(who).access_log(),
    lambda school, who, _: school.administrator(who).receipts(),
)
"""What is the data administrator's alone."""


class Strangers:
    """Tries, on some days, what must be refused.

    Args:
        scene: Where.
    """

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.chance = scene.region.chance("strangers", scene.unit.number)
        self._habits = scene.region.habits.mishaps
        scene.at(scene.now, self.day)

    def day(self) -> None:
        """Plan what is tried on a day."""
        zone = self.scene.unit.policy.zone
        today = self.scene.tellings.day(self.scene.now)
        self.scene.at(instant(today + DAY, time(0), zone), self.day)
        if self.chance.happens(self._habits.strangers):
            self.scene.at(self.scene.now + self.chance.time(timedelta(0), DAY), self.try_something)

    def try_something(self) -> None:
        """Try one thing."""
        scene, unit = self.scene, self.scene.unit
        there = [account for account in scene.accounts.values() if not account.purged]
        if not there:
            return
        account = self.chance.pick(there)
        if self.chance.happens(self._habits.strange_patients):
            self._as_patient(account, self.chance.pick(there))
        elif self.chance.happens(self._habits.strange_officers):
            who = self.chance.pick((unit.coordinator, unit.therapists[0]))
            self._try(self.chance.pick(_ON_A_UNIT), who, None, account)
        else:
            colleagues = [who for who in unit.therapists if who.hsa_id != account.therapist]
            own = next(who for who in unit.therapists if who.hsa_id == account.therapist)
            elsewhere = evolve(own, unit=unit.strangers[0].unit)
            outside = (*unit.strangers, elsewhere, unit.archivist, *colleagues[:1])
            if self.chance.happens(self._habits.strange_readers):
                self._try(self.chance.pick(_BY_THE_UNIT), self.chance.pick(outside), account, account)
            else:
                self._try(
                    self.chance.pick(_ON_AN_ENROLMENT), self.chance.pick((*outside, unit.coordinator)), account, account
                )

    def _try(self, what: _Try, who: Actor, about: Account | None, account: Account) -> None:
        school = self.scene.school
        self.scene.ask(
            "try what is not theirs", who.hsa_id, lambda: what(school, who, account), about=about, refusal=NotPermitted
        )

    def _as_patient(self, account: Account, other: Account) -> None:
        room = self.scene.school.patient(account.person.value)
        if account.person == other.person:
            self.scene.ask("ask for nothing", "patient", lambda: room.overview("9999-999999"), refusal=NotFound)
        else:
            self.scene.ask(
                "look at another's enrolment",
                "patient",
                lambda: room.conversations(other.id) if other.stage is Stage.ENDED else room.write(other.id, "Hej"),
                about=other,
                refusal=NotPermitted,
            )
