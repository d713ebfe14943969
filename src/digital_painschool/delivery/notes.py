"""The delivery's notes on timelines: ended accesses, and notifications that were dropped or are undeliverable."""

import logging
from datetime import datetime
from threading import Event

from digital_painschool.application.commands import Command, CommandResult
from digital_painschool.application.executor import Executor
from digital_painschool.delivery.failures import describe
from digital_painschool.delivery.log_lines import log_event
from digital_painschool.domain.enrolment import Enrolment
from digital_painschool.domain.ids import EnrolmentId, NotificationId
from digital_painschool.domain.notification import NotificationRecord, Status
from digital_painschool.domain.people import SystemActor
from digital_painschool.domain.policy import Terms
from digital_painschool.errors import Conflict, NotFound, RuleViolation
from digital_painschool.rules.lifecycle import note_access_end
from digital_painschool.rules.notifications import drop, mark_undeliverable
from digital_painschool.rules.passed_on import passed_on_when_dropped
from digital_painschool.rules.permissions import Action

WORKER = SystemActor()
"""The actor of every delivery worker."""

_PAGE = 1000


class _NothingLeft(Exception):
    """Another worker has written the note."""


_log = logging.getLogger(__name__)


class TimelineNotes:
    """The writer of the notes that are due. Each note is idempotent, so any worker can finish what another began.

    Args:
        executor: Executes the commands.
        batch: The number of ended accesses asked for at a time.
        stop: An event after which no further note is written; a later run writes the others.
    """

    def __init__(self, executor: Executor, batch: int, stop: Event) -> None:
        self._executor = executor
        self._batch = batch
        self._stop = stop

    def note_ended_accesses(self) -> int:
        """Note the end of each access that is over, and return how many were noted. Rule: D-05a."""
        now = self._executor.now()

        def command(enrolment: Enrolment, terms: Terms) -> CommandResult:
            return CommandResult(note_access_end(enrolment, terms, by=WORKER, at=now))

        noted = 0
        tried: set[str] = set()
        # A failed one is returned again. The larger limit keeps it from starving those after it.
        while ids := set(self._executor.storage.access_ended(now, self._batch + len(tried))) - tried:
            for enrolment_id in sorted(ids):
                if self._stop.is_set():
                    return noted
                noted += write_note(self._executor, enrolment_id, command, now)
            tried |= ids
        return noted

    def note_ended_notifications(self) -> int:
        """Note the end of each notification that did not reach its recipient, and return how many were noted.

        Rule: D-13b, D-13d.
        """
        noted, after = 0, ""
        while records := self._executor.storage.unnoted(after=after, limit=_PAGE):
            for record in records:
                if self._stop.is_set():
                    return noted
                now = self._executor.now()
                notification = record.notification
                command = self._end_of(record, now)
                noted += write_note(
                    self._executor, notification.trigger.enrolment_id, command, now, noted=(notification.id,)
                )
            after = records[-1].notification.id
        return noted

    def _end_of(self, record: NotificationRecord, now: datetime) -> Command:
        notification, status = record.notification, record.status

        def command(enrolment: Enrolment, terms: Terms) -> CommandResult:
            if status is not Status.DROPPED:
                return CommandResult(mark_undeliverable(enrolment, terms, notification, status, by=WORKER, at=now))
            events = drop(enrolment, terms, notification, by=WORKER, at=now)
            if notification.flag is None:
                return CommandResult(events)
            asked = self._executor.storage.notifications(enrolment.id)
            others = (one.notification for one in asked if isinstance(one, NotificationRecord))
            profile = self._executor.preferences(enrolment, enrolment.therapist)
            passed_on = passed_on_when_dropped(notification, others, enrolment, terms.policy, profile, now)
            return CommandResult(events, superseded=passed_on, profile=profile)

        return command


def write_note(
    executor: Executor,
    enrolment_id: EnrolmentId,
    command: Command,
    now: datetime,
    noted: tuple[NotificationId, ...] = (),
) -> bool:
    """Write a note of a worker on a timeline; return whether it was written. One that was not, a later run writes.

    Where another worker has written it meanwhile, nothing is left to note, and nothing is logged.

    Args:
        executor: Executes the command.
        enrolment_id: The enrolment.
        command: Decides on the note.
        now: The instant, UTC.
        noted: The ids of the notifications whose end the command writes on the timeline.
    """

    def note(enrolment: Enrolment, terms: Terms) -> CommandResult:
        result = command(enrolment, terms)
        if not (result.events or noted):
            raise _NothingLeft
        return result

    try:
        executor.execute(Action.DELIVER, WORKER, enrolment_id, note, at=now, noted=noted)
    except (Conflict, NotFound, RuleViolation, _NothingLeft):
        return False  # it is busy, was purged, or another worker has noted it: a later run tries again
    except Exception as error:  # noqa: BLE001 - a state that no rule ever made may bring a rule to anything
        # Perhaps this enrolment alone is damaged. A failing storage stops the run at the next claim.
        log_event(_log, "enrolment-waits", enrolment=enrolment_id, error=describe(error))
        return False
    return True
