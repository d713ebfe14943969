"""The contract of the storage port: restarts, and processes that are killed."""

from time import sleep

import pytest

from digital_painschool.domain.digest import batch_key
from digital_painschool.domain.fold import replay
from digital_painschool.domain.ids import DigestId, EnrolmentId
from digital_painschool.domain.notification import Notify, Status
from digital_painschool.errors import Conflict
from digital_painschool.ports.storage import find_cancellable, load_enrolment, load_notifications, load_timeline
from digital_painschool.testing.contracts.base import StorageOpening
from digital_painschool.testing.contracts.changes import (
    HOUR,
    LEASE,
    MORNING,
    OTHER_PERSON,
    begin,
    converse,
    fill_in,
    finish,
    saved,
    sending,
)
from digital_painschool.testing.contracts.clauses import proves
from digital_painschool.testing.contracts.concurrency import PATIENCE, Child, Tell
from digital_painschool.testing.contracts.lifetime import long_history
from digital_painschool.testing.contracts.transactions import CALLS, done, observed, prepare
from digital_painschool.testing.people import UNIT
from digital_painschool.testing.snapshot import difference


class DurabilityContract(StorageOpening):
    """A storage whose process ends, in whatever way."""

    @proves("Enrolments.save: durable")
    def test_everything_is_there_after_a_restart(self, lasting_place: object) -> None:
        """Otherwise something would be in the process alone, and be gone on the day of the next update."""
        with self.opened(lasting_place) as storage:
            e = long_history(storage)
            prepared = prepare(storage)
            for _, call in CALLS.values():
                call(storage, prepared)
            before, numbers = observed(storage), storage.access_entries(UNIT)
        with self.opened(lasting_place) as storage:
            after = observed(storage)
            assert before == after, difference(before, after)
            assert numbers == storage.access_entries(UNIT)
            assert e == load_enrolment(storage, e.id) == replay(entry.event for entry in load_timeline(storage, e.id))

    @proves("Outbox.claim: due")
    def test_a_claim_outlives_a_restart(self, lasting_place: object) -> None:
        """Otherwise an update while the worker runs would send twice what it has claimed."""
        with self.opened(lasting_place) as storage:
            prepared = prepare(storage)
        with self.opened(lasting_place) as storage:
            [waiting] = find_cancellable(storage, EnrolmentId("open"))
            assert [DigestId(waiting.id)] == [
                claim.digest.id for claim in storage.claim(MORNING + LEASE / 2, 100, LEASE)
            ]
            storage.complete(prepared.results)
            sent = [
                record.status
                for id_ in ("sent-1", "sent-2")
                for record in load_notifications(storage, EnrolmentId(id_))
            ]
            assert [Status.DELIVERED] * 2 == sent

    @proves("Outbox.begin: recorded", "Outbox.claim: poison")
    def test_a_batch_in_doubt_outlives_a_restart(self, lasting_place: object) -> None:
        """Otherwise what a process had sent when it was stopped would be sent again under another key."""
        with self.opened(lasting_place) as storage:
            prepared = prepare(storage)
        with self.opened(lasting_place) as storage:
            assert [0, 0, 0] == [claim.lost for claim in storage.claim(MORNING + HOUR, 100, LEASE)]
            for sent in prepared.results:
                [claim] = storage.claim(MORNING + HOUR, 100, LEASE)
                assert claim.digest.batch is not None
                found = (claim.digest.id, claim.lost, claim.digest.batch.key, claim.digest.batch.notifications)
                ids = frozenset(sent.settled)
                assert (sent.digest_id, 1, batch_key(sent.digest_id, ids), ids) == found

    @proves("Outbox.claim: one holder", "Outbox.begin: fenced")
    def test_a_token_is_never_given_again(self, lasting_place: object) -> None:
        """Otherwise what a worker of yesterday says would be believed of what another one has claimed today."""
        with self.opened(lasting_place) as storage:
            e = saved(storage, converse(saved(storage, begin()), notify=Notify.DIRECT, at=MORNING))
            [slow] = storage.claim(MORNING, 10, LEASE)
        with self.opened(lasting_place) as storage:
            [quick] = storage.claim(MORNING + LEASE, 10, LEASE)
            assert slow.token != quick.token
            assert {} == storage.begin([(slow, sending(slow, now=MORNING + LEASE))])
            assert [0] == [record.attempts for record in load_notifications(storage, e.id)]

    @proves("Enrolments.save: durable")
    def test_after_a_restart_steps_go_on_from_what_is_kept(self, lasting_place: object) -> None:
        """Otherwise a lost count or lock would let a second start, or a step on an old version, through."""
        with self.opened(lasting_place) as storage:
            stale = saved(storage, begin("a"))
            e = saved(storage, fill_in(stale, at=MORNING))
        with self.opened(lasting_place) as storage:
            for refused in (fill_in(stale, at=MORNING), begin("b"), begin("a", OTHER_PERSON)):
                with pytest.raises(Conflict):
                    storage.save(refused)
            before = storage.access_entries(UNIT)
            e = saved(storage, finish(saved(storage, fill_in(e, at=MORNING)), at=MORNING))
            again = saved(storage, begin("b", at=MORNING + HOUR))
            assert (e, again) == storage.find_by_person(e.person)
            after = storage.access_entries(UNIT)
            assert before == after[:2]
            assert sorted({number for number, _ in after}) == [number for number, _ in after]
            assert 5 == len(after)

    @proves(
        "Enrolments.save: durable",
        *dict.fromkeys(clause for clause, _ in CALLS.values()),
    )
    @pytest.mark.parametrize("call", CALLS)
    def test_a_process_that_is_killed_has_kept_all_that_it_acknowledged(self, forked_place: object, call: str) -> None:
        """Otherwise a crash would lose what a person was told is saved (all laws rest on it)."""
        clause, work = CALLS[call]
        with self.opened(forked_place) as storage:
            prepared = prepare(storage)

        def acknowledge(tell: Tell) -> None:
            with self.opened(forked_place) as storage:
                work(storage, prepared)
                tell("acknowledged")
                sleep(PATIENCE)

        with Child(acknowledge) as child:
            assert "acknowledged" == next(child.messages())
            child.kill()
        with self.opened(forked_place) as storage:
            found = observed(storage)
        assert done(call) == found, f"{clause}: acknowledged, and not stored:\n{difference(done(call), found)}"
