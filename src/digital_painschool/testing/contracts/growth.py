"""The contract of the storage port: enrolments with thousands of entries."""

from statistics import median
from time import perf_counter
from typing import ClassVar

from digital_painschool.domain.enrolment import Enrolment
from digital_painschool.domain.fold import replay
from digital_painschool.ports.storage import (
    Storage,
    load_documents,
    load_enrolment,
    load_histories,
    load_timeline,
    readable,
)
from digital_painschool.testing.contracts.base import StorageOpening
from digital_painschool.testing.contracts.changes import MORNING, begin, fill_in, saved
from digital_painschool.testing.contracts.clauses import proves
from digital_painschool.testing.contracts.lifetime import many_forms

ENTRIES = 4_000
PORTION = 400
TIMES = 15


def grown(storage: Storage, enrolment: Enrolment) -> Enrolment:
    """Save thousands of entries, in portions."""
    for _ in range(ENTRIES // PORTION):
        enrolment = saved(storage, many_forms(enrolment, PORTION))
    return enrolment


class GrowthContract(StorageOpening):
    """An enrolment that goes on for very long.

    Attributes:
        steady: How many times as long a step on a timeline of thousands may take as one on a short one.
    """

    steady: ClassVar[float] = 5.0

    @proves("Enrolments.save: steady")
    def test_a_step_takes_no_longer_on_a_long_timeline(self, storage: Storage) -> None:
        """Otherwise the most faithful patients would wait the longest, and longer with each form."""
        short, e = self._a_step_takes(storage, saved(storage, begin()))
        e, tries = grown(storage, e), list[float]()
        for _ in range(3):  # whoever else is at work on the machine just then is not the storage's fault
            long, e = self._a_step_takes(storage, e)
            tries.append(long)
        assert min(tries) <= self.steady * short

    @proves("Change.events", "Enrolments.load_timelines")
    def test_a_long_timeline_comes_back_whole_and_in_order(self, storage: Storage) -> None:
        """Otherwise a limit that nobody thought of would hide what a patient wrote, or put it elsewhere."""
        e = grown(storage, saved(storage, begin()))
        timeline = load_timeline(storage, e.id)
        assert list(range(1, ENTRIES + 2)) == [entry.seq for entry in timeline]
        assert e == load_enrolment(storage, e.id) == replay(entry.event for entry in timeline)
        answers = {seq: {"smarta": (seq - 2) % PORTION % 9} for seq in range(2, ENTRIES + 2)}
        assert answers == dict(load_documents(storage, e.id, range(1, ENTRIES + 2)))
        assert answers == dict(readable(load_histories(storage, e.unit, (e.id,)))[0].documents)

    @staticmethod
    def _a_step_takes(storage: Storage, enrolment: Enrolment) -> tuple[float, Enrolment]:
        """Return the median of the seconds that some steps take, and the state after them."""
        taken: list[float] = []
        for _ in range(TIMES):
            change = fill_in(enrolment, at=MORNING)
            began = perf_counter()
            enrolment = saved(storage, change)
            taken.append(perf_counter() - began)
        return median(taken), enrolment
