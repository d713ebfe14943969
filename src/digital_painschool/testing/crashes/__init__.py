"""Crashes: a history is killed at every point, and started again; nothing may be lost or duplicated.

`kill_at_every_call(open_ours, history)` is for any adapters; `NOTABLE_HISTORIES` are worth it.
"""

from digital_painschool.testing.crashes.kill import kill_at, kill_at_every_call
from digital_painschool.testing.crashes.notable_histories import NOTABLE_HISTORIES, Doing, NotableHistory
from digital_painschool.testing.crashes.run import CrashPoint
from digital_painschool.testing.crashes.walk import NotSurvived, Survived

__all__ = [
    "NOTABLE_HISTORIES",
    "CrashPoint",
    "Doing",
    "NotSurvived",
    "NotableHistory",
    "Survived",
    "kill_at",
    "kill_at_every_call",
]
