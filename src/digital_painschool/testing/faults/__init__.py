"""Faults: any port or clock, so that a named call of it fails, dies, hangs, is done twice, or lies about time.

`faulty(storage, Fault("save", call=3, when=When.AFTER, does=Dies()))` is that storage, of the same type.
"""

from digital_painschool.testing.faults.calls import Call, watched
from digital_painschool.testing.faults.effects import (
    Blocks,
    Dies,
    Does,
    Fails,
    Hangs,
    Killed,
    Shifts,
    StandsStill,
    Twice,
    When,
)
from digital_painschool.testing.faults.factories import with_faults
from digital_painschool.testing.faults.wrapping import Fault, calls_of, faulty

__all__ = [
    "Blocks",
    "Call",
    "Dies",
    "Does",
    "Fails",
    "Fault",
    "Hangs",
    "Killed",
    "Shifts",
    "StandsStill",
    "Twice",
    "When",
    "calls_of",
    "faulty",
    "watched",
    "with_faults",
]
