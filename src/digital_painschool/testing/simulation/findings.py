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
