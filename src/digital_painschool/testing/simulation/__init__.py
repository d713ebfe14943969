"""A simulated region: patients, therapists and units over years of simulated time, checked against the reference.

`simulate(Region(patients=10_000, years=2, seed=7))` returns an `Outcome`; the command `digital-painschool simulate`
shows it. Everything follows from the seed: the same seed has the same digest, on any number of processes.
"""

from digital_painschool.testing.reference.laws import Law
from digital_painschool.testing.simulation.findings import Finding
from digital_painschool.testing.simulation.region import Region
from digital_painschool.testing.simulation.running import Outcome, simulate
from digital_painschool.testing.simulation.unit_run import UnitOutcome, simulate_unit

__all__ = ["Finding", "Law", "Outcome", "Region", "UnitOutcome", "simulate", "simulate_unit"]
