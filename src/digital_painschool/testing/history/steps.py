"""The steps of a history as values: who does what in which enrolment, taken through the public desks of a scenario.

A step names its enrolment without an id: `who` is the patient's number, `which` the how many-eth of that patient's
enrolments that are kept, oldest first. A step that finds none asks for an id that nobody has, so that the desk refuses.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import cast

from attrs import AttrsInstance, asdict, field, frozen
from hypothesis.vendor.pretty import RepresentationPrinter

from digital_painschool.application.administrator import AdministratorDesk
from digital_painschool.application.patient import PatientDesk
from digital_painschool.application.therapist import TherapistDesk
from digital_painschool.domain.notification import Notify
from digital_painschool.domain.people import Actor
from digital_painschool.domain.policy import FlagKind
from digital_painschool.errors import InvalidIdentity
from digital_painschool.ports.storage import readable
from digital_painschool.testing.history.literals import short
from digital_painschool.testing.people import ANNA, ARCHIVIST, COLLEAGUE, COORDINATOR, NURSE
from digital_painschool.testing.scenario import Scenario

NOBODY = "nobody"
"""An id that no enrolment and no plan has."""


class Step(ABC):
    """One thing that somebody does, or time and machines do. Its `repr` is the code that makes it."""

    @abstractmethod
    def take(self, scenario: Scenario) -> object:
        """Do it; gives what the desk gives, and raises what the desk raises."""

    def __repr__(self) -> str:
        return short(cast("AttrsInstance", self))

    def _repr_pretty_(self, printer: RepresentationPrinter, _: object) -> None:
        printer.text(repr(self))


def desk_of(scenario: Scenario, actor: Actor) -> TherapistDesk:
    """Return somebody's desk, by the scenario's own name for it where it has one."""
    if actor == NURSE:
        return scenario.desk
    if actor == COLLEAGUE:
        return scenario.colleague
    return scenario.coordinator if actor == COORDINATOR else scenario.school.therapist(actor)


def room_of(scenario: Scenario, number: str) -> PatientDesk:
    """Return a patient's room, by the scenario's own name for it where it has one."""
    return scenario.room if number == ANNA else scenario.school.patient(number)


def office_of(scenario: Scenario, actor: Actor) -> AdministratorDesk:
    """Return somebody's office, by the scenario's own name for it where it has one."""
    return scenario.office if actor == ARCHIVIST else scenario.school.administrator(actor)


def enrolment_of(scenario: Scenario, who: str, which: int) -> str:
    """Return the id of a patient's how many-eth enrolment that is kept, or `NOBODY`."""
    today = scenario.now.astimezone(scenario.zone).date()
    try:
        person = scenario.ports.identity.parse(who, today=today)
    except InvalidIdentity:
        return NOBODY
    kept = readable(scenario.ports.storage.find_by_person(person))
    return kept[which - 1].id if which <= len(kept) else NOBODY


def last_plan(scenario: Scenario) -> str:
    """Return the id of the plan that was made last, or `NOBODY`."""
    made = (f"e-{number:04}" for number in range(scenario._ids, 0, -1))
    return next((id_ for id_ in made if scenario.ports.storage.load_purge(id_).plan is not None), NOBODY)


@frozen(repr=False)
class Start(Step):
    """A program is started for a patient; gives the enrolment's id."""

    who: str = ANNA
    program: str = "smartskola"
    by: Actor = field(default=NURSE, kw_only=True)

    def take(self, scenario: Scenario) -> object:
        if self.by == NURSE:
            return scenario.start(self.who, self.program)
        return desk_of(scenario, self.by).start(self.who, program=self.program).id


@frozen(repr=False)
class EnrolmentStep(Step):
    """A step in an enrolment of the patient `who`."""

    who: str = field(default=ANNA, kw_only=True)
    which: int = field(default=1, kw_only=True)

    def enrolment(self, scenario: Scenario) -> str:
        """Return the enrolment's id."""
        return enrolment_of(scenario, self.who, self.which)


@frozen(repr=False)
class PatientStep(EnrolmentStep):
    """A step that the patient takes in an enrolment; `by` another patient when it is not their own."""

    by: str | None = field(default=None, kw_only=True)

    def room(self, scenario: Scenario) -> PatientDesk:
        """Return the room of the one who takes the step."""
        return room_of(scenario, self.by or self.who)


@frozen(repr=False)
class TherapistStep(EnrolmentStep):
    """A step that staff take in an enrolment."""

    by: Actor = field(default=NURSE, kw_only=True)

    def desk(self, scenario: Scenario) -> TherapistDesk:
        """Return the desk of the one who takes the step."""
        return desk_of(scenario, self.by)


def _copied(answers: Mapping[str, object]) -> dict[str, object]:
    return dict(answers)


@frozen(repr=False)
class OpenModule(PatientStep):
    """The patient opens a module."""

    module: int

    def take(self, scenario: Scenario) -> object:
        return self.room(scenario).open_module(self.enrolment(scenario), self.module)


@frozen(repr=False)
class CompleteModule(PatientStep):
    """The patient completes a module."""

    module: int

    def take(self, scenario: Scenario) -> object:
        return self.room(scenario).complete_module(self.enrolment(scenario), self.module)


@frozen(repr=False)
class SaveForm(PatientStep):
    """The patient saves a form."""

    form: str
    answers: Mapping[str, object] = field(converter=_copied)

    def take(self, scenario: Scenario) -> object:
        return self.room(scenario).save_form(self.enrolment(scenario), self.form, self.answers)


@frozen(repr=False)
class PatientWrites(PatientStep):
    """The patient writes, in a conversation or, with 0, in a new one."""

    text: str = "Hej!"
    conversation: int = 0

    def take(self, scenario: Scenario) -> object:
        room, enrolment = self.room(scenario), self.enrolment(scenario)
        if self.conversation:
            return room.write(enrolment, self.text, conversation=self.conversation)
        return room.write(enrolment, self.text)


@frozen(repr=False)
class PatientReads(PatientStep):
    """The patient reads a conversation."""

    conversation: int = 1

    def take(self, scenario: Scenario) -> object:
        return self.room(scenario).read_conversation(self.enrolment(scenario), self.conversation)


@frozen(repr=False)
class PatientRenames(PatientStep):
    """The patient gives a conversation another heading."""

    heading: str
    conversation: int = 1

    def take(self, scenario: Scenario) -> None:
        self.room(scenario).rename_conversation(self.enrolment(scenario), self.conversation, self.heading)


@frozen(repr=False)
class TherapistWrites(TherapistStep):
    """The therapist writes, in a conversation or, with 0, in a new one."""

    text: str = "Hej!"
    conversation: int = 0
    notify: Notify = field(default=Notify.NONE, kw_only=True)

    def take(self, scenario: Scenario) -> object:
        desk, enrolment = self.desk(scenario), self.enrolment(scenario)
        if self.conversation:
            return desk.write(enrolment, self.conversation, self.text, notify=self.notify)
        return desk.start_conversation(enrolment, self.text, notify=self.notify)


@frozen(repr=False)
class TherapistReads(TherapistStep):
    """The therapist reads a conversation."""

    conversation: int = 1

    def take(self, scenario: Scenario) -> object:
        return self.desk(scenario).read_conversation(self.enrolment(scenario), self.conversation)


@frozen(repr=False)
class TherapistRenames(TherapistStep):
    """The therapist gives a conversation another heading."""

    heading: str
    conversation: int = 1

    def take(self, scenario: Scenario) -> object:
        return self.desk(scenario).rename_conversation(self.enrolment(scenario), self.conversation, self.heading)


@frozen(repr=False)
class OpenForm(TherapistStep):
    """The therapist reads the answers to a form."""

    form: str

    def take(self, scenario: Scenario) -> object:
        return self.desk(scenario).open_form(self.enrolment(scenario), self.form)


@frozen(repr=False)
class MarkRead(TherapistStep):
    """The therapist marks a form as read, all of it or up to a filling-in."""

    form: str
    up_to: int | None = field(default=None, kw_only=True)

    def take(self, scenario: Scenario) -> object:
        return self.desk(scenario).mark_read(self.enrolment(scenario), self.form, up_to=self.up_to)


@frozen(repr=False)
class MarkHandled(TherapistStep):
    """The therapist settles a flag that nothing else settles."""

    flag: FlagKind = FlagKind.PROGRAM_DONE

    def take(self, scenario: Scenario) -> object:
        return self.desk(scenario).mark_handled(self.enrolment(scenario), self.flag)


@frozen(repr=False)
class ReleaseModule(TherapistStep):
    """The therapist releases a module."""

    module: int

    def take(self, scenario: Scenario) -> object:
        return self.desk(scenario).release_module(self.enrolment(scenario), self.module)


@frozen(repr=False)
class Review(TherapistStep):
    """The therapist reviews the patient's progress."""

    def take(self, scenario: Scenario) -> object:
        return self.desk(scenario).review(self.enrolment(scenario))


@frozen(repr=False)
class HandOver(TherapistStep):
    """A patient administrator gives the patient to another therapist."""

    to: Actor = COLLEAGUE
    by: Actor = field(default=COORDINATOR, kw_only=True)

    def take(self, scenario: Scenario) -> object:
        return self.desk(scenario).hand_over(self.enrolment(scenario), self.to.hsa_id)


@frozen(repr=False)
class Maintain(TherapistStep):
    """The therapist maintains, or renews."""

    days: int
    modules: tuple[int, ...] = (1,)

    def take(self, scenario: Scenario) -> object:
        return self.desk(scenario).maintain(self.enrolment(scenario), days=self.days, modules=self.modules)


@frozen(repr=False)
class End(TherapistStep):
    """The therapist ends the enrolment."""

    reason: str = "klar"

    def take(self, scenario: Scenario) -> object:
        return self.desk(scenario).end(self.enrolment(scenario), reason=self.reason)


@frozen(repr=False)
class ReceiveNotifications(Step):
    """A therapist ticks or unticks "Ta emot notifieringar"."""

    email: bool = field(default=True, kw_only=True)
    sms: bool = field(default=False, kw_only=True)
    by: Actor = field(default=NURSE, kw_only=True)

    def take(self, scenario: Scenario) -> object:
        return desk_of(scenario, self.by).receive_notifications(email=self.email, sms=self.sms)


@frozen(repr=False)
class Export(Step):
    """The data administrator exports, into a new folder of the scenario's environment."""

    by: Actor = field(default=ARCHIVIST, kw_only=True)

    def take(self, scenario: Scenario) -> object:
        place = scenario.environment.folder
        earlier = len(list(place.glob("export-*")))
        return office_of(scenario, self.by).export(place / f"export-{earlier + 1}")


@frozen(repr=False)
class PlanPurge(Step):
    """The data administrator makes a plan of a purge."""

    by: Actor = field(default=ARCHIVIST, kw_only=True)

    def take(self, scenario: Scenario) -> object:
        return office_of(scenario, self.by).plan_purge()


@frozen(repr=False)
class ApprovePurge(Step):
    """The data administrator approves the plan that was made last."""

    decision: str = "Beslut 1"
    by: Actor = field(default=ARCHIVIST, kw_only=True)

    def take(self, scenario: Scenario) -> object:
        return office_of(scenario, self.by).approve(last_plan(scenario), decision=self.decision)


@frozen(repr=False)
class Purge(Step):
    """The data administrator carries out the plan that was made last."""

    by: Actor = field(default=ARCHIVIST, kw_only=True)

    def take(self, scenario: Scenario) -> object:
        return office_of(scenario, self.by).purge(last_plan(scenario))


@frozen(repr=False)
class Advance(Step):
    """Time goes by."""

    weeks: float = field(default=0, kw_only=True)
    days: float = field(default=0, kw_only=True)
    hours: float = field(default=0, kw_only=True)
    minutes: float = field(default=0, kw_only=True)
    microseconds: float = field(default=0, kw_only=True)

    def take(self, scenario: Scenario) -> None:
        scenario.advance(**{unit: amount for unit, amount in asdict(self).items() if amount})


@frozen(repr=False)
class At(Step):
    """The clock shows a local time of the unit's zone, such as `"2027-03-28 01:30"`."""

    time: str

    def take(self, scenario: Scenario) -> None:
        scenario.at(self.time)


@frozen(repr=False)
class Deliver(Step):
    """A worker makes a pass."""

    def take(self, scenario: Scenario) -> object:
        return scenario.deliver()


@frozen(repr=False)
class Restart(Step):
    """The process dies, and another opens the school on what is kept."""

    def take(self, scenario: Scenario) -> None:
        scenario.restart()
