"""The rules of delivery: passes that go well or badly, and what therapists tick."""

from hypothesis import strategies as st
from hypothesis.stateful import rule

from digital_painschool.domain.notification import Channel, Notify
from digital_painschool.domain.policy import FlagKind
from digital_painschool.domain.program import Ordering
from digital_painschool.errors import Reason
from digital_painschool.testing import history as h
from digital_painschool.testing.lifecycle.base import THERAPISTS, during, message
from digital_painschool.testing.lifecycle.desk_calls import RepeatedDeskCalls
from digital_painschool.testing.lifecycle.passes import TROUBLES
from digital_painschool.testing.lifecycle.schools import STRIKES
from digital_painschool.testing.reference.expectations import Ticked
from digital_painschool.testing.reference.laws import Law

TROUBLE = st.lists(st.sampled_from([*TROUBLES]), max_size=2)
STRUCK = st.sampled_from(["no", "no", *STRIKES])
WRITE = st.integers(0, 2)


class Delivering(RepeatedDeskCalls):
    """The delivery workers, and the therapists' choice of notifications."""

    @rule()
    @during("treatment", "maintenance", "records")
    def deliver(self) -> None:
        """Run a pass without a fault."""
        self.make_pass()

    @rule(troubles=TROUBLE, struck=STRUCK, write=WRITE, batch=st.sampled_from([200, 1]))
    @during("messages", "records")
    def deliver_with_trouble(self, troubles: list[str], struck: str, write: int, batch: int) -> None:
        """Run a pass with faults in its first sendings, and in a write of its storage."""
        self.make_pass(troubles, struck, write, batch)

    @rule(who=st.sampled_from([*THERAPISTS]), email=st.booleans(), sms=st.booleans(), summary=st.booleans())
    @during("messages", "treatment")
    def tick(self, who: str, email: bool, sms: bool, summary: bool) -> None:  # noqa: FBT001
        """Tick or untick "Ta emot notifieringar", and one summary a day; without an address that is refused."""
        actor = THERAPISTS[who]
        wanted = {channel for channel, ticked in ((Channel.EMAIL, email), (Channel.SMS, sms)) if ticked}
        has_address = all(self.model.address(actor.hsa_id, channel) for channel in wanted)
        if self.ask_under_key(
            Law.NOTIFIED_ONCE_IN_TIME,
            f"the {who} ticks",
            lambda s, key: s.school.therapist(actor).receive_notifications(
                email=email, sms=sms, summary=summary, once=key
            ),
            refusal=None if has_address else Reason.NO_ADDRESS_IN_DIRECTORY,
            by=actor.hsa_id,
            is_logged=True,
        ):
            self.model.oracle.tick(actor.unit, actor.hsa_id, Ticked(frozenset(wanted), summary))

    @rule(messages=st.integers(1, 2), first=st.sampled_from(["program-done", "undelivered"]))
    @during("messages", "treatment")
    def a_patient_who_cannot_be_reached(self, messages: int, first: str) -> None:
        """Write to the third patient, who completes the program; handle one flag, and then the other."""
        of = next((one for one in self.enrolments if one.number == self.numbers[2] and one.is_open), None)
        if of is None:
            return
        for _ in range(messages):
            self.take(of, message(of, 1, Notify.DIRECT))
        self.make_pass()
        for module in (*of.order, 4):
            if of.program.ordering is Ordering.RELEASED:
                self.take(of, h.ReleaseModule(module))
            self.read_and_complete(of, module)
        for flag in (first, "undelivered" if first == "program-done" else "program-done"):
            self.take(of, h.MarkHandled(FlagKind(flag)))
            self.the_laws_hold()
