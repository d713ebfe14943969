"""The tab "Meddelande": conversations as the therapist reads and writes them."""

from digital_painschool.application.executor import Executor
from digital_painschool.application.messages import Messages
from digital_painschool.application.once import once_of
from digital_painschool.application.results import SentMessage
from digital_painschool.application.views import ConversationView
from digital_painschool.domain.enrolment import Enrolment
from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.domain.notification import Notify
from digital_painschool.domain.people import Actor


class TherapistMessages:
    """The tab "Meddelande". Rule: M-10 to M-12."""

    _executor: Executor
    _actor: Actor
    _messages: Messages

    def conversations(self, enrolment_id: EnrolmentId) -> tuple[ConversationView, ...]:
        """List the conversations with their headings and unread counts. Rule: M-10, M-11."""
        return self._messages.conversations(enrolment_id)

    def read_conversation(self, enrolment_id: EnrolmentId, conversation: int) -> ConversationView:
        """Return a conversation, and mark the patient's messages in it as read. Rule: M-10, D-17a."""
        return self._messages.read(enrolment_id, conversation)

    def start_conversation(
        self,
        enrolment_id: EnrolmentId,
        text: str,
        *,
        heading: str | None = None,
        notify: Notify = Notify.NONE,
        expected: int | None = None,
        once: str | None = None,
    ) -> SentMessage:
        """Begin a conversation with a first message ("Skapa ny konversation"). Rule: M-10 to M-12, D-19b.

        Args:
            enrolment_id: The enrolment.
            text: The message.
            heading: The heading; left out, the unit's default ("Min konversation").
            notify: How the patient is notified: not at all, directly, or with the day's collected notifications.
            expected: The version that the view was drawn from: the message is refused when something came since that
                raises a flag, such as a message of the patient's. Left out, it is sent whatever came.
            once: The host's key for the call.
        """
        title = self._executor.policy(self._actor.unit).heading if heading is None else heading
        asked = once_of(once, "start_conversation", text=text, heading=heading, notify=notify, **_view(expected))
        return self._messages.start(enrolment_id, text, heading=title, notify=notify, expected=expected, once=asked)

    def write(
        self,
        enrolment_id: EnrolmentId,
        conversation: int,
        text: str,
        *,
        notify: Notify = Notify.NONE,
        expected: int | None = None,
        once: str | None = None,
    ) -> SentMessage:
        """Write a message in a conversation; with `expected` as `start_conversation` does. Rule: M-10, M-12, D-19b."""
        asked = once_of(once, "write", conversation=conversation, text=text, notify=notify, **_view(expected))
        return self._messages.write(enrolment_id, conversation, text, notify=notify, expected=expected, once=asked)

    def rename_conversation(
        self, enrolment_id: EnrolmentId, conversation: int, heading: str, *, once: str | None = None
    ) -> Enrolment:
        """Change a conversation's heading. Rule: M-11."""
        return self._messages.rename(enrolment_id, conversation, heading, once=once)


def _view(expected: int | None) -> dict[str, int]:
    """Return what a key is for beside the message; nothing without a view, as in keys of an earlier version."""
    return {} if expected is None else {"expected": expected}
