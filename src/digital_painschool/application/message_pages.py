"""Conversations and their messages in pages, as each of the two sides reads them. Rule: M-10, M-11."""

from datetime import datetime

from digital_painschool.application.cursors import read_cursor, whole, write_cursor
from digital_painschool.application.executor import Executor
from digital_painschool.application.messages import mark_read, require_readable
from digital_painschool.application.pages import ConversationPage, ListPage, require_limit
from digital_painschool.application.patient_head import PatientHead, patient_head
from digital_painschool.application.timeline_walk import matching_entries
from digital_painschool.application.views import ConversationView, conversations, view_of_messages
from digital_painschool.domain.enrolment import Conversation, Enrolment
from digital_painschool.domain.events import MessageSent
from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.domain.people import Actor, Author, Patient
from digital_painschool.ports.storage import Enrolments, Excerpt
from digital_painschool.rules import conversations as rules
from digital_painschool.rules.permissions import Action


class MessagePages:
    """The conversations of enrolments in pages, for one patient or one member of staff: `PatientDesk.pages`."""

    def __init__(self, executor: Executor, by: Actor | Patient) -> None:
        self._executor = executor
        self._by = by
        is_patient = isinstance(by, Patient)
        self._reader = Author.PATIENT if is_patient else Author.THERAPIST
        self._other = Author.THERAPIST if is_patient else Author.PATIENT

    def conversations(
        self, enrolment_id: EnrolmentId, after: str | None = None, *, limit: int = 50
    ) -> ListPage[ConversationView]:
        """Return a page of the conversations, newest activity first, with unread counts. Rule: M-10, M-11, D-18a.

        A conversation in which somebody writes during the walk is shown on the next page, at the top, even when it was
        shown before. So none is missed.

        Args:
            enrolment_id: The enrolment.
            after: The `next` of the page before; left out, the first page.
            limit: The most conversations, up to 500.
        """
        now = self._executor.now()

        def found(enrolment: Enrolment) -> ListPage[ConversationView]:
            require_readable(self._by, enrolment, self._executor.policy(enrolment.unit), now)
            size, listing = require_limit(limit), ("conversations", enrolment_id)
            seen, before = enrolment.version, enrolment.version + 1
            if after is not None:
                places = (whole(0, seen), whole(0, before))
                seen, before = map(int, read_cursor(listing, after, *places))
            by_activity = sorted(enrolment.conversations, key=lambda one: one.last_message)
            fresh = [one for one in by_activity if one.last_message > seen]
            rest = [one for one in reversed(by_activity) if one.last_message < before]
            shown = [*fresh, *rest][:size]
            for one in shown:
                seen, before = max(seen, one.last_message), min(before, one.last_message)
            rows = conversations(self._executor.storage, enrolment, shown, self._reader)
            is_last = len(shown) == len(fresh) + len(rest)
            return ListPage(
                rows=rows,
                next=None if is_last else write_cursor(listing, (seen, before)),
                zone=self._executor.policy(enrolment.unit).zone,
                head=self._head(enrolment, now),
            )

        return self._executor.read(Action.READ_CONVERSATION, self._by, enrolment_id, found)

    def messages(
        self, enrolment_id: EnrolmentId, conversation: int, after: str | None = None, *, limit: int = 50
    ) -> ConversationPage:
        """Return a page of a conversation, newest message first, and mark as read what was shown.

        Rule: M-10, D-13b, D-15a, D-17a, D-18a. Messages are marked as read up to one of them. So where there are more
        unread ones than fit on a page, they are marked with the page that shows the oldest of them. A message that was
        written during the walk is on none of its pages, and stays unread.

        Args:
            enrolment_id: The enrolment.
            conversation: The conversation's number.
            after: The `next` of the page before, which is followed by older messages; left out, the first page.
            limit: The most messages, up to 500.
        """
        now = self._executor.now()

        def found(enrolment: Enrolment) -> tuple[ConversationPage, int]:
            require_readable(self._by, enrolment, self._executor.policy(enrolment.unit), now)
            return self._page(enrolment, rules.find(enrolment, conversation), after, require_limit(limit), now)

        page, up_to = self._executor.read(Action.READ_CONVERSATION, self._by, enrolment_id, found)
        if up_to:
            mark_read(self._executor, self._by, enrolment_id, conversation, up_to=up_to)
        return page

    def _page(
        self, enrolment: Enrolment, conversation: Conversation, after: str | None, limit: int, now: datetime
    ) -> tuple[ConversationPage, int]:
        """Return a page, and the ordinal up to which the other side's messages have been shown; 0 to mark nothing."""
        listing = ("messages", enrolment.id, conversation.number)
        first, newest = conversation.last_message, conversation.sent(self._other)
        left = conversation.from_patient + conversation.from_therapist
        if after is not None:
            places = (whole(1, first), whole(0, newest), whole(1, left))
            first, newest, left = map(int, read_cursor(listing, after, *places))
        entries = _messages(self._executor.storage, enrolment, conversation, first, min(limit, left))
        view = view_of_messages(
            self._executor.storage, enrolment, conversation, self._reader, entries, min(limit, left)
        )
        left -= len(entries)
        next_ = write_cursor(listing, (entries[-1][0] - 1, newest, left)) if left else None
        read = conversation.read(self._reader)
        shown = [event.number for _, event in entries if event.author is self._other]
        has_all_unread = bool(shown) and shown[-1] <= read + 1 <= newest
        page = ConversationPage(
            conversation=view,
            next=next_,
            zone=self._executor.policy(enrolment.unit).zone,
            head=self._head(enrolment, now),
        )
        return page, newest if has_all_unread else 0

    def _head(self, enrolment: Enrolment, now: datetime) -> PatientHead | None:
        """Return the head of a tab of staff's; a patient has none."""
        return (
            None if isinstance(self._by, Patient) else patient_head(enrolment, self._executor.terms.of(enrolment), now)
        )


def _messages(
    storage: Enrolments, enrolment: Enrolment, conversation: Conversation, first: int, limit: int
) -> list[tuple[int, MessageSent]]:
    """Return a conversation's messages from a timeline entry on, newest first."""
    found = matching_entries(
        storage,
        enrolment.id,
        [MessageSent],
        lambda event: isinstance(event, MessageSent) and event.conversation == conversation.number,
        after=0,
        limit=limit,
        excerpt=Excerpt(newest_first=True, up_to=first),
    )
    return [(entry.seq, entry.event) for entry in found if isinstance(entry.event, MessageSent)]
