"""The events of a timeline, in the past tense: who did what when, with keys and numbers, never with free text.

Free text (answers, messages, headings) is stored as documents beside the timeline. A document has the number of its
timeline entry.
"""

from datetime import datetime

from attrs import field, frozen

from digital_painschool.domain.enrolment import AlertReason, WithdrawalReason
from digital_painschool.domain.fact import Fact as _Fact
from digital_painschool.domain.ids import EnrolmentId, NotificationId
from digital_painschool.domain.notification import Notify
from digital_painschool.domain.notification_events import NotificationDropped as NotificationDropped  # noqa: PLC0414
from digital_painschool.domain.notification_events import NotificationResolved as NotificationResolved  # noqa: PLC0414
from digital_painschool.domain.notification_events import (
    NotificationUndelivered as NotificationUndelivered,  # noqa: PLC0414
)
from digital_painschool.domain.people import Author, HsaId, PersonId
from digital_painschool.domain.policy import FlagKind


@frozen(kw_only=True, slots=False)
class Started(_Fact):
    """The enrolment began. Rule: M-07, M-05, D-05c, D-09b.

    Args:
        flagged: True when the therapist has a flag of it: somebody else has started it.
    """

    enrolment_id: EnrolmentId
    person: PersonId
    unit: HsaId = field(converter=HsaId)
    therapist: HsaId = field(converter=HsaId)
    program: str
    program_version: str
    access_until: datetime
    flagged: bool = False


@frozen(kw_only=True, slots=False)
class HandedOver(_Fact):
    """Another therapist has the patient now. Rule: D-09a, D-09b.

    Args:
        therapist: The new therapist.
        flagged: True when the new therapist has a flag of it. False when they took the patient themselves, and in
            histories from before D-09b.
    """

    therapist: HsaId = field(converter=HsaId)
    flagged: bool = False


@frozen(kw_only=True, slots=False)
class Reviewed(_Fact):
    """The therapist has reviewed the patient's progress. Rule: M-09."""


@frozen(kw_only=True, slots=False)
class Maintained(_Fact):
    """The enrolment is in maintenance: readable for a time. Rule: M-18, D-18a."""

    days: int
    modules: frozenset[int]
    access_until: datetime


@frozen(kw_only=True, slots=False)
class Reactivated(_Fact):
    """The enrolment is active again after a maintenance, until the end of its first year. Rule: D-18b."""

    access_until: datetime


@frozen(kw_only=True, slots=False)
class AccessEnded(_Fact):
    """The time of the patient's access was over; the enrolment stays open. Rule: D-05a, D-05d, M-17, D-18a.

    Args:
        access_until: The first instant after that time, UTC.
        kept: True when the patient kept the access all the same, by the unit's policy of that day (D-05d).
    """

    access_until: datetime
    kept: bool = False


@frozen(kw_only=True, slots=False)
class PatientSilent(_Fact):
    """The patient had done nothing for the days of the unit's policy; noted once for each silence. Rule: D-17b.

    Args:
        since: When the patient was last seen, or else the start, UTC.
    """

    since: datetime


@frozen(kw_only=True, slots=False)
class AccessEndsSoon(_Fact):
    """The patient's access ends within the days of the unit's policy; noted once for each end. Rule: D-17b.

    Args:
        access_until: The first instant at which the patient has no access any more, UTC.
    """

    access_until: datetime


@frozen(kw_only=True, slots=False)
class Ended(_Fact):
    """The enrolment is over. Rule: M-19, D-19a."""

    reason: str


@frozen(kw_only=True, slots=False)
class Withdrawn(_Fact):
    """The start was withdrawn: it was entered in error. Rule: D-07b."""

    reason: WithdrawalReason


@frozen(kw_only=True, slots=False)
class ModuleOpened(_Fact):
    """The patient opened a module for the first time. Rule: M-04, D-04a, D-04d.

    Histories from before D-04d hold further openings of the same module.
    """

    module: int
    out_of_order: bool = False


@frozen(kw_only=True, slots=False)
class PageRead(_Fact):
    """The patient read a page of a module for the first time. Rule: D-04c, D-04d.

    Args:
        module: The module's number.
        page: The page's number in its module, from 1.
    """

    module: int
    page: int


@frozen(kw_only=True, slots=False)
class ModuleCompleted(_Fact):
    """The patient completed a module for the first time. Rule: M-04."""

    module: int


@frozen(kw_only=True, slots=False)
class ModuleReleased(_Fact):
    """The therapist opened a module for the patient. Rule: D-04a."""

    module: int
    out_of_order: bool = False


@frozen(kw_only=True, slots=False)
class ProgramDone(_Fact):
    """Every required module is completed; recorded once. Rule: D-05b."""


@frozen(kw_only=True, slots=False)
class FormSaved(_Fact):
    """The patient saved a form; the answers are a document. Rule: M-14, D-15b, D-17a.

    Args:
        form: The form's key.
        number: The ordinal of the submission, from 1.
        score: The sum of the answers' scores; None when the form has no scored question.
        alert: True when an answer or the score reached its alert threshold.
        module: The number of the module that it was filled in from; None where nobody can tell.
        reasons: The thresholds that were reached: keys and numbers of the program. No answer can be told from them
            beyond what `alert` and `score` tell.
    """

    form: str
    number: int
    score: int | None = None
    alert: bool = False
    module: int | None = None
    reasons: tuple[AlertReason, ...] = ()


@frozen(kw_only=True, slots=False)
class FormRead(_Fact):
    """The therapist has read a form, or marked it as read. Rule: M-15, D-15a.

    Args:
        form: The form's key.
        up_to: The ordinal of the last submission that was read.
        opened: False when the form was marked as read without opening.
    """

    form: str
    up_to: int
    opened: bool


@frozen(kw_only=True, slots=False)
class ConversationStarted(_Fact):
    """A conversation began; its heading is a document. Rule: M-10, M-11."""

    conversation: int


@frozen(kw_only=True, slots=False)
class ConversationRenamed(_Fact):
    """A conversation's heading was changed; the new one is a document. Rule: M-11."""

    conversation: int


@frozen(kw_only=True, slots=False)
class MessageSent(_Fact):
    """A message was written; its text is a document. Rule: M-10, M-12.

    Args:
        conversation: The conversation's number.
        author: The side that wrote.
        number: The ordinal of the message among that side's messages in the conversation, from 1.
        notify: How the patient is notified; always `NONE` for the patient's own messages.
    """

    conversation: int
    author: Author
    number: int
    notify: Notify = Notify.NONE


@frozen(kw_only=True, slots=False)
class MessagesRead(_Fact):
    """One side has read messages of the other side. Rule: M-10, D-17a.

    Args:
        conversation: The conversation's number.
        reader: The side that read.
        up_to: The ordinal of the last message of the other side that was read.
    """

    conversation: int
    reader: Author
    up_to: int


@frozen(kw_only=True, slots=False)
class FlagHandled(_Fact):
    """The therapist marked a flag as handled. Rule: D-15b, D-17a.

    Args:
        flag: The kind of flag.
        notifications: For undelivered notifications: the ids of those that the view showed, where others came after it;
            None means all that waited.
    """

    flag: FlagKind
    notifications: tuple[NotificationId, ...] | None = None


Event = (
    Started
    | HandedOver
    | Reviewed
    | Maintained
    | Reactivated
    | AccessEnded
    | PatientSilent
    | AccessEndsSoon
    | Ended
    | Withdrawn
    | ModuleOpened
    | PageRead
    | ModuleCompleted
    | ModuleReleased
    | ProgramDone
    | FormSaved
    | FormRead
    | ConversationStarted
    | ConversationRenamed
    | MessageSent
    | MessagesRead
    | FlagHandled
    | NotificationDropped
    | NotificationUndelivered
    | NotificationResolved
)
"""Every event of a timeline."""
