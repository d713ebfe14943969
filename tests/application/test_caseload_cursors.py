"""The cursor of the list of patients: good for its list alone, refused when it was changed, and silent of persons."""

import re
from collections.abc import Callable

import pytest

from digital_painschool.application.caseload import CaseSelection
from digital_painschool.domain.people import Actor, Role
from digital_painschool.errors import InvalidValue
from digital_painschool.ports.storage import CaseSort
from digital_painschool.testing.people import COLLEAGUE, NUMBERS, NURSE, OTHER_UNIT
from digital_painschool.testing.scenario import Scenario
from tests.application.test_case_selections import filled
from tests.cursors import MINE, position_of, with_part

pytestmark = pytest.mark.rule("M-08", "D-09a", "D-15b")


def test_a_cursor_fits_a_url_and_is_good_for_its_list_alone() -> None:
    """Otherwise a page would go on in another list, where its place means something else."""
    school = filled()
    everything = {Role.THERAPIST, Role.PATIENT_ADMINISTRATOR}
    desk = school.school.therapist(Actor(hsa_id=NURSE.hsa_id, unit=NURSE.unit, roles=everything))
    colleague = school.school.therapist(Actor(hsa_id=COLLEAGUE.hsa_id, unit=NURSE.unit, roles=everything))
    elsewhere = school.school.therapist(Actor(hsa_id=NURSE.hsa_id, unit=OTHER_UNIT, roles=everything))
    cursor = desk.caseload(limit=1).next
    assert cursor is not None
    assert re.fullmatch("[A-Za-z0-9_-]{1,500}", cursor)
    assert 4 == len(desk.caseload(cursor, limit=4).rows)
    wrong: list[Callable[[], object]] = [
        lambda: desk.unit_caseload(cursor),
        lambda: colleague.caseload(cursor),
        lambda: elsewhere.caseload(cursor),
        lambda: desk.caseload(cursor, show=CaseSelection(sort=CaseSort.START)),
        lambda: desk.caseload(cursor, show=CaseSelection(flagged=True)),
    ]
    for call in wrong:
        with pytest.raises(InvalidValue, match="with the same filters"):
            call()


PARTS: dict[int, list[object]] = {
    0: ["nu", "2026-03-02", "2026-03-02T08:00:00", "0001-01-01T00:00:00+00:00", "", None, 5],
    1: [-2, 10, "2", None, 2.0, [2], True],
    2: ["x", "2026-03-02", "2026-03-02T08:00:00", "", None, 5],
    3: [5, None, [], {}, "e\x00", "\ud800"],
    4: [2, -1, None, "ja", [], True],
}
"""What stands in no cursor: the walk's instant, the rank, the instant, the id, and whether rows are repeated."""


@pytest.mark.parametrize(("place", "part"), [(place, part) for place, parts in PARTS.items() for part in parts])
def test_a_cursor_that_was_put_together_wrongly_is_refused(place: int, part: object) -> None:
    """Otherwise a changed address in a browser would reach the storage."""
    school = filled()
    cursor = school.desk.caseload(limit=1).next
    assert cursor is not None
    for wrong in (with_part(MINE, cursor, place, part), cursor[1:], cursor[:-2]):
        with school.unchanged(), pytest.raises(InvalidValue, match="with the same filters") as caught:
            school.desk.caseload(wrong)
        assert (None, None) == (caught.value.__cause__, caught.value.__context__)
    assert with_part(MINE, cursor, place, position_of(cursor)[place]) == cursor


def test_a_changed_position_is_noticed() -> None:
    """Otherwise a slip in an address would leave out the patients between, and nobody would see it."""
    school = filled()
    cursor = school.desk.caseload(limit=1).next
    assert cursor is not None
    for at, sign in enumerate(cursor):
        for other in "Ax_":
            if sign != other:
                with pytest.raises(InvalidValue, match="with the same filters"):
                    school.desk.caseload(cursor[:at] + other + cursor[at + 1 :])


@pytest.mark.rule("D-09a")
def test_a_walk_goes_on_past_a_patient_who_was_handed_over() -> None:
    """Otherwise the list would end where a colleague took over the last patient of a page."""
    school = filled()
    first = school.desk.caseload(limit=1)
    school.coordinator.hand_over(first.rows[0].enrolment_id, COLLEAGUE.hsa_id)
    assert 4 == len(school.desk.caseload(first.next, limit=5).rows)


def test_a_cursor_holds_no_id_of_a_person() -> None:
    """Otherwise a therapist could be guessed from the log of a proxy."""
    cursors = set()
    for therapist in (NURSE, COLLEAGUE):
        school = Scenario()
        desk = school.school.therapist(therapist)
        for number in NUMBERS[:2]:
            desk.start(number, program="smartskola")
        cursors.add(desk.caseload(limit=1).next)
    [cursor] = cursors
    assert cursor is not None
