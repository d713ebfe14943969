"""Silent patients and coming ends: pointed out at the instant of the view, and gone with their reason."""

from datetime import date, datetime, timedelta

import pytest
from attrs import evolve

from digital_painschool.application.caseload import CaseSelection
from digital_painschool.domain.attention import NO_LIMITS
from digital_painschool.domain.enrolment import Enrolment, Phase, WithdrawalReason
from digital_painschool.domain.policy import FlagKind, Policy, YearEnd
from digital_painschool.ports.storage import CaseSort
from digital_painschool.rules.attention import attention_limits
from digital_painschool.testing.environment import INSTANT, START
from digital_painschool.testing.example import PAIN
from digital_painschool.testing.people import ANNA, BO, CILLA
from digital_painschool.testing.scenario import Scenario
from tests.scenario import started

pytestmark = pytest.mark.rule("D-17b")

E = started()
SILENT, NEAR = START + timedelta(days=14), E.access_until - timedelta(days=28)
FLAG_ONLY, NEVER = Policy(year_end=YearEnd.FLAG_ONLY), Policy(silent_after_days=0, ending_within_days=0)
SEEN = evolve(E, last_seen_at=START + timedelta(days=3))
KEPT = evolve(E, phase=Phase.MAINTENANCE)
AGAIN = START + timedelta(days=90)
BACK = evolve(SEEN, reactivated_at=AGAIN)


def pointed_out(e: Enrolment, now: datetime, policy: Policy | None = None) -> tuple[datetime | None, bool]:
    """Return since when a patient is silent, and whether the access ends soon."""
    limits = attention_limits(policy or Policy(), now)
    return limits.silent_since(e, now), limits.ends_soon(e, now)


@pytest.mark.parametrize(
    ("e", "now", "policy", "since"),
    [
        (E, SILENT, None, None),
        (E, SILENT + INSTANT, None, START),
        (SEEN, SILENT + timedelta(days=3), None, None),
        (SEEN, SILENT + timedelta(days=3) + INSTANT, None, SEEN.last_seen_at),
        (E, START + timedelta(days=1) + INSTANT, Policy(silent_after_days=1), START),
        (E, E.access_until - INSTANT, NEVER, None),
        (E, E.access_until - INSTANT, None, START),
        (E, E.access_until, None, None),
        (E, E.access_until, FLAG_ONLY, START),
        (KEPT, SILENT + INSTANT, None, None),
        (BACK, SILENT + timedelta(days=90), None, None),
        (BACK, SILENT + timedelta(days=90) + INSTANT, None, AGAIN),
        (evolve(BACK, last_seen_at=AGAIN + INSTANT), SILENT + timedelta(days=90) + INSTANT, None, None),
        (evolve(E, phase=Phase.ENDED), SILENT + INSTANT, None, None),
        (evolve(E, phase=Phase.WITHDRAWN), SILENT + INSTANT, None, None),
    ],
)
def test_who_does_nothing_is_silent_while_something_is_expected(
    e: Enrolment, now: datetime, policy: Policy | None, since: datetime | None
) -> None:
    """Otherwise a patient who has gone away would be missed, or one be called who has nothing left to do."""
    assert since == pointed_out(e, now, policy)[0]


@pytest.mark.rule("D-05d")
@pytest.mark.parametrize(
    ("e", "now", "policy", "soon"),
    [
        (E, NEAR, None, False),
        (E, NEAR + INSTANT, None, True),
        (E, E.access_until - INSTANT, None, True),
        (E, E.access_until, None, False),
        (E, NEAR + INSTANT, NEVER, False),
        (E, NEAR + INSTANT, FLAG_ONLY, False),
        (KEPT, NEAR + INSTANT, None, True),
        (KEPT, NEAR + INSTANT, FLAG_ONLY, True),
        (evolve(E, phase=Phase.ENDED), NEAR + INSTANT, None, False),
        (evolve(E, phase=Phase.WITHDRAWN), NEAR + INSTANT, None, False),
    ],
)
def test_an_access_that_ends_by_itself_ends_soon_before_it_has_ended(
    e: Enrolment, now: datetime, policy: Policy | None, soon: bool
) -> None:
    """Otherwise the year's end would come without a word, or an end be foretold that does not come."""
    assert soon is pointed_out(e, now, policy)[1]


def test_without_limits_nobody_is_pointed_out() -> None:
    """Otherwise a host that asks the storage for less would get lists that nobody chose."""
    assert (None, False) == (NO_LIMITS.silent_since(E, NEAR + INSTANT), NO_LIMITS.ends_soon(E, NEAR + INSTANT))


def test_a_list_a_page_and_a_badge_say_the_same_and_it_stops_with_its_reason() -> None:
    """Otherwise a therapist would call a patient who was there this morning (M-08, D-08a)."""
    school = Scenario()
    first, second, third = map(school.start, (ANNA, BO, CILLA))
    school.advance(days=10)
    school.school.patient(BO).save_form(second, PAIN, {"smarta": 1})
    school.advance(days=5)
    desk = school.desk
    quiet = CaseSelection(silent=True, sort=CaseSort.SILENCE)
    assert [(first, START), (third, START)] == [
        (row.enrolment_id, row.silent_since) for row in desk.caseload(show=quiet).rows
    ]
    assert 2 == desk.counts().silent == school.coordinator.unit_counts().silent
    page = desk.patient_page(first)
    assert START == page.silent_since == page.head.silent_since
    school.room.save_form(first, PAIN, {"smarta": 1})
    desk.maintain(third, days=30, modules=(1,), shortens=True)
    assert () == desk.caseload(show=quiet).rows
    assert [second, first, third] == [row.enrolment_id for row in desk.caseload(show=CaseSelection(silent=False)).rows]
    assert (0, 0) == (desk.counts().silent, desk.counts().ends_soon)
    school.advance(days=3)
    leaving = CaseSelection(ends_soon=True, sort=CaseSort.END)
    assert [(third, date(2026, 4, 16))] == [(row.enrolment_id, row.ends_on) for row in desk.caseload(show=leaving).rows]
    page = desk.patient_page(third)
    assert date(2026, 4, 16) == page.last_day == page.ends_on == page.head.ends_on
    assert 1 == desk.counts().ends_soon
    desk.maintain(third, days=100, modules=(1,))
    assert (0, ()) == (desk.counts().ends_soon, desk.caseload(show=leaving).rows)


@pytest.mark.rule("D-18b")
def test_whoever_gets_the_way_back_is_not_silent_at_once() -> None:
    """Otherwise a therapist would be told to call a patient who could not sign in for months (D-17b)."""
    school = Scenario(policy=Policy(staff_flags=frozenset({FlagKind.SILENT})))
    school.desk.receive_notifications(email=True)
    id_ = school.start()
    school.desk.maintain(id_, days=1, modules=[1], shortens=True)
    school.advance(days=90)
    assert 0 == school.deliver().pointed_out
    school.desk.reactivate(id_)
    assert (0, None) == (school.desk.counts().silent, school.desk.patient_page(id_).silent_since)
    assert 0 == school.deliver().pointed_out
    back = school.now
    school.advance(days=14, minutes=1)
    assert (1, back) == (school.desk.counts().silent, school.desk.patient_page(id_).silent_since)
    assert [1, 0] == [school.deliver().pointed_out for _ in range(2)]


def test_reading_again_and_a_draft_end_no_silence_and_nobody_is_pointed_out_after_the_end() -> None:
    """Otherwise staff would learn of a draft, which is for the patient alone (D-04d, D-14a, D-07b, D-19a)."""
    school = Scenario()
    id_, other = school.start(), school.start(BO)
    school.room.read_page(id_, 1, 1)
    school.advance(days=15)
    school.room.read_page(id_, 1, 1)
    school.room.save_draft(id_, PAIN, {"smarta": 1})
    assert START == school.desk.patient_page(id_).silent_since
    school.desk.withdraw(other, WithdrawalReason.WRONG_PERSON)
    assert 1 == school.desk.counts().silent
    school.desk.end(id_, reason="klar")
    assert None is school.desk.patient_page(id_).silent_since
    [row] = school.desk.caseload(show=CaseSelection(ended=True)).rows
    assert (0, None, None) == (school.desk.counts().silent, row.silent_since, row.ends_on)
