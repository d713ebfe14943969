"""The contract of the storage port: notifications that are sent, cancelled or given up."""

import pytest
from attrs import evolve

from digital_painschool.domain.digest import Batch, DeliveryResult, batch_key
from digital_painschool.domain.ids import DigestId, EnrolmentId, NotificationId
from digital_painschool.domain.notification import Notify, Status
from digital_painschool.domain.people import SystemActor
from digital_painschool.errors import Conflict
from digital_painschool.ports.storage import Storage, find_cancellable, load_enrolment, load_notifications
from digital_painschool.rules.notifications import drop
from digital_painschool.testing.contracts.base import StorageOpening
from digital_painschool.testing.contracts.changes import (
    DAY,
    HOUR,
    LEASE,
    MORNING,
    PERSONS,
    RUN,
    access_entry,
    asking,
    begun,
    by_worker,
    delivered,
    finish,
    ids,
    result,
    saved,
    sending,
    sending_all,
    write,
)
from digital_painschool.testing.contracts.clauses import proves
from digital_painschool.testing.contracts.outbox import SETTLED, TICK, owners, statuses
from digital_painschool.testing.example import PROGRAM, SLEEP
from digital_painschool.testing.people import UNIT


class DeliveriesContract(StorageOpening):
    """Attempts and their results, in every storage."""

    @proves("Outbox.begin", "Outbox.begin: key", "Outbox.begin: recorded", "Outbox.begin: what still waits")
    def test_a_batch_is_stored_before_it_is_sent(self, storage: Storage) -> None:
        """Otherwise nobody would know what a worker that died had sent, and under which key (D-13a)."""
        e = asking(storage)
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
        e = asking(storage)
        saved(storage, write(e, notify=Notify.COLLECTED, at=MORNING + DAY))
        [(_, batch)] = begun(storage, RUN)
        [claim] = storage.claim(RUN + LEASE, 10, LEASE)
        assert ([0, 0], 1) == ([record.attempts for record in claim.digest.pending], claim.lost)
        storage.begin([(claim, sending(claim, now=RUN + LEASE))])
        storage.complete([evolve(result(claim, at=RUN), attempted=batch.notifications, next_at=RUN + DAY)])
        assert [1, 0] == [record.attempts for record in load_notifications(storage, e.id)]
        [claim] = storage.claim(RUN + DAY, 10, LEASE)
        both = sending_all(claim, now=RUN + DAY)
        storage.complete([result(claim, storage.begin([(claim, both)])[claim.digest.id], at=RUN + DAY)])
        assert [2, 1] == [record.attempts for record in load_notifications(storage, e.id)]

    @proves("Outbox.complete: counted")
    def test_what_is_settled_without_an_attempt_has_none_more(self, storage: Storage) -> None:
        """Otherwise the books would say of a dropped notification that somebody had tried to send it (D-13b)."""
        e = asking(storage)
        [claim] = storage.claim(RUN, 10, LEASE)
        dropped = dict.fromkeys(ids(claim), Status.DROPPED)
        storage.complete([evolve(result(claim, at=RUN), settled=dropped)])
        assert [(Status.DROPPED, 0)] == [
            (record.status, record.attempts) for record in load_notifications(storage, e.id)
        ]

    @proves("Outbox.begin: key", "Outbox.begin: recorded")
    def test_a_batch_goes_again_under_its_key_or_with_others_under_a_new_one(self, storage: Storage) -> None:
        """Otherwise the inbox would take a repetition for news, or news for a repetition (D-13a)."""
        e = asking(storage)
        saved(storage, write(e, notify=Notify.COLLECTED, at=MORNING + DAY))
        [(_, first)] = begun(storage, RUN)
        [claim] = storage.claim(RUN + DAY, 10, LEASE)
        again = sending(claim, now=RUN + DAY)
        repeated = storage.begin([(claim, again)])[claim.digest.id]
        assert evolve(first, attempted_on=again.day) == repeated
        [claim] = storage.claim(RUN + DAY + LEASE, 10, LEASE)
        both = sending_all(claim, now=RUN + DAY)
        joined = storage.begin([(claim, both)])[claim.digest.id]
        assert (batch_key(claim.digest.id, ids(claim)), ids(claim)) == (joined.key, joined.notifications)

    @proves("Outbox.begin: what still waits")
    def test_what_was_cancelled_after_the_claim_is_not_begun(self, storage: Storage) -> None:
        """Otherwise a patient would be told of an enrolment that has ended (D-13b), or the digest stay claimed."""
        a, b = asking(storage, "a"), asking(storage, "b", program=SLEEP)
        [claim] = storage.claim(RUN, 10, LEASE)
        saved(storage, finish(a, at=RUN, pending=find_cancellable(storage, EnrolmentId("a"))))
        [batch] = storage.begin([(claim, sending(claim, now=RUN))]).values()
        assert ([Status.DROPPED], [Status.PENDING]) == (statuses(storage, a), statuses(storage, b))
        [begun_alone] = load_notifications(storage, EnrolmentId("b"))
        assert frozenset({begun_alone.notification.id}) == batch.notifications
        assert [] == list(find_cancellable(storage, EnrolmentId("b")))
        storage.complete([result(claim, batch, at=RUN)])
        b = saved(storage, write(b, notify=Notify.COLLECTED, at=MORNING))
        [claim] = storage.claim(RUN, 10, LEASE)
        saved(storage, finish(b, at=RUN, pending=find_cancellable(storage, EnrolmentId("b"))))
        assert {} == storage.begin([(claim, sending(claim, now=RUN))])
        asking(storage, "c", program=evolve(PROGRAM, key="c"))
        assert [["c"]] == owners(storage.claim(RUN, 10, LEASE))

    @proves("Outbox.begin: fenced", "Outbox.complete: fenced")
    def test_a_stale_claim_begins_and_completes_nothing(self, storage: Storage) -> None:
        """Otherwise a worker that slept through its lease would overwrite what another one did."""
        e = asking(storage)
        [slow] = storage.claim(RUN, 10, LEASE)
        [(quick, batch)] = begun(storage, RUN + LEASE)
        log = storage.access_entries(UNIT)
        unknown = evolve(quick, digest=evolve(quick.digest, id=DigestId("unknown")))
        for stale in (slow, unknown):
            assert {} == storage.begin([(stale, sending(slow, now=RUN + LEASE))])
            line = access_entry(SystemActor(), RUN, e)
            storage.complete([result(stale, batch, Status.FAILED, at=RUN)], {stale.digest.id: [line]})
        assert () == storage.claim(RUN + LEASE, 10, LEASE)
        assert ([Status.PENDING], log) == (statuses(storage, e), storage.access_entries(UNIT))
        assert [0] == [record.attempts for record in load_notifications(storage, e.id)]

    @proves("Outbox.begin: fenced", "Outbox.complete: fenced")
    def test_each_result_has_a_token_of_its_own(self, storage: Storage) -> None:
        """Otherwise a stale result would pass because another one of the same call has the present token."""
        asking(storage, "a", PERSONS[0])
        [slow] = storage.claim(RUN, 10, LEASE)
        asking(storage, "b", PERSONS[1])
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
            asking(storage, id_, PERSONS[number], notify=Notify.DIRECT)
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
        e = asking(storage)
        [claim] = storage.claim(RUN, 10, LEASE)
        [batch] = storage.begin([(claim, sending(claim, now=RUN + DAY))]).values()
        storage.complete([result(claim, batch, at=RUN + DAY)])
        assert [Status.DELIVERED] == statuses(storage, e)

    @pytest.mark.parametrize("status", SETTLED)
    @proves("Outbox.complete", "Outbox.complete: fenced")
    def test_what_is_settled_is_never_due_again(self, storage: Storage, status: Status) -> None:
        """Otherwise a patient would be told again on the next run, or never of what comes after it."""
        e = asking(storage)
        [(claim, batch)] = begun(storage, RUN)
        storage.complete([result(claim, batch, status, at=RUN + TICK)])
        assert () == storage.claim(RUN + DAY, 10, LEASE)
        [record] = load_notifications(storage, e.id)
        assert (status, 1, RUN + TICK) == (record.status, record.attempts, record.settled_at)
        storage.complete([result(claim, batch, at=RUN + HOUR)])
        assert (record,) == load_notifications(storage, e.id)
        saved(storage, write(e, notify=Notify.COLLECTED, at=MORNING))
        [late] = storage.claim(RUN, 10, LEASE)
        assert (claim.digest.id, None, 1) == (late.digest.id, late.digest.batch, len(late.digest.pending))

    @proves("Outbox.complete")
    def test_a_batch_is_over_when_nothing_of_it_is_pending(self, storage: Storage) -> None:
        """Otherwise what is tried again would go under another key than the one that the inbox may have (D-13d)."""
        e = asking(storage)
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
        e = asking(storage)
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
            asking(storage, f"e{number}", person)
        before = [entry for _, entry in storage.access_entries(UNIT)]
        sent = begun(storage, RUN)
        results = [result(claim, batch, at=RUN) for claim, batch in sent]
        lines = {claim.digest.id: [access_entry(SystemActor(), RUN, action=claim.digest.id)] for claim, _ in sent[:2]}
        results = [evolve(one, at=RUN + n * TICK) for n, one in enumerate(results)]
        storage.complete([])
        storage.complete(results, lines)
        storage.complete(results, lines)
        settled = [record.settled_at for n in range(3) for record in load_notifications(storage, EnrolmentId(f"e{n}"))]
        assert settled == [one.at for one in results]
        expected = [*before, *(line for lines_ in lines.values() for line in lines_)]
        assert expected == [entry for _, entry in storage.access_entries(UNIT)]

    @proves("Change.cancelled", "Outbox.notifications")
    def test_what_waits_can_be_cancelled_also_while_it_is_claimed(self, storage: Storage) -> None:
        """Otherwise a patient would be told of an enrolment that has ended, or an ending wait for a worker (D-13b)."""
        e, other = asking(storage), asking(storage, "b", program=SLEEP)
        storage.claim(RUN, 10, LEASE)
        [waiting] = find_cancellable(storage, e.id)
        saved(storage, finish(e, at=RUN + HOUR, pending=(waiting,)))
        [record] = load_notifications(storage, e.id)
        assert (waiting, Status.DROPPED, RUN + HOUR) == (record.notification, record.status, record.settled_at)
        assert ((), ()) == (find_cancellable(storage, e.id), storage.unnoted())
        assert [[other.id]] == owners(storage.claim(RUN + DAY, 10, LEASE))

    @proves("Change.cancelled", "Outbox.notifications")
    def test_cancelling_what_does_not_wait_is_a_conflict(self, storage: Storage) -> None:
        """Otherwise the timeline would say dropped of a notification that was sent."""
        e = asking(storage)
        [waiting] = find_cancellable(storage, e.id)
        [(claim, batch)] = begun(storage, RUN)

        def is_refused() -> bool:
            with pytest.raises(Conflict):
                storage.save(finish(e, at=RUN, pending=(waiting,)))
            return (e, ()) == (load_enrolment(storage, e.id), find_cancellable(storage, e.id))

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
            status: asking(storage, f"e{number}", person, notify=Notify.DIRECT)
            for number, (status, person) in enumerate(zip([*SETTLED, None], PERSONS, strict=False))
        }
        settled = [s for s in states if s is not None]
        sent = begun(storage, MORNING)
        storage.complete([result(claim, b, s, at=MORNING) for s, (claim, b) in zip(settled, sent, strict=False)])
        expected = tuple(load_notifications(storage, states[status].id)[0] for status in settled[1:])
        assert expected == storage.unnoted()
        assert (expected[:2], expected[2:]) == (
            storage.unnoted(limit=2),
            storage.unnoted(after=expected[1].notification.id, limit=2),
        )
        e, notification = states[Status.DROPPED], expected[0].notification
        e = saved(storage, by_worker(e, drop, notification, at=RUN, noted=(notification.id,)))
        assert expected[1:] == storage.unnoted()
        no_note = [load_notifications(storage, states[status].id)[0] for status in (Status.DELIVERED, None)]
        for id_ in (notification.id, NotificationId("unknown"), *(record.notification.id for record in no_note)):
            with pytest.raises(Conflict):
                storage.save(by_worker(e, drop, notification, at=RUN, noted=(expected[1].notification.id, id_)))
        assert (e, expected[1:]) == (load_enrolment(storage, e.id), storage.unnoted())
