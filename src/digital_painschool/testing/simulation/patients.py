"""The life of a patient: visits with a weekly rhythm, modules, forms, messages, leaving, coming back, knocking."""

from collections.abc import Callable, Mapping
from datetime import datetime, time, timedelta
from functools import partial
from types import MappingProxyType

from attrs import evolve

from digital_painschool.application.overview import Overview
from digital_painschool.domain.form import Choice, Form, ManyChoices, Number, Question, Scale, Text
from digital_painschool.errors import NotFound, Reason
from digital_painschool.testing import history as h
from digital_painschool.testing.reference import checks, refusals
from digital_painschool.testing.reference.calendar import DAY, MICROSECOND
from digital_painschool.testing.reference.enrolment import ReferenceEnrolment
from digital_painschool.testing.reference.refusals import Refusal
from digital_painschool.testing.simulation.asking import ask
from digital_painschool.testing.simulation.chance import Chance
from digital_painschool.testing.simulation.scene import Scene
from digital_painschool.testing.simulation.taking import Steps, Taken

_NO_FORM, _NO_MODULE = "ingen", 99
_QUESTION = "Hej, hur gör jag med övningen?"
_AN_HOUR = timedelta(hours=1)


class PatientLife:
    """One enrolment as its patient lives it.

    Args:
        scene: The unit.
        steps: Takes the steps.
        model: The enrolment.
        chance: The patient's random numbers.
    """

    def __init__(self, scene: Scene, steps: Steps, model: ReferenceEnrolment, chance: Chance) -> None:
        self.scene = scene
        self._steps = steps
        self.model = model
        self.chance = chance
        self._drafting = scene.region.chance("drafts", model.number, model.id)
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

    def _take(self, step: h.PatientStep, wrong: Refusal | None = None) -> Taken | None:
        return self._steps.take(self.model, step, wrong=wrong)

    def _overview(self, refusal: Refusal | None = None) -> Overview | None:
        desk = self.scene.school.patient(self.model.person)
        return ask(self.scene, "patient", partial(desk.overview, self.model.id), self.model, refusal)

    # The times of visits

    def plan_boundary(self) -> None:
        """Plan tries at the last instant of access and at the first without it; again when it is moved."""
        until = self.model.access_until
        for when in (until - MICROSECOND, until):
            self.scene.at(when, lambda: self._try_boundary(until))

    def _try_boundary(self, until: datetime) -> None:
        if until == self.model.access_until and not self.model.purged:
            first = self.model.order[0]
            self._take(h.OpenModule(first))
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
        elif refusals.working(model, now) is None and model.done_at is None:
            self._visit_in(self.chance.whole(*self.pace))
        elif refusals.reading(model, now) is None:
            self._visit_in(7 * self.chance.whole(*habits.rests_weeks))
        elif self.knocks:
            self.knocks = model.is_open
            self._visit_in(self.chance.whole(*habits.knocks_days) if model.is_open else 1)

    # A visit

    def visit(self) -> None:
        """Make a visit: look around, read new messages, go on with a module, as the habits are."""
        if self.model.purged or self.model.is_withdrawn:
            self._overview(NotFound)
            return
        seen = self._overview()
        if seen is not None:
            self.scene.note(checks.overview_violations(self.model, seen, self.scene.now))
        for habit, act in _VISIT.items():
            if self.chance.happens(getattr(self.habits, habit)):
                act(self)
        self._next_visit()

    # Modules and forms

    def _module(self) -> int:
        if self.chance.happens(self.habits.out_of_order):
            return self.chance.pick((*self.model.modules, _NO_MODULE))
        return self.model.next_module or self.chance.pick(self.model.modules)

    def _go_on(self) -> None:
        module = self._module()
        if self._take(h.OpenModule(module)) is not None:
            pause = self.chance.time(timedelta(minutes=5), 2 * _AN_HOUR)
            self.scene.at(self.scene.now + pause, lambda: self._work(module))

    def _work(self, module: int) -> None:
        """Read the pages of a module and save its forms, and complete it perhaps."""
        for page in self.model.unread_pages(module):
            if self.chance.happens(self.habits.reads_page):
                self._take(h.ReadPage(module, page))
        for form in self._forms(module):
            if self.chance.happens(self.habits.fills_in):
                self.save_form(form)
        if self.chance.happens(self.habits.completes):
            for _ in range(1 + self.chance.happens(self.habits.double_click)):
                self._take(h.CompleteModule(module))

    def _forms(self, module: int) -> list[str]:
        return [
            form for m in self.model.program.modules if m.number == module for page in m.pages for form in page.forms
        ]

    def _skip(self) -> None:
        module = self._module()
        if self._take(h.CompleteModule(module)) is None:
            self._take(h.OpenModule(module))
            self._take(h.CompleteModule(module))

    def _take_up_draft(self, key: str) -> None:
        """Read a draft, and discard it or save the form."""
        self._take(h.ReadDraft(key))
        if self._drafting.happens(self.habits.discards):
            self._take(h.DiscardDraft(key))
        elif draft := self.model.drafts.get(key):
            self._take(h.SaveForm(key, draft[1]))

    def save_form(self, key: str) -> None:
        """Save a form, wrongly sometimes, twice sometimes; later than a draft of it sometimes."""
        form = self.model.program.form(key)
        assert form is not None
        self.pain = min(10, max(0, self.pain + self.chance.whole(-1, 1) - self.chance.happens(self.habits.eases)))
        answers = self._answers(form)
        wrong = self.chance.happens(self.habits.wrong_answers)
        if wrong:
            answers |= self.chance.pick(({"okand": 1}, {form.questions[0].key: -1}))
        elif self._drafting.happens(self.habits.drafts):
            self._take(h.SaveDraft(key, answers))
            self.scene.at(
                self.scene.now + self._drafting.time(*self.habits.draft_waits), lambda: self._take_up_draft(key)
            )
            return
        for _ in range(1 + self.chance.happens(self.habits.double_click)):
            self._take(h.SaveForm(key, answers), Reason.INVALID_ANSWERS if wrong else None)
        if self.chance.happens(self.habits.wrong_answers):
            self._take(h.SaveForm(_NO_FORM, {}))

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
                self._take(h.PatientReads(number))

    def _write_soon(self) -> None:
        self.scene.at(self.scene.now + self.chance.time(timedelta(0), _AN_HOUR), self._write)

    def _write(self) -> None:
        count = len(self.model.conversations)
        begins = not count or self.chance.happens(self.habits.begins_anew)
        self._take(h.PatientWrites(_QUESTION, 0 if begins else self.chance.whole(1, count)))

    def _rename(self) -> None:
        if self.model.conversations:
            number, theme = self.chance.whole(1, len(self.model.conversations)), self.chance.whole(1, 11)
            self._take(h.PatientRenames(f"Om modul {theme}", number))


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
