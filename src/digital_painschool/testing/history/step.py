"""The kinds of steps of a history, which a person takes through a public desk; and the steps of time and machines.

A step names its enrolment without an id: `who` is the patient's number, `which` the ordinal among that patient's stored
enrolments, oldest first. A step that finds none asks for an id that nobody has, so that the desk refuses.
"""

from abc import ABC, abstractmethod
from typing import Any, ClassVar, cast

from attrs import AttrsInstance, asdict, field, fields, frozen
from hypothesis.vendor.pretty import RepresentationPrinter

from digital_painschool.application.administrator import AdministratorDesk
from digital_painschool.application.patient import PatientDesk
from digital_painschool.application.therapist import TherapistDesk
from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.domain.people import Actor
from digital_painschool.errors import InvalidIdentity
from digital_painschool.ports.storage import readable
from digital_painschool.testing.history.literals import short
from digital_painschool.testing.people import ANNA, ARCHIVIST, NURSE
from digital_painschool.testing.scenario import Scenario

NOBODY = "nobody"
"""An id that no enrolment and no plan has."""


def given(**options: object) -> dict[str, Any]:
    """Return those options of a call that are given: a step's code names no others."""
    return {name: value for name, value in options.items() if value is not None}


class Step(ABC):
    """One thing that somebody does, or time and machines do. Its `repr` is the code that makes it."""

    @abstractmethod
    def take(self, scenario: Scenario) -> object:
        """Execute the step: return what the desk returns, and raise what the desk raises."""

    def __repr__(self) -> str:
        return short(cast("AttrsInstance", self))

    def _repr_pretty_(self, printer: RepresentationPrinter, _: object) -> None:
        printer.text(repr(self))


@frozen(repr=False)
class EnrolmentStep(Step):
    """A step in an enrolment of the patient `who`: as a rule one call of a desk, with the step's own fields.

    Of a step with `once`, it is the key of the call. A step that only reads takes none.
    """

    call: ClassVar[str] = ""
    who: str = field(default=ANNA, kw_only=True)
    which: int = field(default=1, kw_only=True)
    once: str | None = field(default=None, kw_only=True)

    @abstractmethod
    def desk(self, scenario: Scenario) -> PatientDesk | TherapistDesk:
        """Return the desk of the actor."""

    def take(self, scenario: Scenario) -> object:
        own = {
            one.name: getattr(self, one.name) for one in fields(type(self)) if one.name not in {"who", "which", "by"}
        }
        return getattr(self.desk(scenario), self.call)(self.enrolment(scenario), **given(**own))

    def enrolment(self, scenario: Scenario) -> EnrolmentId:
        """Return the enrolment's id, or `NOBODY`."""
        today = scenario.now.astimezone(scenario.zone).date()
        try:
            person = scenario.ports.identity.parse(self.who, today=today)
        except InvalidIdentity:
            return EnrolmentId(NOBODY)
        stored = readable(scenario.ports.storage.find_by_person(person))
        return stored[self.which - 1].id if self.which <= len(stored) else EnrolmentId(NOBODY)


@frozen(repr=False)
class PatientStep(EnrolmentStep):
    """A step that the patient takes in an enrolment; `by` another patient when it is not their own."""

    by: str | None = field(default=None, kw_only=True)

    def desk(self, scenario: Scenario) -> PatientDesk:
        return scenario.school.patient(self.by or self.who)


@frozen(repr=False)
class TherapistStep(EnrolmentStep):
    """A step that staff take in an enrolment."""

    by: Actor = field(default=NURSE, kw_only=True)

    def desk(self, scenario: Scenario) -> TherapistDesk:
        return scenario.school.therapist(self.by)


@frozen(repr=False)
class AdministratorStep(Step):
    """A step that the data administrator takes."""

    by: Actor = field(default=ARCHIVIST, kw_only=True)

    def office(self, scenario: Scenario) -> AdministratorDesk:
        """Return the desk of the actor."""
        return scenario.school.administrator(self.by)


@frozen(repr=False)
class Advance(Step):
    """A time that goes by."""

    weeks: float = field(default=0, kw_only=True)
    days: float = field(default=0, kw_only=True)
    hours: float = field(default=0, kw_only=True)
    minutes: float = field(default=0, kw_only=True)
    microseconds: float = field(default=0, kw_only=True)

    def take(self, scenario: Scenario) -> None:
        scenario.advance(**{unit: amount for unit, amount in asdict(self).items() if amount})


@frozen(repr=False)
class At(Step):
    """A local time that the clock is set to, in the unit's zone, such as `"2027-03-28 01:30"`."""

    time: str

    def take(self, scenario: Scenario) -> None:
        scenario.at(self.time)


@frozen(repr=False)
class Deliver(Step):
    """A run of a delivery worker."""

    def take(self, scenario: Scenario) -> object:
        return scenario.deliver()


@frozen(repr=False)
class Restart(Step):
    """The death of the process, and another that opens the school on what is stored."""

    def take(self, scenario: Scenario) -> None:
        scenario.restart()
