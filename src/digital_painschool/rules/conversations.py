"""Conversations: headings, messages of both sides, and read marks.

Rule: M-10 to M-12, D-13c, D-18a, D-18c.
"""

from datetime import datetime

from digital_painschool.domain.enrolment import Conversation, Enrolment
from digital_painschool.domain.events import ConversationRenamed, ConversationStarted, Event, MessageSent, MessagesRead
from digital_painschool.domain.notification import Notify
from digital_painschool.domain.people import AnyActor, Author, Patient
from digital_painschool.domain.policy import Terms
from digital_painschool.domain.validation import is_seen, plain_text, require_one_line, whole_number
from digital_painschool.errors import InvalidValue, Reason, RuleViolation
from digital_painschool.rules.access import access, refusal


def start_conversation(
    enrolment: Enrolment,
    terms: Terms,
    text: str,
    heading: str,
    *,
    notify: Notify = Notify.NONE,
    by: AnyActor,
    at: datetime,
) -> tuple[Event, ...]:
    """Start a conversation with its first message. Rule: M-10 to M-12.

    Raises:
        RuleViolation: As for `send`, or the heading is empty or too long.
        InvalidValue: As for `send`.
    """
    number = len(enrolment.conversations) + 1
    _check_heading(terms, heading)
    author = _writer(enrolment, terms, text, notify, by, at)
    signature = by.signature
    return (
        ConversationStarted(at=at, by=signature, conversation=number),
        MessageSent(at=at, by=signature, conversation=number, author=author, number=1, notify=notify),
    )


def rename(
    enrolment: Enrolment, terms: Terms, conversation: int, heading: str, *, by: AnyActor, at: datetime
) -> tuple[Event, ...]:
    """Change a conversation's heading. Rule: M-11, D-18a, D-18c.

    Raises:
        RuleViolation: The enrolment has ended, the patient may only read, there is no such conversation, or the heading
            is empty or too long.
    """
    _require_writable(enrolment, terms, by, at)
    found = find(enrolment, conversation)
    _check_heading(terms, heading)
    return (ConversationRenamed(at=at, by=by.signature, conversation=found.number),)


def send(
    enrolment: Enrolment,
    terms: Terms,
    conversation: int,
    text: str,
    *,
    notify: Notify = Notify.NONE,
    by: AnyActor,
    at: datetime,
) -> tuple[Event, ...]:
    """Write a message in a conversation; it is unread for the other side. Rule: M-10, M-12, D-18a, D-18c.

    Args:
        enrolment: The state.
        terms: The program and the unit's policy.
        conversation: The conversation's number.
        text: The text, up to the policy's `message_limit`.
        notify: For a message to the patient: how the patient is notified.
        by: The author.
        at: The instant, an aware time.

    Raises:
        RuleViolation: The enrolment has ended, access is over (nobody could read it), the patient may only read, there
            is no such conversation, the text is empty or too long, or a patient's message asks for a notification.
        InvalidValue: The text is not text that can be stored.
    """
    found = find(enrolment, conversation)
    author = _writer(enrolment, terms, text, notify, by, at)
    number = found.sent(author) + 1
    return (
        MessageSent(at=at, by=by.signature, conversation=found.number, author=author, number=number, notify=notify),
    )


def read(
    enrolment: Enrolment, terms: Terms, conversation: int, up_to: int, *, by: AnyActor, at: datetime
) -> tuple[Event, ...]:
    """Mark the other side's messages as read; messages after `up_to` stay unread. Rule: M-10, D-15a, D-17a.

    Args:
        enrolment: The state.
        terms: The program and the unit's policy.
        conversation: The conversation's number.
        up_to: The ordinal of the last message that was read. Messages that were read before change nothing.
        by: The reader. After the end reading changes nothing: the flags are settled.
        at: The instant, an aware time.

    Raises:
        RuleViolation: The patient's access is over, or there is no such conversation or message.
    """
    reader = _author(by)
    if reader is Author.PATIENT and not access(enrolment, terms.policy, at).read_messages:
        raise refusal(enrolment, terms.policy, at)
    found = find(enrolment, conversation)
    if not 0 <= whole_number(up_to, "up_to") <= found.read(reader) + found.unread(reader):
        raise RuleViolation("D-15a", Reason.NO_SUCH_MESSAGE, conversation=found.number)
    if up_to <= found.read(reader) or not enrolment.is_open:
        return ()
    return (MessagesRead(at=at, by=by.signature, conversation=found.number, reader=reader, up_to=up_to),)


def _author(by: AnyActor) -> Author:
    return Author.PATIENT if isinstance(by, Patient) else Author.THERAPIST


def _writer(enrolment: Enrolment, terms: Terms, text: str, notify: Notify, by: AnyActor, at: datetime) -> Author:
    _require_writable(enrolment, terms, by, at)
    author = _author(by)
    if not isinstance(notify, Notify):
        raise InvalidValue(f"notify is a Notify, not {type(notify).__name__}")
    if author is Author.PATIENT and notify is not Notify.NONE:
        raise RuleViolation("M-12", Reason.ONLY_MESSAGES_TO_THE_PATIENT_NOTIFY)
    _check_text("M-10", text, terms.policy.message_limit)
    return author


def _require_writable(enrolment: Enrolment, terms: Terms, by: AnyActor, at: datetime) -> None:
    now = access(enrolment, terms.policy, at)
    if not (now.write_messages if isinstance(by, Patient) else now.read_messages):
        raise refusal(enrolment, terms.policy, at)


def _check_heading(terms: Terms, heading: str) -> None:
    _check_text("M-11", heading, terms.policy.heading_limit)
    require_one_line(heading, "a heading")


def _check_text(rule: str, text: str, limit: int) -> None:
    written = plain_text(text)
    if not is_seen(written):
        raise RuleViolation(rule, Reason.EMPTY_TEXT)
    if len(written) > limit:
        raise RuleViolation(rule, Reason.TEXT_TOO_LONG, limit=limit)


def find(enrolment: Enrolment, conversation: int) -> Conversation:
    """Return the conversation with a number. Rule: M-10.

    Raises:
        RuleViolation: There is no such conversation.
        InvalidValue: The number is not a whole number.
    """
    found = enrolment.conversation(whole_number(conversation, "conversation"))
    if found is None:
        raise RuleViolation("M-10", Reason.UNKNOWN_CONVERSATION, conversation=conversation)
    return found
