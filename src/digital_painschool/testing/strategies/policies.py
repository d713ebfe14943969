"""Policies: valid ones, and ones that are valid but for one named fault."""

from collections.abc import Mapping
from datetime import UTC, datetime, time
from types import MappingProxyType
from typing import Any

from attrs import asdict, frozen
from hypothesis import strategies as st

from digital_painschool.domain.policy import FlagKind, Policy
from digital_painschool.domain.program import EndReason
from digital_painschool.testing.strategies.programs import end_reasons
from digital_painschool.testing.strategies.texts import titles

_DECISIONS = titles("Beslut 1")
_END_REASONS = st.none() | end_reasons()
_FLAGS = st.frozensets(st.sampled_from(FlagKind))
_HEADINGS = titles("Min konversation", longest=30)
_RUNS = st.sampled_from([9 * 60, 6 * 60, 12 * 60 - 1]) | st.integers(6 * 60, 12 * 60 - 1)
_WAITS = st.just((5, 30, 120, 720)) | st.lists(st.integers(0, 3000), max_size=5).map(tuple)
_YEARS = st.just(10) | st.integers(0, 200)
ZONES = (
    "Europe/Stockholm",
    "UTC",
    "America/New_York",
    "America/Sao_Paulo",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Pacific/Apia",
)
"""Zones that differ in what clock changes can do: none, an hour, half an hour, south of the equator, quarters."""


def _time(minutes: int) -> time:
    return time(*divmod(minutes, 60))


@st.composite
def policies(draw: st.DrawFn, *, zone: str | None = None) -> Policy:
    """Return a valid policy, in the zone of that name or any of `ZONES`."""
    run = draw(_RUNS)
    ends = draw(st.just(12 * 60) | st.integers(run + 1, 12 * 60))
    fewest = draw(st.just(1) | st.integers(1, 400))
    years = draw(_YEARS)
    heading = draw(_HEADINGS)
    return Policy(
        zone=draw(st.sampled_from(ZONES)) if zone is None else zone,
        collected_at=_time(run),
        forenoon_ends=_time(ends),
        review_after_days=draw(st.just(21) | st.integers(1, 400)),
        maintenance_days=(fewest, draw(st.just(max(365, fewest)) | st.integers(fewest, 3650))),
        staff_flags=draw(_FLAGS),
        end_reasons=draw(_END_REASONS),
        retention_years=years,
        retention_decision=draw(_DECISIONS) if years < 10 else draw(st.none() | _DECISIONS),
        export_before_purge=draw(st.booleans()),
        heading=heading,
        heading_limit=draw(st.just(120) | st.integers(len(heading), 1000)),
        message_limit=draw(st.just(10_000) | st.integers(1, 10_000)),
        retry_minutes=draw(_WAITS),
    )


@frozen(kw_only=True)
class BrokenPolicy:
    """The arguments of a policy that is valid but for one fault.

    Args:
        fault: The fault's name.
        arguments: For `Policy`.
        speaks_of: Stands in what `InvalidValue` says.
    """

    fault: str
    arguments: Mapping[str, Any]
    speaks_of: str


_ONCE = EndReason(key="klar", title="Klar")
POLICY_FAULTS: Mapping[str, Mapping[str, object]] = MappingProxyType(
    {
        "run before six": {"collected_at": time(5, 59)},
        "run at noon": {"collected_at": time(12)},
        "forenoon that ends at the run": {"forenoon_ends": time(9), "collected_at": time(9)},
        "forenoon that ends after noon": {"forenoon_ends": time(12, 1)},
        "run in another zone": {"collected_at": time(9, tzinfo=UTC)},
        "run on a day": {"collected_at": datetime(2026, 3, 2, 9, tzinfo=UTC)},
        "no such zone": {"zone": "Europe/Göteborg"},
        "no maintenance": {"maintenance_days": (0, 365)},
        "fewest days above most": {"maintenance_days": (3, 2)},
        "ten years of maintenance": {"maintenance_days": (1, 3651)},
        "one number of days": {"maintenance_days": (1,)},
        "review after no day": {"review_after_days": 0},
        "retention in the past": {"retention_years": -1, "retention_decision": "Beslut 1"},
        "retention for ever": {"retention_years": 201},
        "short retention without a decision": {"retention_decision": None, "retention_years": 9},
        "short retention on a blank decision": {"retention_decision": " ", "retention_years": 9},
        "half a year of retention": {"retention_years": 10.5},
        "no reason to end": {"end_reasons": ()},
        "reason to end twice": {"end_reasons": (_ONCE, _ONCE)},
        "flags by name": {"staff_flags": frozenset({"ending"})},
        "export perhaps": {"export_before_purge": 1},
        "blank heading": {"heading": " "},
        "heading of two lines": {"heading": "Min\nkonversation"},
        "decision that steers a screen": {"retention_decision": "Beslut 1\x1b[2J"},
        "heading beyond its limit": {"heading": "x" * 1001},
        "no message allowed": {"message_limit": 0},
        "wait backwards": {"retry_minutes": (5, -1)},
        "waits as a list": {"retry_minutes": [5]},
        "link that is none": {"patient_link": None},
    }
)
"""What can be wrong with a policy, by name: the arguments that are wrong, the one that is refused first or last."""


@st.composite
def broken_policies(draw: st.DrawFn, *faults: str) -> BrokenPolicy:
    """Return the arguments of a policy that is valid but for one fault, of `POLICY_FAULTS` or of those named."""
    name = draw(st.sampled_from(faults or tuple(POLICY_FAULTS)))
    wrong = POLICY_FAULTS[name]
    right = asdict(draw(policies()), recurse=False)
    return BrokenPolicy(fault=name, arguments={**right, **wrong}, speaks_of=next(iter(wrong)))
