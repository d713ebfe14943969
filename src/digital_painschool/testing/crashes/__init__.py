"""Kill a history at every point, start again, and see that nothing is lost or doubled.

`kill_everywhere(open_ours, history)` is for any adapters; `TELLING` has histories that are worth it.
"""

from digital_painschool.testing.crashes.at_every_call import NotSurvived, Survived, kill_at, kill_everywhere
from digital_painschool.testing.crashes.notable_histories import NOTABLE_HISTORIES, Doing, NotableHistory
from digital_painschool.testing.crashes.process import CrashPoint

__all__ = [
    "NOTABLE_HISTORIES",
    "CrashPoint",
    "Doing",
    "NotSurvived",
    "NotableHistory",
    "Survived",
    "kill_at",
    "kill_everywhere",
]
