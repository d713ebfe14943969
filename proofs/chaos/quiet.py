"""What surrounds the chaos: the profiles that staff keep before it, and the passes without trouble after it."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random

from digital_painschool.adapters.sql import SqlStorage
from digital_painschool.ports.storage import AccessEntry, Activity
from digital_painschool.rules.permissions import Action
from digital_painschool.testing.people import UNIT
from proofs.chaos.cast import PROFILES
from proofs.chaos.clock import SteppingClock
from proofs.chaos.deliverer import passed, school_of
from proofs.chaos.journal import Journal
from proofs.chaos.setting import Setting
from proofs.chaos.trouble import Trouble, Troubled

_LIFE = 9_999
_DAYS = 8
_UNTIL_ALL_IS_OVER = timedelta(days=70)
_LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


def keep_profiles(url: str) -> None:
    """Keep what staff want to be told of."""
    storage = SqlStorage(url)
    for hsa_id, profile in PROFILES.items():
        action = Action.UPDATE_PROFILE.value
        entry = AccessEntry(at=_LONG_AGO, by=hsa_id, unit=UNIT, action=action, activity=Activity.WRITE)
        storage.save_profile(UNIT, hsa_id, profile, entry)
    storage.close()


def quiet_passes(setting: Setting, now: datetime) -> None:
    """Make passes without trouble for some days, so that nothing waits; then once more, when all access is over."""
    journal = Journal(setting.folder, _LIFE, "quiet")
    troubled = Troubled(journal, Random(0), 0, {Trouble.NONE: 1})
    clock = SteppingClock(now)
    with school_of(setting, troubled, clock.draw) as school:
        delivery = school.delivery(batch=setting.batch, lease=setting.lease)
        for at in _instants(now):
            clock.now = at
            passed(journal, delivery)
    journal.close()


def _instants(now: datetime) -> Iterator[datetime]:
    for begin in (now, now + _UNTIL_ALL_IS_OVER):
        yield from (begin + timedelta(hours=hours) for hours in range(0, 24 * _DAYS, 2))
