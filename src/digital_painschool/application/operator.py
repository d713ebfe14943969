"""The operator's desk: dead letters of the own unit, sent again or dropped. Rule: D-13d."""

from collections.abc import Mapping
from datetime import datetime

from attrs import frozen

from digital_painschool.application.access_control import access_entry
from digital_painschool.application.commands import CommandResult
from digital_painschool.application.cursors import instant, read_cursor, text
from digital_painschool.application.executor import Executor
from digital_painschool.application.once import once_of
from digital_painschool.application.pages import ListPage, first_rows, require_limit
from digital_painschool.domain.enrolment import Enrolment
from digital_painschool.domain.ids import EnrolmentId, NotificationId
from digital_painschool.domain.notification import (
    Channel,
    FailureReason,
    NotificationRecord,
    ResolutionReason,
    Status,
    Template,
)
from digital_painschool.domain.people import Actor, HsaId
from digital_painschool.domain.policy import Terms
from digital_painschool.errors import InvalidValue
from digital_painschool.ports.storage import Operations, each_unnoted
from digital_painschool.rules import dead_letters
from digital_painschool.rules.permissions import Action
from digital_painschool.serialization.scalars import instant_from_text, instant_to_text

_CALLS: Mapping[Status, str] = {Status.PENDING: "send_again", Status.DROPPED: "drop"}


@frozen(kw_only=True)
class DeadLetter:
    """A notification that was given up, without the person. Rule: D-13d.

    Args:
        notification_id: The notification's opaque id.
        enrolment_id: The enrolment that asked for it.
        unit: The unit that sends it.
        channel: The channel that it was sent over.
        template: The fixed text.
        given_up_at: When it was given up, UTC.
        attempts: How many attempts got an answer.
        reason: Why it was given up; None for one that an earlier version gave up.
    """

    notification_id: NotificationId
    enrolment_id: EnrolmentId
    unit: HsaId
    channel: Channel
    template: Template
    given_up_at: datetime
    attempts: int
    reason: FailureReason | None


def dead_letter(record: NotificationRecord) -> DeadLetter:
    """Return a dead letter as operators see it."""
    notification, given_up_at = record.notification, record.settled_at
    assert given_up_at is not None, "a dead letter is settled"
    return DeadLetter(
        notification_id=notification.id,
        enrolment_id=notification.trigger.enrolment_id,
        unit=notification.unit,
        channel=notification.channel,
        template=notification.template,
        given_up_at=given_up_at,
        attempts=record.attempts,
        reason=record.reason,
    )


def dead_letters_after(storage: Operations, unit: HsaId | None, after: object, limit: object) -> tuple[DeadLetter, ...]:
    """Return dead letters of a unit, or of all units, the newest first, behind the last one of the page before.

    Raises:
        InvalidValue: `after` is no `DeadLetter`, or `limit` is no size of a page.
    """
    if after is not None and not isinstance(after, DeadLetter):
        raise InvalidValue("after is the last DeadLetter of the page before, or None")
    position = None if after is None else (after.given_up_at, after.notification_id)
    return tuple(map(dead_letter, storage.dead_letters(unit, after=position, limit=require_limit(limit))))


class OperatorDesk:
    """The actions of a unit's operator, who sees no patient. Made by `PainSchool.operator`.

    Every method raises `NotPermitted` when the permission table does not grant it, `RuleViolation` when a rule refuses,
    and `StorageError` when the storage fails.
    """

    def __init__(self, executor: Executor, actor: Actor) -> None:
        if not isinstance(actor, Actor):
            raise InvalidValue(f"an operator's desk is for an Actor, not {type(actor).__name__}")
        self._executor = executor
        self._actor = actor

    def dead_letters(self, after: str | None = None, *, limit: int = 50) -> ListPage[DeadLetter]:
        """Return a page of the unit's dead letters, the newest first, without persons. Rule: D-13d.

        A dead letter is listed until it is resolved, or its enrolment ends.

        Args:
            after: The `next` of the page before; left out, the first page.
            limit: The most dead letters, up to 500.

        Raises:
            InvalidValue: Also for a cursor that is damaged.
        """
        action, unit = Action.SEE_DEAD_LETTERS, self._actor.unit
        self._executor.access.permit(action, self._actor)

        def found() -> ListPage[DeadLetter]:
            size, listing = require_limit(limit), ("dead-letters", unit)
            shown: tuple[datetime, str] | None = None
            if after is not None:
                given_up_at, id_ = map(str, read_cursor(listing, after, instant, text))
                shown = instant_from_text(given_up_at), id_
            records = self._executor.storage.dead_letters(unit, after=shown, limit=size + 1)
            return first_rows(
                [*map(dead_letter, records)],
                size,
                listing,
                lambda letter: (instant_to_text(letter.given_up_at), letter.notification_id),
                zone=self._executor.policy(unit).zone,
            )

        page = self._executor.access.judge(action, self._actor, found)
        self._executor.storage.log((access_entry(action, self._actor, self._executor.now()),))
        return page

    def send_again(
        self,
        enrolment_id: EnrolmentId,
        notification_id: NotificationId,
        *,
        reason: ResolutionReason | str,
        once: str | None = None,
    ) -> None:
        """Send a dead letter again: the next run of a worker tries it, with all attempts anew. Rule: D-13d, D-24a.

        It goes as a new notification does: a collected one in a forenoon, at most one a patient, unit and day; an
        obsolete one is dropped. The same batch goes under the same key, so that an inbox which has it already does not
        notify twice. The timeline notes the operator and the reason. The therapist's flag stays until it is handled.

        Args:
            enrolment_id: The enrolment, as the dead letter names it.
            notification_id: The notification's id.
            reason: `CHANNEL_REPAIRED` or `RECIPIENT_REACHABLE`, or the code of one.
            once: The host's key for the call.

        Raises:
            InvalidValue: The reason is another one.
            NotFound: There is no such enrolment.
            RuleViolation: The notification is no dead letter, or its enrolment has ended.
        """
        self._resolve(enrolment_id, notification_id, Status.PENDING, reason, once)

    def drop(
        self,
        enrolment_id: EnrolmentId,
        notification_id: NotificationId,
        *,
        reason: ResolutionReason | str,
        once: str | None = None,
    ) -> None:
        """Drop a dead letter: it is not sent any more, and leaves the list. Rule: D-13d, D-24a.

        Args:
            enrolment_id: The enrolment, as the dead letter names it.
            notification_id: The notification's id.
            reason: `INFORMED_OTHERWISE` or `NOT_NEEDED`, or the code of one.
            once: The host's key for the call.

        Raises:
            InvalidValue: The reason is another one.
            NotFound: There is no such enrolment.
            RuleViolation: The notification is no dead letter, or its enrolment has ended.
        """
        self._resolve(enrolment_id, notification_id, Status.DROPPED, reason, once)

    def _resolve(
        self,
        enrolment_id: EnrolmentId,
        notification_id: NotificationId,
        status: Status,
        reason: ResolutionReason | str,
        once: str | None,
    ) -> None:
        at = self._executor.now()

        def command(enrolment: Enrolment, terms: Terms) -> CommandResult:
            # Read after the enrolment was: whoever resolves it meanwhile has changed the enrolment.
            found = self._executor.storage.notifications(enrolment.id)
            # What a gateway has reported lacks its note until the next run, and is no dead letter before.
            lacking = {one.notification.id for one in each_unnoted(self._executor.storage)}
            records = [
                one for one in found if isinstance(one, NotificationRecord) and one.notification.id not in lacking
            ]
            return CommandResult(
                dead_letters.resolve(
                    enrolment, terms, notification_id, records, status, _reason(reason), by=self._actor, at=at
                )
            )

        asked = once_of(once, _CALLS[status], notification=notification_id, reason=reason)
        self._executor.execute(Action.RESOLVE_DEAD_LETTER, self._actor, enrolment_id, command, at=at, once=asked)


def _reason(reason: object) -> ResolutionReason:
    for known in ResolutionReason:
        if reason in (known, known.value):
            return known
    raise InvalidValue(f"a reason is one of {', '.join(one.value for one in ResolutionReason)}")
