"""The options of a machine: their values, and the check of the class attributes when a subclass is made."""

from collections.abc import Callable, Mapping
from datetime import time
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from attrs import evolve

from digital_painschool.domain.policy import Policy, YearEnd
from digital_painschool.domain.policy_sets import GUIDED_YEAR, POLICY_SETS, WEEKLY_FEEDBACK
from digital_painschool.domain.program import Ordering
from digital_painschool.testing.attributes import check_attributes

STARTS = (
    "2026-03-27 12:00",
    "2026-10-23 12:00",
    "2026-06-01 08:00",
    "2028-02-29 23:30",
    "2026-12-31 08:00",
)
"""The days before both clock changes, an ordinary one, a leap day, the last day of a year; in Stockholm."""
POLICIES: Mapping[str, Policy] = MappingProxyType(
    {
        "usual": POLICY_SETS[GUIDED_YEAR],
        "own": evolve(
            POLICY_SETS[WEEKLY_FEEDBACK],
            zone=ZoneInfo("Europe/Helsinki"),
            collected_at=time(6, 30),
            forenoon_ends=time(10),
            year_end=YearEnd.FLAG_ONLY,
            silent_after_days=7,
            ending_within_days=60,
            write_in_maintenance=True,
            alerts_at_once=False,
            retention_years=1,
            retention_decision="RS 2026-1",
            export_before_purge=False,
            retry_minutes=(5,),
        ),
    }
)
"""The defaults, and a unit that works by weekly feedback and has decided everything else otherwise too."""
FOCUSES = ("treatment", "maintenance", "messages", "records", "everything")
"""What an example is about: few rules at a time find more than all of them."""
OPTIONS: Mapping[str, Callable[[Any], bool]] = MappingProxyType(
    {
        "ports_factory": callable,
        "reference": lambda value: isinstance(value, bool),
        "crashes": lambda value: isinstance(value, bool),
        "orderings": lambda value: value and all(isinstance(one, Ordering) for one in value),
        "policies": lambda value: value and all(isinstance(one, Policy) for one in value.values()),
        "numbers": lambda value: len(value) == 3 and all(isinstance(one, str) for one in value),
        "focuses": lambda value: value and {*value} <= {*FOCUSES},
    }
)
"""Whether the value of an option is right, by the option's name."""


def check_options(subclass: type) -> None:
    """Refuse a subclass with an unknown or a wrong class attribute.

    Raises:
        TypeError: There is such an attribute.
    """
    check_attributes(subclass, OPTIONS, "machine", lambda name: _is_right(name, getattr(subclass, name)))


def _is_right(name: str, value: object) -> bool:
    try:
        return bool(OPTIONS[name](value))
    except (AttributeError, TypeError):
        return False
