"""Fault injection: any port or clock, of which a named call fails, dies, hangs, is made twice, or answers otherwise.

`faulty(storage, Fault("save", call=3, when=When.AFTER, does=Dies()))` is that storage, of the same type.
"""

from digital_painschool.ports.guarded import WRITES
from digital_painschool.testing.faults.calls import Call, each_port, watched
from digital_painschool.testing.faults.effects import (
    Answers,
    Dies,
    Does,
    Fails,
    Hangs,
    Killed,
    KillsTheProcess,
    Meanwhile,
    Sleeps,
    When,
)
from digital_painschool.testing.faults.plan import (
    SENDS,
    Fault,
    FaultPlan,
    Process,
    calls_of,
    faulty,
    with_faults,
)
from digital_painschool.testing.faults.recording import RecordingPorts, recipient_of

__all__ = [
    "SENDS",
    "WRITES",
    "Answers",
    "Call",
    "Dies",
    "Does",
    "Fails",
    "Fault",
    "FaultPlan",
    "Hangs",
    "Killed",
    "KillsTheProcess",
    "Meanwhile",
    "Process",
    "RecordingPorts",
    "Sleeps",
    "When",
    "calls_of",
    "each_port",
    "faulty",
    "recipient_of",
    "watched",
    "with_faults",
]
