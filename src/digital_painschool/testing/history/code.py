"""A history as code: its steps are taken once on a school that writes down each call."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from types import MappingProxyType
from typing import cast

from attrs import frozen

from digital_painschool.application.administrator import AdministratorDesk
from digital_painschool.application.patient import PatientDesk
from digital_painschool.application.therapist import TherapistDesk
from digital_painschool.domain.enrolment import Enrolment
from digital_painschool.domain.retention import PurgePlan
from digital_painschool.errors import PainSchoolError, RuleViolation
from digital_painschool.testing import people
from digital_painschool.testing.history.literals import literal
from digital_painschool.testing.history.step import Step
from digital_painschool.testing.scenario import Scenario

Kwargs = Mapping[str, object]
_WRITTEN = frozenset({"advance", "at", "deliver", "restart", "school", "start"})
_DESKS: Mapping[str, str] = MappingProxyType(
    {
        "school.school.therapist(NURSE)": "school.desk",
        "school.school.therapist(COLLEAGUE)": "school.colleague",
        "school.school.therapist(COORDINATOR)": "school.coordinator",
        "school.school.administrator(ARCHIVIST)": "school.office",
        "school.school.patient(ANNA)": "school.room",
    }
)
"""The desks that a scenario has names for."""
_NAMES: Mapping[str, str] = MappingProxyType({people.ANNA: "anna", people.BO: "bo", people.CILLA: "cilla"})


class Recorder:
    """A scenario on which steps are taken, and which writes down as code what is asked of it."""

    def __init__(self, scenario: Scenario) -> None:
        self._scenario = scenario
        self._names: dict[str, str] = {}
        self.lines: list[str] = []

    def take(self, step: Step) -> None:
        """Execute a step, or write down that it was refused."""
        with suppress(PainSchoolError):
            step.take(cast("Scenario", self))

    def __getattr__(self, name: str) -> object:
        found = getattr(self._scenario, name)
        return _Recorded(self, f"school.{name}", found) if name in _WRITTEN else found

    def call(self, expression: str, method: Callable[..., object], args: tuple[object, ...], kwargs: Kwargs) -> object:
        """Make a call and write it down."""
        told = [*map(self._literal, args), *(f"{name}={self._literal(value)}" for name, value in kwargs.items())]
        line = f"{expression}({', '.join(told)})"
        try:
            gave = method(*args, **kwargs)
        except PainSchoolError as error:
            rule = f", match={error.rule!r}" if isinstance(error, RuleViolation) else ""
            self.lines += [f"with pytest.raises({type(error).__name__}{rule}):", f"    {line}"]
            raise
        if isinstance(gave, (AdministratorDesk, PatientDesk, TherapistDesk)):
            return _Recorded(self, _DESKS.get(line, line), gave)
        self.lines.append(self._named(line, args, gave))
        return gave

    def _literal(self, value: object) -> str:
        return self._names.get(value) or literal(value) if isinstance(value, str) else literal(value)

    def _named(self, line: str, args: tuple[object, ...], gave: object) -> str:
        """Return the line of a call, with a name for what it made, if it made something that later steps name."""
        if isinstance(gave, PurgePlan) and gave.id not in self._names:
            name = self._free("plan")
            self._names[gave.id] = f"{name}.id"
            return f"{name} = {line}"
        id_ = gave.id if isinstance(gave, Enrolment) else gave
        if ".start(" in line and isinstance(id_, str):
            self._names[id_] = self._free(_NAMES.get(str(args[0]), "patient"))
            return f"{self._names[id_]} = {line}" + (".id" if id_ is not gave else "")
        return line

    def _free(self, name: str) -> str:
        taken = sum(known.partition(".")[0].rstrip("0123456789_") == name for known in self._names.values())
        return f"{name}_{taken + 1}" if taken else name


@frozen
class _Recorded:
    _recorder: Recorder
    _expression: str
    _target: object

    def __getattr__(self, name: str) -> object:
        return _Recorded(self._recorder, f"{self._expression}.{name}", getattr(self._target, name))

    def __call__(self, *args: object, **kwargs: object) -> object:
        return self._recorder.call(self._expression, cast("Callable[..., object]", self._target), args, kwargs)
