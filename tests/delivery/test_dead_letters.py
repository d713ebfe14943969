"""Dead letters: why something was given up, what operators see of it, and how they send it again or drop it."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from digital_painschool.application.operator import DeadLetter
from digital_painschool.delivery.report import DeliveryReport
from digital_painschool.domain.events import NotificationResolved, NotificationUndelivered
from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.domain.notification import (
    Channel,
    FailureReason,
    NotificationRecord,
    Notify,
    ResolutionReason,
    Status,
)
from digital_painschool.domain.policy import FlagKind
from digital_painschool.errors import DeliveryError, InvalidValue, Reason, RuleViolation
from digital_painschool.testing.environment import local
from digital_painschool.testing.people import ANNA, BO, OPERATOR, OTHER_UNIT, RESERVE_NUMBER, UNIT
from tests.delivery.faulty import NINE, NONE, ONE, Faulty, asking, flags, notes, statuses, write
from tests.scenario import refused

REPAIRED = ResolutionReason.CHANNEL_REPAIRED


def given_up(notify: Notify = Notify.DIRECT, number: str = ANNA) -> tuple[Faulty, EnrolmentId]:
    """Return a school whose inbox has refused the one notice for good, at nine."""
    school = Faulty()
    id_ = asking(school, number, notify)
    school.now = NINE
    school.fails(DeliveryError("no such person", permanent=True))
    school.deliver()
    school.inbox.error = None
    return school, id_


def letter_of(school: Faulty) -> DeadLetter:
    """Return the one dead letter of the unit."""
    [letter] = school.operator.dead_letters().rows
    return letter


def send_again(school: Faulty, letter: DeadLetter | None = None) -> None:
    """Send a dead letter again; left out, the one of the unit."""
    letter = letter or letter_of(school)
    school.operator.send_again(letter.enrolment_id, letter.notification_id, reason=REPAIRED)


def _unreachable() -> Faulty:
    school = Faulty()
    asking(school, RESERVE_NUMBER, Notify.DIRECT)
    school.deliver()
    return school


def _exhausted() -> Faulty:
    school = Faulty(retry_minutes=(5,))
    school.fails()
    asking(school, notify=Notify.DIRECT)
    for _ in range(2):
        school.deliver()
        school.advance(minutes=5)
    return school


def _poison() -> Faulty:
    school = Faulty(retry_minutes=())
    asking(school, notify=Notify.DIRECT)
    for _ in range(6):
        school.dies_after_sending()
        school.advance(minutes=16)
    school.deliver()
    return school


@pytest.mark.rule("D-13d")
@pytest.mark.parametrize(
    ("reason", "make", "attempts"),
    [
        (FailureReason.UNREACHABLE, _unreachable, 1),
        (FailureReason.REFUSED, lambda: given_up()[0], 1),
        (FailureReason.ATTEMPTS_EXHAUSTED, _exhausted, 2),
        (FailureReason.WORKERS_LOST, _poison, 0),
    ],
)
def test_the_worker_records_why_it_gave_up(reason: FailureReason, make: Callable[[], Faulty], attempts: int) -> None:
    """Otherwise an operator would look for a broken gateway where a patient has no account."""
    letter = letter_of(make())
    assert (reason, attempts, Channel.INBOX, UNIT) == (letter.reason, letter.attempts, letter.channel, letter.unit)


@pytest.mark.rule("D-13d")
def test_what_is_sent_again_arrives_and_the_timeline_says_who_and_why() -> None:
    """Otherwise a patient would never be told although the fault was repaired, or nobody know who sent it."""
    school, id_ = given_up()
    send_again(school)
    [event] = [event for event in school.events(id_) if isinstance(event, NotificationResolved)]
    assert (OPERATOR.hsa_id, Status.PENDING, REPAIRED) == (event.by, event.status, event.reason)
    assert (ONE, [Status.DELIVERED], ()) == (
        school.deliver(),
        statuses(school, id_),
        school.operator.dead_letters().rows,
    )
    assert {FlagKind.UNDELIVERED} == flags(school, id_), "the flag stays until the therapist handles it"
    [line] = [entry for _, entry in school.office.access_log() if entry.action == "resolve-dead-letter"]
    assert (OPERATOR.hsa_id, id_, True) == (line.by, line.enrolment_id, line.granted)


@pytest.mark.rule("D-13d")
def test_the_inbox_that_had_it_already_is_not_made_to_tell_twice() -> None:
    """Otherwise the patient of a lost answer would be told a second time by the repair."""
    school = Faulty(retry_minutes=())
    id_ = asking(school, notify=Notify.COLLECTED)
    school.now = NINE
    school.fails()
    school.inbox.loses_answers = True
    assert DeliveryReport(undelivered=1) == school.deliver()
    school.inbox.error = None
    school.at("2026-03-03 09:00")
    send_again(school)
    assert DeliveryReport(delivered=1) == school.deliver()
    assert (1, 1, [Status.DELIVERED]) == (
        len(school.inbox.delivered),
        len(set(school.inbox.asked)),
        statuses(school, id_),
    )


@pytest.mark.rule("D-13d")
def test_what_a_gateway_reported_as_failed_is_really_sent_again() -> None:
    """Otherwise a repair would reach nobody: the inbox knows the key, sends nothing, and all counts as delivered."""
    school = Faulty()
    id_ = asking(school, notify=Notify.DIRECT)
    assert ONE == school.deliver()
    [first] = school.inbox.asked
    assert 1 == school.school.delivery().reject(first)
    [unnoted] = school.storage.notifications(id_)
    assert isinstance(unnoted, NotificationRecord)
    with pytest.raises(RuleViolation, match="D-13d"):  # the timeline does not say yet that it did not arrive
        school.operator.send_again(id_, unnoted.notification.id, reason=REPAIRED)
    assert NONE == school.deliver()
    assert FailureReason.REPORTED is letter_of(school).reason
    send_again(school)
    assert (ONE, 2) == (school.deliver(), len(school.inbox.delivered))
    assert (0, [Status.DELIVERED]) == (school.school.delivery().reject(first), statuses(school, id_))


@pytest.mark.rule("D-13a")
@pytest.mark.parametrize(
    ("resent", "arrives"), [("2026-03-02 09:30", "2026-03-03 09:00"), ("2026-03-03 15:00", "2026-03-04 09:00")]
)
def test_a_collected_one_waits_for_a_forenoon_of_its_own(resent: str, arrives: str) -> None:
    """Otherwise a repair in the afternoon would notify all patients of a region in the afternoon, or twice on a day."""
    school, id_ = given_up(Notify.COLLECTED)
    school.at(resent)
    send_again(school)
    assert DeliveryReport(waiting=1) == school.deliver()
    school.now = local(arrives) - timedelta(microseconds=1)
    assert 0 == school.deliver().sent
    school.at(arrives)
    assert (ONE, [Status.DELIVERED]) == (school.deliver(), statuses(school, id_))


@pytest.mark.rule("D-13a")
def test_it_goes_with_what_is_new_as_one_notice() -> None:
    """Otherwise a patient would get two notices on one forenoon."""
    school, id_ = given_up(Notify.COLLECTED)
    write(school, id_)
    school.at("2026-03-03 08:00")
    send_again(school)
    school.at("2026-03-03 09:00")
    assert DeliveryReport(sent=1, delivered=2) == school.deliver()


@pytest.mark.rule("D-13b")
def test_what_was_read_meanwhile_is_dropped() -> None:
    """Otherwise a repair would send patients to messages that they have read."""
    school, id_ = given_up()
    school.room.read_conversation(id_, 1)
    send_again(school)
    assert DeliveryReport(dropped=1) == school.deliver()


@pytest.mark.rule("D-13d")
def test_what_fails_again_is_listed_again_and_is_one_flag() -> None:
    """Otherwise a repair that was none would be hidden, or count as two notices that were lost."""
    school, id_ = given_up()
    send_again(school)
    school.fails(DeliveryError("still not", permanent=True))
    school.advance(hours=1)
    assert DeliveryReport(undelivered=1) == school.deliver()
    assert school.now == letter_of(school).given_up_at
    [flag] = school.desk.to_handle(id_)
    assert (1, NINE, [2]) == (flag.unread, flag.since, notes(school, NotificationUndelivered, id_))


@pytest.mark.rule("D-24a")
def test_a_second_click_changes_nothing() -> None:
    """Otherwise a double click would leave two entries, or refuse what was done."""
    school, id_ = given_up()
    letter = letter_of(school)
    for _ in range(2):
        school.operator.send_again(letter.enrolment_id, letter.notification_id, reason=REPAIRED, once="click-1")
    assert [1] == notes(school, NotificationResolved, id_)
    with school.unchanged(), refused("D-13d", Reason.NO_DEAD_LETTER):
        send_again(school, letter)
    with refused("D-24a", Reason.KEY_OF_ANOTHER_CALL):
        school.operator.drop(letter.enrolment_id, letter.notification_id, reason="not-needed", once="click-1")
    assert ONE == school.deliver()


@pytest.mark.rule("D-13d")
def test_what_is_dropped_leaves_the_list_for_good() -> None:
    """Otherwise the list would never be empty, and nobody read it."""
    school, id_ = given_up()
    letter = letter_of(school)
    school.operator.drop(letter.enrolment_id, letter.notification_id, reason="informed-otherwise")
    assert ((), NONE, [Status.DROPPED]) == (
        school.operator.dead_letters().rows,
        school.deliver(),
        statuses(school, id_),
    )


@pytest.mark.rule("D-13d")
@pytest.mark.parametrize("reason", ["not-needed", "informed-otherwise", "", ANNA, None, 3, Status.PENDING, ["x"]])
def test_a_reason_is_one_of_those_for_the_step(reason: object) -> None:
    """Otherwise a timeline would say that a notice was sent because nobody needed it, or hold a name."""
    school, _ = given_up()
    letter = letter_of(school)
    with school.unchanged(), pytest.raises(InvalidValue) as refused:
        school.operator.send_again(letter.enrolment_id, letter.notification_id, reason=reason)  # type: ignore[arg-type]
    assert ANNA not in str(refused.value)


@pytest.mark.rule("D-19a")
def test_an_ended_enrolment_has_no_dead_letters() -> None:
    """Otherwise operators would be asked about patients who are done."""
    school, id_ = given_up()
    letter = letter_of(school)
    school.desk.end(id_, reason="klar")
    assert () == school.operator.dead_letters().rows
    with school.unchanged(), refused("D-19a", Reason.ALREADY_ENDED):
        send_again(school, letter)


def test_the_list_comes_in_pages_without_persons() -> None:
    """Otherwise an outage of a day would not fit a screen, or show patients to those who may not see them."""
    school = Faulty()
    for number in (ANNA, BO):
        asking(school, number, Notify.DIRECT)
    school.fails(DeliveryError("no", permanent=True))
    school.deliver()
    first = school.operator.dead_letters(limit=1)
    second = school.operator.dead_letters(first.next, limit=1)
    assert (["e-0002", "e-0001"], None) == (
        [letter.enrolment_id for letter in (*first.rows, *second.rows)],
        second.next,
    )
    every = school.school.delivery().dead_letters()
    assert [*first.rows, *second.rows] == [*every] == [*school.school.delivery().dead_letters(UNIT)]
    assert every[1:] == school.school.delivery().dead_letters(after=every[0])
    assert () == school.school.delivery().dead_letters(OTHER_UNIT)
    assert not any(number[2:] in repr(every) for number in (ANNA, BO))
    for cursor in ("x", first.next[:-1] if first.next else "", 3):
        with pytest.raises(InvalidValue):
            school.operator.dead_letters(cursor)  # type: ignore[arg-type]
    with pytest.raises(InvalidValue):
        school.school.operator("nurse")  # type: ignore[arg-type]
    delivery = school.school.delivery()
    for limit in (0, -1, True, 1.5, "3", 501):
        with pytest.raises(InvalidValue, match="limit is"):
            delivery.dead_letters(limit=limit)  # type: ignore[arg-type]
    for wrong in ("x", 5):
        with pytest.raises(InvalidValue, match="after is"):
            delivery.dead_letters(after=wrong)  # type: ignore[arg-type]
    with pytest.raises(InvalidValue, match="key is"):
        delivery.reject(5)  # type: ignore[arg-type]


@pytest.mark.rule("D-13d", "D-07b")
def test_what_was_sent_before_an_operator_tried_again_is_forgotten_after_a_withdrawal() -> None:
    """Otherwise the wrong person would keep a notice that an inbox took without an answer."""
    school = Faulty(retry_minutes=())
    school.inbox.loses_answers = True
    school.fails()
    id_ = asking(school, notify=Notify.DIRECT)
    school.deliver()
    school.inbox.error = None
    send_again(school)
    school.desk.withdraw(id_, "wrong-person")
    assert 1 == len(school.inbox.delivered)
    school.deliver()
    assert [] == [*school.inbox.delivered]
