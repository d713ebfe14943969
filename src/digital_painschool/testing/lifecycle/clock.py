"""The rules of time: by hours and days, and exactly to the boundaries that matter, or a microsecond beside them."""

from datetime import date, timedelta

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from digital_painschool.domain.notification import Notify
from digital_painschool.testing import history as h
from digital_painschool.testing.example import PAIN
from digital_painschool.testing.lifecycle.base import ENROLMENT, MachineBase, during, message
from digital_painschool.testing.reference.calendar import MICROSECOND, MIDNIGHT, instant, local_day, next_clock_change

BESIDE = st.sampled_from([0, 0, -1, 1])
"""So many microseconds beside a boundary."""
NEAR = timedelta(days=40)


class Clock(MachineBase):
    """The clock, and the end of the process."""

    @rule(hours=st.sampled_from([0, 1, 2, 9, 24]), microseconds=BESIDE)
    @during("treatment", "maintenance", "records")
    def wait(self, hours: int, microseconds: int) -> None:
        """Wait some hours."""
        self.move(self.now + timedelta(hours=hours, microseconds=microseconds))

    @rule(days=st.sampled_from([7, 22]))
    @during("treatment", "records")
    def wait_long(self, days: int) -> None:
        """Wait some days."""
        self.move(self.now + timedelta(days=days))

    @rule(
        enrolment=ENROLMENT,
        microseconds=BESIDE,
        module=st.integers(1, 4),
        then=st.sampled_from(["anew", "maintain", "back", "no"]),
    )
    @during("maintenance")
    def wait_for_the_end_of_access(self, enrolment: int, microseconds: int, module: int, then: str) -> None:
        """Wait for the end of a patient's access, act as the patient, and maintain, go back, or begin anew."""
        of = self.nth(enrolment)
        if not of.is_open:
            return
        self.move(of.access_until + microseconds * MICROSECOND)
        self.the_laws_hold()
        for step in (
            h.OpenModule(module),
            h.SaveDraft(PAIN, {"smarta": 3}),
            h.SaveForm(PAIN, {"smarta": 3}),
            h.PatientWrites(conversation=min(1, len(of.conversations))),
            h.PatientReads(),
        ):
            self.take(of, step)
        if then == "maintain":
            self.take(of, h.Maintain(30, (1, 3)))
        elif then == "back":
            self.take(of, h.Reactivate())
        elif then == "anew":
            self.start_anew(of)

    @rule(
        edge=st.sampled_from(["run", "run", "end of the forenoon", "midnight"]),
        days=st.integers(0, 2),
        microseconds=BESIDE,
    )
    def wait_for(self, edge: str, days: int, microseconds: int) -> None:
        """Wait for a boundary of a day."""
        clocks = {"end of the forenoon": self.policy.forenoon_ends, "midnight": MIDNIGHT}
        self.move(self.next_time(clocks.get(edge), days) + microseconds * MICROSECOND)

    @rule(edge=st.sampled_from(["clock change", "new year"]), microseconds=BESIDE)
    @during("treatment", "records")
    def wait_for_the(self, edge: str, microseconds: int) -> None:
        """Wait for a boundary of the year, when it is near."""
        zone = self.policy.zone
        year = local_day(self.now, zone).year
        new_year = instant(date(year + 1, 1, 1), MIDNIGHT, zone)
        at = new_year if edge == "new year" else next_clock_change(self.now, zone)
        if at < self.now + NEAR:
            self.move(at + microseconds * MICROSECOND)

    @rule(enrolment=ENROLMENT, microseconds=BESIDE)
    @during("treatment")
    def wait_for_a_review(self, enrolment: int, microseconds: int) -> None:
        """Wait until a review becomes due."""
        of = self.nth(enrolment)
        due = (of.reviewed_at or of.started_at) + timedelta(days=self.policy.review_after_days)
        self.move(due + microseconds * MICROSECOND)

    @rule(enrolment=ENROLMENT, what=st.sampled_from(["silence", "end"]), microseconds=BESIDE)
    @during("treatment", "maintenance")
    def wait_for_attention(self, enrolment: int, what: str, microseconds: int) -> None:
        """Wait until a patient becomes silent, or the end of the access is near."""
        of = self.nth(enrolment)
        silence = of.quiet_since + timedelta(days=self.policy.silent_after_days)
        near = of.access_until - timedelta(days=self.policy.ending_within_days)
        self.move((silence if what == "silence" else near) + microseconds * MICROSECOND)

    @rule()
    @during("treatment", "records")
    @precondition(lambda self: self.crashes)
    def restart(self) -> None:
        """End the process, and begin another."""
        self.touched.update(self.enrolments)
        self.asked.restart()

    @rule(write=st.integers(0, 2), how=st.sampled_from(["dies before", "dies after"]))
    @during("treatment", "records")
    @precondition(lambda self: self.crashes)
    def the_next_step(self, write: int, how: str) -> None:
        """End the process before or after a write of the next step, or else when the step is done."""
        self.asked.armed = (write, how)

    @rule(enrolment=ENROLMENT, days=st.sampled_from([1, 30]))
    @during("maintenance")
    def two_ends_of_access(self, enrolment: int, days: int) -> None:
        """Maintain until access is over and a pass notes it, and once more."""
        of = self.nth(enrolment)
        for module in (1, 2):
            if of.is_open:
                self.take(of, h.Maintain(days, (module,), shortens=True))
                self.move(of.access_until)
                self.make_pass()

    @rule(
        enrolment=ENROLMENT,
        hours=st.sampled_from([0, 1, 20]),
        notify=st.sampled_from(["collected", "direct"]),
        renewed=st.booleans(),
    )
    @during("messages")
    def a_message_on_the_last_day(self, enrolment: int, hours: int, notify: str, renewed: bool) -> None:  # noqa: FBT001
        """Write some hours before access is over: when the patient could be notified, there may be no access."""
        of = self.nth(enrolment)
        if not of.is_open:
            return
        self.take(of, h.Maintain(1, shortens=True))
        self.move(of.access_until - timedelta(hours=hours))
        self.take(of, message(of, 1, Notify(notify)))
        self.move(of.access_until if notify == "direct" else self.next_time())
        if renewed:
            self.take(of, h.Maintain(30))
        self.make_pass()
        if not renewed:
            self.the_laws_hold()
            self.start_anew(of)
