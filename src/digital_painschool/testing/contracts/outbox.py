"""The contract of the storage port: notifications, from the step that asks for one to what becomes of it."""

from datetime import datetime, timedelta
from functools import partial

import pytest
from attrs import evolve

from digital_painschool.digest import Claim
from digital_painschool.enrolment import Enrolment
from digital_painschool.errors import Conflict
from digital_painschool.notification import Notification, Notify, Status
from digital_painschool.people import PersonId
from digital_painschool.ports.storage import Storage
from digital_painschool.program import Program
from digital_painschool.rules.notifications import drop
from digital_painschool.testing.contracts.at_once import THREADS, in_threads
from digital_painschool.testing.contracts.changes import (
    DAY,
    HOUR,
    LEASE,
    MORNING,
    OTHER_PERSON,
    PERSONS,
    RUN,
    begin,
    by_worker,
    converse,
    finish,
    saved,
    write,
)
from digital_painschool.testing.contracts.opening import StorageOpening
from digital_painschool.testing.example import PROGRAM, SLEEP
from digital_painschool.testing.people import NURSE, OTHER_UNIT, PERSON

TICK = timedelta(microseconds=1)


def told(
    storage: Storage,
    enrolment_id: str = "a",
    person: PersonId = PERSON,
    *,
    notify: Notify = Notify.DIRECT,
    at: datetime = MORNING,
    program: Program = PROGRAM,
) -> Enrolment:
    """Save an enrolment with a first message that asks for a notification."""
    return saved(storage, converse(saved(storage, begin(enrolment_id, person, program=program)), notify=notify, at=at))


def everyone(storage: Storage, notify: Notify = Notify.DIRECT) -> list[Enrolment]:
    """Tell every person, each a minute after the one before."""
    return [
        told(storage, f"e{number}", person, notify=notify, at=MORNING + timedelta(minutes=number))
        for number, person in enumerate(PERSONS)
    ]


def owners(claimed: tuple[Claim, ...]) -> list[str]:
    """Name the enrolments behind what was claimed."""
    return [cause.enrolment_id for one in claimed for cause in one.notification.causes]


def causes(notification: Notification) -> set[tuple[str, int]]:
    """Give the entries that a notification speaks of."""
    return {(cause.enrolment_id, cause.seq) for cause in notification.causes}


def asking(notification: Notification) -> str:
    """Name the entry that asked first, and the channel: the notification's id but for the entry's time."""
    return notification.id.rpartition(".")[0]


def statuses(storage: Storage, enrolment: Enrolment) -> list[Status]:
    """Say what has become of an enrolment's notifications."""
    return [record.status for record in storage.notifications(enrolment.id)]


def deliver(storage: Storage, now: datetime) -> list[Notification]:
    """Deliver all that is due."""
    claimed = storage.claim(now, 1000, LEASE)
    storage.settle([outcome(one, Status.DELIVERED, at=now) for one in claimed])
    return [one.notification for one in claimed]


class OutboxContract(StorageOpening):
    """What every storage keeps of notifications."""

    def test_a_notification_is_due_from_its_very_instant(self, storage: Storage) -> None:
        """Otherwise a collected notification would go before the run, or a direct one not at once (M-13)."""
        told(storage, "a", notify=Notify.COLLECTED)
        assert () == storage.claim(RUN - TICK, 10, LEASE)
        assert ["a"] == owners(storage.claim(RUN, 10, LEASE))

    def test_what_is_claimed_is_what_was_asked_for(self, storage: Storage) -> None:
        """Otherwise the worker would hand over something else, to somebody else."""
        change = converse(saved(storage, begin()), notify=Notify.COLLECTED, at=MORNING)
        storage.save(change)
        (claimed,) = storage.claim(RUN, 10, LEASE)
        assert change.notifications == (claimed.notification,)
        assert 0 == claimed.attempts

    def test_a_start_can_ask_for_a_notification(self, storage: Storage) -> None:
        """Otherwise a rule that tells somebody of a start would be refused by one storage and not by another."""
        asked = converse(begin().enrolment, at=MORNING, notify=Notify.DIRECT).notifications
        storage.save(evolve(begin(), notifications=asked))
        assert asked == tuple(claim.notification for claim in storage.claim(MORNING, 10, LEASE))

    def test_nothing_asked_for_is_nothing_to_claim(self, storage: Storage) -> None:
        """Otherwise a message without a notification would send one (M-12)."""
        e = told(storage, notify=Notify.NONE)
        assert () == storage.claim(RUN + DAY, 10, LEASE)
        assert () == storage.notifications(e.id)

    def test_what_one_holds_nobody_else_gets(self, storage: Storage) -> None:
        """Otherwise two workers would send the same notification."""
        told(storage)
        assert 1 == len(storage.claim(MORNING, 10, LEASE))
        assert () == storage.claim(MORNING, 10, LEASE)
        assert () == storage.claim(MORNING + LEASE - TICK, 10, LEASE)

    def test_a_lease_that_ran_out_gives_it_to_another(self, storage: Storage) -> None:
        """Otherwise a worker that died would take the notification with it."""
        told(storage)
        (first,) = storage.claim(MORNING, 10, LEASE)
        (second,) = storage.claim(MORNING + LEASE, 10, LEASE)
        assert first.notification == second.notification
        assert first.token != second.token

    def test_an_attempt_that_was_begun_counts(self, storage: Storage) -> None:
        """Otherwise a notification that kills its worker would be tried for ever."""
        told(storage)
        assert [0, 1, 2] == [storage.claim(MORNING + n * LEASE, 10, LEASE)[0].attempts for n in range(3)]

    def test_a_claim_has_its_limit(self, storage: Storage) -> None:
        """Otherwise one worker would take more than it can send within its lease."""
        everyone(storage)
        assert ["e0", "e1", "e2"] == owners(storage.claim(RUN, 3, LEASE))
        assert ["e3", "e4", "e5"] == owners(storage.claim(RUN, 3, LEASE))
        assert ["e6"] == owners(storage.claim(RUN, 3, LEASE))
        assert () == storage.claim(RUN, 3, LEASE)

    def test_a_claim_of_none_takes_none(self, storage: Storage) -> None:
        """Otherwise a worker without room would hold what it never sends."""
        everyone(storage)
        assert () == storage.claim(RUN, 0, LEASE)
        assert len(PERSONS) == len(storage.claim(RUN, 100, LEASE))

    def test_the_oldest_come_first(self, storage: Storage) -> None:
        """Otherwise on a busy day the first message would wait the longest."""
        told(storage, "late", PERSONS[0], at=MORNING + 2 * HOUR)
        told(storage, "early", PERSONS[1], at=MORNING)
        told(storage, "middle", PERSONS[2], at=MORNING + HOUR)
        assert ["early", "middle", "late"] == owners(storage.claim(MORNING + DAY, 10, LEASE))

    def test_of_those_that_are_due_together_the_lower_id_comes_first(self, storage: Storage) -> None:
        """Otherwise two runs over the same notifications would not send the same ones first."""
        for id_, person in zip(("b", "C", "a", "B"), PERSONS, strict=False):
            told(storage, id_, person)
        assert ["B", "C"] == owners(storage.claim(MORNING, 2, LEASE))
        assert ["a", "b"] == owners(storage.claim(MORNING, 2, LEASE))

    def test_a_limit_counts_notifications_and_not_lanes(self, storage: Storage) -> None:
        """Otherwise a worker would be given more than it can send within its lease."""
        e = told(storage, notify=Notify.COLLECTED)
        saved(storage, write(e, notify=Notify.COLLECTED, at=MORNING + DAY))
        told(storage, "b", OTHER_PERSON, notify=Notify.COLLECTED, at=MORNING + DAY)
        assert ["a", "a"] == owners(storage.claim(RUN + DAY, 2, LEASE))
        assert ["b"] == owners(storage.claim(RUN + DAY, 2, LEASE))

    def test_a_lane_comes_whole(self, storage: Storage) -> None:
        """Otherwise a patient would get two notices on one forenoon after a missed day (D-13a)."""
        e = told(storage, notify=Notify.COLLECTED)
        e = saved(storage, write(e, notify=Notify.COLLECTED, at=MORNING + DAY))
        saved(storage, write(e, notify=Notify.COLLECTED, at=MORNING + 2 * DAY))
        claimed = storage.claim(RUN + DAY, 1, LEASE)
        assert [(e.id, 3), (e.id, 4)] == [(id_, seq) for one in claimed for id_, seq in causes(one.notification)]
        assert 2 == len({one.notification.window for one in claimed})

    def test_a_lane_that_is_held_is_left_alone(self, storage: Storage) -> None:
        """Otherwise two workers would each send the patient a notice on the same forenoon (D-13a)."""
        e = told(storage, notify=Notify.COLLECTED)
        (held,) = storage.claim(RUN, 10, 3 * DAY)
        saved(storage, write(e, notify=Notify.COLLECTED, at=MORNING + DAY))
        told(storage, "b", OTHER_PERSON, notify=Notify.COLLECTED)
        assert ["b"] == owners(storage.claim(RUN + DAY, 10, LEASE))
        storage.settle([outcome(held, Status.DELIVERED, at=RUN + DAY)])
        assert ["a"] == owners(storage.claim(RUN + DAY, 10, LEASE))

    def test_a_lane_whose_lease_ran_out_comes_whole(self, storage: Storage) -> None:
        """Otherwise what a dead worker held would be sent beside what came after it."""
        e = told(storage, notify=Notify.COLLECTED)
        storage.claim(RUN, 10, LEASE)
        saved(storage, write(e, notify=Notify.COLLECTED, at=MORNING + DAY))
        assert 2 == len(storage.claim(RUN + DAY, 1, LEASE))

    def test_messages_of_one_window_are_one_notification(self, storage: Storage) -> None:
        """Otherwise a patient would get as many notices as there are messages (D-13a)."""
        e = told(storage, notify=Notify.COLLECTED)
        e = saved(storage, write(e, notify=Notify.COLLECTED, at=MORNING + HOUR))
        (record,) = storage.notifications(e.id)
        assert {(e.id, 3), (e.id, 4)} == causes(record.notification)
        assert (RUN, f"{e.id}.3.inbox") == (record.notification.due_at, asking(record.notification))
        (claimed,) = storage.claim(RUN, 10, LEASE)
        assert record.notification == claimed.notification

    def test_messages_of_two_programs_are_one_notification(self, storage: Storage) -> None:
        """Otherwise a patient in two programs of a unit would get two notices on one forenoon (D-13a)."""
        first = told(storage, "a", notify=Notify.COLLECTED)
        second = told(storage, "b", notify=Notify.COLLECTED, program=SLEEP)
        (claimed,) = storage.claim(RUN, 10, LEASE)
        assert {("a", 3), ("b", 3)} == causes(claimed.notification)
        assert storage.notifications(first.id) == storage.notifications(second.id)

    def test_another_window_person_or_unit_is_another_notification(self, storage: Storage) -> None:
        """Otherwise somebody's notification would swallow somebody else's."""
        told(storage, "a", notify=Notify.COLLECTED)
        told(storage, "b", OTHER_PERSON, notify=Notify.COLLECTED)
        told(storage, "c", program=SLEEP, notify=Notify.COLLECTED, at=RUN)
        elsewhere = saved(storage, begin("d", unit=OTHER_UNIT))
        saved(storage, converse(elsewhere, notify=Notify.COLLECTED, at=MORNING))
        claimed = storage.claim(RUN + DAY, 10, LEASE)
        assert {"a", "b", "c", "d"} == set(owners(claimed))
        assert 4 == len(claimed)

    def test_direct_notifications_stay_apart(self, storage: Storage) -> None:
        """Otherwise the second direct message would not be told of (M-12)."""
        e = told(storage)
        saved(storage, write(e, notify=Notify.DIRECT, at=MORNING))
        assert 2 == len(storage.claim(MORNING, 10, LEASE))

    def test_a_message_does_not_join_what_is_on_its_way(self, storage: Storage) -> None:
        """Otherwise a message saved while the notice goes out would count as told of, without ever being so."""
        e = told(storage, notify=Notify.COLLECTED)
        (held,) = storage.claim(RUN, 10, LEASE)
        e = saved(storage, write(e, notify=Notify.COLLECTED, at=RUN - TICK))
        storage.settle([outcome(held, Status.DELIVERED, at=RUN)])
        (late,) = storage.claim(RUN, 10, LEASE)
        assert {(e.id, 4)} == causes(late.notification)
        assert f"{e.id}.4.inbox" == asking(late.notification)

    def test_a_message_does_not_join_what_a_dead_worker_held(self, storage: Storage) -> None:
        """Otherwise it would be lost when that worker had delivered the notice before it died."""
        e = told(storage, notify=Notify.COLLECTED)
        storage.claim(RUN, 10, LEASE)
        saved(storage, write(e, notify=Notify.COLLECTED, at=RUN - TICK))
        claimed = storage.claim(RUN + LEASE, 10, LEASE)
        assert [{(e.id, 3)}, {(e.id, 4)}] == [causes(one.notification) for one in claimed]

    @pytest.mark.parametrize("status", [Status.DELIVERED, Status.DROPPED, Status.FAILED])
    def test_a_message_does_not_join_what_is_settled(self, storage: Storage, status: Status) -> None:
        """Otherwise a message saved just after the run would never be told of."""
        e = told(storage, notify=Notify.COLLECTED)
        (held,) = storage.claim(RUN, 10, LEASE)
        storage.settle([outcome(held, status, at=RUN)])
        e = saved(storage, write(e, notify=Notify.COLLECTED, at=RUN - TICK))
        (late,) = storage.claim(RUN, 10, LEASE)
        assert {(e.id, 4)} == causes(late.notification)
        assert [status, Status.PENDING] == statuses(storage, e)

    def test_an_id_is_the_key_of_one_notification(self, storage: Storage) -> None:
        """Otherwise the second one would be taken for a repetition of the first, and never be sent."""
        e = told(storage)
        (record,) = storage.notifications(e.id)
        change = write(e, notify=Notify.DIRECT, at=MORNING)
        (asked,) = change.notifications
        with pytest.raises(Conflict):
            storage.save(evolve(change, notifications=(evolve(asked, id=record.notification.id),)))
        assert e == storage.load(e.id)
        assert [Status.PENDING] == statuses(storage, e)

    def test_a_late_one_comes_with_the_time_at_which_its_patient_was_told(self, storage: Storage) -> None:
        """Otherwise a message saved just after the run would be a second notice on one forenoon (D-13a)."""
        e = told(storage, notify=Notify.COLLECTED)
        (first,) = storage.claim(RUN, 10, LEASE)
        assert None is first.told_at
        storage.settle([outcome(first, Status.DELIVERED, at=RUN + TICK)])
        e = saved(storage, write(e, notify=Notify.COLLECTED, at=RUN - TICK))
        (late,) = storage.claim(RUN + HOUR, 10, LEASE)
        assert RUN + TICK == late.told_at
        storage.settle([outcome(late, Status.DELIVERED, at=RUN + DAY)])
        saved(storage, write(e, notify=Notify.COLLECTED, at=RUN - TICK))
        (later,) = storage.claim(RUN + DAY, 10, LEASE)
        assert RUN + DAY == later.told_at

    def test_what_a_worker_left_in_hand_comes_with_the_end_of_its_lease(self, storage: Storage) -> None:
        """Otherwise nobody would know whether a worker that died had told the patient today (D-13a)."""
        told(storage, notify=Notify.COLLECTED)
        (first,) = storage.claim(RUN, 10, LEASE)
        assert None is first.held_until
        (left,) = storage.claim(RUN + LEASE, 10, LEASE / 2)
        assert RUN + LEASE == left.held_until
        (left_again,) = storage.claim(RUN + 2 * LEASE, 10, LEASE)
        assert RUN + 1.5 * LEASE == left_again.held_until
        storage.settle([outcome(left_again, Status.PENDING, at=RUN + 2 * LEASE, again=RUN + DAY)])
        (put_back,) = storage.claim(RUN + DAY, 10, LEASE)
        assert None is put_back.held_until

    @pytest.mark.parametrize("status", [Status.DROPPED, Status.FAILED, Status.UNREACHABLE])
    def test_only_what_was_delivered_has_told(self, storage: Storage, status: Status) -> None:
        """Otherwise a patient who was told nothing would wait a day for the next forenoon (D-13a)."""
        e = told(storage, notify=Notify.COLLECTED)
        (first,) = storage.claim(RUN, 10, LEASE)
        storage.settle([outcome(first, status, at=RUN)])
        saved(storage, write(e, notify=Notify.COLLECTED, at=RUN - TICK))
        (late,) = storage.claim(RUN, 10, LEASE)
        assert None is late.told_at

    def test_a_lane_has_told_its_own_patient(self, storage: Storage) -> None:
        """Otherwise a message would wait because somebody else was told, or at another unit, or of another one."""
        e = told(storage, "a", notify=Notify.COLLECTED)
        other = told(storage, "b", OTHER_PERSON, notify=Notify.COLLECTED)
        elsewhere = saved(storage, begin("c", unit=OTHER_UNIT))
        saved(storage, converse(elsewhere, notify=Notify.COLLECTED, at=MORNING))
        direct = saved(storage, write(e, notify=Notify.DIRECT, at=MORNING))
        claimed = storage.claim(RUN, 10, LEASE)
        not_a = [one for one in claimed if owners((one,)) != ["a"] or not one.notification.collected]
        storage.settle([outcome(one, Status.DELIVERED, at=RUN) for one in not_a])
        [of_a] = [one for one in claimed if one not in not_a]
        storage.settle([outcome(of_a, Status.PENDING, at=RUN, again=RUN + HOUR)])
        saved(storage, write(other, notify=Notify.COLLECTED, at=RUN - TICK))
        both = {owners((one,))[0]: one for one in storage.claim(RUN + HOUR, 10, LEASE)}
        assert {"a": None, "b": RUN} == {owner: one.told_at for owner, one in both.items()}
        storage.settle([outcome(one, Status.DELIVERED, at=RUN + HOUR) for one in both.values()])
        saved(storage, write(direct, notify=Notify.DIRECT, at=MORNING))
        [last] = storage.claim(RUN + HOUR, 10, LEASE)
        assert None is last.told_at

    def test_what_was_put_back_goes_with_what_came_beside_it(self, storage: Storage) -> None:
        """Otherwise putting back would fail or lose something when another of the same window had come meanwhile."""
        e = told(storage, notify=Notify.COLLECTED)
        (held,) = storage.claim(RUN, 10, LEASE)
        e = saved(storage, write(e, notify=Notify.COLLECTED, at=RUN - TICK))
        storage.settle([outcome(held, Status.PENDING, at=RUN, again=RUN + HOUR)])
        both = storage.claim(RUN + HOUR, 1, LEASE)
        assert {(e.id, 3), (e.id, 4)} == {cause for one in both for cause in causes(one.notification)}

    def test_what_was_delivered_is_in_the_books_and_never_due_again(self, storage: Storage) -> None:
        """Otherwise a patient would be told again on the next pass."""
        e = told(storage)
        (claimed,) = storage.claim(MORNING, 10, LEASE)
        storage.settle([outcome(claimed, Status.DELIVERED, at=MORNING + TICK)])
        assert () == storage.claim(MORNING + DAY, 10, LEASE)
        (record,) = storage.notifications(e.id)
        assert (claimed.notification, Status.DELIVERED) == (record.notification, record.status)
        assert (1, MORNING + TICK) == (record.attempts, record.settled_at)

    def test_what_waits_is_in_the_books_as_waiting(self, storage: Storage) -> None:
        """Otherwise a therapist would take for sent what still waits."""
        e = told(storage)
        (record,) = storage.notifications(e.id)
        assert (Status.PENDING, 0, None) == (record.status, record.attempts, record.settled_at)

    def test_what_is_put_back_is_due_when_it_says(self, storage: Storage) -> None:
        """Otherwise a failed attempt would be repeated at once, or never (D-13d)."""
        e = told(storage)
        (first,) = storage.claim(MORNING, 10, LEASE)
        storage.settle([outcome(first, Status.PENDING, at=MORNING, again=MORNING + HOUR)])
        assert () == storage.claim(MORNING + HOUR - TICK, 10, LEASE)
        (second,) = storage.claim(MORNING + HOUR, 10, LEASE)
        assert evolve(first.notification, due_at=MORNING + HOUR) == second.notification
        assert 1 == second.attempts
        assert [Status.PENDING] == statuses(storage, e)

    def test_what_was_not_tried_is_no_attempt(self, storage: Storage) -> None:
        """Otherwise waiting for the forenoon would use up the attempts (D-13a)."""
        told(storage)
        (claimed,) = storage.claim(MORNING, 10, LEASE)
        back = outcome(claimed, Status.PENDING, at=MORNING, again=MORNING + HOUR)
        storage.settle([evolve(back, tried=False)])
        assert [0] == [one.attempts for one in storage.claim(MORNING + HOUR, 10, LEASE)]

    def test_a_stale_token_is_passed_over(self, storage: Storage) -> None:
        """Otherwise a worker that slept through its lease would overwrite what another one did."""
        e = told(storage)
        (slow,) = storage.claim(MORNING, 10, LEASE)
        (quick,) = storage.claim(MORNING + LEASE, 10, LEASE)
        storage.settle([outcome(slow, Status.FAILED, at=MORNING + LEASE)])
        assert [Status.PENDING] == statuses(storage, e)
        storage.settle([outcome(quick, Status.DELIVERED, at=MORNING + LEASE)])
        storage.settle([outcome(slow, Status.PENDING, at=MORNING + LEASE, again=MORNING)])
        assert [Status.DELIVERED] == statuses(storage, e)

    def test_a_slow_worker_that_nobody_replaced_is_believed(self, storage: Storage) -> None:
        """Otherwise what it delivered would be delivered once more."""
        e = told(storage)
        (slow,) = storage.claim(MORNING, 10, LEASE)
        storage.settle([outcome(slow, Status.DELIVERED, at=MORNING + DAY)])
        assert () == storage.claim(MORNING + DAY, 10, LEASE)
        assert [Status.DELIVERED] == statuses(storage, e)

    def test_settling_twice_is_settling_once(self, storage: Storage) -> None:
        """Otherwise a repeated call would bring back what was delivered."""
        e = told(storage)
        (claimed,) = storage.claim(MORNING, 10, LEASE)
        storage.settle([outcome(claimed, Status.DELIVERED, at=MORNING)])
        storage.settle([outcome(claimed, Status.PENDING, at=MORNING, again=MORNING)])
        assert [Status.DELIVERED] == statuses(storage, e)

    def test_settling_nothing_or_something_unknown_is_fine(self, storage: Storage) -> None:
        """Otherwise one notification that was purged meanwhile would stop the outcomes of the others."""
        e = told(storage)
        (claimed,) = storage.claim(MORNING, 10, LEASE)
        stranger = Outcome(notification_id="", token="", status=Status.DELIVERED, at=MORNING)
        storage.settle([])
        storage.settle([stranger, outcome(claimed, Status.DELIVERED, at=MORNING), stranger])
        assert [Status.DELIVERED] == statuses(storage, e)

    def test_what_nobody_claimed_cannot_be_settled(self, storage: Storage) -> None:
        """Otherwise a guessed token would make a notification disappear."""
        e = told(storage)
        (notification,) = storage.cancellable(e.id)
        storage.settle([Outcome(notification_id=notification.id, token="", status=Status.DELIVERED, at=MORNING)])
        assert [Status.PENDING] == statuses(storage, e)

    def test_an_outcome_is_saved_with_its_step(self, storage: Storage) -> None:
        """Otherwise the timeline would say dropped while the notification still goes out (D-13b)."""
        e = told(storage)
        (claimed,) = storage.claim(MORNING, 10, LEASE)
        dropped = outcome(claimed, Status.DROPPED, at=MORNING)
        saved(storage, by_worker(e, drop, claimed.notification, at=MORNING, outcomes=(dropped,)))
        assert [Status.DROPPED] == statuses(storage, e)

    def test_an_outcome_is_not_saved_without_its_step(self, storage: Storage) -> None:
        """Otherwise a notification would be gone although the timeline says nothing of it."""
        stale = told(storage)
        e = saved(storage, write(stale, at=MORNING))
        (claimed,) = storage.claim(MORNING, 10, LEASE)
        dropped = outcome(claimed, Status.DROPPED, at=MORNING)
        with pytest.raises(Conflict):
            storage.save(by_worker(stale, drop, claimed.notification, at=MORNING, outcomes=(dropped,)))
        assert [Status.PENDING] == statuses(storage, e)
        storage.settle([outcome(claimed, Status.DELIVERED, at=MORNING)])
        assert [Status.DELIVERED] == statuses(storage, e)

    def test_an_outcome_that_somebody_else_decides_makes_the_step_a_conflict(self, storage: Storage) -> None:
        """Otherwise the timeline would say dropped of what another worker is delivering."""
        e = told(storage)
        (slow,) = storage.claim(MORNING, 10, LEASE)
        (quick,) = storage.claim(MORNING + LEASE, 10, LEASE)
        dropped = outcome(slow, Status.DROPPED, at=MORNING + LEASE)
        with pytest.raises(Conflict):
            storage.save(by_worker(e, drop, slow.notification, at=MORNING + LEASE, outcomes=(dropped,)))
        assert e == storage.load(e.id)
        assert [Status.PENDING] == statuses(storage, e)
        storage.settle([outcome(quick, Status.DELIVERED, at=MORNING + LEASE)])
        assert [Status.DELIVERED] == statuses(storage, e)

    def test_one_outcome_of_several_that_is_stale_settles_none(self, storage: Storage) -> None:
        """Otherwise half of what a step settles would be settled, and the step refused."""
        e = told(storage)
        [slow] = storage.claim(MORNING, 10, LEASE)
        e = saved(storage, write(e, notify=Notify.DIRECT, at=MORNING))
        both = storage.claim(MORNING + LEASE, 10, LEASE)
        quick = next(one for one in both if one.notification != slow.notification)
        outcomes = tuple(outcome(one, Status.DROPPED, at=MORNING + LEASE) for one in (quick, slow))
        with pytest.raises(Conflict):
            storage.save(by_worker(e, drop, quick.notification, at=MORNING + LEASE, outcomes=outcomes))
        assert [Status.PENDING, Status.PENDING] == statuses(storage, e)
        assert e == storage.load(e.id)
        storage.settle([outcome(one, Status.DELIVERED, at=MORNING + LEASE) for one in both])
        assert [Status.DELIVERED, Status.DELIVERED] == statuses(storage, e)

    def test_a_step_about_what_is_held_settles_nothing(self, storage: Storage) -> None:
        """Otherwise one that two enrolments caused would be settled before the second timeline says so."""
        e = told(storage)
        (claimed,) = storage.claim(MORNING, 10, LEASE)
        about = evolve(by_worker(e, drop, claimed.notification, at=MORNING, outcomes=()), held=(claimed,))
        assert saved(storage, about) == storage.load(e.id)
        assert [Status.PENDING] == statuses(storage, e)
        storage.settle([outcome(claimed, Status.DROPPED, at=MORNING)])
        assert [Status.DROPPED] == statuses(storage, e)

    def test_a_step_about_what_somebody_else_holds_is_a_conflict(self, storage: Storage) -> None:
        """Otherwise the timeline would say dropped of what another worker is delivering."""
        e = told(storage)
        (slow,) = storage.claim(MORNING, 10, LEASE)
        (quick,) = storage.claim(MORNING + LEASE, 10, LEASE)
        stale = by_worker(e, drop, slow.notification, at=MORNING + LEASE, outcomes=())
        with pytest.raises(Conflict):
            storage.save(evolve(stale, held=(slow,)))
        assert e == storage.load(e.id)
        storage.settle([outcome(quick, Status.DELIVERED, at=MORNING + LEASE)])
        assert [Status.DELIVERED] == statuses(storage, e)

    def test_a_step_about_what_is_settled_is_a_conflict(self, storage: Storage) -> None:
        """Otherwise the timeline would say dropped of what was delivered, or of what nobody knows any more."""
        e = told(storage)
        (claimed,) = storage.claim(MORNING, 10, LEASE)
        storage.settle([outcome(claimed, Status.DELIVERED, at=MORNING)])
        late = by_worker(e, drop, claimed.notification, at=MORNING, outcomes=())
        unknown = evolve(claimed, notification=evolve(claimed.notification, id="unknown"))
        for held in (claimed, unknown):
            with pytest.raises(Conflict):
                storage.save(evolve(late, held=(held,)))
        assert e == storage.load(e.id)

    def test_what_a_step_drops_is_in_the_books_and_never_due(self, storage: Storage) -> None:
        """Otherwise a patient would be told of messages in an enrolment that has ended (D-13b, D-19a)."""
        e = told(storage, notify=Notify.COLLECTED)
        (waiting,) = storage.cancellable(e.id)
        e = saved(storage, finish(e, at=MORNING + HOUR, pending=(waiting,)))
        assert () == storage.claim(RUN + DAY, 10, LEASE)
        (record,) = storage.notifications(e.id)
        assert (waiting, Status.DROPPED, MORNING + HOUR) == (record.notification, record.status, record.settled_at)

    def test_what_somebody_else_caused_too_is_not_dropped(self, storage: Storage) -> None:
        """Otherwise the end of one program would silence the messages of another."""
        first = told(storage, "a", notify=Notify.COLLECTED)
        second = told(storage, "b", notify=Notify.COLLECTED, program=SLEEP)
        saved(storage, finish(first, at=MORNING, pending=storage.cancellable(first.id)))
        (claimed,) = storage.claim(RUN, 10, LEASE)
        assert {("b", 3)} == causes(claimed.notification)
        assert [Status.PENDING] == statuses(storage, second)
        assert () == storage.cancellable(first.id)

    def test_dropping_what_is_on_its_way_is_a_conflict(self, storage: Storage) -> None:
        """Otherwise the timeline would say dropped of a notification that was sent."""
        e = told(storage)
        (waiting,) = storage.cancellable(e.id)
        (claimed,) = storage.claim(MORNING, 10, LEASE)
        with pytest.raises(Conflict):
            storage.save(finish(e, at=MORNING, pending=(waiting,)))
        assert e == storage.load(e.id)
        storage.settle([outcome(claimed, Status.DELIVERED, at=MORNING)])
        with pytest.raises(Conflict):
            storage.save(finish(e, at=MORNING, pending=(waiting,)))
        assert [Status.DELIVERED] == statuses(storage, e)
        assert e == storage.load(e.id)

    def test_dropping_what_was_tried_is_a_conflict(self, storage: Storage) -> None:
        """Otherwise the timeline would say dropped of what a worker may have handed over before it failed."""
        e = told(storage)
        (waiting,) = storage.cancellable(e.id)
        (claimed,) = storage.claim(MORNING, 10, LEASE)
        storage.settle([outcome(claimed, Status.PENDING, at=MORNING, again=MORNING + HOUR)])
        with pytest.raises(Conflict):
            storage.save(finish(e, at=MORNING, pending=(waiting,)))
        assert e == storage.load(e.id)
        assert [Status.PENDING] == statuses(storage, e)

    def test_droppable_is_what_waits_and_is_not_on_its_way(self, storage: Storage) -> None:
        """Otherwise ending an enrolment would run into the same conflict again and again."""
        e = told(storage)
        assert ["a.3.inbox"] == [*map(asking, storage.cancellable(e.id))]
        (claimed,) = storage.claim(MORNING, 10, LEASE)
        assert () == storage.cancellable(e.id)
        back = outcome(claimed, Status.PENDING, at=MORNING, again=MORNING + HOUR)
        storage.settle([evolve(back, tried=False)])
        (again,) = storage.cancellable(e.id)
        assert MORNING + HOUR == again.due_at
        deliver(storage, MORNING + HOUR)
        assert () == storage.cancellable(e.id)

    def test_what_was_attempted_is_not_droppable(self, storage: Storage) -> None:
        """Otherwise what was handed over unseen could not stand for its lane, and a patient be told twice a day."""
        e = told(storage)
        (claimed,) = storage.claim(MORNING, 10, LEASE)
        storage.settle([outcome(claimed, Status.PENDING, at=MORNING, again=MORNING + HOUR)])
        assert () == storage.cancellable(e.id)
        assert [Status.PENDING] == statuses(storage, e)

    def test_what_is_droppable_can_be_dropped(self, storage: Storage) -> None:
        """Otherwise the end after a worker's death would be a conflict for ever: leases are judged by `claim` alone."""
        e = told(storage)
        storage.claim(MORNING, 10, timedelta(0))
        assert () == storage.cancellable(e.id)
        e = saved(storage, finish(e, at=MORNING + DAY, pending=storage.cancellable(e.id)))
        assert ["a"] == owners(storage.claim(MORNING + DAY, 10, LEASE))

    def test_droppable_is_of_one_enrolment(self, storage: Storage) -> None:
        """Otherwise ending one enrolment would drop another patient's notification."""
        told(storage, "a")
        told(storage, "b", OTHER_PERSON)
        assert ["b.3.inbox"] == [*map(asking, storage.cancellable("b"))]
        assert () == storage.cancellable("")
        assert () == storage.cancellable("missing")

    def test_notifications_come_in_the_order_of_the_timeline(self, storage: Storage) -> None:
        """Otherwise the therapist could not tell which message a notification belongs to."""
        e = told(storage, notify=Notify.COLLECTED)
        for minute in range(10):
            e = saved(storage, write(e, notify=Notify.DIRECT, at=MORNING + timedelta(minutes=minute)))
        deliver(storage, MORNING + timedelta(minutes=4))
        expected = [f"{e.id}.{seq}.inbox" for seq in range(3, 14)]
        assert expected == [asking(record.notification) for record in storage.notifications(e.id)]

    def test_notifications_of_an_unknown_enrolment_are_none(self, storage: Storage) -> None:
        """Otherwise an id that is wrong would give everything, or an error."""
        told(storage)
        assert () == storage.notifications("")
        assert () == storage.notifications("missing")

    def test_claims_at_the_same_time_never_overlap(self, storage: Storage) -> None:
        """Otherwise two workers would send the same notification (law 5)."""
        for number, person in enumerate(PERSONS):
            e = told(storage, f"e{number}", person, notify=Notify.COLLECTED)
            e = saved(storage, write(e, notify=Notify.COLLECTED, at=MORNING + DAY))
            for _ in range(3):
                e = saved(storage, write(e, notify=Notify.DIRECT, at=MORNING))

        def work() -> list[Claim]:
            return [one for _ in range(5 * len(PERSONS)) for one in storage.claim(RUN + DAY, 2, LEASE)]

        results = in_threads([work] * THREADS)
        # A claim may pass over what another one is just about to take, so the last look is taken alone.
        results.append(work())
        everything = [one.notification.id for taken in results for one in taken]
        assert 5 * len(PERSONS) == len(everything)
        assert 5 * len(PERSONS) == len(set(everything))
        held = [{one.notification.lane for one in taken} for taken in results]
        assert sum(map(len, held)) == len(set().union(*held))

    def test_messages_at_the_same_time_join_one_notification(self, storage: Storage) -> None:
        """Otherwise a patient of two busy therapists would get two notices on one forenoon (D-13a)."""
        enrolments = [
            saved(storage, begin(f"e{number}", program=evolve(PROGRAM, key=f"program-{number}")))
            for number in range(THREADS)
        ]
        changes = [converse(enrolment, notify=Notify.COLLECTED, at=MORNING) for enrolment in enrolments]
        assert [None] * THREADS == in_threads([partial(storage.save, change) for change in changes])
        (claimed,) = storage.claim(RUN, 10, LEASE)
        assert {(enrolment.id, 3) for enrolment in enrolments} == causes(claimed.notification)

    def test_no_message_is_lost_between_saving_and_claiming(self, storage: Storage) -> None:
        """Otherwise a message saved while the worker runs would be told of by no notification, or by two (law 5)."""
        first = told(storage, notify=Notify.COLLECTED)

        def write_on() -> int:
            e = first
            for _ in range(20):
                e = saved(storage, write(e, notify=Notify.COLLECTED, at=MORNING))
            return e.version

        def send_on() -> list[Notification]:
            return [notification for _ in range(20) for notification in deliver(storage, RUN)]

        version, *delivered = in_threads([write_on, send_on, send_on])
        last = deliver(storage, RUN)
        seqs = [cause.seq for sent in (*delivered, last) for notification in sent for cause in notification.causes]
        assert list(range(3, version + 1)) == sorted(seqs)

    def test_a_settled_claim_leaves_the_log_alone(self, storage: Storage) -> None:
        """Otherwise the access log would fill with what concerns nobody's data."""
        told(storage)
        before = storage.access_entries(NURSE.unit)
        deliver(storage, MORNING)
        assert before == storage.access_entries(NURSE.unit)
