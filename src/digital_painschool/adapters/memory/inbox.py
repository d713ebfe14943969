"""The patients' inbox in memory."""

from collections.abc import Iterable
from threading import Lock

from digital_painschool.adapters.swedish_identity import RESERVE_NUMBERS
from digital_painschool.domain.people import PersonId
from digital_painschool.errors import DeliveryError
from digital_painschool.ports.inbox import Delivered, Notice, Reachability


class MemoryInbox:
    """An inbox that keeps every notice, for tests to look at. Rule: M-12, D-13c, D-13d.

    Args:
        unreachable_schemes: The schemes of identity numbers that cannot be reached. The default is that of the national
            inbox: the reserve numbers.
        ways: The ways in which reachable persons are notified that something came.
    """

    def __init__(
        self, unreachable_schemes: Iterable[str] = RESERVE_NUMBERS, ways: Iterable[str] = ("email", "sms")
    ) -> None:
        self._unreachable_schemes = frozenset(unreachable_schemes)
        self._ways = frozenset(ways)
        self._delivered: dict[str, Notice] = {}
        self._lock = Lock()

    @property
    def delivered(self) -> tuple[Notice, ...]:
        """The accepted notices, each once, in the order of their delivery."""
        with self._lock:
            return tuple(self._delivered.values())

    def reach(self, person: PersonId) -> Reachability:
        if person.scheme in self._unreachable_schemes:
            return Reachability(reachable=False)
        return Reachability(reachable=True, ways=self._ways)

    def deliver(self, notice: Notice) -> Delivered:
        if not self.reach(notice.person).reachable:
            raise DeliveryError("the inbox does not take this kind of identity number", permanent=True)
        with self._lock:
            if notice.key in self._delivered:
                return Delivered.DUPLICATE
            self._delivered[notice.key] = notice
            return Delivered.ACCEPTED

    def forget(self, keys: Iterable[str]) -> int:
        with self._lock:
            return sum(self._delivered.pop(key, None) is not None for key in keys)
