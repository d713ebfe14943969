"""The truth table of access, at every phase and on both sides of every boundary."""

from datetime import datetime, timedelta

import pytest

from digital_painschool.domain.enrolment import Enrolment, Phase
from digital_painschool.domain.policy import Policy, YearEnd
from digital_painschool.errors import Reason
from digital_painschool.rules.access import ACCESS, Access, Reading, access, is_open_ended, module_refusal, refusal
from digital_painschool.rules.lifecycle import end, maintain
from digital_painschool.rules.withdrawal import withdraw
from digital_painschool.testing.environment import INSTANT, START
from digital_painschool.testing.people import NURSE
from tests.scenario import POLICY, TERMS, folded, started

ACTIVE = started()
MAINTENANCE = folded(ACTIVE, maintain(ACTIVE, TERMS, 30, (1, 2), shortens=True, by=NURSE, at=START))
ENDED = folded(ACTIVE, end(ACTIVE, TERMS, "klar", by=NURSE, at=START))
WITHDRAWN = folded(ACTIVE, withdraw(ACTIVE, TERMS, "wrong-person", by=NURSE, at=START))
ENDED_LATER = folded(MAINTENANCE, end(MAINTENANCE, TERMS, "klar", by=NURSE, at=START))

EVERYTHING = Access(Reading.ALL, fill_in_forms=True, write_messages=True, read_messages=True)
CHOSEN = Access(Reading.CHOSEN, fill_in_forms=False, write_messages=False, read_messages=True)
NOTHING = Access(Reading.NONE, fill_in_forms=False, write_messages=False, read_messages=False)

LONG = timedelta(days=3000)
TABLE = [
    (ACTIVE, -LONG, EVERYTHING),
    (ACTIVE, -INSTANT, EVERYTHING),
    (ACTIVE, 0 * INSTANT, NOTHING),
    (ACTIVE, INSTANT, NOTHING),
    (ACTIVE, LONG, NOTHING),
    (MAINTENANCE, -LONG, CHOSEN),
    (MAINTENANCE, -INSTANT, CHOSEN),
    (MAINTENANCE, 0 * INSTANT, NOTHING),
    (MAINTENANCE, INSTANT, NOTHING),
    (MAINTENANCE, LONG, NOTHING),
    *(
        (ended, after, NOTHING)
        for ended in (ENDED, ENDED_LATER, WITHDRAWN)
        for after in (-LONG, -INSTANT, 0 * INSTANT, INSTANT, LONG)
    ),
]


@pytest.mark.rule("M-05", "M-18", "D-05a", "D-18a", "D-19a")
@pytest.mark.parametrize(("enrolment", "after", "expected"), TABLE)
def test_the_truth_table_holds_to_the_microsecond(enrolment: Enrolment, after: timedelta, expected: Access) -> None:
    """Otherwise a patient would be let in an instant too long, or shut out an instant too early."""
    assert expected == access(enrolment, POLICY, enrolment.access_until + after)


FLAG_ONLY, WRITING = Policy(year_end=YearEnd.FLAG_ONLY), Policy(write_in_maintenance=True)
READ_AND_WRITE = Access(Reading.CHOSEN, fill_in_forms=False, write_messages=True, read_messages=True)


@pytest.mark.rule("D-05d", "D-18c")
@pytest.mark.parametrize(("enrolment", "after", "expected"), TABLE)
def test_a_policy_changes_its_own_rows_of_the_truth_table_and_no_other(
    enrolment: Enrolment, after: timedelta, expected: Access
) -> None:
    """Otherwise a unit that keeps patients in, or lets them write, would also open what has ended."""
    now = enrolment.access_until + after
    kept = EVERYTHING if enrolment is ACTIVE else expected
    assert kept == access(enrolment, FLAG_ONLY, now)
    assert (READ_AND_WRITE if expected == CHOSEN else expected) == access(enrolment, WRITING, now)
    assert (enrolment is ACTIVE) is is_open_ended(enrolment, FLAG_ONLY)
    assert False is is_open_ended(enrolment, WRITING)


def test_the_table_has_a_row_for_every_phase_on_both_sides() -> None:
    """Otherwise a new phase would be an error at the patient's screen."""
    assert {(phase, before) for phase in Phase for before in (True, False)} == set(ACCESS)


@pytest.mark.parametrize(
    ("enrolment", "now", "rule", "reason"),
    [
        (ACTIVE, ACTIVE.access_until, "D-05a", Reason.ACCESS_IS_OVER),
        (WITHDRAWN, START, "D-07b", Reason.ALREADY_WITHDRAWN),
        (ACTIVE, ACTIVE.access_until + LONG, "D-05a", Reason.ACCESS_IS_OVER),
        (MAINTENANCE, MAINTENANCE.access_until - INSTANT, "M-18", Reason.READ_ONLY_IN_MAINTENANCE),
        (MAINTENANCE, MAINTENANCE.access_until, "D-18a", Reason.ACCESS_IS_OVER),
        (MAINTENANCE, MAINTENANCE.access_until + LONG, "D-18a", Reason.ACCESS_IS_OVER),
        (ENDED, START, "D-19a", Reason.ALREADY_ENDED),
        (ENDED, ENDED.access_until, "D-19a", Reason.ALREADY_ENDED),
    ],
)
def test_a_refusal_says_by_which_rule(enrolment: Enrolment, now: datetime, rule: str, reason: Reason) -> None:
    """Otherwise the patient would be told of an end that is none, or not be told who can help."""
    broken = refusal(enrolment, POLICY, now)
    assert (rule, reason) == (broken.rule, broken.reason)


@pytest.mark.rule("M-18")
@pytest.mark.parametrize("module", [1, 2, 3, 4])
def test_in_maintenance_the_chosen_modules_are_open_whatever_was_read_before(module: int) -> None:
    """Otherwise what the therapist chose would not be what the patient can read."""
    why = module_refusal(MAINTENANCE, TERMS, module, START)
    assert (module in {1, 2}) is (why is None)


@pytest.mark.rule("M-01")
def test_a_module_that_does_not_exist_is_closed_in_every_phase() -> None:
    """Otherwise asking for module 5 would be an error instead of an answer."""
    for enrolment in (ACTIVE, MAINTENANCE, ENDED):
        why = module_refusal(enrolment, TERMS, 5, START)
        assert why is not None
        assert Reason.UNKNOWN_MODULE is why.reason
