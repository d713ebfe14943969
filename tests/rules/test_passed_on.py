"""What the present therapist is notified of in the place of a notification that a worker has dropped."""

from typing import Any

import pytest
from attrs import evolve

from digital_painschool.domain.ids import EnrolmentId, NotificationId
from digital_painschool.domain.notification import Channel, Notification, Profile, Template, TriggeringEntry
from digital_painschool.domain.people import HsaId
from digital_painschool.domain.policy import FlagKind, Policy
from digital_painschool.rules.lifecycle import end
from digital_painschool.rules.passed_on import passed_on_when_dropped
from digital_painschool.testing.environment import START
from digital_painschool.testing.people import COLLEAGUE, COORDINATOR, NURSE, UNIT
from tests.scenario import TERMS, folded, started

pytestmark = pytest.mark.rule("D-09b")

DONE, HANDED_OVER = FlagKind.PROGRAM_DONE, FlagKind.HANDED_OVER
POLICY = Policy(staff_flags=frozenset({DONE, FlagKind.FORM_SAVED, HANDED_OVER}))
OF_COLLEAGUE = evolve(started(), therapist=COLLEAGUE.hsa_id)
"""The former therapist sorts after the present one, and the coordinator between them."""
ALL = frozenset(FlagKind)
EMAIL, SMS = Channel.EMAIL, Channel.SMS


def asked(seq: int, to: HsaId, flag: FlagKind | None = DONE, channel: Channel = EMAIL, **trigger: Any) -> Notification:
    """Return a notification to staff that an entry has asked for."""
    return Notification(
        id=NotificationId(f"n-{seq}-{to}-{channel}"),
        unit=UNIT,
        channel=channel,
        recipient=HsaId("".join(str(to))),
        template=Template.MESSAGE_TO_READ if flag is None else Template.SUMMARY,
        due_at=START,
        trigger=TriggeringEntry(enrolment_id=EnrolmentId("e-1"), seq=seq, flag=flag, **trigger),
    )


DROPPED = asked(5, NURSE.hsa_id)


def is_passed_on(
    *others: Notification,
    dropped: Notification = DROPPED,
    of: Any = OF_COLLEAGUE,
    policy: Policy = POLICY,
    profile: Profile = Profile(email=ALL, sms=ALL),  # noqa: B008 - a value
) -> bool:
    """Return whether the present therapist is notified instead; of the dropped notification, and of nothing else."""
    passed = passed_on_when_dropped(dropped, (dropped, *others), of, policy, profile, START)
    assert passed in ((), (dropped,))
    return bool(passed)


def test_the_present_therapist_is_notified_of_a_flag_that_stands() -> None:
    """Otherwise a hand-over after a failed attempt would leave a patient who is done to nobody's knowledge."""
    assert is_passed_on()


@pytest.mark.parametrize("flag", [None, HANDED_OVER, FlagKind.MESSAGE_RECEIVED])
def test_what_staff_are_not_notified_of_is_not_passed_on(flag: FlagKind | None) -> None:
    """Otherwise whoever takes a patient would get the other one's "you have a new patient", or what nobody chose."""
    assert not is_passed_on(dropped=asked(5, NURSE.hsa_id, flag))


@pytest.mark.parametrize("offered", [frozenset({DONE, HANDED_OVER}), frozenset({DONE})])
def test_that_a_patient_was_handed_over_is_not_passed_on_while_it_is_flagged(offered: frozenset[FlagKind]) -> None:
    """Otherwise the therapist would be told twice of one new patient, and once where the unit chose nothing."""
    flagged = evolve(OF_COLLEAGUE, handed_at=START)
    policy = Policy(staff_flags=offered)
    assert not is_passed_on(dropped=asked(5, NURSE.hsa_id, HANDED_OVER), of=flagged, policy=policy)


def test_a_flag_that_is_settled_is_not_passed_on() -> None:
    """Otherwise the therapist would be called to what somebody has handled."""
    assert not is_passed_on(of=evolve(OF_COLLEAGUE, done_handled=True))


def test_nothing_of_an_ended_enrolment_is_passed_on() -> None:
    """Otherwise a note of the worker would notify somebody of a treatment that is over."""
    assert not is_passed_on(of=folded(OF_COLLEAGUE, end(OF_COLLEAGUE, TERMS, "klar", by=NURSE, at=START)))


@pytest.mark.parametrize(
    ("other", "passed"),
    [
        (asked(6, COLLEAGUE.hsa_id), False),
        (asked(6, COLLEAGUE.hsa_id, channel=SMS), False),
        (asked(4, COLLEAGUE.hsa_id), True),
        (asked(5, COLLEAGUE.hsa_id), True),
        (asked(6, NURSE.hsa_id), True),
        (asked(6, HsaId("SE2321000131-P000000000001")), True),
        (asked(6, COORDINATOR.hsa_id), True),
        (asked(6, COLLEAGUE.hsa_id, flag=FlagKind.FORM_SAVED), True),
        (asked(6, COLLEAGUE.hsa_id, form="a"), True),
        (asked(6, COLLEAGUE.hsa_id, conversation=1), True),
        (asked(6, COLLEAGUE.hsa_id, number=1), True),
    ],
)
def test_what_the_present_therapist_was_notified_of_since_is_not_passed_on(other: Notification, passed: bool) -> None:
    """Otherwise a second e-mail would report the same flag, or one about another flag stand for it."""
    assert passed is is_passed_on(other)


@pytest.mark.parametrize(
    ("other", "profile", "passed"),
    [
        (asked(5, COLLEAGUE.hsa_id, channel=SMS), Profile(sms=ALL), False),
        (asked(5, COLLEAGUE.hsa_id, channel=SMS), Profile(email=ALL, sms=ALL), True),
        (asked(5, COLLEAGUE.hsa_id), Profile(sms=ALL), True),
        (asked(4, COLLEAGUE.hsa_id, channel=SMS), Profile(sms=ALL), True),
        (asked(5, NURSE.hsa_id, channel=SMS), Profile(sms=ALL), True),
    ],
)
def test_what_goes_over_another_channel_stands_for_one_that_is_unticked(
    other: Notification, profile: Profile, passed: bool
) -> None:
    """Otherwise whoever has unticked e-mail would get two SMS about one flag."""
    assert passed is is_passed_on(other, profile=profile)


def test_the_entries_of_a_long_timeline_are_told_apart_by_their_numbers() -> None:
    """Otherwise the second SMS about one flag would go in a treatment with hundreds of entries."""
    number = int("1000")
    dropped, other = asked(number, NURSE.hsa_id), asked(int("1000"), COLLEAGUE.hsa_id, channel=SMS)
    assert not is_passed_on(other, dropped=dropped, profile=Profile(sms=ALL))
