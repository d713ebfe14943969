"""What a patient does: visits with a weekly rhythm, modules, forms, messages, leaving, coming back, knocking."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import TypeVar

from digital_painschool.application.patient import PatientDesk
from digital_painschool.application.results import SavedForm, SentMessage
from digital_painschool.domain.form import Choice, Form, ManyChoices, Number, Question, Scale, Text
from digital_painschool.domain.policy import FlagKind
from digital_painschool.errors import NotFound, Reason
from digital_painschool.testing.simulation.chance import Chance
from digital_painschool.testing.simulation.days import DAY, instant
from digital_painschool.testing.simulation.findings import Law
from digital_painschool.testing.simulation.reference_model import Account, Refusal, Stage, Talk
from digital_painschool.testing.simulation.scene import Scene

T = TypeVar("T")

_TICK = timedelta(microseconds=1)
_NO_FORM, _NO_MODULE = "ingen", 99
_QUESTION = "Hej, hur gör jag med övningen?"


class PatientLife:
    """One enrolment as its patient lives it.

    Args:
        scene: Where.
        account: Which enrolment.
        chance: The patient's.
    """

    def __init__(self, scene: Scene, account: Account, chance: Chance) -> None:
        self.scene = scene
        self.account = account
        self.chance = chance
        habits = self.habits = scene.region.habits.patients
        self.pace = chance.weighed(*habits.paces)
        self.reads = 0.0 if chance.happens(habits.never_reads) else habits.reads
        self.pain = chance.whole(*habits.pain)
        self.visits_left = chance.whole(*habits.visits_before_leaving) if chance.happens(habits.leaves_early) else None
        later = chance.whole(*habits.days_before_leaving) if chance.happens(habits.leaves_later) else None
        self.leaves_on = None if later is None else account.started + later * DAY
        self.knocks = chance.happens(habits.knocks)
        self.at_boundary()
        self._visit_in(chance.whole(*habits.first_visit_days))

    # When

    def at_boundary(self) -> None:
        """Be there at the last instant of access, and at the first without it; called again when it is moved."""
        until = self.account.access_until
        for when in (until - _TICK, until):
            self.scene.at(when, lambda: self._stand_at(until))

    def _stand_at(self, until: datetime) -> None:
        if until == self.account.access_until and not self.account.purged:
            self._open(self.account.treatment.order[0])
            self.save_form(next(iter(self.account.treatment.forms.values()))[0])

    def _visit_in(self, days: int) -> None:
        """Plan a visit some days on, on a day and at an hour that people choose."""
        zone = self.account.zone
        day = self.scene.tellings.day(self.scene.now) + days * DAY
        while not self.chance.happens(self.habits.weekdays[day.weekday()]):
            day += DAY
        hour = self.chance.weighed((17, self.habits.evening), (23, self.habits.night), (7, 1))
        length = {17: 6, 23: 8, 7: 10}[hour]
        minutes = self.chance.time(timedelta(0), timedelta(hours=length))
        self.scene.at(max(instant(day, time(hour), zone) + minutes, self.scene.now + _TICK), self.visit)

    def _next_visit(self) -> None:
        if self.visits_left is not None:
            self.visits_left -= 1
        leaves = self.visits_left == 0 or (self.leaves_on is not None and self.scene.now >= self.leaves_on)
        if leaves:
            self.visits_left = self.leaves_on = None
            self.scene.figures.events["patients who stopped coming"] += 1
            if self.chance.happens(self.habits.returns):
                self._visit_in(self.chance.whole(*self.habits.returns_after_days))
        elif self.account.shut(self.scene.now, to_write=True) is None and self.account.done is None:
            self._visit_in(self.chance.whole(*self.pace))
        elif self.account.shut(self.scene.now, to_write=False) is None:
            self._visit_in(7 * self.chance.whole(*self.habits.rests_weeks))
        elif self.knocks and self.account.stage is not Stage.ENDED:
            self._visit_in(self.chance.whole(*self.habits.knocks_days))
        elif self.knocks:
            self.knocks = False
            self._visit_in(1)

    # A visit

    @property
    def _room(self) -> PatientDesk:
        return self.scene.school.patient(self.account.person.value)

    def _ask(self, kind: str, call: Callable[[], T], refusal: Refusal | None = None) -> T | None:
        return self.scene.ask(kind, "patient", call, about=self.account, refusal=refusal)

    def visit(self) -> None:
        """Look around, read what is new, go on with a module; and come back to it a little later."""
        account, scene = self.account, self.scene
        if account.purged:
            self._ask("look at what was purged", lambda: self._room.overview(account.id), NotFound)
            return
        self._look_around()
        if self.chance.happens(self.reads):
            for number, talk in enumerate(account.talks, start=1):
                if talk.from_staff.waiting:
                    self._read(number, talk)
        self._go_on()
        if self.chance.happens(self.habits.writes):
            scene.at(scene.now + self.chance.time(timedelta(0), timedelta(hours=1)), self._write)
        if self.chance.happens(self.habits.fills_in_again) and account.forms:
            self.save(self.chance.pick(list(account.forms)))
        if self.chance.happens(self.habits.renames) and account.talks:
            self._rename()
        self._next_visit()

    def _go_on(self) -> None:
        if self.chance.happens(self.habits.skips):
            self._complete(self._module())
        if self.chance.happens(self.habits.goes_on):
            module = self._module()
            if self._open(module):
                pause = self.chance.time(timedelta(minutes=5), timedelta(hours=2))
                self.scene.at(self.scene.now + pause, lambda: self._work(module))

    def _look_around(self) -> None:
        account, now = self.account, self.scene.now
        seen = self._ask("look at the overview", lambda: self._room.overview(account.id))
        if seen is None:
            return
        open_now = {n for n in account.treatment.modules if account.module_shut(n, now) is None}
        may = (account.shut(now, to_write=True) is None, account.shut(now, to_write=False) is None)
        expected = (
            sum(talk.from_staff.waiting for talk in account.talks),
            account.done is not None,
            account.completed,
            may,
            account.access_until,
        )
        found = (
            seen.unread_messages,
            seen.done,
            {module.number for module in seen.modules if module.completed},
            (seen.access.fill_in_forms and seen.access.write_messages, seen.access.read_messages),
            seen.access_until,
        )
        self.scene.equal(Law.ACCESS_FOLLOWS_THE_TABLE, account, expected, found, "the patient's overview")
        shown = {module.number for module in seen.modules if module.open}
        self.scene.equal(Law.ORDER_IS_KEPT, account, open_now, shown, "the modules that are open")
        if may[0]:
            self.scene.equal(
                Law.ORDER_IS_KEPT, account, self._recommended(), seen.next_module, "the module that comes next"
            )

    def _recommended(self) -> int | None:
        treatment = self.account.treatment
        rest = [number for number in treatment.modules if number not in treatment.order]
        return next((number for number in (*treatment.order, *rest) if number not in self.account.completed), None)

    def _module(self) -> int:
        modules = self.account.treatment.modules
        if self.chance.happens(self.habits.out_of_order):
            return self.chance.pick((*modules, _NO_MODULE))
        return self._recommended() or self.chance.pick(modules)

    def _open(self, module: int) -> bool:
        refusal = self.account.module_shut(module, self.scene.now)
        found = self._ask("open a module", lambda: self._room.open_module(self.account.id, module), refusal)
        if found is None:
            return False
        self.account.open_module(module, self.scene.now)
        return True

    def _work(self, module: int) -> None:
        """Fill in the forms of a module, and complete it perhaps."""
        for form in self.account.treatment.forms.get(module, ()):
            if self.chance.happens(self.habits.fills_in):
                self.save_form(form)
        if self.chance.happens(self.habits.completes):
            for _ in range(1 + self.chance.happens(self.habits.double_click)):
                self._complete(module)

    def _complete(self, module: int) -> None:
        account, now = self.account, self.scene.now
        refusal = account.completing_shut(module, now)
        completed = self._ask("complete a module", lambda: self._room.complete_module(account.id, module), refusal)
        if completed is None:
            return
        if account.complete_module(module, now):
            self.scene.expect_staff_notices(account, FlagKind.PROGRAM_DONE)
        done = account.done is not None
        self.scene.equal(Law.ORDER_IS_KEPT, account, done, completed.done, "whether the program is done")

    def save_form(self, form: Form) -> None:
        """Fill in a form, wrongly sometimes, twice sometimes."""
        account, now = self.account, self.scene.now
        self.pain = min(10, max(0, self.pain + self.chance.whole(-1, 1) - self.chance.happens(self.habits.eases)))
        answers = self._answers(form)
        refusal: Refusal | None = account.form_shut(form.key, now)
        if self.chance.happens(self.habits.wrong_answers):
            answers |= self.chance.pick(({"okand": 1}, {form.questions[0].key: -1}))
            refusal = refusal or Reason.INVALID_ANSWERS
        for _ in range(1 + self.chance.happens(self.habits.double_click)):
            saved = self._ask("save a form", lambda: self._room.save_form(account.id, form.key, answers), refusal)
            if saved is not None:
                expected = SavedForm(form=form.key, number=account.save_form(form, answers, now))
                self.scene.equal(Law.UNREAD_IS_SAVED_LESS_READ, account, expected, saved, f"submissions of {form.key}")
                self.scene.expect_staff_notices(account, FlagKind.FORM_SAVED)
        if self.chance.happens(self.habits.wrong_answers):
            self._ask(
                "save a form that there is not",
                lambda: self._room.save_form(account.id, _NO_FORM, {}),
                account.form_shut(_NO_FORM, now),
            )

    def save(self, key: str) -> None:
        """Fill in a form that is known by its key."""
        form = self.account.treatment.program.form(key)
        assert form is not None
        self.save_form(form)

    def _answers(self, form: Form) -> dict[str, object]:
        asked = (q for q in form.questions if q.required or self.chance.happens(self.habits.optional_answers))
        return {question.key: self._answer(question) for question in asked}

    def _answer(self, question: Question) -> object:
        today: date = self.scene.tellings.day(self.scene.now)
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
                return (today + self.chance.whole(0, 30) * DAY).isoformat()

    # Messages

    def _read(self, number: int, talk: Talk) -> None:
        account, now = self.account, self.scene.now
        refusal = account.shut(now, to_write=False)
        view = self._ask("read a conversation", lambda: self._room.read_conversation(account.id, number), refusal)
        if view is None:
            return
        expected = (talk.heading, talk.from_staff.waiting, talk.from_staff.sent + talk.from_patient.sent)
        found = (view.heading, view.unread, len(view.messages))
        self.scene.equal(
            Law.UNREAD_IS_SAVED_LESS_READ, account, expected, found, "a conversation, as the patient sees it"
        )
        talk.from_staff.see(talk.from_staff.sent, now)
        account.enter(now, by_patient=True)
        self.scene.tellings.read(account, number, talk.from_staff.sent, now)

    def _write(self) -> None:
        account, now = self.account, self.scene.now
        refusal = account.shut(now, to_write=True)
        begins = not account.talks or self.chance.happens(self.habits.begins_anew)
        conversation = None if begins else self.chance.whole(1, len(account.talks))
        sent = self._ask(
            "write to the therapist",
            lambda: self._room.write(account.id, _QUESTION, conversation=conversation),
            refusal,
        )
        if sent is None:
            return
        if begins:
            account.talks.append(Talk(self.scene.unit.policy.heading))
        number = conversation or len(account.talks)
        pile = account.talks[number - 1].from_patient
        pile.add(now)
        expected = SentMessage(conversation=number, number=pile.sent)
        self.scene.equal(Law.UNREAD_IS_SAVED_LESS_READ, account, expected, sent, "the patient's message")
        account.enter(now, 1 + begins, by_patient=True)
        self.scene.expect_staff_notices(account, FlagKind.MESSAGE_RECEIVED)

    def _rename(self) -> None:
        account, now = self.account, self.scene.now
        number, heading = self.chance.whole(1, len(account.talks)), f"Om modul {self.chance.whole(1, 11)}"
        refusal = account.shut(now, to_write=True)

        def rename() -> bool:
            self._room.rename_conversation(account.id, number, heading)
            return True

        if self._ask("rename a conversation", rename, refusal):
            account.talks[number - 1].heading = heading
            account.enter(now, by_patient=True)
