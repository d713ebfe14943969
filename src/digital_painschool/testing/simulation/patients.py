"""The life of a patient: visits with a weekly rhythm, modules, forms, messages, leaving, coming back, knocking."""

from collections.abc import Callable, Mapping
from datetime import datetime, time, timedelta
from functools import partial
from types import MappingProxyType
from typing import TypeVar

from attrs import evolve

from digital_painschool.application.patient import PatientDesk
from digital_painschool.application.results import CompletedModule, SavedForm, SentMessage
from digital_painschool.domain.form import Choice, Form, ManyChoices, Number, Question, Scale, Text
from digital_painschool.domain.people import Author
from digital_painschool.errors import NotFound, Reason
from digital_painschool.testing.reference import checks, refusals
from digital_painschool.testing.reference.calendar import DAY, MICROSECOND
from digital_painschool.testing.reference.enrolment import ReferenceEnrolment
from digital_painschool.testing.reference.forms import reaches_alert
from digital_painschool.testing.reference.laws import Law
from digital_painschool.testing.reference.refusals import Refusal
from digital_painschool.testing.simulation.audit import view_violations
from digital_painschool.testing.simulation.chance import Chance
from digital_painschool.testing.simulation.scene import Scene

T = TypeVar("T")

_NO_FORM, _NO_MODULE = "ingen", 99
_QUESTION = "Hej, hur gör jag med övningen?"
_AN_HOUR = timedelta(hours=1)


class PatientLife:
    """One enrolment as its patient lives it.

    Args:
        scene: The unit.
        model: The enrolment.
        chance: The patient's random numbers.
    """

    def __init__(self, scene: Scene, model: ReferenceEnrolment, chance: Chance) -> None:
        self.scene = scene
        self.model = model
        self.chance = chance
        habits = scene.region.habits.patients
        self.pace = chance.weighed(*habits.paces)
        self.habits = evolve(habits, reads=0.0) if chance.happens(habits.never_reads) else habits
        self.pain = chance.whole(*habits.pain)
        self.visits_left = chance.whole(*habits.visits_before_leaving) if chance.happens(habits.leaves_early) else None
        later = chance.whole(*habits.days_before_leaving) if chance.happens(habits.leaves_later) else None
        self.leaves_on = None if later is None else model.started_at + later * DAY
        self.knocks = chance.happens(habits.knocks)
        self.plan_boundary()
        self._visit_in(chance.whole(*habits.first_visit_days))

    @property
    def _desk(self) -> PatientDesk:
        return self.scene.school.patient(self.model.person)

    def _ask(self, call: "partial[T]", refusal: Refusal | None = None) -> T | None:
        return self.scene.ask("patient", call, self.model, refusal)

    def _equal(self, law: Law, expected: object, found: object, what: str) -> None:
        self.scene.equal(law, expected, found, what, self.model)

    # The times of visits

    def plan_boundary(self) -> None:
        """Plan tries at the last instant of access and at the first without it; again when it is moved."""
        until = self.model.access_until
        for when in (until - MICROSECOND, until):
            self.scene.at(when, lambda: self._try_boundary(until))

    def _try_boundary(self, until: datetime) -> None:
        if until == self.model.access_until and not self.model.purged:
            first = self.model.order[0]
            self._open(first)
            self.save_form(self._forms(first)[0])

    def _visit_in(self, days: int) -> None:
        """Plan a visit some days on, on a day and at an hour that people choose."""
        day = self.scene.today + days * DAY
        while not self.chance.happens(self.habits.weekdays[day.weekday()]):
            day += DAY
        hour, length = self.chance.weighed(((17, 6), self.habits.evening), ((23, 8), self.habits.night), ((7, 10), 1))
        when = self.scene.instant(day, time(hour)) + self.chance.time(timedelta(0), length * _AN_HOUR)
        self.scene.at(max(when, self.scene.now + MICROSECOND), self.visit)

    def _next_visit(self) -> None:
        model, now, habits = self.model, self.scene.now, self.habits
        if self.visits_left is not None:
            self.visits_left -= 1
        if self.visits_left == 0 or (self.leaves_on is not None and now >= self.leaves_on):
            self.visits_left = self.leaves_on = None
            self.scene.figures.events["patients who stopped coming"] += 1
            if self.chance.happens(habits.returns):
                self._visit_in(self.chance.whole(*habits.returns_after_days))
        elif refusals.writing(model, now) is None and model.done_at is None:
            self._visit_in(self.chance.whole(*self.pace))
        elif refusals.reading(model, now) is None:
            self._visit_in(7 * self.chance.whole(*habits.rests_weeks))
        elif self.knocks:
            self.knocks = model.is_open
            self._visit_in(self.chance.whole(*habits.knocks_days) if model.is_open else 1)

    # A visit

    def visit(self) -> None:
        """Make a visit: look around, read new messages, go on with a module, as the habits are."""
        if self.model.purged:
            self._ask(partial(self._desk.overview, self.model.id), NotFound)
            return
        self._look_around()
        for habit, act in _VISIT.items():
            if self.chance.happens(getattr(self.habits, habit)):
                act(self)
        self._next_visit()

    def _look_around(self) -> None:
        model, now = self.model, self.scene.now
        seen = self._ask(partial(self._desk.overview, model.id))
        if seen is not None:
            self.scene.note(checks.overview_violations(model, seen, now))

    # Modules and forms

    def _module(self) -> int:
        if self.chance.happens(self.habits.out_of_order):
            return self.chance.pick((*self.model.modules, _NO_MODULE))
        return self.model.next_module or self.chance.pick(self.model.modules)

    def _open(self, module: int) -> bool:
        model, now = self.model, self.scene.now
        if self._ask(partial(self._desk.open_module, model.id, module), refusals.opening(model, module, now)) is None:
            return False
        model.open_module(module, now)
        return True

    def _go_on(self) -> None:
        module = self._module()
        if self._open(module):
            pause = self.chance.time(timedelta(minutes=5), 2 * _AN_HOUR)
            self.scene.at(self.scene.now + pause, lambda: self._work(module))

    def _work(self, module: int) -> None:
        """Save the forms of a module, and complete it perhaps."""
        for form in self._forms(module):
            if self.chance.happens(self.habits.fills_in):
                self.save_form(form)
        if self.chance.happens(self.habits.completes):
            for _ in range(1 + self.chance.happens(self.habits.double_click)):
                self._complete(module)

    def _forms(self, module: int) -> list[str]:
        return [
            form for m in self.model.program.modules if m.number == module for page in m.pages for form in page.forms
        ]

    def _skip(self) -> None:
        self._complete(self._module())

    def _complete(self, module: int) -> None:
        model, now = self.model, self.scene.now
        call = partial(self._desk.complete_module, model.id, module)
        completed = self._ask(call, refusals.completing(model, module, now))
        if completed is None:
            return
        model.complete_module(module, now)
        expected = CompletedModule(module=module, next_module=model.next_module, done=model.done_at is not None)
        self._equal(Law.ORDER_IS_KEPT, expected, completed, "the completed module")

    def save_form(self, key: str) -> None:
        """Save a form, wrongly sometimes, twice sometimes."""
        model, now = self.model, self.scene.now
        (form,) = (form for form in model.program.forms if form.key == key)
        self.pain = min(10, max(0, self.pain + self.chance.whole(-1, 1) - self.chance.happens(self.habits.eases)))
        answers = self._answers(form)
        refusal = refusals.saving(model, key, now)
        if self.chance.happens(self.habits.wrong_answers):
            answers |= self.chance.pick(({"okand": 1}, {form.questions[0].key: -1}))
            refusal = refusal or Reason.INVALID_ANSWERS
        for _ in range(1 + self.chance.happens(self.habits.double_click)):
            saved = self._ask(partial(self._desk.save_form, model.id, key, answers), refusal)
            if saved is not None:
                number = model.save_form(key, answers, now, alert=reaches_alert(form, answers))
                expected = SavedForm(form=key, number=number)
                self._equal(Law.UNREAD_IS_SAVED_LESS_READ, expected, saved, f"submissions of {key}")
        if self.chance.happens(self.habits.wrong_answers):
            self._ask(partial(self._desk.save_form, model.id, _NO_FORM, {}), refusals.saving(model, _NO_FORM, now))

    def _fill_in_again(self) -> None:
        if self.model.forms:
            self.save_form(self.chance.pick(list(self.model.forms)))

    def _answers(self, form: Form) -> dict[str, object]:
        asked = (q for q in form.questions if q.required or self.chance.happens(self.habits.optional_answers))
        return {question.key: self._answer(question) for question in asked}

    def _answer(self, question: Question) -> object:
        match question:
            case Scale():
                return min(question.highest, max(question.lowest, self.pain + self.chance.whole(-1, 1)))
            case Choice():
                place = (self.pain + self.chance.whole(-2, 1)) * len(question.options) // 11
                return question.options[min(len(question.options) - 1, max(0, place))].key
            case ManyChoices():
                chosen = [option.key for option in question.options if self.chance.happens(0.5)]
                return tuple(chosen or [question.options[0].key])
            case Number():
                return min(int(question.highest), int(question.lowest) + self.chance.whole(0, 45))
            case Text():
                return "Som förra veckan."[: question.longest]
            case _:
                return (self.scene.today + self.chance.whole(0, 30) * DAY).isoformat()

    # Messages

    def _read_all(self) -> None:
        for number, one in enumerate(self.model.conversations, start=1):
            if one.from_therapist.unread:
                self._read(number)

    def _read(self, number: int) -> None:
        model, now = self.model, self.scene.now
        view = self._ask(partial(self._desk.read_conversation, model.id, number), refusals.reading(model, now))
        if view is not None:
            self.scene.note(view_violations(model, number, view, Author.PATIENT))
            model.read(number, Author.PATIENT, now)

    def _write_soon(self) -> None:
        self.scene.at(self.scene.now + self.chance.time(timedelta(0), _AN_HOUR), self._write)

    def _write(self) -> None:
        model, now = self.model, self.scene.now
        begins = not model.conversations or self.chance.happens(self.habits.begins_anew)
        conversation = None if begins else self.chance.whole(1, len(model.conversations))
        call = partial(self._desk.write, model.id, _QUESTION, conversation=conversation)
        sent = self._ask(call, refusals.writing(model, now))
        if sent is not None:
            number = model.write(conversation or 0, Author.PATIENT, now)
            expected = SentMessage(conversation=conversation or len(model.conversations), number=number)
            self._equal(Law.UNREAD_IS_SAVED_LESS_READ, expected, sent, "the patient's message")

    def _rename(self) -> None:
        model, now = self.model, self.scene.now
        if not model.conversations:
            return
        number, heading = self.chance.whole(1, len(model.conversations)), f"Om modul {self.chance.whole(1, 11)}"
        refusal = refusals.writing(model, now)
        self._ask(partial(self._desk.rename_conversation, model.id, number, heading), refusal)
        if refusal is None:
            model.rename(number, heading, Author.PATIENT, now)


_VISIT: Mapping[str, Callable[[PatientLife], None]] = MappingProxyType(
    {
        "reads": PatientLife._read_all,
        "skips": PatientLife._skip,
        "goes_on": PatientLife._go_on,
        "writes": PatientLife._write_soon,
        "fills_in_again": PatientLife._fill_in_again,
        "renames": PatientLife._rename,
    }
)
"""What happens at a visit, by the habit that says how often."""
