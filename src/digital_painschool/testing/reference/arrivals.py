"""The notices that arrive, as law 5 sees them without knowing what was asked for."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import NamedTuple

from digital_painschool.domain.notification import Channel, Template
from digital_painschool.domain.people import PersonId
from digital_painschool.domain.policy import Policy
from digital_painschool.labels.lookup import Language
from digital_painschool.ports.messaging import Address
from digital_painschool.testing.reference.calendar import is_forenoon, local_day
from digital_painschool.testing.reference.laws import Law, LawViolation, unequal, unless, violation

_LAW = Law.NOTIFIED_ONCE_IN_TIME


class Arrival(NamedTuple):
    """A notice that was accepted as new: the instant at which its sending began, and what was sent."""

    at: datetime
    channel: Channel
    to: PersonId | Address
    template: Template
    key: str
    language: Language = Language.SWEDISH


class Arrivals:
    """The notices that were accepted: no key twice; the collected ones in the forenoon, one a digest and day.

    Args:
        policy: The units' policy.
    """

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._keys: set[str] = set()
        self.notified_on: set[tuple[object, date]] = set()

    def add(self, arrival: Arrival, *, digest_of: object | None) -> Iterator[LawViolation]:
        """Add a notice, and yield what is wrong with its time.

        Args:
            arrival: The notice.
            digest_of: The recipient, unit and channel whose collected notifications it stands for; None for a direct
                one.
        """
        yield from unless(arrival.key not in self._keys, _LAW, f"{arrival.key} was accepted as new twice")
        self._keys.add(arrival.key)
        yield from unequal(_LAW, self._policy.language, arrival.language, f"{arrival.key}: the language")
        if digest_of is None:
            return
        if not is_forenoon(arrival.at, self._policy):
            here = arrival.at.astimezone(self._policy.zone)
            yield violation(_LAW, f"{arrival.key} is collected and arrived at {here:%H:%M:%S.%f}, not in the forenoon")
        day = local_day(arrival.at, self._policy.zone)
        once = (digest_of, day)
        yield from unless(once not in self.notified_on, _LAW, f"a recipient was notified twice on {day}")
        self.notified_on.add(once)

    def was_notified(self, digest: object, at: datetime) -> bool:
        """Return whether a recipient has had the notice of a unit on the local day of an instant."""
        return (digest, local_day(at, self._policy.zone)) in self.notified_on
