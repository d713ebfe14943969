"""A delivery worker: a process that makes one pass after another, until it is stopped or killed."""

from collections.abc import Callable
from datetime import datetime
from random import Random
from time import sleep
from traceback import format_exc

from attrs import evolve

from digital_painschool.bootstrap.school import PainSchool
from digital_painschool.delivery.worker import Delivery
from digital_painschool.errors import PainSchoolError
from proofs.chaos.cast import CATALOGUE, opened
from proofs.chaos.clock import LyingClock
from proofs.chaos.journal import Journal, name_of
from proofs.chaos.setting import Setting
from proofs.chaos.trouble import Troubled

_PAUSE = 0.1


class Deliverer:
    """Makes passes, with an inbox and messengers in trouble.

    Args:
        setting: The run.
        place: The how many-eth delivery worker this is.
        life: The number of the process.
    """

    def __init__(self, setting: Setting, place: int, life: int) -> None:
        self._setting = setting
        self._random = Random(f"{setting.seed} delivering {place} {life}")
        self._clock = LyingClock(setting, life, self._random)
        self._journal = Journal(setting.folder, life, "delivering")

    def work(self) -> None:
        """Make passes until the run is stopped."""
        troubled = Troubled(self._journal, self._random, self._setting.in_seconds(self._setting.lease))
        with self._school(troubled) as school:
            delivery = school.delivery(batch=self._setting.batch, lease=self._setting.lease)
            while self._setting.goes_on:
                passed(self._journal, delivery)
                sleep(self._random.uniform(0, _PAUSE))
        self._journal.close()

    def _school(self, troubled: Troubled) -> PainSchool:
        while True:
            try:
                return school_of(self._setting, troubled, self._clock.draw)
            except PainSchoolError:  # its connection was cut before it had begun
                if not self._setting.goes_on:
                    raise


def school_of(setting: Setting, troubled: Troubled, clock: Callable[[], datetime]) -> PainSchool:
    """Open a school whose sends are journaled, and go wrong as they are told to."""
    ports = opened(setting.url)
    there = evolve(
        ports,
        storage=troubled.storage(ports.storage),
        inbox=troubled.inbox(ports.inbox),
        messengers=tuple(troubled.messenger(one) for one in ports.messengers),
    )
    return PainSchool(there, catalogue=CATALOGUE, clock=clock)


def passed(journal: Journal, delivery: Delivery) -> None:
    """Make a pass, and journal what came of it."""
    asked = journal.asked("pass")
    try:
        done = delivery.run()
    except PainSchoolError as error:
        journal.answered(asked, name_of(error), why=str(error))
    except Exception:  # noqa: BLE001 - the audit tells of it
        journal.answered(asked, "untyped", why=format_exc())
    else:
        journal.answered(asked, "ok", done=repr(done))
