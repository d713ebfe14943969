"""The views of conversations and forms: documents joined with their events."""

from collections.abc import Iterable, Mapping, Sequence, Sized
from datetime import datetime

from attrs import field, frozen

from digital_painschool.domain.enrolment import Conversation, Enrolment
from digital_painschool.domain.events import FormSaved, MessageSent
from digital_painschool.domain.masking import Masked, masked_text
from digital_painschool.domain.people import Author
from digital_painschool.domain.validation import Answer
from digital_painschool.errors import StorageError
from digital_painschool.ports.storage import Content, Enrolments, load_documents, load_timeline


def _masked(answers: Mapping[str, Answer] | Masked[Mapping[str, Answer]]) -> Masked[Mapping[str, Answer]]:
    return Masked(answers)


@frozen(kw_only=True)
class Submission:
    """One submission of a form. Rule: M-14 to M-16.

    Args:
        form: The form's key.
        number: The submission's ordinal among those of the form, from 1.
        saved_at: When it was saved, UTC.
        answers: From question keys to answers.
        score: The sum of the answers' scores; None when nothing of the form is scored.
        alert: True when an alert threshold was reached.
        module: The number of the module that it was filled in from; None where nobody can tell.
    """

    form: str
    number: int
    saved_at: datetime
    _answers: Masked[Mapping[str, Answer]] = field(converter=_masked)
    score: int | None
    alert: bool
    module: int | None = None

    @property
    def answers(self) -> Mapping[str, Answer]:
        """The patient's answers, by question key."""
        return self._answers.reveal()

    def __repr__(self) -> str:
        return f"Submission(form={self.form!r}, number={self.number}, answers=****)"


@frozen(kw_only=True)
class Message:
    """One message. Rule: M-10.

    Args:
        author: The side that wrote it.
        number: The message's ordinal among those of the same side in the conversation, from 1.
        by: The writer: a member of staff's HSA-id, or `"patient"`.
        sent_at: When it was sent, UTC.
        text: The message.
        read: True when the other side had read it before this view was drawn.
    """

    author: Author
    number: int
    by: str
    sent_at: datetime
    _text: Masked[str] = field(converter=masked_text)
    read: bool

    @property
    def text(self) -> str:
        """The message."""
        return self._text.reveal()

    def __repr__(self) -> str:
        return f"Message(author={self.author.value!r}, number={self.number}, text=****)"


@frozen(kw_only=True)
class ConversationView:
    """A conversation as one side sees it. Rule: M-10, M-11.

    Args:
        number: The conversation's number in the enrolment, from 1.
        heading: The heading (trådrubrik).
        unread: The number of the other side's messages that were unread before this view was drawn; 0 after the end,
            when nothing waits any more (D-19a).
        messages: The messages in the order in which they were sent; empty in a list of conversations.
        last_message_at: When the last message was sent, UTC.
    """

    number: int
    _heading: Masked[str] = field(converter=masked_text)
    unread: int
    messages: tuple[Message, ...] = ()
    last_message_at: datetime | None = None

    @property
    def heading(self) -> str:
        """The heading (trådrubrik)."""
        return self._heading.reveal()

    def __repr__(self) -> str:
        return f"ConversationView(number={self.number}, unread={self.unread}, messages={len(self.messages)})"


def conversations(
    storage: Enrolments, enrolment: Enrolment, shown: Iterable[Conversation], reader: Author
) -> tuple[ConversationView, ...]:
    """List some conversations of an enrolment with their headings, without the messages."""
    listed = tuple(shown)
    headings = Masked(load_documents(storage, enrolment.id, [conversation.heading for conversation in listed]))
    return tuple(_view(enrolment, conversation, headings, reader, ()) for conversation in listed)


def conversation_view(
    storage: Enrolments, enrolment: Enrolment, conversation: Conversation, reader: Author
) -> ConversationView:
    """Return a conversation with the messages that the enrolment's state counts.

    Raises:
        StorageError: A message or its text is missing.
    """
    entries = [
        (entry.seq, entry.event)
        for entry in load_timeline(storage, enrolment.id, [MessageSent])
        if entry.seq <= enrolment.version
        and isinstance(entry.event, MessageSent)
        and entry.event.conversation == conversation.number
    ]
    counted = conversation.from_patient + conversation.from_therapist
    return view_of_messages(storage, enrolment, conversation, reader, entries, counted)


def view_of_messages(
    storage: Enrolments,
    enrolment: Enrolment,
    conversation: Conversation,
    reader: Author,
    entries: Sequence[tuple[int, MessageSent]],
    counted: int,
) -> ConversationView:
    """Return a conversation with some of its messages.

    Args:
        storage: The storage.
        enrolment: The state.
        conversation: The conversation.
        reader: Who reads.
        entries: The messages, each with the number of its timeline entry.
        counted: How many messages there are, by the enrolment's state.

    Raises:
        StorageError: A message or its text is missing.
    """
    _require_all(entries, counted, "messages")
    documents = Masked(load_documents(storage, enrolment.id, [conversation.heading, *(seq for seq, _ in entries)]))
    read = {Author.PATIENT: conversation.read_by_therapist, Author.THERAPIST: conversation.read_by_patient}
    messages = (
        Message(
            author=event.author,
            number=event.number,
            by=event.by,
            sent_at=event.at,
            text=_text(documents, seq),
            read=event.number <= read[event.author],
        )
        for seq, event in entries
    )
    return _view(enrolment, conversation, documents, reader, messages)


def _view(
    enrolment: Enrolment,
    conversation: Conversation,
    documents: Masked[Mapping[int, Content]],
    reader: Author,
    messages: Iterable[Message],
) -> ConversationView:
    return ConversationView(
        number=conversation.number,
        heading=_text(documents, conversation.heading),
        unread=conversation.unread(reader) if enrolment.is_open else 0,
        messages=tuple(messages),
        last_message_at=conversation.last_message_at,
    )


def submissions(storage: Enrolments, enrolment: Enrolment, form: str) -> tuple[Submission, ...]:
    """Return the submissions of a form that the enrolment's state counts, oldest first."""
    entries = [
        (entry.seq, entry.event)
        for entry in load_timeline(storage, enrolment.id, [FormSaved])
        if entry.seq <= enrolment.version and isinstance(entry.event, FormSaved) and entry.event.form == form
    ]
    _require_all(entries, enrolment.form(form).saved, "submissions")
    documents = Masked(load_documents(storage, enrolment.id, [seq for seq, _ in entries]))
    return tuple(
        Submission(
            form=form,
            number=event.number,
            saved_at=event.at,
            answers=_answers(documents, seq),
            score=event.score,
            alert=event.alert,
            module=event.module,
        )
        for seq, event in entries
    )


def _require_all(entries: Sized, counted: int, what: str) -> None:
    """Refuse an incomplete list: an entry whose kind is damaged is in no list of a kind."""
    if len(entries) != counted:
        raise StorageError(f"{counted} {what} are counted and {len(entries)} can be read; restore them from a backup")


def _text(documents: Masked[Mapping[int, Content]], seq: int) -> str:
    content = documents.reveal().get(seq)
    if not isinstance(content, str):
        del content
        raise StorageError(f"the text of timeline entry {seq} is missing; restore it from a backup")
    return content


def _answers(documents: Masked[Mapping[int, Content]], seq: int) -> Mapping[str, Answer]:
    content = documents.reveal().get(seq)
    if content is None or isinstance(content, str):
        del content
        raise StorageError(f"the answers of timeline entry {seq} are missing; restore them from a backup")
    return content
