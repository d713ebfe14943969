"""The state of one patient's run of a program, with its parts. `fold` changes it by events."""

from datetime import datetime
from enum import Enum, StrEnum

from attrs import field, frozen

from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.domain.people import Author, HsaId, PersonId

WAITING_LIMIT = 10
"""How many unread submissions of a form, or messages of a conversation, have their times in a state.

A state must not grow with what nobody reads. When some of more than these are marked as read, the oldest of the rest
waits since the last known time: never since a later one than its own.
"""


class Phase(StrEnum):
    """The phase of an enrolment's life cycle."""

    ACTIVE = "active"
    MAINTENANCE = "maintenance"
    ENDED = "ended"
    WITHDRAWN = "withdrawn"


OPEN_PHASES = frozenset({Phase.ACTIVE, Phase.MAINTENANCE})
"""The phases of an enrolment that goes on; the others are closed for good."""


class WithdrawalReason(Enum):
    """The reason why a start was withdrawn: a code, because events hold no free text. Rule: D-07b."""

    WRONG_PERSON = "wrong-person"
    WRONG_PROGRAM = "wrong-program"
    STARTED_TWICE = "started-twice"
    OTHER_MISTAKE = "other-mistake"


@frozen(kw_only=True, slots=False)
class AlertReason:
    """A threshold that a submission reached: a key and a number of the program, never an answer. Rule: D-15b, D-17a.

    Args:
        question: The question's key; None for the form's score.
        threshold: The answer or score from which an alert is raised; None for a question with an alerting option.
    """

    question: str | None
    threshold: int | float | None = None


@frozen(kw_only=True, slots=False)
class FormCount:
    """The counts of a form's submissions. Rule: D-15a, D-15b.

    Args:
        form: The form's key.
        saved: How many submissions the patient has saved.
        read: The number of the last submission that the therapist has read, 0 for none.
        alert: The number of the last submission that reached an alert threshold, 0 for none.
        reasons: The thresholds that this last submission reached; empty for one of an older version of the library.
        waiting: When the unread submissions were saved, UTC, as far as they are known: see `WAITING_LIMIT`.
    """

    form: str
    saved: int = 0
    read: int = 0
    alert: int = 0
    reasons: tuple[AlertReason, ...] = ()
    waiting: tuple[datetime, ...] = ()

    @property
    def unread(self) -> int:
        """The number of submissions that wait for the therapist."""
        return self.saved - self.read


@frozen(kw_only=True, slots=False)
class ModuleReading:
    """The pages of a module that the patient has read. Rule: D-04c.

    Args:
        module: The module's number.
        pages: The numbers of the pages in their module, from 1.
    """

    module: int
    pages: frozenset[int]


@frozen(kw_only=True, slots=False)
class Conversation:
    """The counts of a conversation; each side's messages are numbered from 1. Rule: M-10, M-11.

    Args:
        number: The conversation's number in its enrolment, from 1.
        heading: The number of the timeline entry whose document is the heading.
        from_patient: How many messages the patient wrote.
        from_therapist: How many messages staff wrote.
        read_by_therapist: The number of the last of the patient's messages that staff have read, 0 for none.
        read_by_patient: The number of the last of the staff's messages that the patient has read, 0 for none.
        waiting: When the patient's unread messages were written, UTC, as far as they are known: see `WAITING_LIMIT`.
        last_message: The number of the timeline entry of the last message, 0 for none.
        last_message_at: When the last message was sent, UTC; None for none.
        renamed_by_patient: True when the patient has written a heading for it.
    """

    number: int
    heading: int
    from_patient: int = 0
    from_therapist: int = 0
    read_by_therapist: int = 0
    read_by_patient: int = 0
    waiting: tuple[datetime, ...] = ()
    last_message: int = 0
    last_message_at: datetime | None = None
    renamed_by_patient: bool = False

    def sent(self, author: Author) -> int:
        """Return how many messages one side wrote."""
        return self.from_patient if author is Author.PATIENT else self.from_therapist

    def read(self, reader: Author) -> int:
        """Return the number of the last of the other side's messages that the reader has read, 0 for none."""
        return self.read_by_patient if reader is Author.PATIENT else self.read_by_therapist

    def unread(self, reader: Author) -> int:
        """Return how many of the other side's messages wait for the reader."""
        if reader is Author.PATIENT:
            return self.from_therapist - self.read_by_patient
        return self.from_patient - self.read_by_therapist


@frozen(kw_only=True, slots=False)
class Enrolment:
    """The state of one enrolment, folded from its timeline.

    Args:
        id: An opaque id.
        version: The number of timeline entries that are folded in.
        person: The patient; the `repr` is masked.
        unit: The unit that gives the treatment.
        therapist: The present therapist.
        program: The program's key.
        program_version: The version that the enrolment was started with, for good (D-05c).
        phase: The phase of the life cycle.
        started_at: When the enrolment began, UTC.
        access_until: The first instant at which the patient has no access any more, UTC (M-05, D-18a).
        last_entry_at: The latest time of an entry but for the notes of D-17b, UTC (D-21b); clocks may differ.
        last_seen_at: When the patient last did something, UTC.
        reactivated_at: When the maintenance last went back to active, UTC; silence counts from then (D-17b, D-18b).
        reviewed_at: When the therapist last reviewed, UTC (M-09).
        maintained: The modules that are readable in maintenance (M-18).
        opened: The modules that the patient has opened.
        pages_read: The pages that the patient has read, by module; the one with the newest page is the last (D-04c).
        completed: The modules that the patient has completed.
        released: The modules that the therapist has released (D-04a).
        out_of_order: The modules that were first opened out of order (D-04a).
        forms: The counts of each form that has submissions, in the order of the first ones.
        conversations: The counts of each conversation, in the order of their numbers.
        done_at: When every required module was completed, UTC (D-05b).
        done_handled: True when the flag "done" was marked as handled.
        undelivered: The ids of notifications that could not be delivered and wait for the therapist.
        undelivered_at: When each of them was found to be undeliverable, UTC, in the same order.
        handed_at: When somebody else gave the patient to the present therapist, UTC, until the flag of it is handled
            (D-09b).
        handed_by: The signature of who did so; None without that flag.
        noted_end: The end of access that the timeline has noted last, UTC (D-05a).
        noted_silence: Since when the patient was silent, in the timeline's last note of it, UTC (D-17b).
        noted_ending: The end of access of which the timeline has last noted that it comes soon, UTC (D-17b).
        silence_entry: The number of the entry that noted the last silence, 0 for none.
        ending_entry: The number of the entry that noted the last coming end, 0 for none.
        ended_at: When the enrolment ended, or was withdrawn, UTC.
        end_reason: The key of the reason for ending (M-19).
        started_by: The author of the start, who may withdraw it (D-07b); empty in values that no timeline made.
        withdrawal: The reason why the start was withdrawn; None unless it was (D-07b).
    """

    id: EnrolmentId
    version: int
    person: PersonId
    unit: HsaId = field(converter=HsaId)
    therapist: HsaId = field(converter=HsaId)
    program: str
    program_version: str
    phase: Phase = Phase.ACTIVE
    started_at: datetime
    access_until: datetime
    last_entry_at: datetime
    last_seen_at: datetime | None = None
    reactivated_at: datetime | None = None
    reviewed_at: datetime | None = None
    maintained: frozenset[int] = frozenset()
    opened: frozenset[int] = frozenset()
    pages_read: tuple[ModuleReading, ...] = ()
    completed: frozenset[int] = frozenset()
    released: frozenset[int] = frozenset()
    out_of_order: frozenset[int] = frozenset()
    forms: tuple[FormCount, ...] = ()
    conversations: tuple[Conversation, ...] = ()
    done_at: datetime | None = None
    done_handled: bool = False
    undelivered: tuple[str, ...] = ()
    undelivered_at: tuple[datetime, ...] = ()
    handed_at: datetime | None = None
    handed_by: str | None = None
    noted_end: datetime | None = None
    noted_silence: datetime | None = None
    noted_ending: datetime | None = None
    silence_entry: int = 0
    ending_entry: int = 0
    ended_at: datetime | None = None
    end_reason: str | None = None
    started_by: str = ""
    withdrawal: WithdrawalReason | None = None

    @property
    def is_open(self) -> bool:
        """True until the enrolment has ended or was withdrawn."""
        return self.phase in OPEN_PHASES

    @property
    def has_patient_writing(self) -> bool:
        """True when the patient saved a form, completed a module, or wrote a message or a heading. Rule: D-07b.

        That a module is done is the patient's own statement. A draft is not counted: nobody but the patient may learn
        of one (D-14a).
        """
        return bool(self.forms or self.completed) or any(
            one.from_patient or one.renamed_by_patient for one in self.conversations
        )

    @property
    def undelivered_since(self) -> datetime | None:
        """The instant at which the first of the undelivered notifications was found to be so, UTC; None without any."""
        return min(self.undelivered_at, default=None)

    def form(self, key: str) -> FormCount:
        """Return the counts of a form; zeros for a form without submissions."""
        for count in self.forms:
            if count.form == key:
                return count
        return FormCount(form=key)

    def pages_read_of(self, module: int) -> frozenset[int]:
        """Return the numbers of the pages of a module that the patient has read. Rule: D-04c."""
        return next((read.pages for read in self.pages_read if read.module == module), frozenset())

    def conversation(self, number: int) -> Conversation | None:
        """Return the conversation with a number, or None."""
        return self.conversations[number - 1] if 1 <= number <= len(self.conversations) else None


@frozen(kw_only=True, slots=False)
class CaseloadCounts:
    """The counts and flags of an enrolment that the caseload shows. Rule: M-08, D-09b, D-15a, D-15b, D-17a.

    Args:
        unread_forms: How many submissions wait for the therapist, over all forms.
        unread_messages: How many of the patient's messages wait for the therapist.
        done: True when the program is done and nobody has marked the flag as handled.
        undelivered: How many notifications could not be delivered and wait for the therapist.
        handed_over: True when somebody else gave the patient to the therapist, who has not marked the flag as handled.
        priority: True when an unread submission reached an alert threshold.
        waiting_since: Since when the oldest of these waits, UTC; None when nothing waits.
    """

    unread_forms: int = 0
    unread_messages: int = 0
    done: bool = False
    undelivered: int = 0
    handed_over: bool = False
    priority: bool = False
    waiting_since: datetime | None = None

    def oldest_flag(self, access_until: datetime, now: datetime) -> datetime | None:
        """Return since when the oldest flag of an open enrolment waits at an instant; None without a flag.

        Args:
            access_until: The first instant at which the patient has no access any more: since then `ENDING` waits.
            now: The instant at which flags are judged, UTC.
        """
        if access_until > now:
            return self.waiting_since
        return access_until if self.waiting_since is None else min(self.waiting_since, access_until)


@frozen(kw_only=True)
class UnreadableEnrolment:
    """A placeholder in a list for a stored enrolment that cannot be read: the list goes on, and names the enrolment.

    The unit is None when it cannot be read. `find_by_person` adds what else the row says beside the state.
    """

    enrolment_id: EnrolmentId
    unit: HsaId | None = None
    therapist: HsaId | None = None
    is_withdrawn: bool = False
