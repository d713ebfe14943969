"""Conversations and messages, as each of the two sides reads and writes them. Rule: M-10 to M-12."""

from datetime import datetime

from digital_painschool.application.commands import CommandResult
from digital_painschool.application.executor import Executor
from digital_painschool.application.from_view import from_view
from digital_painschool.application.once import Once, once_of
from digital_painschool.application.results import SentMessage
from digital_painschool.application.views import ConversationView, conversation_view, conversations
from digital_painschool.domain.enrolment import Conversation, Enrolment
from digital_painschool.domain.events import Event
from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.domain.notification import Notify
from digital_painschool.domain.people import Actor, Author, Patient
from digital_painschool.domain.policy import Policy, Terms
from digital_painschool.domain.validation import plain_text
from digital_painschool.errors import InvalidValue
from digital_painschool.rules import conversations as rules
from digital_painschool.rules.access import access, refusal
from digital_painschool.rules.permissions import Action


class Messages:
    """The conversations of enrolments, for one patient or one member of staff.

    Args:
        executor: Executes the commands.
        by: Who reads and writes.
    """

    def __init__(self, executor: Executor, by: Actor | Patient) -> None:
        self._executor = executor
        self._by = by
        is_patient = isinstance(by, Patient)
        self._author = Author.PATIENT if is_patient else Author.THERAPIST
        self._other = Author.THERAPIST if is_patient else Author.PATIENT

    def conversations(self, enrolment_id: EnrolmentId) -> tuple[ConversationView, ...]:
        """List the conversations with their headings and unread counts. Rule: M-10, M-11, D-18a."""
        now = self._executor.now()

        def found(enrolment: Enrolment) -> Enrolment:
            require_readable(self._by, enrolment, self._executor.policy(enrolment.unit), now)
            return enrolment

        enrolment = self._executor.read(Action.READ_CONVERSATION, self._by, enrolment_id, found)
        return conversations(self._executor.storage, enrolment, enrolment.conversations, self._author)

    def read(self, enrolment_id: EnrolmentId, conversation: int) -> ConversationView:
        """Return a conversation, and mark the other side's messages in it as read. Rule: M-10, D-13b, D-17a, D-18a."""
        now = self._executor.now()

        def found(enrolment: Enrolment) -> tuple[Enrolment, Conversation]:
            require_readable(self._by, enrolment, self._executor.policy(enrolment.unit), now)
            return enrolment, rules.find(enrolment, conversation)

        enrolment, shown = self._executor.read(Action.READ_CONVERSATION, self._by, enrolment_id, found)
        view = conversation_view(self._executor.storage, enrolment, shown, self._author)
        mark_read(self._executor, self._by, enrolment_id, conversation, up_to=shown.sent(self._other))
        return view

    def start(
        self,
        enrolment_id: EnrolmentId,
        text: str,
        *,
        heading: str,
        notify: Notify = Notify.NONE,
        expected: int | None = None,
        once: Once | None = None,
    ) -> SentMessage:
        """Begin a conversation with its first message. Rule: M-10 to M-12, D-19b.

        Args:
            enrolment_id: The enrolment.
            text: The message.
            heading: The conversation's heading.
            notify: How the patient is notified.
            expected: The version of the view that the message answers to, or None.
            once: The host's key for the call, with its arguments, or None.
        """
        now = self._executor.now()

        def command(enrolment: Enrolment, terms: Terms) -> CommandResult:
            title, written = plain_text(heading, "a heading"), plain_text(text, "a message")

            def rule(e: Enrolment, terms: Terms, at: datetime) -> tuple[Event, ...]:
                return rules.start_conversation(e, terms, written, title, notify=notify, by=self._by, at=at)

            events = from_view(self._executor.storage, expected, rule)(enrolment, terms, now)
            return CommandResult(events, {0: title, 1: written})

        after = self._executor.execute(Action.WRITE_MESSAGE, self._by, enrolment_id, command, at=now, once=once)
        return SentMessage(conversation=len(after.conversations), number=1)

    def write(
        self,
        enrolment_id: EnrolmentId,
        conversation: int,
        text: str,
        *,
        heading: str | None = None,
        notify: Notify = Notify.NONE,
        expected: int | None = None,
        once: Once | None = None,
    ) -> SentMessage:
        """Write a message in a conversation. Rule: M-10, M-12, D-17a, D-19b.

        Args:
            enrolment_id: The enrolment.
            conversation: The conversation's number.
            text: The message.
            heading: None; a conversation that exists has its heading.
            notify: How the patient is notified.
            expected: The version of the view that the message answers to, or None.
            once: The host's key for the call, with its arguments, or None.
        """
        now = self._executor.now()

        def command(enrolment: Enrolment, terms: Terms) -> CommandResult:
            written = plain_text(text, "a message")
            if heading is not None:
                raise InvalidValue("a heading is for a new conversation; use rename_conversation for one that is there")

            def rule(e: Enrolment, terms: Terms, at: datetime) -> tuple[Event, ...]:
                return rules.send(e, terms, conversation, written, notify=notify, by=self._by, at=at)

            return CommandResult(from_view(self._executor.storage, expected, rule)(enrolment, terms, now), {0: written})

        after = self._executor.execute(Action.WRITE_MESSAGE, self._by, enrolment_id, command, at=now, once=once)
        written = rules.find(after, conversation)
        return SentMessage(conversation=written.number, number=written.sent(self._author))

    def rename(
        self, enrolment_id: EnrolmentId, conversation: int, heading: str, *, once: str | None = None
    ) -> Enrolment:
        """Change a conversation's heading; `once` is the host's key for the call. Rule: M-11."""
        at = self._executor.now()

        def command(enrolment: Enrolment, terms: Terms) -> CommandResult:
            title = plain_text(heading, "a heading")
            events = rules.rename(enrolment, terms, conversation, title, by=self._by, at=at)
            return CommandResult(events, {0: title})

        asked = once_of(once, "rename", conversation=conversation, heading=heading)
        return self._executor.execute(Action.RENAME_CONVERSATION, self._by, enrolment_id, command, at=at, once=asked)


def mark_read(
    executor: Executor, by: Actor | Patient, enrolment_id: EnrolmentId, conversation: int, *, up_to: int
) -> None:
    """Mark the other side's messages in a conversation as read, up to one of them. Rule: M-10, D-13b, D-15a, D-17a."""
    executor.execute_rule(
        Action.READ_CONVERSATION,
        by,
        enrolment_id,
        lambda e, terms, at: rules.read(e, terms, conversation, up_to, by=by, at=at),
    )


def require_readable(by: Actor | Patient, enrolment: Enrolment, policy: Policy, now: datetime) -> None:
    """Refuse a patient who may not read messages any more. Rule: D-18a.

    Raises:
        RuleViolation: The patient's access is over.
    """
    if isinstance(by, Patient) and not access(enrolment, policy, now).read_messages:
        raise refusal(enrolment, policy, now)
