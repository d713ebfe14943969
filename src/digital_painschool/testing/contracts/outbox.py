"""The contract of the storage port: notifications, from the step that asks for one to what becomes of it."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import partial

import pytest
from attrs import evolve

from digital_painschool.domain.digest import Batch, Claim
from digital_painschool.domain.enrolment import Enrolment
from digital_painschool.domain.ids import DigestId, EnrolmentId, NotificationId
from digital_painschool.domain.notification import Channel, Notify, Status, Template
from digital_painschool.errors import Conflict
from digital_painschool.ports.storage import Storage, find_cancellable, load_enrolment, load_notifications
from digital_painschool.testing.contracts.base import StorageOpening
from digital_painschool.testing.contracts.changes import (
    DAY,
    HOUR,
    LEASE,
    MORNING,
    OTHER_PERSON,
    PERSONS,
    RUN,
    asking,
    begin,
    begun,
    converse,
    delivered,
    ids,
    result,
    saved,
    sending,
    write,
)
from digital_painschool.testing.contracts.clauses import proves
from digital_painschool.testing.contracts.concurrency import THREADS, in_threads
from digital_painschool.testing.example import PROGRAM, SLEEP
from digital_painschool.testing.people import NURSE, OTHER_UNIT, PERSON, UNIT

TICK = timedelta(microseconds=1)
SETTLED = [Status.DELIVERED, Status.DROPPED, Status.UNREACHABLE, Status.FAILED]


def owners(claims: Iterable[Claim]) -> list[list[str]]:
    """Return whose notifications are in each digest, by enrolment."""
    return [[record.notification.trigger.enrolment_id for record in claim.digest.pending] for claim in claims]


def statuses(storage: Storage, enrolment: Enrolment) -> list[Status]:
    """Return what has become of an enrolment's notifications."""
    return [record.status for record in load_notifications(storage, enrolment.id)]


class OutboxContract(StorageOpening):
    """Notifications and the claims on them, in every storage."""

    @pytest.mark.parametrize(("notify", "due_at"), [(Notify.DIRECT, MORNING), (Notify.COLLECTED, RUN)])
    @proves("Change.notifications", "Outbox.claim", "Outbox.claim: due")
    def test_a_digest_is_what_was_asked_for_and_due_from_its_very_instant(
        self, storage: Storage, notify: Notify, due_at: datetime
    ) -> None:
        """Otherwise a notice would go too early, too late, with other contents, or to somebody else (M-13)."""
        change = converse(saved(storage, begin()), notify=notify, at=MORNING)
        saved(storage, change)
        [asked] = change.notifications
        assert () == storage.claim(due_at - TICK, 10, LEASE)
        [claim] = storage.claim(due_at, 10, LEASE)
        [record] = load_notifications(storage, change.enrolment.id)
        assert (asked, Status.PENDING, 0, None) == (record.notification, record.status, 0, record.settled_at)
        digest = claim.digest
        assert ((record,), None, None, 0) == (digest.pending, digest.batch, digest.told_on, claim.lost)
        assert (DigestId(asked.id), UNIT, Channel.INBOX, PERSON) == (
            digest.id,
            digest.unit,
            digest.channel,
            digest.recipient,
        )
        assert (Template.MESSAGE_TO_READ, notify is Notify.COLLECTED) == (digest.template, digest.collected)

    @proves("Change.notifications")
    def test_a_start_can_ask_for_a_notification(self, storage: Storage) -> None:
        """Otherwise a rule that tells somebody of a start would be refused by one storage and not by another."""
        asked = converse(begin().enrolment, at=MORNING, notify=Notify.DIRECT).notifications
        storage.save(evolve(begin(), notifications=asked))
        assert asked == find_cancellable(storage, begin().enrolment.id)

    @proves("Change.notifications")
    def test_nothing_asked_for_is_nothing_to_claim(self, storage: Storage) -> None:
        """Otherwise a message without a notification would send one (M-12)."""
        e = asking(storage, notify=Notify.NONE)
        assert () == storage.claim(RUN + DAY, 10, LEASE)
        assert () == load_notifications(storage, e.id)

    @proves("Change.notifications")
    def test_collected_notifications_of_a_recipient_and_unit_share_one_digest(self, storage: Storage) -> None:
        """Otherwise a patient would get two notices on one forenoon, or one of another unit's (D-13a)."""
        a = asking(storage, "a")
        saved(storage, write(a, notify=Notify.COLLECTED, at=MORNING + DAY))
        asking(storage, "b", program=SLEEP, at=MORNING + HOUR)
        asking(storage, "c", OTHER_PERSON)
        saved(storage, converse(saved(storage, begin("d", unit=OTHER_UNIT)), notify=Notify.COLLECTED, at=MORNING))
        claims = storage.claim(RUN + DAY, 10, LEASE)
        assert [["a", "b", "a"], ["c"], ["d"]] == owners(claims)
        assert [DigestId(min(ids(claim))) for claim in claims] == [claim.digest.id for claim in claims]

    @proves("Change.notifications")
    def test_every_other_notification_has_a_digest_of_its_own(self, storage: Storage) -> None:
        """Otherwise the second direct message would not be told of, or staff read what is for a patient (M-12)."""
        e = asking(storage, notify=Notify.DIRECT)
        change = write(e, notify=Notify.DIRECT, at=MORNING)
        [direct] = change.notifications
        staff = evolve(
            direct, id=NotificationId("x"), channel=Channel.SMS, recipient=NURSE.hsa_id, template=Template.FORM_SAVED
        )
        change = evolve(change, notifications=(direct, staff, evolve(staff, id=NotificationId("y"))))
        saved(storage, change)
        claims = storage.claim(MORNING, 10, LEASE)
        assert {(record.notification.id,) for record in load_notifications(storage, EnrolmentId("a"))} == {
            (*ids(c),) for c in claims
        }
        assert [staff, evolve(staff, id=NotificationId("y"))] == [
            claim.digest.pending[0].notification for claim in claims[2:]
        ]

    @proves("Change.notifications")
    def test_an_id_is_the_key_of_one_notification(self, storage: Storage) -> None:
        """Otherwise the second one would be taken for a repetition of the first, and never be sent."""
        e = asking(storage)
        [waiting] = find_cancellable(storage, e.id)
        change = write(e, notify=Notify.COLLECTED, at=MORNING)
        with pytest.raises(Conflict):
            storage.save(evolve(change, notifications=(evolve(change.notifications[0], id=waiting.id),)))
        assert e == load_enrolment(storage, e.id)
        assert (waiting,) == find_cancellable(storage, e.id)

    @proves("Change.notifications")
    def test_a_notification_that_joins_changes_nothing_of_those_before_it(self, storage: Storage) -> None:
        """Otherwise whoever writes would forgive or postpone what was tried, or let a patient be told twice a day."""
        e = asking(storage)
        delivered(storage, RUN)
        e = saved(storage, write(e, notify=Notify.COLLECTED, at=MORNING + DAY))
        begun(storage, RUN + DAY)
        [claim] = storage.claim(RUN + DAY + LEASE, 10, LEASE)
        storage.begin([(claim, sending(claim, now=RUN + DAY))])
        attempted = claim.digest.batch.notifications if claim.digest.batch else frozenset()
        now = RUN + DAY + 2 * LEASE
        storage.complete([evolve(result(claim, at=now), attempted=attempted, lost=1, next_at=now)])
        records = load_notifications(storage, e.id)
        [before] = storage.claim(now, 10, LEASE)
        storage.complete([evolve(result(before, at=now), lost=before.lost, next_at=now + DAY)])
        saved(storage, write(e, notify=Notify.COLLECTED, at=MORNING + DAY))
        assert records == load_notifications(storage, e.id)[: len(records)]
        assert () == storage.claim(now + DAY - TICK, 10, LEASE)
        [after] = storage.claim(now + DAY, 10, LEASE)
        assert (1, RUN.date(), before.digest.batch) == (after.lost, after.digest.told_on, after.digest.batch)
        assert before.digest.pending == after.digest.pending[:1]

    @proves("Change.notifications")
    def test_messages_at_the_same_time_share_one_digest(self, storage: Storage) -> None:
        """Otherwise a patient of two busy therapists would get two notices on one forenoon (D-13a)."""
        programs = [evolve(PROGRAM, key=f"program-{number}") for number in range(THREADS)]
        enrolments = [saved(storage, begin(program.key, program=program)) for program in programs]
        changes = [converse(enrolment, notify=Notify.COLLECTED, at=MORNING) for enrolment in enrolments]
        assert [None] * THREADS == in_threads([partial(storage.save, change) for change in changes])
        [claim] = storage.claim(RUN, 10, LEASE)
        assert {change.notifications[0].id for change in changes} == ids(claim)

    @proves("Change.notifications")
    def test_no_message_is_lost_between_saving_and_claiming(self, storage: Storage) -> None:
        """Otherwise a message saved while the worker runs would be told of by no notice, or by two (law 5)."""
        first = asking(storage)

        def write_on() -> int:
            e = first
            for _ in range(20):
                e = saved(storage, write(e, notify=Notify.COLLECTED, at=MORNING))
            return e.version

        def send_on() -> list[Batch]:
            return [batch for _ in range(20) for batch in delivered(storage, RUN)]

        version, *sent = in_threads([write_on, send_on, send_on])
        sent.append(delivered(storage, RUN))
        told_of = sorted(id_ for batches in sent for batch in batches for id_ in batch.notifications)
        assert version - 2 == len(told_of)
        assert sorted(record.notification.id for record in load_notifications(storage, first.id)) == told_of

    @proves("Outbox.claim: due", "Outbox.claim: one holder")
    def test_a_claimed_digest_is_nobody_elses_until_its_lease_is_over(self, storage: Storage) -> None:
        """Otherwise two workers would send the same notice, or a dead one take it with it."""
        asking(storage)
        [first] = storage.claim(RUN, 10, LEASE)
        saved(storage, write(asking(storage, "b", program=SLEEP), notify=Notify.COLLECTED, at=MORNING))
        assert () == storage.claim(RUN + LEASE - TICK, 10, LEASE)
        [second] = storage.claim(RUN + LEASE, 10, LEASE)
        assert (first.digest.id, ["a", "b", "b"], 0) == (second.digest.id, owners([second])[0], second.lost)
        assert first.token != second.token

    @proves("Outbox.claim: oldest first")
    def test_the_oldest_digest_comes_first_then_the_lower_id(self, storage: Storage) -> None:
        """Otherwise on a busy day the first message would wait the longest, and a worker hold more than it can send."""
        asking(storage, "0-late", PERSONS[4], notify=Notify.DIRECT, at=MORNING + HOUR)
        for id_, person in zip(("b", "C", "a", "B"), PERSONS, strict=False):
            asking(storage, id_, person, notify=Notify.DIRECT)
        assert () == storage.claim(RUN, 0, LEASE)
        assert [["B"], ["C"]] == owners(storage.claim(RUN, 2, LEASE))
        assert [["a"], ["b"]] == owners(storage.claim(RUN, 2, LEASE))
        assert [["0-late"]] == owners(storage.claim(RUN, 2, LEASE))
        assert () == storage.claim(RUN, 2, LEASE)

    @proves("Outbox.claim: due")
    def test_a_result_says_when_the_digest_is_due_again(self, storage: Storage) -> None:
        """Otherwise a failed attempt would be repeated at once, or hold up a new message for days (D-13d)."""
        e = asking(storage)
        [claim] = storage.claim(RUN, 10, LEASE)
        storage.complete([evolve(result(claim, at=RUN), next_at=RUN + 3 * DAY)])
        assert () == storage.claim(RUN + 3 * DAY - TICK, 10, LEASE)
        e = saved(storage, write(e, notify=Notify.COLLECTED, at=MORNING + 4 * DAY))
        [claim] = storage.claim(RUN + 3 * DAY, 10, LEASE)
        storage.complete([evolve(result(claim, at=RUN), next_at=RUN + 9 * DAY)])
        saved(storage, write(e, notify=Notify.COLLECTED, at=MORNING + 5 * DAY))
        assert () == storage.claim(RUN + 5 * DAY - TICK, 10, LEASE)
        assert [["a", "a", "a"]] == owners(storage.claim(RUN + 5 * DAY, 10, LEASE))

    @proves("Outbox.claim: due")
    def test_a_batch_in_doubt_is_not_brought_forward(self, storage: Storage) -> None:
        """Otherwise every new message would start the attempts again, before their time (D-13d)."""
        e = asking(storage)
        [(claim, batch)] = begun(storage, RUN)
        storage.complete([evolve(result(claim, at=RUN), next_at=RUN + 3 * DAY)])
        saved(storage, write(e, notify=Notify.COLLECTED, at=MORNING + DAY))
        assert () == storage.claim(RUN + 3 * DAY - TICK, 10, LEASE)
        [claim] = storage.claim(RUN + 3 * DAY, 10, LEASE)
        assert (batch, 1, 2) == (claim.digest.batch, len(claim.digest.waiting()), len(claim.digest.pending))

    @proves("Outbox.claim: poison", "Outbox.complete: released")
    def test_a_poison_message_is_claimed_last_and_alone(self, storage: Storage) -> None:
        """Otherwise a notice that kills its worker would take those of other patients with it, for ever."""
        for number in range(2):
            asking(storage, f"poison-{number}", PERSONS[number], notify=Notify.DIRECT)
        begun(storage, MORNING)
        asking(storage, "a", PERSONS[2], notify=Notify.DIRECT, at=MORNING + HOUR)
        asking(storage, "b", PERSONS[3], notify=Notify.DIRECT, at=MORNING + HOUR)
        later = MORNING + 2 * HOUR
        assert [["a"], ["b"]] == owners(storage.claim(later, 10, LEASE))
        for number in range(2):
            [claim] = storage.claim(later, 10, LEASE)
            assert ([f"poison-{number}"], 1) == (owners([claim])[0], claim.lost)
            storage.begin([(claim, sending(claim, now=later))])
        assert () == storage.claim(later, 10, LEASE)
        # "a" and "b" were not begun: their worker was not lost with them.
        again = storage.claim(later + LEASE, 10, LEASE)
        assert ([["a"], ["b"]], [0, 0]) == (owners(again), [claim.lost for claim in again])
        [claim] = storage.claim(later + LEASE, 10, LEASE)
        assert 2 == claim.lost
        storage.complete([result(claim, at=later)])
        [claim, _] = [*storage.claim(later + LEASE, 1, LEASE), *storage.claim(later + LEASE, 10, LEASE)]
        assert (["poison-0"], 0) == (owners([claim])[0], claim.lost)

    @proves("Outbox.claim: poison")
    def test_of_those_whose_worker_was_lost_the_one_that_was_tried_least_comes_first(self, storage: Storage) -> None:
        """Otherwise what was claimed together with a poison message would wait until that one is given up."""
        for number, id_ in enumerate("abc"):
            asking(storage, id_, PERSONS[number], notify=Notify.DIRECT)
        begun(storage, MORNING)
        claimed: list[list[str]] = []
        for number in range(1, 5):
            [claim] = storage.claim(MORNING + number * LEASE, 10, LEASE)
            claimed += owners([claim])
            storage.begin([(claim, sending(claim, now=MORNING + number * LEASE))])
        assert [["a"], ["b"], ["c"], ["a"]] == claimed

    @proves("Outbox.notifications")
    def test_notifications_come_in_the_order_of_the_timeline(self, storage: Storage) -> None:
        """Otherwise the therapist could not tell which message a notification belongs to."""
        e = asking(storage)
        for minute in range(10):
            e = saved(storage, write(e, notify=Notify.DIRECT, at=MORNING + timedelta(minutes=minute)))
        delivered(storage, MORNING + timedelta(minutes=4))
        assert [*range(3, 14)] == [record.notification.trigger.seq for record in load_notifications(storage, e.id)]

    @proves("Outbox.notifications")
    def test_notifications_are_of_one_enrolment(self, storage: Storage) -> None:
        """Otherwise ending one enrolment would cancel another patient's notification."""
        asking(storage, "a")
        asking(storage, "b", program=SLEEP)
        asking(storage, "c", OTHER_PERSON)
        for read in (load_notifications, find_cancellable):
            assert [1, 1, 1, 0, 0] == [len(read(storage, EnrolmentId(id_))) for id_ in ("a", "b", "c", "", "unknown")]
