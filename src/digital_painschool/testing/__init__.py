"""The proof kit: strategies, a lifecycle machine, contracts, scenarios and faults, for your adapters and ours.

The names that a test begins with are here. Further rooms: `contracts` (a class for each port), `strategies`, `faults`,
`history` (steps as values), `people` and `example` (whom and what tests are about), `simulation` (a region in a box).

Needs the extra: `pip install 'digital_painschool[testing]'`.
"""

from importlib import import_module

try:
    for _needed in ("hypothesis", "pytest"):
        import_module(_needed)
except ModuleNotFoundError as missing:
    raise ModuleNotFoundError(
        f"digital_painschool.testing needs its extra, and {missing.name} is not there: "
        "pip install 'digital_painschool[testing]'",
        name=missing.name,
    ) from None

from digital_painschool.testing.crashes import NOTABLE_HISTORIES, NotSurvived, Survived, kill_at, kill_at_every_call
from digital_painschool.testing.environment import (
    Environment,
    OutboxEntry,
    PortsFactory,
    in_memory,
    local,
    on_sqlite,
    stored_at,
    with_adapters,
)
from digital_painschool.testing.example import DAILY, PAIN, PROGRAM, SLEEP
from digital_painschool.testing.history import History
from digital_painschool.testing.lifecycle import LifecycleMachine
from digital_painschool.testing.reference.laws import Law, LawViolation
from digital_painschool.testing.scenario import Scenario

__all__ = [
    "DAILY",
    "NOTABLE_HISTORIES",
    "PAIN",
    "PROGRAM",
    "SLEEP",
    "Environment",
    "History",
    "Law",
    "LawViolation",
    "LifecycleMachine",
    "NotSurvived",
    "OutboxEntry",
    "PortsFactory",
    "Scenario",
    "Survived",
    "in_memory",
    "kill_at",
    "kill_at_every_call",
    "local",
    "on_sqlite",
    "stored_at",
    "with_adapters",
]
