"""A delivery worker: a process that makes one pass after another; and the quiet passes after the chaos."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from random import Random
from time import sleep
from traceback import format_exc

from digital_painschool.adapters.sql import SqlStorage
from digital_painschool.bootstrap.school import PainSchool
from digital_painschool.delivery.worker import Delivery
from digital_painschool.errors import PainSchoolError
from digital_painschool.ports.storage import AccessEntry, Activity, save_profile
from digital_painschool.rules.permissions import Action
from digital_painschool.testing.people import UNIT
from proofs.chaos.cast import PROFILES, opened
from proofs.chaos.clock import LyingClock, SteppingClock
from proofs.chaos.journal import Journal, name_of
from proofs.chaos.setting import Setting
from proofs.chaos.trouble import NONE, Troubled

_PAUSE = 0.1
_QUIET_LIFE = 9_999
_DAYS = 8
_UNTIL_ALL_IS_OVER = timedelta(days=70)
_LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


class Deliverer:
    """A worker that makes passes, with an inbox and messengers in trouble.

    Args:
        setting: The run.
        place: The ordinal of this delivery worker.
        life: The number of the process.
    """

    def __init__(self, setting: Setting, place: int, life: int) -> None:
        self._setting = setting
        self._random = Random(f"{setting.seed} delivering {place} {life}")
        self._clock = LyingClock(setting, life, self._random)
        self._journal = Journal(setting.folder, life, "delivering")

    def work(self) -> None:
        """Make passes until the run is stopped."""
        with school_of(self._setting, self._journal, self._random, self._clock.draw) as school:
            delivery = school.delivery(batch=self._setting.batch, lease=self._setting.lease)
            while self._setting.goes_on:
                passed(self._journal, delivery)
                sleep(self._random.uniform(0, _PAUSE))
        self._journal.close()


def school_of(
    setting: Setting,
    journal: Journal,
    random: Random,
    clock: Callable[[], datetime],
    only: str | None = None,
) -> PainSchool:
    """Open a school whose sends are journaled, and go wrong: by one trouble, or now and then by each."""
    troubled = Troubled(journal, random, setting.in_seconds(setting.lease), only)
    return opened(setting, clock, troubled.ports)


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


def save_profiles(url: str) -> None:
    """Save the staff's choices of notifications, before the chaos."""
    storage = SqlStorage(url)
    for hsa_id, profile in PROFILES.items():
        action = Action.UPDATE_PROFILE.value
        entry = AccessEntry(at=_LONG_AGO, by=hsa_id, unit=UNIT, action=action, activity=Activity.WRITE)
        save_profile(storage, UNIT, hsa_id, profile, entry)
    storage.close()


def quiet_passes(setting: Setting, now: datetime) -> None:
    """Make passes without trouble for some days, so that nothing waits; then once more, when all access is over."""
    journal = Journal(setting.folder, _QUIET_LIFE, "quiet")
    clock = SteppingClock(now)
    with school_of(setting, journal, Random(0), clock.draw, NONE) as school:
        delivery = school.delivery(batch=setting.batch, lease=setting.lease)
        for at in _instants(now):
            clock.now = at
            passed(journal, delivery)
    journal.close()


def _instants(now: datetime) -> Iterator[datetime]:
    for begin in (now, now + _UNTIL_ALL_IS_OVER):
        yield from (begin + timedelta(hours=hours) for hours in range(0, 24 * _DAYS, 2))
