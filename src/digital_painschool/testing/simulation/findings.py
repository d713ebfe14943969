"""What the simulation finds: a law that did not hold, where, when, and what was seen."""

from datetime import datetime
from enum import Enum

from attrs import frozen


class Law(Enum):
    """The laws, by their numbers in the documentation; 0 is anything that should not happen at all."""

    NOTHING_UNFORESEEN = 0
    REPLAY_GIVES_THE_STATE = 1
    REFUSED_CHANGES_NOTHING = 2
    ORDER_IS_KEPT = 3
    UNREAD_IS_SAVED_LESS_READ = 4
    TOLD_ONCE_IN_TIME = 5
    ACCESS_FOLLOWS_THE_TABLE = 6
    PURGE_TAKES_WHAT_IT_MAY = 7
    STORAGES_AGREE = 8
    STRANGERS_ARE_REFUSED_AND_LOGGED = 9


@frozen(kw_only=True)
class Finding:
    """A law that did not hold. It carries no personal data.

    Args:
        law: Which law.
        unit: The number of the unit, from 1; `--unit` runs it alone again. 0 for the region as a whole.
        enrolment: Which enrolment, when it is about one.
        at: The simulated instant, UTC.
        sentence: What was seen, and what should have been.
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
    """So much was found at one unit that going on would tell nothing new; no `except Exception` is in its way."""


class Findings:
    """What was found at one unit: of each law and enrolment the first alone, as the rest follows from it.

    Args:
        unit: The number of the unit.
        limit: After so many the run of the unit stops.
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
        what = (law, enrolment, sentence if enrolment is None else "")
        if what in self._seen:
            return
        self._seen.add(what)
        self.all.append(Finding(law=law, unit=self._unit, enrolment=enrolment, at=at, sentence=sentence))
        if len(self.all) >= self._limit:
            raise Enough
