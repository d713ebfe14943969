"""The limits that a screen shows are those that the rules hold to."""

from collections.abc import Callable
from zoneinfo import ZoneInfo

import pytest

from digital_painschool.application.input_limits import InputLimits
from digital_painschool.domain.policy import Policy
from digital_painschool.errors import Reason
from digital_painschool.testing.people import CILLA
from digital_painschool.testing.scenario import Scenario
from tests.scenario import refused

ZONE = ZoneInfo("Europe/Helsinki")
POLICY = Policy(zone=ZONE, maintenance_days=(7, 30), heading="Hej", heading_limit=12, message_limit=20)
LIMITS = InputLimits(fewest_days=7, most_days=30, default_heading="Hej", heading_limit=12, message_limit=20, zone=ZONE)


@pytest.mark.rule("M-10", "M-11", "D-18a")
def test_both_sides_are_shown_the_limits_of_their_unit() -> None:
    """Otherwise a portal would keep a copy of the policy, and let a patient write what is refused."""
    school = Scenario(policy=POLICY)
    id_ = school.start()
    assert LIMITS == school.desk.limits() == school.room.limits(id_)


@pytest.mark.rule("M-10", "M-11", "D-18a")
@pytest.mark.parametrize(
    ("write", "limit", "rule", "reason"),
    [
        (lambda s, id_, n: s.room.write(id_, "x" * n), LIMITS.message_limit, "M-10", Reason.TEXT_TOO_LONG),
        (lambda s, id_, n: s.desk.start_conversation(id_, "x" * n), LIMITS.message_limit, "M-10", Reason.TEXT_TOO_LONG),
        (
            lambda s, id_, n: s.desk.start_conversation(id_, "x", heading="x" * n),
            LIMITS.heading_limit,
            "M-11",
            Reason.TEXT_TOO_LONG,
        ),
        (
            lambda s, id_, n: s.desk.maintain(id_, days=n, modules=(1,), shortens=True),
            LIMITS.most_days,
            "D-18a",
            Reason.DAYS_OUT_OF_RANGE,
        ),
    ],
)
def test_what_is_shown_is_taken_and_one_more_is_refused(
    write: Callable[[Scenario, str, int], object], limit: int, rule: str, reason: Reason
) -> None:
    """Otherwise a screen would count down to a limit that is another one."""
    school = Scenario(policy=POLICY)
    id_, other = school.start(), school.start(CILLA)
    with refused(rule, reason):
        write(school, id_, limit + 1)
    write(school, id_, limit)
    with refused("D-18a", Reason.DAYS_OUT_OF_RANGE, fewest=LIMITS.fewest_days, most=LIMITS.most_days):
        school.desk.maintain(other, days=LIMITS.fewest_days - 1, modules=(1,), shortens=True)
    school.desk.maintain(other, days=LIMITS.fewest_days, modules=(1,), shortens=True)


@pytest.mark.rule("M-11")
def test_the_heading_that_is_shown_is_the_one_that_a_conversation_gets() -> None:
    """Otherwise a screen would show one heading before a message is written, and another after it."""
    school = Scenario(policy=POLICY)
    id_ = school.start()
    school.room.write(id_, "x")
    assert [LIMITS.default_heading] == [conversation.heading for conversation in school.desk.conversations(id_)]
