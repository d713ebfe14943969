"""Conversations, and the flags that are settled by hand."""

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import rule

from digital_painschool.domain.notification import Notify
from digital_painschool.domain.policy import FlagKind
from digital_painschool.testing.lifecycle.base import during
from digital_painschool.testing.lifecycle.learning import Learning
from digital_painschool.testing.lifecycle.model import Course
from digital_painschool.testing.lifecycle.treatment import COURSE

CONVERSATION = st.integers(0, 3)
TALK = st.integers(0, 2)
"""A conversation that there is, or a new one (0)."""


class Talking(Learning):
    """Both sides write and read."""

    @rule(course=COURSE, talk=TALK)
    @during("treatment", "maintenance", "messages")
    def patient_writes(self, course: int, talk: int) -> None:
        """The patient writes, in a conversation or a new one (0)."""
        of = self.course(course)
        conversation = min(talk, len(of.talks))
        fine = of.is_active(self.now)
        number = conversation or None
        if self.patient(6, "writes", of, fine, lambda room: room.write(of.id, "Hej", conversation=number)):
            of.write(conversation, patient=True)

    @rule(course=COURSE, talk=TALK, notify=st.sampled_from(["none", "direct", "collected", "collected"]))
    def therapist_writes(self, course: int, talk: int, notify: str) -> None:
        """The therapist writes, in a conversation or a new one (0)."""
        of, how = self.course(course), Notify(notify)
        conversation = min(talk, len(of.talks))
        fine = of.can_read(self.now)

        def call(desk: Any) -> object:
            if conversation:
                return desk.write(of.id, conversation, "Hej", notify=how)
            return desk.start_conversation(of.id, "Hej", notify=how)

        if self.therapist(6, f"writes, notification {notify}", of, fine, call):
            self.wrote(of, conversation, notify)

    def wrote(self, of: Course, conversation: int, notify: str) -> None:
        """Note a message of the therapist's."""

    @rule(course=COURSE, conversation=CONVERSATION)
    @during("treatment")
    def look_for_a_conversation(self, course: int, conversation: int) -> None:
        """Both sides write in a conversation that may not be there."""
        of = self.course(course)
        if conversation > len(of.talks):
            call = lambda somebody: somebody.read_conversation(of.id, conversation)  # noqa: E731
            self.patient(2, f"reads conversation {conversation}, which is not there", of, False, call)
            self.therapist(2, f"reads conversation {conversation}, which is not there", of, False, call)

    @rule(course=COURSE, conversation=st.integers(1, 2))
    def patient_reads(self, course: int, conversation: int) -> None:
        """The patient reads a conversation."""
        of = self.course(course)
        fine = of.can_read(self.now) and 1 <= conversation <= len(of.talks)
        if self.patient(6, "reads", of, fine, lambda room: room.read_conversation(of.id, conversation)):
            of.read(conversation, patient=True)

    @rule(course=COURSE, conversation=st.integers(1, 2))
    @during("treatment")
    def therapist_reads(self, course: int, conversation: int) -> None:
        """The therapist reads a conversation; after the end too, and then nothing is changed."""
        of = self.course(course)
        fine = 1 <= conversation <= len(of.talks)
        if self.therapist(4, "reads", of, fine, lambda desk: desk.read_conversation(of.id, conversation)):
            of.read(conversation, patient=False)

    @rule(course=COURSE, flag=st.sampled_from(["program-done", "undelivered"]))
    @during("treatment", "messages")
    def mark_handled(self, course: int, flag: str) -> None:
        """The therapist has taken note of what nothing else settles."""
        of = self.course(course)
        fine = (flag, None) in of.waiting(self.now)
        if self.therapist(4, f"handles {flag}", of, fine, lambda desk: desk.mark_handled(of.id, FlagKind(flag))):
            of.lost, of.handled = (of.lost, True) if flag == "program-done" else ([], of.handled)
