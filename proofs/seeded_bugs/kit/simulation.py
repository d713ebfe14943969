"""The simulation of three small units in which everything goes wrong often: little time is enough to see a bug."""

from datetime import date, timedelta

import pytest
from attrs import evolve

from digital_painschool.testing.simulation import Region, simulate_unit
from digital_painschool.testing.simulation.habits import Habits, Mishaps, PatientHabits, StaffHabits

ROUGH = Habits(
    patients=PatientHabits(
        comes_again=1.0,
        renames=0.3,
        leaves_early=0.5,
        returns=1.0,
        returns_after_days=(5, 60),
        reserve_numbers=0.2,
        second_program=0.4,
        out_of_order=0.4,
        paces=(((1, 3), 1.0),),
    ),
    staff=StaffHabits(
        writes_again=0.5,
        small_box=0.5,
        on_the_stroke=0.3,
        about_clock_changes=0.3,
        wants_email=1.0,
        saves_meanwhile=0.5,
        silent_days=9,
        ends_silent=0.6,
        says_goodbye=1.0,
        hands_over=1.0,
        double_click=0.2,
        maintains_early=0.3,
    ),
    mishaps=Mishaps(
        intrusions=1.0,
        inbox_outages=0.1,
        pass_missed=0.05,
        killed=0.2,
        overlaps=0.2,
        slow=0.05,
        slowness=(timedelta(minutes=10), timedelta(minutes=25)),
        worker_away=0.05,
        directory_gaps=0.1,
    ),
)
TINY = Region(
    begins=date(2026, 5, 25),
    patients=12,
    years=0.4,
    seed=3,
    patients_per_therapist=2,
    therapists_per_unit=2,
    access_months=1,
    habits=ROUGH,
    most_findings=6,
)
"""Three units with the three orderings; the third purges at once, and exports before it."""


FORGETFUL = evolve(TINY, habits=evolve(ROUGH, staff=evolve(ROUGH.staff, cares_for_retention=0.0)))
"""The same with units that forget the export, so that nothing may be purged."""


@pytest.mark.parametrize(("region", "unit"), [(TINY, 1), (TINY, 2), (TINY, 3), (FORGETFUL, 3)])
def test_no_law_is_violated(region: Region, unit: int) -> None:
    """Otherwise the library has a bug, or the reference has one."""
    findings = simulate_unit(region, unit).findings
    assert not findings, "\n".join(map(str, findings))
