"""The forenoons of a larger region, planned from the notices of each simulated day."""

from datetime import timedelta

from digital_painschool.testing.simulation.forenoons import carried, forenoon_table, planned


def test_what_a_forenoon_does_not_carry_comes_first_on_the_next() -> None:
    """Otherwise a report would show a region as fast enough whose patients wait longer each day."""
    found = planned([0, 1000, 9000, 8000, 100])
    assert [(0, 0), (1000, 0), (9000, 592), (8592, 184), (284, 0)] == [(one.due, one.left) for one in found]
    assert [timedelta(0), timedelta(seconds=999)] == [one.took for one in found[:2]]
    assert found[2].took < timedelta(hours=3)
    assert 8408 == carried()
    table = forenoon_table(found)
    assert ("2 of 4", "592 notices") == (
        table["forenoons that are too short"],
        table["most that wait for another forenoon"],
    )
    assert {} == forenoon_table(planned([0, 0]))
