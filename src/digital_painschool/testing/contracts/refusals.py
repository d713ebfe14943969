"""What the contracts of the inbox and of the messengers ask of a sender that refuses, is out of order, or hangs."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from digital_painschool.errors import DeliveryError
from digital_painschool.testing.contracts.base import OUT_OF_ORDER, Adapter
from digital_painschool.testing.contracts.clauses import proves
from digital_painschool.testing.contracts.sending import ACCEPTED, SendingContract

REFUSED = "for a recipient who is refused"


class RefusingContract(SendingContract[Adapter]):
    """The clauses of what is not sent."""

    @proves("{port}: as given", "{port}: isolated")
    def test_what_is_refused_arrives_nowhere_and_is_refused_again(self, place: Any, nobody: Any) -> None:
        """Otherwise a therapist would be told of a failure that was none, or a retry count as delivered."""
        with self.opened(place) as adapter:
            for _ in range(2):
                self.failure_of(partial(self.send, adapter, "key-1", nobody), REFUSED)
            self.assert_arrived(place, adapter)

    @proves("{port}.{send}: DeliveryError")
    def test_what_cannot_be_delivered_fails_for_good(self, adapter: Any, nobody: Any) -> None:
        """Otherwise the worker would try for a day before the therapist gets the flag."""
        failure = self.failure_of(partial(self.send, adapter, "key-1", nobody), REFUSED)
        self.assert_failure(failure, REFUSED, permanent=True)

    @proves("{port}: isolated", "{port}: silent")
    def test_a_failure_leaves_the_adapter_usable_and_says_nobody(self, adapter: Any, nobody: Any) -> None:
        """Otherwise one refused recipient would stop what is for all others, or end up in a log."""
        for _ in range(2):
            failure = self.failure_of(partial(self.send, adapter, "key-1", nobody), REFUSED)
            self.assert_failure(failure, REFUSED, nobody.value, nobody.value[:8])
        assert ACCEPTED is self.send(adapter, "key-2")

    @proves("{port}.{send}: DeliveryError")
    def test_an_outage_is_a_failure_and_not_for_good(self, place: Any) -> None:
        """Otherwise a minute's outage would give up what is for everybody, or count it as delivered (D-13d)."""
        with self.opened(place) as adapter:
            assert ACCEPTED is self.send(adapter, "key-1")
            self.spoil(place)
            failure = self.failure_of(partial(self.send, adapter, "key-2"), OUT_OF_ORDER)
            self.assert_failure(failure, OUT_OF_ORDER, permanent=False)

    @proves("{port}: silent")
    def test_an_outage_says_nobody(self, place: Any) -> None:
        """Otherwise the numbers of all patients would end up in a log on a bad morning."""
        with self.opened(place) as adapter:
            self.spoil(place)
            for to in self.recipients():
                failure = self.failure_of(partial(self.send, adapter, "key-1", to), OUT_OF_ORDER)
                self.assert_failure(failure, OUT_OF_ORDER, to.value, to.value[:8])

    @proves("{port}.forget: DeliveryError")
    def test_in_an_outage_nothing_counts_as_forgotten(self, place: Any) -> None:
        """Otherwise a purge would count as done, while nothing is (D-21a)."""
        with self.opened(place) as adapter:
            assert ACCEPTED is self.send(adapter, "key-1")
            self.spoil(place)
            if not self.deletes:
                self.assert_forgets(adapter, ["key-1"], 1)
                return
            failure = self.failure_of(partial(adapter.forget, ["key-1"]), OUT_OF_ORDER)  # type: ignore[attr-defined]
            self.assert_failure(failure, OUT_OF_ORDER, permanent=False)

    def calls(self) -> Sequence[Callable[[Any], object]]:
        """Return one call of each method, that which sends first."""
        return (lambda adapter: self.send(adapter, "key-1"), lambda adapter: adapter.forget(["key-1"]))

    @proves("{port}: time-out")
    def test_a_call_returns_or_raises_in_time(self, place: Any) -> None:
        """Otherwise a worker would hang past its lease, and another one send the same (D-13a)."""
        _, forgotten, *_ = self.assert_in_time(place, *self.calls())
        right = isinstance(forgotten, DeliveryError) or not self.deletes
        assert right, f"`forget` returned {forgotten!r} while what is behind the adapter hung"
