"""Lets the workers loose on one database, kills them, cuts their connections, and clears up after them."""

import gc
import os
import warnings
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from multiprocessing import get_context
from random import Random
from time import sleep, time
from traceback import format_exc
from typing import Any

import psycopg
from attrs import define, evolve, field

from digital_painschool.adapters.sql import migrate
from proofs.chaos.deliverer import Deliverer, quiet_passes, save_profiles
from proofs.chaos.journal import Journal
from proofs.chaos.setting import Setting
from proofs.chaos.web import WebWorker

_MAKE: dict[str, Callable[[Setting, int, int], WebWorker | Deliverer]] = {"web": WebWorker, "delivering": Deliverer}
_TICK = 0.02
_ALL_OF_THEM = 0.1
_CONDUCTOR = 0
_BACKENDS = (
    b"SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND backend_type = 'client backend'"
    b" AND pid <> pg_backend_pid() ORDER BY state = 'active' DESC, random()"
)
"""Those first that are at work: a connection is cut in the middle of something rather than between two calls."""
_DEADLOCKS = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"


@define
class Position:
    """A place that a worker has, one after the other."""

    kind: str
    place: int
    life: int = 0
    process: Any = None
    again_at: float = 0


@define
class Conductor:
    """Runs a setting.

    Args:
        setting: What to run.
        tell: Told how far it is, every now and then.
    """

    setting: Setting
    tell: Callable[[str], object] = lambda _: None
    figures: Counter[str] = field(factory=Counter, init=False)
    _lives: int = field(default=0, init=False)

    def run(self) -> Setting:
        """Run it to its end, quiet passes and all; gives the setting with its beginning."""
        migrate(self.setting.url)
        save_profiles(self.setting.url)
        self.setting = evolve(self.setting, began=time())
        random = Random(f"{self.setting.seed} conductor")
        journal = Journal(self.setting.folder, _CONDUCTOR, "conductor")
        positions = [Position("web", place) for place in range(self.setting.web)]
        positions += [Position("delivering", place) for place in range(self.setting.delivering)]
        deadlocks = self._ask(_DEADLOCKS)
        try:
            self._let_loose(positions, random, journal)
        finally:
            self._stop(positions, journal)
        self._wait_for_silence()
        quiet_passes(self.setting, self.setting.simulated(time()) + 2 * self.setting.skew + self.setting.lease)
        self.figures["deadlocks"] = self._ask(_DEADLOCKS) - deadlocks
        journal.asked("over", deadlocks=self.figures["deadlocks"])
        journal.close()
        return self.setting

    def _let_loose(self, positions: list[Position], random: Random, journal: Journal) -> None:
        until = self.setting.began + self.setting.seconds
        next_kill, next_cut, next_word = self._later(random, "kill"), self._later(random, "cut"), time() + 10
        while (now := time()) < until:
            for position in positions:
                self._keep_alive(position, now, random)
            if now >= next_kill:
                self._kill(random.choice(positions), journal)
                next_kill = self._later(random, "kill")
            if now >= next_cut:
                self._cut(random)
                next_cut = self._later(random, "cut")
            if now >= next_word:
                self.tell(f"{now - self.setting.began:5.0f} s: {self._how_far()}")
                next_word = now + 10
            sleep(_TICK)

    def _later(self, random: Random, what: str) -> float:
        every = {"kill": self.setting.kill_every, "cut": self.setting.cut_every}[what]
        return time() + random.expovariate(1 / every)

    def _keep_alive(self, position: Position, now: float, random: Random) -> None:
        if position.process is not None:
            if position.process.is_alive():
                return
            position.process.join()
            position.process = None
            position.again_at = now + random.uniform(0, 0.3)
        if now >= position.again_at:
            self._lives += 1
            position.life = self._lives
            # Forked from a process that has no connection and no thread, so that a life begins at once.
            position.process = get_context("fork").Process(
                target=_live, args=(self.setting, position.kind, position.place, position.life)
            )
            with warnings.catch_warnings():
                # From Python 3.12 on a fork beside other threads is warned of; a life touches none of what is theirs.
                warnings.simplefilter("ignore", DeprecationWarning)
                position.process.start()
            self.figures["lives"] += 1

    def _kill(self, position: Position, journal: Journal) -> None:
        if position.process is not None and position.process.is_alive():
            position.process.kill()
            position.process.join()
            journal.asked("kill", life=position.life)
            self.figures["kills"] += 1

    def _cut(self, random: Random) -> None:
        every = random.random() < _ALL_OF_THEM
        with suppress(psycopg.Error), psycopg.connect(self.setting.url, autocommit=True) as connection:
            pids = [row[0] for row in connection.execute(_BACKENDS).fetchall()]
            for pid in pids if every else pids[:1]:
                connection.execute("SELECT pg_terminate_backend(%s)", (pid,))
                self.figures["cuts"] += 1

    def _ask(self, statement: str) -> int:
        with psycopg.connect(self.setting.url, autocommit=True) as connection:
            connection.execute("SELECT pg_stat_force_next_flush()")
            row = connection.execute(statement.encode()).fetchone()
        assert row is not None
        return int(row[0])

    def _how_far(self) -> str:
        entries = self._ask("SELECT count(*) FROM timeline")
        waiting = self._ask("SELECT count(*) FROM digest_notifications WHERE status = 'pending'")
        every = self._ask("SELECT count(*) FROM digest_notifications")
        return (
            f"{entries} entries, {every} notifications ({waiting} wait), {self.figures['lives']} lives,"
            f" {self.figures['kills']} kills, {self.figures['cuts']} cuts"
        )

    def _stop(self, positions: list[Position], journal: Journal) -> None:
        self.setting.stop.touch()
        until = time() + self.setting.patience
        for position in positions:
            if position.process is not None:
                position.process.join(max(0, until - time()))
                if position.process.is_alive():
                    self._kill(position, journal)

    def _wait_for_silence(self) -> None:
        # A server goes on for a moment with what it was told by a process that is dead.
        with psycopg.connect(self.setting.url, autocommit=True) as connection:
            until = time() + self.setting.patience
            while time() < until and connection.execute(_BACKENDS).fetchall():
                sleep(_TICK)


def _live(setting: Setting, kind: str, place: int, life: int) -> None:
    gc.freeze()
    try:
        _MAKE[kind](setting, place, life).work()
    except BaseException:  # noqa: BLE001 - the audit tells of it
        journal = Journal(setting.folder, life, "broken")
        journal.answered(journal.asked(kind), "untyped", why=format_exc())
    finally:
        os._exit(0)
