"""The notices that arrive, as law 5 sees them without knowing what was asked for."""

from collections import Counter
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
    """A notice that was accepted as new: the instant at which its sending began, and what was sent.

    `unstored` is the number of sends of its key whose result no storage has, before this one. Where the channel
    recognises no key, its recipient gets one more for each.
    """

    at: datetime
    channel: Channel
    to: PersonId | Address
    template: Template
    key: str
    language: Language = Language.SWEDISH
    unstored: int = 0


class Arrivals:
    """The notices that were accepted: no key twice; the collected ones in the forenoon, one a digest and day.

    Over a channel that recognises no key, one comes once more for each send whose result was not stored, and not
    without one.

    Args:
        policy: The units' policy.
    """

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._times: Counter[str] = Counter()
        self.notified_on: set[tuple[object, date]] = set()

    def add(self, arrival: Arrival, *, digest_of: object | None) -> Iterator[LawViolation]:
        """Add a notice, and yield what is wrong with its time.

        Args:
            arrival: The notice.
            digest_of: The recipient, unit and channel whose collected notifications it stands for; None for a direct
                one.
        """
        times = self._times[arrival.key]
        yield from unless(times <= arrival.unstored, _LAW, f"{arrival.key} was accepted as new twice")
        self._times[arrival.key] += 1
        yield from unequal(_LAW, self._policy.language, arrival.language, f"{arrival.key}: the language")
        if digest_of is None:
            return
        if not is_forenoon(arrival.at, self._policy):
            here = arrival.at.astimezone(self._policy.zone)
            yield violation(_LAW, f"{arrival.key} is collected and arrived at {here:%H:%M:%S.%f}, not in the forenoon")
        day = local_day(arrival.at, self._policy.zone)
        once = (digest_of, day)
        is_first = once not in self.notified_on or 0 < times <= arrival.unstored
        yield from unless(is_first, _LAW, f"a recipient was notified twice on {day}")
        self.notified_on.add(once)

    def was_notified(self, digest: object, at: datetime) -> bool:
        """Return whether a recipient has had the notice of a unit on the local day of an instant."""
        return (digest, local_day(at, self._policy.zone)) in self.notified_on
