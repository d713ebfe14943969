"""The contract of the storage port: notifications, from the step that asks for one to what becomes of it."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import partial

import pytest
from attrs import evolve

from digital_painschool.domain.digest import Action, Batch, Claim, Decision, DeliveryResult, batch_key
from digital_painschool.domain.enrolment import Enrolment
from digital_painschool.domain.notification import Channel, Notify, Status, Template
from digital_painschool.domain.people import PersonId, SystemActor
from digital_painschool.domain.program import Program
from digital_painschool.errors import Conflict
from digital_painschool.ports.storage import Storage
from digital_painschool.rules.notifications import drop
from digital_painschool.testing.contracts.base import StorageOpening
from digital_painschool.testing.contracts.changes import (
    DAY,
    HOUR,
    LEASE,
    MORNING,
    OTHER_PERSON,
    PERSONS,
    RUN,
    access_entry,
    begin,
    begun,
    by_worker,
    converse,
    delivered,
    finish,
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
KEPT_STATUSES = [Status.DELIVERED, Status.DROPPED, Status.UNREACHABLE, Status.FAILED]


def told(
    storage: Storage,
    enrolment_id: str = "a",
    person: PersonId = PERSON,
    *,
    notify: Notify = Notify.COLLECTED,
    at: datetime = MORNING,
    program: Program = PROGRAM,
) -> Enrolment:
    """Save an enrolment with a first message that asks for a notification."""
    return saved(storage, converse(saved(storage, begin(enrolment_id, person, program=program)), notify=notify, at=at))


def owners(claims: Iterable[Claim]) -> list[list[str]]:
    """Return whose notifications are in each digest, by enrolment."""
    return [[record.notification.trigger.enrolment_id for record in claim.digest.pending] for claim in claims]


def ids(claim: Claim) -> frozenset[str]:
    """Return the ids of a digest's pending notifications."""
    return frozenset(record.notification.id for record in claim.digest.pending)


def statuses(storage: Storage, enrolment: Enrolment) -> list[Status]:
    """Return what has become of an enrolment's notifications."""
    return [record.status for record in storage.notifications(enrolment.id)]


class OutboxContract(StorageOpening):
    """What every storage keeps of notifications."""

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
        [record] = storage.notifications(change.enrolment.id)
        assert (asked, Status.PENDING, 0, None) == (record.notification, record.status, 0, record.settled_at)
        digest = claim.digest
        assert ((record,), None, None, 0) == (digest.pending, digest.batch, digest.told_on, claim.lost)
        assert (asked.id, UNIT, Channel.INBOX, PERSON) == (digest.id, digest.unit, digest.channel, digest.recipient)
        assert (Template.MESSAGE_TO_READ, notify is Notify.COLLECTED) == (digest.template, digest.collected)

    @proves("Change.notifications")
    def test_a_start_can_ask_for_a_notification(self, storage: Storage) -> None:
        """Otherwise a rule that tells somebody of a start would be refused by one storage and not by another."""
        asked = converse(begin().enrolment, at=MORNING, notify=Notify.DIRECT).notifications
        storage.save(evolve(begin(), notifications=asked))
        assert asked == storage.cancellable(begin().enrolment.id)

    @proves("Change.notifications")
    def test_nothing_asked_for_is_nothing_to_claim(self, storage: Storage) -> None:
        """Otherwise a message without a notification would send one (M-12)."""
        e = told(storage, notify=Notify.NONE)
        assert () == storage.claim(RUN + DAY, 10, LEASE)
        assert () == storage.notifications(e.id)

    @proves("Change.notifications")
    def test_collected_notifications_of_a_recipient_and_unit_share_one_digest(self, storage: Storage) -> None:
        """Otherwise a patient would get two notices on one forenoon, or one of another unit's (D-13a)."""
        a = told(storage, "a")
        saved(storage, write(a, notify=Notify.COLLECTED, at=MORNING + DAY))
        told(storage, "b", program=SLEEP, at=MORNING + HOUR)
        told(storage, "c", OTHER_PERSON)
        saved(storage, converse(saved(storage, begin("d", unit=OTHER_UNIT)), notify=Notify.COLLECTED, at=MORNING))
        claims = storage.claim(RUN + DAY, 10, LEASE)
        assert [["a", "b", "a"], ["c"], ["d"]] == owners(claims)
        assert [*map(min, map(ids, claims))] == [claim.digest.id for claim in claims]

    @proves("Change.notifications")
    def test_every_other_notification_has_a_digest_of_its_own(self, storage: Storage) -> None:
        """Otherwise the second direct message would not be told of, or staff read what is for a patient (M-12)."""
        e = told(storage, notify=Notify.DIRECT)
        change = write(e, notify=Notify.DIRECT, at=MORNING)
        [direct] = change.notifications
        staff = evolve(direct, id="x", channel=Channel.SMS, recipient=NURSE.hsa_id, template=Template.FORM_SAVED)
        change = evolve(change, notifications=(direct, staff, evolve(staff, id="y")))
        saved(storage, change)
        claims = storage.claim(MORNING, 10, LEASE)
        assert {(record.notification.id,) for record in storage.notifications("a")} == {(*ids(c),) for c in claims}
        assert [staff, evolve(staff, id="y")] == [claim.digest.pending[0].notification for claim in claims[2:]]

    @proves("Change.notifications")
    def test_an_id_is_the_key_of_one_notification(self, storage: Storage) -> None:
        """Otherwise the second one would be taken for a repetition of the first, and never be sent."""
        e = told(storage)
        [waiting] = storage.cancellable(e.id)
        change = write(e, notify=Notify.COLLECTED, at=MORNING)
        with pytest.raises(Conflict):
            storage.save(evolve(change, notifications=(evolve(change.notifications[0], id=waiting.id),)))
        assert e == storage.load(e.id)
        assert (waiting,) == storage.cancellable(e.id)

    @proves("Change.notifications")
    def test_a_notification_that_joins_changes_nothing_of_those_before_it(self, storage: Storage) -> None:
        """Otherwise whoever writes would forgive or postpone what was tried, or let a patient be told twice a day."""
        e = told(storage)
        delivered(storage, RUN)
        e = saved(storage, write(e, notify=Notify.COLLECTED, at=MORNING + DAY))
        begun(storage, RUN + DAY)
        [claim] = storage.claim(RUN + DAY + LEASE, 10, LEASE)
        storage.begin([(claim, sending(claim, now=RUN + DAY))])
        attempted = claim.digest.batch.notifications if claim.digest.batch else frozenset()
        now = RUN + DAY + 2 * LEASE
        storage.complete([evolve(result(claim, at=now), attempted=attempted, lost=1, next_at=now)])
        records = storage.notifications(e.id)
        [before] = storage.claim(now, 10, LEASE)
        storage.complete([evolve(result(before, at=now), lost=before.lost, next_at=now + DAY)])
        saved(storage, write(e, notify=Notify.COLLECTED, at=MORNING + DAY))
        assert records == storage.notifications(e.id)[: len(records)]
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
        first = told(storage)

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
        assert sorted(record.notification.id for record in storage.notifications(first.id)) == told_of

    @proves("Outbox.claim: due", "Outbox.claim: one holder")
    def test_a_claimed_digest_is_nobody_elses_until_its_lease_is_over(self, storage: Storage) -> None:
        """Otherwise two workers would send the same notice, or a dead one take it with it."""
        told(storage)
        [first] = storage.claim(RUN, 10, LEASE)
        saved(storage, write(told(storage, "b", program=SLEEP), notify=Notify.COLLECTED, at=MORNING))
        assert () == storage.claim(RUN + LEASE - TICK, 10, LEASE)
        [second] = storage.claim(RUN + LEASE, 10, LEASE)
        assert (first.digest.id, ["a", "b", "b"], 0) == (second.digest.id, owners([second])[0], second.lost)
        assert first.token != second.token

    @proves("Outbox.claim: one holder", "Storage: threads")
    def test_claims_at_the_same_time_never_overlap(self, storage: Storage) -> None:
        """Otherwise two workers would send the same notice (law 5)."""
        for number, person in enumerate(PERSONS):
            e = told(storage, f"e{number}", person)
            for _ in range(3):
                e = saved(storage, write(e, notify=Notify.DIRECT, at=MORNING))

        def work() -> list[Claim]:
            return [claim for _ in range(4 * len(PERSONS)) for claim in storage.claim(RUN, 2, LEASE)]

        results = in_threads([work] * THREADS)
        # A claim may pass over what another one is just about to take, so the last look is taken alone.
        results.append(work())
        claimed = [claim.digest.id for claims in results for claim in claims]
        assert (4 * len(PERSONS), 4 * len(PERSONS)) == (len(claimed), len(set(claimed)))

    @proves("Outbox.claim: oldest first")
    def test_the_oldest_digest_comes_first_then_the_lower_id(self, storage: Storage) -> None:
        """Otherwise on a busy day the first message would wait the longest, and a worker hold more than it can send."""
        told(storage, "0-late", PERSONS[4], notify=Notify.DIRECT, at=MORNING + HOUR)
        for id_, person in zip(("b", "C", "a", "B"), PERSONS, strict=False):
            told(storage, id_, person, notify=Notify.DIRECT)
        assert () == storage.claim(RUN, 0, LEASE)
        assert [["B"], ["C"]] == owners(storage.claim(RUN, 2, LEASE))
        assert [["a"], ["b"]] == owners(storage.claim(RUN, 2, LEASE))
        assert [["0-late"]] == owners(storage.claim(RUN, 2, LEASE))
        assert () == storage.claim(RUN, 2, LEASE)

    @proves("Outbox.claim: due")
    def test_a_result_says_when_the_digest_is_due_again(self, storage: Storage) -> None:
        """Otherwise a failed attempt would be repeated at once, or hold up a new message for days (D-13d)."""
        e = told(storage)
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
        e = told(storage)
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
            told(storage, f"poison-{number}", PERSONS[number], notify=Notify.DIRECT)
        begun(storage, MORNING)
        told(storage, "a", PERSONS[2], notify=Notify.DIRECT, at=MORNING + HOUR)
        told(storage, "b", PERSONS[3], notify=Notify.DIRECT, at=MORNING + HOUR)
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
            told(storage, id_, PERSONS[number], notify=Notify.DIRECT)
        begun(storage, MORNING)
        claimed: list[list[str]] = []
        for number in range(1, 5):
            [claim] = storage.claim(MORNING + number * LEASE, 10, LEASE)
            claimed += owners([claim])
            storage.begin([(claim, sending(claim, now=MORNING + number * LEASE))])
        assert [["a"], ["b"], ["c"], ["a"]] == claimed

    @proves("Outbox.begin", "Outbox.begin: key", "Outbox.begin: recorded", "Outbox.begin: what still waits")
    def test_a_batch_is_stored_before_it_is_sent(self, storage: Storage) -> None:
        """Otherwise nobody would know what a worker that died had sent, and under which key (D-13a)."""
        e = told(storage)
        saved(storage, write(e, notify=Notify.COLLECTED, at=MORNING + DAY))
        [claim] = storage.claim(RUN, 10, LEASE)
        decision = sending(claim, now=RUN)
        [due] = decision.notifications
        batch = Batch(key=batch_key(claim.digest.id, {due}), notifications=frozenset({due}), attempted_on=decision.day)
        assert {claim.digest.id: batch} == dict(storage.begin([(claim, decision)]))
        [claim] = storage.claim(RUN + LEASE, 10, LEASE)
        assert batch == claim.digest.batch

    @proves("Outbox.complete: counted")
    def test_an_attempt_counts_with_its_answer(self, storage: Storage) -> None:
        """Otherwise a notification that no worker had time to send would be given up as undelivered (D-13d)."""
        e = told(storage)
        saved(storage, write(e, notify=Notify.COLLECTED, at=MORNING + DAY))
        [(_, batch)] = begun(storage, RUN)
        [claim] = storage.claim(RUN + LEASE, 10, LEASE)
        assert ([0, 0], 1) == ([record.attempts for record in claim.digest.pending], claim.lost)
        storage.begin([(claim, sending(claim, now=RUN + LEASE))])
        storage.complete([evolve(result(claim, at=RUN), attempted=batch.notifications, next_at=RUN + DAY)])
        assert [1, 0] == [record.attempts for record in storage.notifications(e.id)]
        [claim] = storage.claim(RUN + DAY, 10, LEASE)
        both = Decision(action=Action.SEND, day=(RUN + DAY).date(), notifications=ids(claim))
        storage.complete([result(claim, storage.begin([(claim, both)])[claim.digest.id], at=RUN + DAY)])
        assert [2, 1] == [record.attempts for record in storage.notifications(e.id)]

    @proves("Outbox.complete: counted")
    def test_what_is_settled_without_an_attempt_has_none_more(self, storage: Storage) -> None:
        """Otherwise the books would say of a dropped notification that somebody had tried to send it (D-13b)."""
        e = told(storage)
        [claim] = storage.claim(RUN, 10, LEASE)
        dropped = dict.fromkeys(ids(claim), Status.DROPPED)
        storage.complete([evolve(result(claim, at=RUN), settled=dropped)])
        assert [(Status.DROPPED, 0)] == [(record.status, record.attempts) for record in storage.notifications(e.id)]

    @proves("Outbox.begin: key", "Outbox.begin: recorded")
    def test_a_batch_goes_again_under_its_key_or_with_others_under_a_new_one(self, storage: Storage) -> None:
        """Otherwise the inbox would take a repetition for news, or news for a repetition (D-13a)."""
        e = told(storage)
        saved(storage, write(e, notify=Notify.COLLECTED, at=MORNING + DAY))
        [(_, first)] = begun(storage, RUN)
        [claim] = storage.claim(RUN + DAY, 10, LEASE)
        again = sending(claim, now=RUN + DAY)
        repeated = storage.begin([(claim, again)])[claim.digest.id]
        assert evolve(first, attempted_on=again.day) == repeated
        [claim] = storage.claim(RUN + DAY + LEASE, 10, LEASE)
        both = Decision(action=Action.SEND, day=again.day, notifications=ids(claim))
        joined = storage.begin([(claim, both)])[claim.digest.id]
        assert (batch_key(claim.digest.id, ids(claim)), ids(claim)) == (joined.key, joined.notifications)

    @proves("Outbox.begin: what still waits")
    def test_what_was_cancelled_after_the_claim_is_not_begun(self, storage: Storage) -> None:
        """Otherwise a patient would be told of an enrolment that has ended (D-13b), or the digest stay claimed."""
        a, b = told(storage, "a"), told(storage, "b", program=SLEEP)
        [claim] = storage.claim(RUN, 10, LEASE)
        saved(storage, finish(a, at=RUN, pending=storage.cancellable("a")))
        [batch] = storage.begin([(claim, sending(claim, now=RUN))]).values()
        assert ([Status.DROPPED], [Status.PENDING]) == (statuses(storage, a), statuses(storage, b))
        [begun_alone] = storage.notifications("b")
        assert frozenset({begun_alone.notification.id}) == batch.notifications
        assert [] == list(storage.cancellable("b"))
        storage.complete([result(claim, batch, at=RUN)])
        b = saved(storage, write(b, notify=Notify.COLLECTED, at=MORNING))
        [claim] = storage.claim(RUN, 10, LEASE)
        saved(storage, finish(b, at=RUN, pending=storage.cancellable("b")))
        assert {} == storage.begin([(claim, sending(claim, now=RUN))])
        told(storage, "c", program=evolve(PROGRAM, key="c"))
        assert [["c"]] == owners(storage.claim(RUN, 10, LEASE))

    @proves("Outbox.begin: fenced", "Outbox.complete: fenced")
    def test_a_stale_claim_begins_and_completes_nothing(self, storage: Storage) -> None:
        """Otherwise a worker that slept through its lease would overwrite what another one did."""
        e = told(storage)
        [slow] = storage.claim(RUN, 10, LEASE)
        [(quick, batch)] = begun(storage, RUN + LEASE)
        log = storage.access_entries(UNIT)
        unknown = evolve(quick, digest=evolve(quick.digest, id="unknown"))
        for stale in (slow, unknown):
            assert {} == storage.begin([(stale, sending(slow, now=RUN + LEASE))])
            line = access_entry(SystemActor(), RUN, e)
            storage.complete([result(stale, batch, Status.FAILED, at=RUN)], {stale.digest.id: [line]})
        assert () == storage.claim(RUN + LEASE, 10, LEASE)
        assert ([Status.PENDING], log) == (statuses(storage, e), storage.access_entries(UNIT))
        assert [0] == [record.attempts for record in storage.notifications(e.id)]

    @proves("Outbox.begin: fenced", "Outbox.complete: fenced")
    def test_each_result_has_a_token_of_its_own(self, storage: Storage) -> None:
        """Otherwise a stale result would pass because another one of the same call has the present token."""
        told(storage, "a", PERSONS[0])
        [slow] = storage.claim(RUN, 10, LEASE)
        told(storage, "b", PERSONS[1])
        quick = {claim.digest.id: claim for claim in storage.claim(RUN + LEASE, 10, LEASE)}
        other = next(claim for id_, claim in quick.items() if id_ != slow.digest.id)
        decided = [(claim, sending(claim, now=RUN + LEASE)) for claim in (slow, other)]
        assert {other.digest.id} == {*storage.begin(decided)}
        storage.complete([evolve(result(claim, at=RUN), next_at=RUN) for claim in (slow, other)])
        assert [["b"]] == owners(storage.claim(RUN + LEASE, 10, LEASE))

    @proves("Outbox.complete: released")
    def test_what_was_not_sent_still_counts_its_lost_workers(self, storage: Storage) -> None:
        """Otherwise a poison message that waits for the next forenoon would never be given up (D-13d)."""
        for number, id_ in enumerate("ab"):
            told(storage, id_, PERSONS[number], notify=Notify.DIRECT)
        begun(storage, MORNING, limit=1)
        storage.complete([result(claim, at=MORNING) for claim in storage.claim(MORNING, 10, LEASE)])
        [claim] = storage.claim(MORNING + LEASE, 1, LEASE)
        assert (["b"], 0) == (owners([claim])[0], claim.lost)
        [claim] = storage.claim(MORNING + LEASE, 1, LEASE)
        assert (["a"], 1) == (owners([claim])[0], claim.lost)
        storage.complete([evolve(result(claim, at=MORNING), lost=claim.lost)])
        [claim] = storage.claim(MORNING + LEASE, 10, LEASE)
        assert (["a"], 1) == (owners([claim])[0], claim.lost)

    @proves("Outbox.complete")
    def test_a_slow_worker_that_nobody_replaced_is_believed(self, storage: Storage) -> None:
        """Otherwise what it delivered would be delivered once more."""
        e = told(storage)
        [claim] = storage.claim(RUN, 10, LEASE)
        [batch] = storage.begin([(claim, sending(claim, now=RUN + DAY))]).values()
        storage.complete([result(claim, batch, at=RUN + DAY)])
        assert [Status.DELIVERED] == statuses(storage, e)

    @pytest.mark.parametrize("status", KEPT_STATUSES)
    @proves("Outbox.complete", "Outbox.complete: fenced")
    def test_what_is_settled_is_never_due_again(self, storage: Storage, status: Status) -> None:
        """Otherwise a patient would be told again on the next run, or never of what comes after it."""
        e = told(storage)
        [(claim, batch)] = begun(storage, RUN)
        storage.complete([result(claim, batch, status, at=RUN + TICK)])
        assert () == storage.claim(RUN + DAY, 10, LEASE)
        [record] = storage.notifications(e.id)
        assert (status, 1, RUN + TICK) == (record.status, record.attempts, record.settled_at)
        storage.complete([result(claim, batch, at=RUN + HOUR)])
        assert (record,) == storage.notifications(e.id)
        saved(storage, write(e, notify=Notify.COLLECTED, at=MORNING))
        [late] = storage.claim(RUN, 10, LEASE)
        assert (claim.digest.id, None, 1) == (late.digest.id, late.digest.batch, len(late.digest.pending))

    @proves("Outbox.complete")
    def test_a_batch_is_over_when_nothing_of_it_is_pending(self, storage: Storage) -> None:
        """Otherwise what is tried again would go under another key than the one that the inbox may have (D-13d)."""
        e = told(storage)
        e = saved(storage, write(e, notify=Notify.COLLECTED, at=MORNING))
        [(claim, batch)] = begun(storage, RUN)
        first, second = sorted(batch.notifications)
        settled = {first: Status.FAILED}
        storage.complete([DeliveryResult(digest_id=claim.digest.id, token=claim.token, at=RUN, settled=settled)])
        assert [Status.FAILED, Status.PENDING] == statuses(storage, e)
        [claim] = storage.claim(RUN, 10, LEASE)
        assert evolve(batch, notifications=frozenset({second})) == claim.digest.batch

    @proves("Outbox.complete", "Outbox.complete: released")
    def test_the_day_on_which_the_recipient_was_told_is_kept(self, storage: Storage) -> None:
        """Otherwise a message saved just after the run would be a second notice on one forenoon (D-13a)."""
        e = told(storage)
        delivered(storage, RUN)
        saved(storage, write(e, notify=Notify.COLLECTED, at=RUN - TICK))
        [claim] = storage.claim(RUN + HOUR, 10, LEASE)
        assert RUN.date() == claim.digest.told_on
        storage.complete([result(claim, at=RUN)])
        [claim] = storage.claim(RUN + HOUR, 10, LEASE)
        assert RUN.date() == claim.digest.told_on

    @proves("Outbox.complete: one transaction", "Outbox.complete: fenced", "Outbox.complete")
    def test_results_are_logged_each_with_its_own_lines(self, storage: Storage) -> None:
        """Otherwise a delivery would leave no trace, or a release leave one of nothing (M-06)."""
        for number, person in enumerate(PERSONS[:3]):
            told(storage, f"e{number}", person)
        before = [entry for _, entry in storage.access_entries(UNIT)]
        sent = begun(storage, RUN)
        results = [result(claim, batch, at=RUN) for claim, batch in sent]
        lines = {claim.digest.id: [access_entry(SystemActor(), RUN, action=claim.digest.id)] for claim, _ in sent[:2]}
        results = [evolve(one, at=RUN + n * TICK) for n, one in enumerate(results)]
        storage.complete([])
        storage.complete(results, lines)
        storage.complete(results, lines)
        settled = [record.settled_at for n in range(3) for record in storage.notifications(f"e{n}")]
        assert settled == [one.at for one in results]
        expected = [*before, *(line for lines_ in lines.values() for line in lines_)]
        assert expected == [entry for _, entry in storage.access_entries(UNIT)]

    @proves("Outbox.notifications")
    def test_notifications_come_in_the_order_of_the_timeline(self, storage: Storage) -> None:
        """Otherwise the therapist could not tell which message a notification belongs to."""
        e = told(storage)
        for minute in range(10):
            e = saved(storage, write(e, notify=Notify.DIRECT, at=MORNING + timedelta(minutes=minute)))
        delivered(storage, MORNING + timedelta(minutes=4))
        assert [*range(3, 14)] == [record.notification.trigger.seq for record in storage.notifications(e.id)]

    @proves("Outbox.notifications", "Outbox.cancellable")
    def test_notifications_are_of_one_enrolment(self, storage: Storage) -> None:
        """Otherwise ending one enrolment would cancel another patient's notification."""
        told(storage, "a")
        told(storage, "b", program=SLEEP)
        told(storage, "c", OTHER_PERSON)
        for method in (storage.notifications, storage.cancellable):
            assert [1, 1, 1, 0, 0] == [len(method(id_)) for id_ in ("a", "b", "c", "", "unknown")]

    @proves("Change.cancelled", "Outbox.cancellable")
    def test_what_waits_can_be_cancelled_also_while_it_is_claimed(self, storage: Storage) -> None:
        """Otherwise a patient would be told of an enrolment that has ended, or an ending wait for a worker (D-13b)."""
        e, other = told(storage), told(storage, "b", program=SLEEP)
        storage.claim(RUN, 10, LEASE)
        [waiting] = storage.cancellable(e.id)
        saved(storage, finish(e, at=RUN + HOUR, pending=(waiting,)))
        [record] = storage.notifications(e.id)
        assert (waiting, Status.DROPPED, RUN + HOUR) == (record.notification, record.status, record.settled_at)
        assert ((), ()) == (storage.cancellable(e.id), storage.unnoted())
        assert [[other.id]] == owners(storage.claim(RUN + DAY, 10, LEASE))

    @proves("Change.cancelled", "Outbox.cancellable")
    def test_cancelling_what_does_not_wait_is_a_conflict(self, storage: Storage) -> None:
        """Otherwise the timeline would say dropped of a notification that was sent."""
        e = told(storage)
        [waiting] = storage.cancellable(e.id)
        [(claim, batch)] = begun(storage, RUN)

        def is_refused() -> bool:
            with pytest.raises(Conflict):
                storage.save(finish(e, at=RUN, pending=(waiting,)))
            return (e, ()) == (storage.load(e.id), storage.cancellable(e.id))

        assert is_refused()
        storage.complete([result(claim, at=RUN)])
        assert is_refused()
        [claim] = storage.claim(RUN, 10, LEASE)
        storage.complete([result(claim, batch, at=RUN)])
        assert is_refused()
        assert [Status.DELIVERED] == statuses(storage, e)

    @proves("Change.noted", "Outbox.unnoted")
    def test_what_was_not_delivered_waits_for_a_note_until_it_is_written(self, storage: Storage) -> None:
        """Otherwise a crash after the result would leave a timeline that never says what became of a notice (D-13d)."""
        states = {
            status: told(storage, f"e{number}", person, notify=Notify.DIRECT)
            for number, (status, person) in enumerate(zip([*KEPT_STATUSES, None], PERSONS, strict=False))
        }
        settled = [s for s in states if s is not None]
        sent = begun(storage, MORNING)
        storage.complete([result(claim, b, s, at=MORNING) for s, (claim, b) in zip(settled, sent, strict=False)])
        expected = tuple(storage.notifications(states[status].id)[0] for status in settled[1:])
        assert expected == storage.unnoted()
        assert (expected[:2], expected[2:]) == (
            storage.unnoted(limit=2),
            storage.unnoted(after=expected[1].notification.id, limit=2),
        )
        e, notification = states[Status.DROPPED], expected[0].notification
        e = saved(storage, by_worker(e, drop, notification, at=RUN, noted=(notification.id,)))
        assert expected[1:] == storage.unnoted()
        no_note = [storage.notifications(states[status].id)[0] for status in (Status.DELIVERED, None)]
        for id_ in (notification.id, "unknown", *(record.notification.id for record in no_note)):
            with pytest.raises(Conflict):
                storage.save(by_worker(e, drop, notification, at=RUN, noted=(expected[1].notification.id, id_)))
        assert (e, expected[1:]) == (storage.load(e.id), storage.unnoted())
