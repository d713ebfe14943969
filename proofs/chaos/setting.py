"""How long, how fast and how rough: all that a run of chaos is made from."""

from datetime import datetime, timedelta
from pathlib import Path
from time import time

from attrs import frozen

from digital_painschool.testing.environment import START


@frozen(kw_only=True)
class Setting:
    """A run of chaos.

    Args:
        url: The PostgreSQL database, with its schema and nothing in it.
        folder: Where the journals are; empty at first.
        seconds: How long, by the machine's own clock.
        seed: What everything is drawn from.
        web: How many processes take desk calls.
        delivering: How many processes make passes.
        speed: How much simulated time goes by in a second.
        lease: How long a claim is held, simulated.
        batch: How many notifications are claimed at a time.
        skew: How far a process's clock may be from the right time, either way, simulated.
        kill_every: The mean number of seconds from one kill to the next.
        cut_every: The mean number of seconds from one cut of a connection to the next.
        patience: After so many seconds without an answer a call hangs.
        began: When it began, in seconds of the machine's clock.
    """

    url: str
    folder: Path
    seconds: float
    seed: int = 7
    web: int = 5
    delivering: int = 3
    speed: timedelta = timedelta(hours=3)
    lease: timedelta = timedelta(minutes=90)
    batch: int = 12
    skew: timedelta = timedelta(minutes=15)
    kill_every: float = 0.7
    cut_every: float = 0.5
    patience: float = 30
    began: float = 0

    def simulated(self, seconds: float) -> datetime:
        """Return the right simulated time at an instant of the machine's clock."""
        return START + (seconds - self.began) * self.speed

    def in_seconds(self, simulated: timedelta) -> float:
        """Return how many seconds a simulated time lasts."""
        return simulated / self.speed

    @property
    def goes_on(self) -> bool:
        """Whether workers are to go on; should nobody be left to stop them, they stop by themselves."""
        return not self.stop.exists() and time() < self.began + self.seconds + self.patience

    @property
    def stop(self) -> Path:
        """The file that tells every worker to stop when it is there."""
        return self.folder / "stop"
