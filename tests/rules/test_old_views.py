"""Steps that follow from a view: what came after it was drawn, what it stops, and what it leaves waiting."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from digital_painschool.domain.enrolment import Enrolment
from digital_painschool.domain.events import (
    AccessEnded,
    Ended,
    Event,
    FlagHandled,
    FormRead,
    FormSaved,
    HandedOver,
    MessageSent,
    NotificationUndelivered,
    ProgramDone,
    Reviewed,
)
from digital_painschool.domain.ids import NotificationId
from digital_painschool.domain.notification import Channel, Status
from digital_painschool.domain.people import Author
from digital_painschool.domain.policy import FlagKind
from digital_painschool.errors import InvalidValue, Reason
from digital_painschool.rules.flags import mark_handled, to_handle
from digital_painschool.rules.old_views import require_no_new_flag, require_version
from digital_painschool.testing.environment import START
from digital_painschool.testing.example import PAIN
from digital_painschool.testing.people import NURSE
from tests.scenario import TERMS, folded, refused, started

AT = START + timedelta(hours=1)
DONE = ProgramDone(at=AT, by="patient")
OVER = Ended(at=AT, by=NURSE.hsa_id, reason="klar")
GIVEN, TAKEN = (HandedOver(at=AT, by="x", therapist=NURSE.hsa_id, flagged=flagged) for flagged in (True, False))
HANDLED = {kind: FlagHandled(at=AT, by=NURSE.hsa_id, flag=kind) for kind in FlagKind}
HANDED = HANDLED[FlagKind.HANDED_OVER]

pytestmark = pytest.mark.rule("D-19b")


def lost(number: int, channel: Channel = Channel.INBOX) -> NotificationUndelivered:
    """Return the event of a notification that could not be delivered."""
    id_ = NotificationId(f"n-{number}")
    return NotificationUndelivered(at=AT, by="system", notification=id_, channel=channel, status=Status.FAILED)


def message(author: Author, number: int = 1) -> MessageSent:
    """Return the event of a message."""
    return MessageSent(at=AT, by="x", conversation=1, number=number, author=author)


def saved(number: int) -> FormSaved:
    """Return the event of a submission."""
    return FormSaved(at=AT, by="patient", form=PAIN, number=number)


@pytest.mark.parametrize(
    ("since", "flags", "counts"),
    [
        ([saved(1), saved(2)], ("form-saved",), (2,)),
        ([message(Author.PATIENT)], ("message-received",), (1,)),
        ([DONE], ("program-done",), (1,)),
        ([AccessEnded(at=AT, by="system", access_until=AT)], ("ending",), (1,)),
        ([lost(1), lost(2, Channel.EMAIL)], ("undelivered",), (2,)),
        ([saved(1), FormRead(at=AT, by="x", form=PAIN, up_to=1, opened=True)], ("form-saved",), (1,)),
        (
            [message(Author.PATIENT), Reviewed(at=AT, by="x"), saved(1), message(Author.PATIENT, 2)],
            ("form-saved", "message-received"),
            (1, 2),
        ),
    ],
)
def test_what_raises_a_flag_refuses_and_is_named(since: Sequence[Event], flags: Any, counts: Any) -> None:
    """Otherwise an alarm that came while the page was open would vanish with the end."""
    with refused("D-19b", Reason.VIEW_IS_OLD, flags=flags, counts=counts):
        require_no_new_flag(since)


@pytest.mark.parametrize(
    "since", [[], [Reviewed(at=AT, by="x")], [message(Author.THERAPIST)], [HANDLED[FlagKind.PROGRAM_DONE]]]
)
def test_other_changes_refuse_nothing(since: Sequence[Event]) -> None:
    """Otherwise a colleague's review would stop an end that nothing speaks against."""
    require_no_new_flag(since)


def test_a_version_is_one_that_the_enrolment_has_had() -> None:
    """Otherwise a number from another patient's page would pass for a view that nothing came after."""
    enrolment = folded(started(), [Reviewed(at=AT, by="x")])
    assert [1, 2] == [require_version(enrolment, version) for version in (1, 2)]
    for version in (0, -1, 3):
        with refused("D-19b", Reason.NO_SUCH_VERSION, version=2):
            require_version(enrolment, version)
    for wrong in (True, 1.0, "1", None):
        with pytest.raises(InvalidValue):
            require_version(enrolment, wrong)  # type: ignore[arg-type]


def handled(enrolment: Enrolment, kind: FlagKind, since: Sequence[Event]) -> tuple[Event, ...]:
    """Mark a flag as handled from a view that some events came after."""
    return mark_handled(enrolment, TERMS, kind, since, by=NURSE, at=AT)


def test_failures_that_came_after_the_view_go_on_waiting() -> None:
    """Otherwise one click would sweep away a failure that nobody has seen."""
    earlier, later = [lost(1), lost(2)], [lost(3)]
    enrolment = folded(started(), [*earlier, *later])
    events = handled(enrolment, FlagKind.UNDELIVERED, later)
    seen = tuple(one.notification for one in earlier)
    assert (FlagHandled(at=AT, by=NURSE.hsa_id, flag=FlagKind.UNDELIVERED, notifications=seen),) == events
    after = folded(enrolment, events)
    assert ("n-3",) == after.undelivered
    [flag] = to_handle(after, AT)
    assert (FlagKind.UNDELIVERED, 1) == (flag.kind, flag.unread)
    assert () == folded(after, handled(after, FlagKind.UNDELIVERED, [])).undelivered


@pytest.mark.parametrize(
    ("kind", "before", "since"),
    [
        (FlagKind.UNDELIVERED, [], [lost(1)]),
        (FlagKind.UNDELIVERED, [lost(1)], [HANDLED[FlagKind.UNDELIVERED]]),
        (FlagKind.UNDELIVERED, [lost(1)], [HANDLED[FlagKind.UNDELIVERED], lost(2)]),
        (FlagKind.UNDELIVERED, [lost(1)], [OVER]),
        (FlagKind.PROGRAM_DONE, [], [DONE]),
        (FlagKind.PROGRAM_DONE, [DONE], [HANDLED[FlagKind.PROGRAM_DONE]]),
        (FlagKind.PROGRAM_DONE, [DONE], [OVER]),
        (FlagKind.HANDED_OVER, [GIVEN], [HANDED]),
        (FlagKind.HANDED_OVER, [GIVEN], [HANDED, TAKEN]),
        (FlagKind.HANDED_OVER, [GIVEN], [TAKEN]),
        (FlagKind.HANDED_OVER, [GIVEN], [TAKEN, GIVEN]),
    ],
)
def test_marking_is_never_refused_for_what_came_after(
    kind: FlagKind, before: Sequence[Event], since: Sequence[Event]
) -> None:
    """Otherwise the therapist would get an error for a click that was right when the page was drawn."""
    assert () == handled(folded(started(), [*before, *since]), kind, since)


@pytest.mark.parametrize("kind", FlagKind)
@pytest.mark.parametrize("since", [[], [Reviewed(at=AT, by="x")], [HANDLED[FlagKind.FORM_SAVED]]])
def test_a_flag_that_never_waited_is_refused_from_a_view_too(kind: FlagKind, since: Sequence[Event]) -> None:
    """Otherwise a slip of the host would pass for a settled flag."""
    with refused("D-17a", Reason.NO_SUCH_FLAG, flag=kind.value):
        handled(folded(started(), since), kind, since)


def test_a_form_is_settled_by_reading_it_alone() -> None:
    """Otherwise the end would make it seem that marking a form as handled were a step that there is."""
    with refused("D-17a", Reason.NO_SUCH_FLAG):
        handled(folded(started(), [saved(1), OVER]), FlagKind.FORM_SAVED, [OVER])
