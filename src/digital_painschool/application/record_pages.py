"""The lists of one enrolment in pages, as staff read them: timeline, conversations, notifications."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from digital_painschool.application.cursors import read_cursor, text, whole
from digital_painschool.application.executor import Executor
from digital_painschool.application.message_pages import MessagePages
from digital_painschool.application.pages import (
    ConversationPage,
    ListPage,
    Span,
    first_rows,
    numbered_page,
    require_limit,
    require_order,
)
from digital_painschool.application.patient_head import patient_head
from digital_painschool.application.timeline_lines import TimelinePage, timeline_page
from digital_painschool.application.timeline_walk import matching_entries, wanted_kinds
from digital_painschool.application.views import ConversationView
from digital_painschool.domain.enrolment import Enrolment
from digital_painschool.domain.events import Event, FormSaved
from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.domain.notification import NotificationRecord
from digital_painschool.domain.people import Actor
from digital_painschool.ports.storage import Entry, load_notifications, load_timeline
from digital_painschool.rules.permissions import Action


class RecordPages:
    """The lists of enrolments in pages, for one member of staff: `TherapistDesk.pages`."""

    def __init__(self, executor: Executor, actor: Actor) -> None:
        self._executor = executor
        self._actor = actor
        self._messages = MessagePages(executor, actor)

    def timeline(
        self,
        enrolment_id: EnrolmentId,
        after: str | None = None,
        *,
        kinds: Iterable[type[Event]] | None = None,
        form: str | None = None,
        by: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        newest_first: bool = True,
        limit: int = 50,
    ) -> TimelinePage:
        """Return a page of the timeline, all of it or a part, with the head of the tab. Rule: M-16, D-08a.

        The walk shows the timeline as it is when the first page is asked for, each entry once.

        Args:
            enrolment_id: The enrolment.
            after: The `next` of the page before; left out, the first page.
            kinds: Only events of these types.
            form: Only the submissions of this form.
            by: Only what this author did: a member of staff's HSA-id, `"patient"` or `"system"`.
            since: Only what was done at this instant or later.
            until: Only what was done before this instant.
            newest_first: False for the oldest first.
            limit: The most entries, up to 500.

        Raises:
            InvalidValue: Also for a cursor that is damaged, or was made with other filters.
        """
        now = self._executor.now()

        def found(enrolment: Enrolment) -> TimelinePage:
            size = require_limit(limit)
            span = Span(since=since, until=until, by=by, newest_first=newest_first)
            only = wanted_kinds(self._executor, enrolment, kinds, form)

            def read(after: int, up_to: int, most: int) -> Sequence[Entry]:
                excerpt = span.excerpt(up_to)
                if form is None:
                    return load_timeline(
                        self._executor.storage, enrolment_id, only, after=after, limit=most, excerpt=excerpt
                    )
                return matching_entries(
                    self._executor.storage,
                    enrolment_id,
                    only or (),
                    lambda event: isinstance(event, FormSaved) and event.form == form,
                    after=after,
                    limit=most,
                    excerpt=excerpt,
                )

            names = None if only is None else sorted(kind.__name__ for kind in only)
            terms = self._executor.terms.of(enrolment)
            page: ListPage[Entry] = numbered_page(
                ("timeline", enrolment_id, names, form, *span.described()),
                after,
                size,
                newest_first=newest_first,
                last=lambda: enrolment.version,
                read=read,
                number=lambda entry: entry.seq,
                zone=terms.policy.zone,
                numbers=whole(1, enrolment.version),
            )
            return timeline_page(page, enrolment, terms, now)

        return self._executor.read(Action.SEE_TIMELINE, self._actor, enrolment_id, found)

    def conversations(
        self, enrolment_id: EnrolmentId, after: str | None = None, *, limit: int = 50
    ) -> ListPage[ConversationView]:
        """Return a page of the conversations, as `MessagePages.conversations` does. Rule: M-10, M-11."""
        return self._messages.conversations(enrolment_id, after, limit=limit)

    def messages(
        self, enrolment_id: EnrolmentId, conversation: int, after: str | None = None, *, limit: int = 50
    ) -> ConversationPage:
        """Return a page of a conversation, and mark it, as `MessagePages.messages` does. Rule: M-10, D-15a, D-17a."""
        return self._messages.messages(enrolment_id, conversation, after, limit=limit)

    def notifications(
        self, enrolment_id: EnrolmentId, after: str | None = None, *, newest_first: bool = True, limit: int = 50
    ) -> ListPage[NotificationRecord]:
        """Return a page of the notifications of an enrolment, each with its status. Rule: D-13b, D-13d.

        Args:
            enrolment_id: The enrolment.
            after: The `next` of the page before; left out, the first page.
            newest_first: False for the oldest first.
            limit: The most notifications, up to 500.
        """
        now = self._executor.now()

        def found(enrolment: Enrolment) -> ListPage[NotificationRecord]:
            size = require_limit(limit)
            listing = ("notifications", enrolment_id, require_order(newest_first))
            shown = None
            if after is not None:
                seq, id_ = read_cursor(listing, after, whole(1, enrolment.version), text)
                shown = int(seq), str(id_)
            records = load_notifications(
                self._executor.storage, enrolment_id, newest_first=newest_first, after=shown, limit=size + 1
            )
            terms = self._executor.terms.of(enrolment)
            return first_rows(
                records,
                size,
                listing,
                lambda record: (record.notification.trigger.seq, record.notification.id),
                zone=terms.policy.zone,
                head=patient_head(enrolment, terms, now),
            )

        return self._executor.read(Action.SEE_NOTIFICATIONS, self._actor, enrolment_id, found)
