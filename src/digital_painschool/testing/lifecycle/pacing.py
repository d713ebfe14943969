"""The rule of a forenoon that is too short for the pace of the inbox: what waits longest goes first."""

from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from digital_painschool.domain.notification import Notify
from digital_painschool.testing import history as h
from digital_painschool.testing.lifecycle.base import MachineBase, during, message
from digital_painschool.testing.reference.calendar import MICROSECOND

_WHOM = st.lists(st.integers(0, 3), min_size=1, max_size=3, unique=True)


class Pacing(MachineBase):
    """Forenoons at a pace; without one nothing is different in them."""

    @rule(
        first=_WHOM,
        second=_WHOM,
        direct=st.booleans(),
        read=st.booleans(),
        before=st.sampled_from([1, 3, 61, 4_000]),
    )
    @during("messages")
    @precondition(lambda self: self.asked.recordings[0].paces)
    def a_short_forenoon(self, first: list[int], second: list[int], direct: bool, read: bool, before: int) -> None:  # noqa: FBT001
        """Write to some on a day without a run and to others on the next, and run shortly before the forenoon ends.

        Args:
            first: In which enrolments on the first day.
            second: In which on the second.
            direct: Whether a direct message comes at last.
            read: Whether the first of the others is read in time.
            before: So many seconds before the end the run begins; what is left goes on the next day.
        """
        for whom in (first, second):
            for one in whom:
                self.take(one, message(self.nth(one), 1, Notify.COLLECTED))
            self.move(self.next_time() + MICROSECOND)
        if read:
            self.take(first[0], h.PatientReads())
        self.move(self.next_time(self.policy.forenoon_ends) - timedelta(seconds=before))
        if direct:
            self.take(second[0], message(self.nth(second[0]), 1, Notify.DIRECT))
        for _ in range(2):
            self.make_pass()
            self.move(self.next_time())

    another_short_forenoon = and_a_third = a_short_forenoon
    """The same, so that it comes three times as often."""
