"""The sends over a channel that recognises no key, as long as no storage has their results."""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta

from digital_painschool.testing.faults.plan import Process

LEASE = timedelta(minutes=15)
"""How long a claim lasts; what a slower worker has claimed, another one may send."""


class UnstoredSends:
    """The sends that the channel took and whose result nobody stored.

    The answer was lost, the worker died, its storage failed, or the worker outlived its lease.
    """

    def __init__(self) -> None:
        self._unstored: Counter[str] = Counter()
        self._at_hand: dict[Process, str] = {}

    def call(self, process: Process, send: Callable[[], object]) -> object:
        """Make a call that sends. A worker has one message at hand: it has stored the result of the one before."""
        self.store(process)
        try:
            return send()
        except BaseException:
            self.lose(process)
            raise

    def accept(self, process: Process, key: str, took: timedelta) -> int:
        """Note that the channel has taken a message; return how many sends excuse that it takes the key again.

        Args:
            process: The worker.
            key: The idempotency key.
            took: How long ago the call began.
        """
        earlier = self._unstored[key]
        self._unstored[key] += 1
        self._at_hand[process] = key
        return earlier + (took >= LEASE)

    def store(self, process: Process) -> None:
        """Note that a worker has stored the result of what it had at hand."""
        if (key := self._at_hand.pop(process, None)) is not None:
            self._unstored[key] -= 1

    def lose(self, process: Process) -> None:
        """Note that a worker stores no result of what it has at hand, or too late."""
        self._at_hand.pop(process, None)
