"""The tab "Tidslinje": what has happened in an enrolment, and its notifications."""

from collections.abc import Iterable

from digital_painschool.application.executor import Executor
from digital_painschool.application.timeline_walk import wanted_kinds
from digital_painschool.domain.enrolment import Enrolment
from digital_painschool.domain.events import Event, FormSaved
from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.domain.notification import NotificationRecord
from digital_painschool.domain.people import Actor
from digital_painschool.ports.storage import Entry, load_notifications, load_timeline
from digital_painschool.rules.permissions import Action


class TimelineTab:
    """The tab "Tidslinje". Rule: M-16, D-13d."""

    _executor: Executor
    _actor: Actor

    def timeline(
        self, enrolment_id: EnrolmentId, kinds: Iterable[type[Event]] | None = None, *, form: str | None = None
    ) -> tuple[Entry, ...]:
        """Return the timeline, oldest first, all of it or a part. Rule: M-16.

        Args:
            enrolment_id: The enrolment.
            kinds: Only events of these types.
            form: Only the submissions of this form.
        """

        def wanted(enrolment: Enrolment) -> frozenset[type[Event]] | None:
            return wanted_kinds(self._executor, enrolment, kinds, form)

        only = self._executor.read(Action.SEE_TIMELINE, self._actor, enrolment_id, wanted)
        found = load_timeline(self._executor.storage, enrolment_id, only)
        if form is None:
            return found
        return tuple(entry for entry in found if isinstance(entry.event, FormSaved) and entry.event.form == form)

    def notifications(self, enrolment_id: EnrolmentId) -> tuple[NotificationRecord, ...]:
        """Return the notifications of an enrolment, each with its status. Rule: D-13b, D-13d."""
        self._executor.read(Action.SEE_NOTIFICATIONS, self._actor, enrolment_id)
        return load_notifications(self._executor.storage, enrolment_id)
