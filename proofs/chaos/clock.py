"""A process's own clock: fast, wrong by a little, now and then set forward or back, and never twice the same."""

from datetime import datetime, timedelta
from random import Random
from time import time

from attrs import define

from proofs.chaos.setting import Setting

LIVES = 10_000
"""The last four digits of a microsecond tell whose clock it was."""
_SET_ANEW = 0.03
_SECONDS = timedelta(seconds=60)


class LyingClock:
    """Gives instants that name the process that they were given to, each once.

    Args:
        setting: How fast and how wrong.
        life: The number of the process.
        random: When it is set anew, and how.
    """

    def __init__(self, setting: Setting, life: int, random: Random) -> None:
        self._setting = setting
        self._life = life % LIVES
        self._random = random
        self._given: set[datetime] = set()
        self._skew = self._another_skew()

    def draw(self) -> datetime:
        """Return the present instant as this clock has it; one that was given before, a little later."""
        if self._random.random() < _SET_ANEW:
            self._skew = self._another_skew()
        now = self._setting.simulated(time()) + self._skew
        own = now.replace(microsecond=now.microsecond // LIVES * LIVES + self._life)
        while own in self._given:
            own += timedelta(microseconds=LIVES)
        self._given.add(own)
        return own

    def _another_skew(self) -> timedelta:
        furthest = self._random.choice((_SECONDS, self._setting.skew))
        return self._random.uniform(-1, 1) * furthest


@define
class SteppingClock:
    """A clock that goes on by a microsecond whenever somebody asks, and is set by hand besides.

    Args:
        now: What it was set to, or has given last.
    """

    now: datetime

    def draw(self) -> datetime:
        """Return an instant that was not given before."""
        self.now += timedelta(microseconds=1)
        return self.now
