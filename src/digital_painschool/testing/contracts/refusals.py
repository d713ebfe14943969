"""What the contracts of the inbox and of the messengers ask of a sender that refuses, is out of order, or hangs."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial
from typing import Any, ClassVar

import pytest

from digital_painschool.errors import DeliveryError
from digital_painschool.testing.contracts.base import OUT_OF_ORDER, Adapter
from digital_painschool.testing.contracts.clauses import proves
from digital_painschool.testing.contracts.concurrency import in_time, refusal_or
from digital_painschool.testing.contracts.repeating import RepeatingContract
from digital_painschool.testing.contracts.sending import ACCEPTED
from digital_painschool.testing.contracts.silence import assert_says_nothing

REFUSED = "for a recipient who is refused"
BUSY = "after `busy`"


class RefusingContract(RepeatingContract[Adapter]):
    """The clauses of what is not sent."""

    _wait: ClassVar[int] = 90

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
            told = [secret for secret in self.secrets if secret in repr(adapter)]
            assert not told, "the adapter's `repr` says a secret"
            self.spoil(place)
            for to in self.recipients():
                failure = self.failure_of(partial(self.send, adapter, "key-1", to), OUT_OF_ORDER)
                self.assert_failure(failure, OUT_OF_ORDER, to.value, to.value[:8])

    @proves("{port}: idempotent", "{port}: isolated")
    def test_what_failed_in_an_outage_is_sent_after_it(self, place: Any) -> None:
        """Otherwise a key would be known of which nothing was sent, and the patient never told (D-13d)."""
        to, _ = self.recipients()
        with self.opened(place) as adapter:
            self.spoil(place)
            for _ in range(2):
                self.failure_of(partial(self.send, adapter, "key-1"), OUT_OF_ORDER)
            self.mend(place)
            answer = self.send(adapter, "key-1")
            assert ACCEPTED is answer, f"after the outage `{self._method}` answered {answer!r}, and nothing was sent"
            self.assert_arrived(place, adapter, self.sent(to))

    @proves("{port}: wait")
    def test_a_wait_that_is_asked_for_is_passed_on_and_not_waited(self, place: Any) -> None:
        """Otherwise a gateway that is overloaded would be asked again by each worker, or hold up all of them."""
        with self.opened(place) as adapter:
            self.busy(place, self._wait)
            failure = in_time(partial(self.send, adapter, "key-1"), self.answers_within)
            assert isinstance(failure, DeliveryError), f"a call {BUSY} answered {failure!r} in place of a DeliveryError"
            self.assert_failure(failure, BUSY, *(to.value for to in self.recipients()), permanent=False)
            asked, said = timedelta(seconds=self._wait), failure.retry_after
            assert asked == said, f"the system asked to wait {asked}, and the failure has `retry_after={said!r}`"

    @proves("{port}: silent")
    def test_nothing_that_is_logged_or_printed_says_whom(
        self, place: Any, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
    ) -> None:
        """Otherwise every patient's number would end up in a log that anybody may read."""
        everybody = [*self.recipients(), *filter(None, [self.unreachable_recipient()])]
        with self.opened(place) as adapter:
            values = [one.value for one in everybody]
            with assert_says_nothing(caplog, capfd, *values, *self.secrets):
                for number, to in enumerate(everybody):
                    for call in self.calls(f"key-{number}", to):
                        refusal_or(partial(call, adapter))

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

    def calls(self, key: str = "key-1", to: Any = None) -> Sequence[Callable[[Any], object]]:
        """Return one call of each method, that which sends first."""
        return (lambda adapter: self.send(adapter, key, to), lambda adapter: adapter.forget([key]))

    @proves("{port}: time-out")
    def test_a_call_returns_or_raises_in_time(self, place: Any) -> None:
        """Otherwise a worker would hang past its lease, and another one send the same (D-13a)."""
        _, forgotten, *_ = self.assert_in_time(place, *self.calls())
        right = isinstance(forgotten, DeliveryError) or not self.deletes
        assert right, f"`forget` returned {forgotten!r} while what is behind the adapter hung"
