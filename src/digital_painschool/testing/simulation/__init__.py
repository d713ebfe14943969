"""A region in a box: patients, therapists and units over years of simulated time, with the laws checked on the way.

`simulate(Region(patients=10_000, years=2, seed=7))` gives an `Outcome`; the command `digital-painschool simulate` shows
it. Everything follows from the seed: the same seed gives the same digest, on any number of processes.
"""

from digital_painschool.testing.simulation.findings import Finding, Law
from digital_painschool.testing.simulation.region import Region
from digital_painschool.testing.simulation.running import Outcome, UnitOutcome, simulate, simulate_unit

__all__ = ["Finding", "Law", "Outcome", "Region", "UnitOutcome", "simulate", "simulate_unit"]
