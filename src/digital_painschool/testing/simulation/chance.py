"""Random numbers that follow from a seed and a name, alike on every version of Python and every machine."""

from collections.abc import Sequence
from datetime import timedelta
from hashlib import sha256
from random import Random
from typing import TypeVar

T = TypeVar("T")


class Chance:
    """The random numbers of one actor: a sequence of its own.

    Only `Random.random` is asked, and only for sums that are exact: its sequence is the one thing that Python promises
    not to change.

    Args:
        name: The seed, and the name of the actor.
    """

    def __init__(self, *name: object) -> None:
        seed = sha256("/".join(map(str, name)).encode()).digest()[:16]
        self._random = Random(int.from_bytes(seed, "big")).random  # noqa: S311 - nothing is kept secret by it

    def happens(self, share: float) -> bool:
        """Return True in this share of cases."""
        return self._random() < share

    def whole(self, low: int, high: int) -> int:
        """Return a whole number between two, both included."""
        return low + int(self._random() * (high - low + 1))

    def pick(self, items: Sequence[T]) -> T:
        """Return one of some items, each as likely as another."""
        return items[int(self._random() * len(items))]

    def weighed(self, *shares: tuple[T, float]) -> T:
        """Return one of some items by its share; the last has what the others leave."""
        point = self._random()
        for item, share in shares[:-1]:
            if point < share:
                return item
            point -= share
        return shares[-1][0]

    def time(self, low: timedelta, high: timedelta) -> timedelta:
        """Return a time between two, to the microsecond."""
        step = timedelta(microseconds=1)
        return self.whole(low // step, high // step) * step
