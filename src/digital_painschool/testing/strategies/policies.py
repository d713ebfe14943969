"""Policies that a unit can decide on."""

from datetime import time

from hypothesis import strategies as st

from digital_painschool.domain.enrolment import WithdrawalReason
from digital_painschool.domain.policy import FlagKind, Policy, YearEnd
from digital_painschool.labels.lookup import Language
from digital_painschool.testing.strategies.programs import end_reasons
from digital_painschool.testing.strategies.texts import titles

_ATTENTION_DAYS = st.just(0) | st.integers(1, 400)
_DECISIONS = titles("Beslut 1")
_END_REASONS = st.none() | end_reasons()
_FLAGS = st.frozensets(st.sampled_from(FlagKind))
_HEADINGS = titles("Min konversation", longest=30)
_RUNS = st.sampled_from([9 * 60, 6 * 60, 12 * 60 - 1]) | st.integers(6 * 60, 12 * 60 - 1)
_WAITS = st.just((5, 30, 120, 720)) | st.lists(st.integers(0, 3000), max_size=5).map(tuple)
_WITHDRAWAL_REASONS = st.just(tuple(WithdrawalReason)) | st.lists(
    st.sampled_from(WithdrawalReason), min_size=1, unique=True
).map(tuple)
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
    """Return a valid policy, in the zone of that name or any of `ZONES`.

    The ordering is left to the programs: a program without a reading order has no other.
    """
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
        silent_after_days=draw(st.just(14) | _ATTENTION_DAYS),
        ending_within_days=draw(st.just(28) | _ATTENTION_DAYS),
        maintenance_days=(fewest, draw(st.just(max(365, fewest)) | st.integers(fewest, 3650))),
        year_end=draw(st.sampled_from(YearEnd)),
        write_in_maintenance=draw(st.booleans()),
        staff_flags=draw(_FLAGS),
        alerts_at_once=draw(st.sampled_from([True, False])),
        end_reasons=draw(_END_REASONS),
        withdrawal_reasons=draw(_WITHDRAWAL_REASONS),
        retention_years=years,
        retention_decision=draw(_DECISIONS) if years < 10 else draw(st.none() | _DECISIONS),
        export_before_purge=draw(st.booleans()),
        heading=heading,
        heading_limit=draw(st.just(120) | st.integers(len(heading), 1000)),
        message_limit=draw(st.just(10_000) | st.integers(1, 10_000)),
        retry_minutes=draw(_WAITS),
        language=draw(st.sampled_from(Language)),
    )
