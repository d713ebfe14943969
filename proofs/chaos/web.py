"""A web worker: a process that takes one desk call after another, until it is stopped or killed."""

from datetime import datetime
from random import Random
from time import time

from attrs import evolve

from digital_painschool.bootstrap.school import PainSchool
from digital_painschool.domain.enrolment import Enrolment, Phase
from digital_painschool.domain.notification import Notify
from digital_painschool.domain.people import Actor
from digital_painschool.errors import OutcomeUnknown, PainSchoolError
from proofs.chaos.calls import DOINGS, FIRST, Visit
from proofs.chaos.cast import HOUSES, KEYS, NUMBERS, House, opened
from proofs.chaos.clock import LyingClock
from proofs.chaos.journal import Journal, answered
from proofs.chaos.setting import Setting

_OWN = 2
"""So many patients are a worker's own; all others are everybody's."""
_CIRCLES = (2, 3, 2, 3)
"""How often: its own, those in demand, all others, and the one whom all workers meet at for a second."""
_LOOK_AGAIN = 0.08
_IN_DEMAND = 4
"""So many of everybody's patients are asked for more often than all others together."""
_LEARNS = 0.3
_CLICKS_TWICE = 0.1
_NOTIFY = (Notify.NONE, Notify.DIRECT, Notify.COLLECTED, Notify.COLLECTED)


class WebWorker:
    """Takes desk calls for patients, therapists and patient administrators.

    Args:
        setting: The run.
        place: The how many-eth web worker this is; one that is restarted has the place of the one before.
        life: The number of the process.
    """

    def __init__(self, setting: Setting, place: int, life: int) -> None:
        self._setting = setting
        self._random = Random(f"{setting.seed} web {place} {life}")
        self._life = life
        self._clock = LyingClock(setting, life, self._random)
        self._now = self._clock.draw()
        self._journal = Journal(setting.folder, life, "web")
        own = NUMBERS[: _OWN * setting.web]
        self._own = own[_OWN * place : _OWN * (place + 1)]
        self._shared = NUMBERS[len(own) :]
        self._known: dict[tuple[str, str], tuple[Enrolment, ...]] = {}

    def work(self) -> None:
        """Take calls until the run is stopped."""
        with opened(self._setting, lambda: self._now) as school:
            while self._setting.goes_on:
                self._one_call(school)
        self._journal.close()

    def _one_call(self, school: PainSchool) -> None:
        number = self._random.choice(self._circle())
        house = self._random.choices(HOUSES, (3, 1))[0]
        key = self._random.choice(KEYS)
        known = self._known.get((house.unit, number))
        if known is None or self._random.random() < _LOOK_AGAIN:
            self._look(school, house, number)
            return
        enrolment = next((one for one in known if one.program == key and one.phase is not Phase.ENDED), None)
        if enrolment is None:
            self._start(school, house, number, key)
        else:
            self._visit(school, house, number, enrolment)

    def _circle(self) -> tuple[str, ...]:
        met = self._shared[int(time()) % _IN_DEMAND]
        circles = (self._own, self._shared[:_IN_DEMAND], self._shared[_IN_DEMAND:], (met,))
        return self._random.choices(circles, _CIRCLES)[0]

    def _look(self, school: PainSchool, house: House, number: str) -> None:
        self._now = self._clock.draw()
        asked = self._journal.asked("find", at=self._now, by=house.coordinator.hsa_id, unit=house.unit)
        found = answered(self._journal, asked, lambda: school.therapist(house.coordinator).find(number))
        if isinstance(found, tuple):
            self._known[house.unit, number] = found

    def _start(self, school: PainSchool, house: House, number: str, key: str) -> None:
        self._now = self._clock.draw()
        therapist = self._random.choice(house.therapists)
        started(self._journal, school, house, number, key, therapist=therapist, at=self._now)
        self._known.pop((house.unit, number), None)

    def _visit(self, school: PainSchool, house: House, number: str, enrolment: Enrolment) -> None:
        name = self._random.choices(tuple(DOINGS), [one.weight for one in DOINGS.values()])[0]
        if not enrolment.conversations:
            name = FIRST.get(name, name)
        self._now = self._clock.draw()
        text = f"{self._life}-{self._now:%j%H%M%S%f}"
        visit = Visit(
            school=school,
            random=Random(text),
            house=house,
            enrolment=enrolment,
            text=text,
            notify=self._random.choice(_NOTIFY),
            once=text if DOINGS[name].takes_step else None,
        )
        came = visited(self._journal, name, visit, at=self._now)
        if visit.once and (isinstance(came, OutcomeUnknown) or self._random.random() < _CLICKS_TWICE):
            self._now = self._clock.draw()
            came = visited(self._journal, name, evolve(visit, random=Random(text)), at=self._now)
        known = self._known[house.unit, number]
        if isinstance(came, Enrolment):
            self._known[house.unit, number] = tuple(came if one.id == came.id else one for one in known)
        elif isinstance(came, PainSchoolError) and self._random.random() < _LEARNS:
            del self._known[house.unit, number]


def started(
    journal: Journal, school: PainSchool, house: House, number: str, key: str, *, therapist: Actor, at: datetime
) -> object:
    """Start a program for a patient, and journal it; gives the answer, or the error."""
    by = house.coordinator
    asked = journal.asked("start", at=at, by=by.hsa_id, unit=house.unit, program=key)
    return answered(journal, asked, lambda: school.therapist(by).start(number, program=key, therapist=therapist.hsa_id))


def visited(journal: Journal, name: str, visit: Visit, *, at: datetime) -> object:
    """Do one of the things that people do, and journal it; gives the answer, or the error.

    The same visit again is the same call under the same key.
    """
    doing = DOINGS[name]
    who = {
        "patient": "patient",
        "therapist": visit.therapist.hsa_id,
        "coordinator": visit.house.coordinator.hsa_id,
    }
    facts = {"text": visit.text, "notify": visit.notify.value} if doing.writes else {}
    if visit.once:
        facts["once"] = visit.once
    asked = journal.asked(name, at=at, by=who[doing.by], unit=visit.house.unit, enrolment=visit.id, **facts)
    return answered(journal, asked, lambda: doing.call(visit))
