"""What a unit decides for itself: the defaults of the manual's decisions, and what is refused."""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest
from attrs import fields, fields_dict

from digital_painschool.delivery.report import DeliveryReport
from digital_painschool.domain.checks import Check
from digital_painschool.domain.enrolment import WithdrawalReason
from digital_painschool.domain.notification import Notify
from digital_painschool.domain.policy import FlagKind, Policy
from digital_painschool.domain.program import Completion, EndReason
from digital_painschool.errors import InvalidValue, PainSchoolError
from digital_painschool.testing.environment import in_memory
from digital_painschool.testing.faults import Fault, with_faults
from digital_painschool.testing.scenario import Scenario


@pytest.mark.rule("D-13a", "D-18a", "D-21b")
def test_the_defaults_are_those_of_the_decisions() -> None:
    """Otherwise a unit that sets nothing would get something else than the docs say."""
    policy = Policy()
    assert (ZoneInfo("Europe/Stockholm"), time(9), time(12)) == (
        policy.zone,
        policy.collected_at,
        policy.forenoon_ends,
    )
    assert (21, (1, 365)) == (policy.review_after_days, policy.maintenance_days)
    assert (14, 28) == (policy.silent_after_days, policy.ending_within_days)
    assert (10, None, True) == (policy.retention_years, policy.retention_decision, policy.export_before_purge)
    assert "Min konversation" == policy.heading
    assert frozenset({FlagKind.PROGRAM_DONE}) == policy.staff_flags


@pytest.mark.parametrize(
    "wrong",
    [
        {"collected_at": time(5, 59)},
        {"collected_at": time(12)},
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
        {"retention_decision": "RS 850709-9805", "retention_years": 5},
        {"retention_decision": " ", "retention_years": 9},
        *(
            {side: link}
            for side in ("patient_link", "staff_link")
            for link in (
                *("javascript:alert(1)", "", "www.x.se", "http://www.1177.se/", "https://u:p@a/", "https:///x"),
                *("https://a b/", "https://a.se/\\b", "https://a.se:x/", "https://a.se/19850709-9805"),
            )
        ),
        {"retention_decision": "Beslut 1\x1b[2J"},
        {"review_after_days": 0},
        {"silent_after_days": -1},
        {"ending_within_days": -1},
        {"heading_limit": 0},
        {"message_limit": 0},
        {"retry_minutes": (5, -1)},
        {"heading": " "},
        {"heading": "x" * 121},
        {"heading": "Min\nkonversation"},
        {"end_reasons": ()},
        {"end_reasons": (EndReason(key="klar", title="Klar"), EndReason(key="klar", title="Färdig"))},
    ],
)
@pytest.mark.rule("D-13a", "D-19a")
def test_what_no_rule_allows_is_refused(wrong: dict[str, object]) -> None:
    """Otherwise a slip in the settings would show as patients who are never told, or an enrolment without an end."""
    with pytest.raises(InvalidValue, match=next(iter(wrong))) as refused:
        Policy(**wrong)  # type: ignore[arg-type]
    rule = {"collected_at": "D-13a", "end_reasons": "D-19a"}.get(next(iter(wrong)), "")
    assert rule in str(refused.value)
    for run in (time(6), time(11, 59)):
        assert run == Policy(collected_at=run).collected_at


WRONG: dict[str, list[object]] = {
    "collected_at": ["09:00", 9, time(9, tzinfo=UTC), datetime(2026, 3, 2, 9, tzinfo=UTC)],
    "forenoon_ends": ["12:00", 12, time(12, tzinfo=UTC)],
    "ordering": ["guided", True, Completion.DECLARED],
    "review_after_days": ["21", 21.0, True, 10**9, 10**5000],
    "silent_after_days": ["14", 14.0, True, 10**9, 10**5000],
    "ending_within_days": ["28", 28.0, False, 10**9, 10**5000],
    "maintenance_days": [365, [1, 365], (1,), (1, 2, 3), ("1", "365"), (1.0, 365.0), (True, 365), (1, 10**5000)],
    "year_end": ["closes", "flag-only", True, FlagKind.ENDING],
    "write_in_maintenance": [1, 0, "yes"],
    "staff_flags": [{FlagKind.PROGRAM_DONE}, [], "program-done", frozenset({"program-done"}), FlagKind.PROGRAM_DONE],
    "alerts_at_once": [1, 0, "yes"],
    "end_reasons": [[EndReason(key="klar", title="Klar")], ("klar",), "klar", EndReason(key="klar", title="Klar")],
    "withdrawal_reasons": [["wrong-person"], (), ("wrong-person",), "wrong-person", WithdrawalReason.WRONG_PERSON],
    "retention_years": ["10", 10.0, True, 10**5000],
    "retention_decision": [5, True, ["RS 1"]],
    "export_before_purge": [1, 0, "yes"],
    "heading": [5, ["Min konversation"]],
    "heading_limit": ["120", 120.0, True, 10**5000],
    "message_limit": ["1000", 1e3, True, 10**5000],
    "retry_minutes": [5, [5], ("5",), (5.0,), (True,), (10**9,), (10**5000,)],
    "patient_link": [5, True],
    "staff_link": [5, True],
    "language": ["en", "sv", 5],
}

CHECKED = [attribute.name for attribute in fields(Policy) if isinstance(attribute.validator, Check)]
"""The values with a check of their own; the zone has a converter that refuses what it does not know."""


def test_every_value_of_a_policy_is_looked_at() -> None:
    """Otherwise a new value would come without a look at its type."""
    assert set(fields_dict(Policy)) == {"zone", *CHECKED} == {"zone", *WRONG}


@pytest.mark.parametrize(
    ("name", "place"), [(name, place) for name in CHECKED for place in range(-5, len(WRONG.get(name, ())))]
)
def test_a_value_of_another_type_is_refused_by_name(name: str, place: int) -> None:
    """Otherwise a slip would be found at a patient's first step, or never."""
    anywhere: dict[int, object] = {-5: None, -4: object(), -3: b"x", -2: {"a": 1}, -1: 1j}
    wrong = anywhere[place] if place < 0 else WRONG[name][place]
    if wrong is None and name in {"end_reasons", "ordering", "retention_decision"}:
        return  # None is a value where it means something, and switches no rule off
    with pytest.raises(InvalidValue, match=f"^{name} is "):
        Policy(**{name: wrong})  # type: ignore[arg-type]


def test_what_is_as_large_as_it_may_be_can_be_worked_with() -> None:
    """Otherwise a policy would be taken, and a list of patients or a retry end in a foreign error."""
    largest = 1_000_000
    school = Scenario(
        with_faults(in_memory, inbox=[Fault("deliver", times=None)]),
        policy=Policy(
            review_after_days=largest,
            silent_after_days=largest,
            ending_within_days=largest,
            retry_minutes=(largest,),
            heading_limit=largest,
            message_limit=largest,
        ),
    )
    id_ = school.start()
    school.desk.start_conversation(id_, "Hej", notify=Notify.COLLECTED)
    school.at("2026-03-02 09:00")
    assert DeliveryReport(retried=1) == school.deliver()
    (row,) = school.desk.caseload().rows
    assert (False, None, date(2027, 3, 2)) == (row.review_due, row.silent_since, row.ends_on)


@pytest.mark.rule("D-19a")
@pytest.mark.parametrize("key_and_title", [("", "Klar"), (" ", "Klar"), ("klar", ""), ("klar", "\n")])
def test_a_reason_has_a_key_and_a_title(key_and_title: tuple[str, str]) -> None:
    """Otherwise a therapist would choose from a list with an empty line."""
    with pytest.raises(PainSchoolError):
        Policy(end_reasons=(EndReason(key=key_and_title[0], title=key_and_title[1]),))
