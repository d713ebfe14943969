"""What a unit decides for itself: the defaults of the manual's decisions, and what is refused."""

from datetime import time
from zoneinfo import ZoneInfo

import pytest

from digital_painschool.errors import InvalidValue
from digital_painschool.policy import FlagKind, Policy, Terms
from digital_painschool.program import EndReason
from tests.scenario import PROGRAM


@pytest.mark.rule("D-13a")
@pytest.mark.rule("D-18a")
@pytest.mark.rule("D-21b")
def test_the_defaults_are_those_of_the_decisions() -> None:
    """Otherwise a unit that sets nothing would get something else than the docs say."""
    policy = Policy()
    assert (ZoneInfo("Europe/Stockholm"), time(9), time(12)) == (
        policy.zone,
        policy.collected_at,
        policy.forenoon_ends,
    )
    assert (21, (1, 365)) == (policy.review_after_days, policy.maintenance_days)
    assert (10, None, True) == (policy.retention_years, policy.retention_decision, policy.export_before_purge)
    assert "Min konversation" == policy.heading
    assert frozenset({FlagKind.PROGRAM_DONE}) == policy.staff_flags


@pytest.mark.rule("D-13a")
@pytest.mark.parametrize(("run", "fine"), [("05:59", False), ("06:00", True), ("11:59", True), ("12:00", False)])
def test_the_run_lies_in_the_forenoon(run: str, fine: bool) -> None:
    """Otherwise "under förmiddagen" could be midnight."""
    if fine:
        assert time.fromisoformat(run) == Policy(collected_at=time.fromisoformat(run)).collected_at
    else:
        with pytest.raises(InvalidValue, match="D-13a"):
            Policy(collected_at=time.fromisoformat(run))


@pytest.mark.parametrize(
    "wrong",
    [
        {"forenoon_ends": time(9)},
        {"forenoon_ends": time(12, 1)},
        {"zone": "Europe/Göteborg"},
        {"zone": ""},
        {"zone": "../etc/passwd"},
        {"zone": 5},
        {"maintenance_days": (0, 10)},
        {"maintenance_days": (10, 9)},
        {"maintenance_days": (1, 3651)},
        {"retention_years": -1, "retention_decision": "RS 1"},
        {"retention_years": 201},
        {"retention_years": 0},
        {"review_after_days": 0},
        {"heading_limit": 0},
        {"message_limit": 0},
        {"retry_minutes": (5, -1)},
        {"heading": " "},
        {"heading": "x" * 121},
        {"end_reasons": ()},
    ],
)
def test_what_no_rule_allows_is_refused(wrong: dict[str, object]) -> None:
    """Otherwise a slip in the settings would show as patients who are never told, or an enrolment without an end."""
    with pytest.raises(InvalidValue):
        Policy(**wrong)  # type: ignore[arg-type]


@pytest.mark.rule("D-19a")
def test_the_unit_s_own_reasons_stand_for_the_program_s() -> None:
    """Otherwise the unit's list would be added to an example."""
    own = (EndReason(key="flyttat", title="Flyttat"),)
    assert PROGRAM.end_reasons == Terms(PROGRAM, Policy()).end_reasons
    assert own == Terms(PROGRAM, Policy(end_reasons=own)).end_reasons
