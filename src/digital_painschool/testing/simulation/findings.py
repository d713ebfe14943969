"""The findings of a simulation: violations of laws, with the unit, the enrolment and the simulated instant."""

from datetime import datetime

from attrs import frozen

from digital_painschool.testing.reference.laws import Law


@frozen(kw_only=True)
class Finding:
    """A law that did not hold. It carries no personal data.

    Args:
        law: The law.
        unit: The number of the unit, from 1; `--unit` runs it alone again. 0 stands for the region as a whole.
        enrolment: The enrolment that it concerns, or None.
        at: The simulated instant, UTC.
        sentence: What was found, and what should have been.
    """

    law: Law
    unit: int
    enrolment: str | None
    at: datetime
    sentence: str

    def __str__(self) -> str:
        where = "" if self.enrolment is None else f", enrolment {self.enrolment}"
        return f"law {self.law.value}, unit {self.unit}{where}, {self.at:%Y-%m-%d %H:%M:%S}Z: {self.sentence}"


class Enough(BaseException):
    """The limit of findings at one unit. No `except Exception` stops it."""


class Findings:
    """The findings at one unit: of each law and enrolment the first alone, as the rest follows from it.

    Args:
        unit: The number of the unit.
        limit: The number of findings after which the run of the unit stops.
    """

    def __init__(self, unit: int, limit: int) -> None:
        self._unit = unit
        self._limit = limit
        self._seen: set[tuple[Law, str | None, str]] = set()
        self.all: list[Finding] = []

    def add(self, law: Law, enrolment: str | None, at: datetime, sentence: str) -> None:
        """Note a finding.

        Raises:
            Enough: It was the last that the limit allows.
        """
        key = (law, enrolment, sentence if enrolment is None else "")
        if key in self._seen:
            return
        self._seen.add(key)
        self.all.append(Finding(law=law, unit=self._unit, enrolment=enrolment, at=at, sentence=sentence))
        if len(self.all) >= self._limit:
            raise Enough
