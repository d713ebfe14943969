"""Dead letters: which notification an operator may resolve, and how."""

from datetime import timedelta

import pytest
from attrs import evolve

from digital_painschool.domain.events import NotificationResolved
from digital_painschool.domain.ids import EnrolmentId, NotificationId
from digital_painschool.domain.notification import (
    GIVEN_UP,
    RESOLUTIONS,
    Channel,
    Notification,
    NotificationRecord,
    ResolutionReason,
    Status,
    Template,
    TriggeringEntry,
)
from digital_painschool.errors import InvalidValue, Reason
from digital_painschool.rules.dead_letters import resolve
from digital_painschool.rules.lifecycle import end
from digital_painschool.testing.environment import START
from digital_painschool.testing.people import NURSE, PERSON, UNIT
from tests.scenario import TERMS, folded, refused, started

pytestmark = pytest.mark.rule("D-13d")

LATER = START + timedelta(days=1)
DEAD = NotificationId("n-5")
REASONS = [(status, reason) for status, reasons in RESOLUTIONS.items() for reason in ResolutionReason]


def of(id_: str, status: Status, channel: Channel = Channel.EMAIL) -> NotificationRecord:
    """Return a notification with a status."""
    return NotificationRecord(
        notification=Notification(
            id=NotificationId(id_),
            unit=UNIT,
            channel=channel,
            recipient=PERSON,
            template=Template.MESSAGE_TO_READ,
            due_at=START,
            trigger=TriggeringEntry(enrolment_id=EnrolmentId("e-1"), seq=1),
        ),
        status=status,
        settled_at=None if status is Status.PENDING else START,
    )


OTHERS = [of(id_, status, Channel.SMS) for id_ in ("n-4", "n-6") for status in Status]


def resolved(
    *records: NotificationRecord,
    status: Status = Status.PENDING,
    reason: ResolutionReason = ResolutionReason.CHANNEL_REPAIRED,
) -> object:
    """Return the event of an operator who resolves the dead letter."""
    [event] = resolve(started(), TERMS, DEAD, records, status, reason, by=NURSE, at=LATER)
    return event


@pytest.mark.parametrize("given_up", [Status.UNREACHABLE, Status.FAILED])
@pytest.mark.parametrize(("status", "reason"), REASONS)
def test_a_dead_letter_is_resolved_for_a_reason_of_its_list(
    given_up: Status, status: Status, reason: ResolutionReason
) -> None:
    """Otherwise the timeline would say that a repaired channel was the reason to drop a notification."""
    if reason not in RESOLUTIONS[status]:
        with pytest.raises(InvalidValue, match=f"the reason is one of {min(r.value for r in RESOLUTIONS[status])}, "):
            resolved(of(DEAD, given_up), status=status, reason=reason)
        return
    assert resolved(*OTHERS, of(DEAD, given_up), status=status, reason=reason) == NotificationResolved(
        at=LATER, by=NURSE.signature, notification=DEAD, channel=Channel.EMAIL, status=status, reason=reason
    )


@pytest.mark.parametrize("status", [status for status in Status if status not in GIVEN_UP])
def test_what_was_not_given_up_is_no_dead_letter(status: Status) -> None:
    """Otherwise a notification that waits, or has arrived, would be sent a second time."""
    with refused("D-13d", Reason.NO_DEAD_LETTER):
        resolved(*OTHERS, of(DEAD, status))


def test_a_dead_letter_of_an_ended_enrolment_is_never_sent() -> None:
    """Otherwise a patient would be notified of what nobody can read any more."""
    state = started()
    ended = folded(state, end(state, TERMS, "klar", by=NURSE, at=START))
    args = ended, TERMS, DEAD, [of(DEAD, Status.FAILED)], Status.PENDING, ResolutionReason.CHANNEL_REPAIRED
    with refused("D-19a", Reason.ALREADY_ENDED):
        resolve(*args, by=NURSE, at=LATER)


def test_the_copy_of_an_id_is_the_same_notification() -> None:
    """Otherwise an id that a storage has read anew would name no dead letter."""
    copy = NotificationId("".join(DEAD))
    assert copy is not DEAD
    record = of(DEAD, Status.UNREACHABLE)
    record = evolve(record, notification=evolve(record.notification, id=copy))
    assert isinstance(resolved(record), NotificationResolved)
