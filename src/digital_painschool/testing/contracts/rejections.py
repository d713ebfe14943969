"""The contract of the storage port: deliveries that a gateway later reports as failed."""

import pytest
from attrs import evolve

from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.domain.notification import FailureReason, Notify, Status
from digital_painschool.errors import Conflict
from digital_painschool.ports.storage import Storage, load_notifications
from digital_painschool.rules.notifications import mark_undeliverable
from digital_painschool.testing.contracts.base import StorageOpening
from digital_painschool.testing.contracts.changes import (
    DAY,
    HOUR,
    LEASE,
    MORNING,
    PERSONS,
    RUN,
    asking,
    begun,
    by_worker,
    delivered,
    result,
    saved,
    sending_all,
    write,
)
from digital_painschool.testing.contracts.clauses import proves
from digital_painschool.testing.contracts.outbox import statuses

DELIVERED, FAILED, PENDING = Status.DELIVERED, Status.FAILED, Status.PENDING


class RejectionsContract(StorageOpening):
    """Reports of failure that come after the send, in every storage."""

    @proves("Outbox.reject", "Outbox.reject: failed")
    def test_what_was_delivered_under_a_key_fails_and_nothing_else(self, storage: Storage) -> None:
        """Otherwise a therapist would never learn that a message did not arrive, or be told so of another (D-13d)."""
        e = saved(storage, write(asking(storage), notify=Notify.COLLECTED, at=MORNING))
        other = asking(storage, "other", PERSONS[1])
        batches = delivered(storage, RUN)
        later = saved(storage, write(e, notify=Notify.COLLECTED, at=RUN + HOUR))
        [(_, next_batch)] = begun(storage, RUN + DAY)
        [key] = [one.key for one in batches if len(one.notifications) == len(statuses(storage, e)) - 1]
        before = load_notifications(storage, e.id)
        assert 2 == storage.reject(key, RUN + DAY)
        expected = [
            evolve(record, status=FAILED, settled_at=RUN + DAY, reason=FailureReason.REPORTED) for record in before[:2]
        ]
        assert (*expected, before[2]) == load_notifications(storage, later.id)
        assert [DELIVERED] == statuses(storage, other)
        assert {record.notification.id for record in expected} == {r.notification.id for r in storage.unnoted()}
        assert next_batch.key != key

    @proves("Outbox.reject: once")
    def test_a_report_that_comes_again_changes_nothing(self, storage: Storage) -> None:
        """Otherwise each repetition of a report would be another line on the timeline."""
        e = asking(storage)
        [batch] = delivered(storage, RUN)
        assert [1, 0] == [storage.reject(batch.key, RUN + n * HOUR) for n in (1, 2)]
        [record] = storage.unnoted()
        assert RUN + HOUR == record.settled_at
        notification = record.notification
        saved(storage, by_worker(e, mark_undeliverable, notification, FAILED, at=RUN + DAY, noted=(notification.id,)))
        assert (0, ()) == (storage.reject(batch.key, RUN + DAY), storage.unnoted())

    @proves("Outbox.reject: unknown")
    @pytest.mark.parametrize("ending", ["", "x", ".x", "."])
    def test_a_key_that_no_batch_has_changes_nothing(self, storage: Storage, ending: str) -> None:
        """Otherwise a report of another installation would fail what was delivered, or stop the handler."""
        e = asking(storage)
        [batch] = delivered(storage, RUN)
        near = batch.key[:-1] if not ending else batch.key + ending
        assert [0, 0, 0] == [storage.reject(key, RUN) for key in (near, ending, batch.key.rpartition(".")[0])]
        assert ([DELIVERED], ()) == (statuses(storage, e), storage.unnoted())

    @proves("Outbox.reject: unknown", "Outbox.reject: failed")
    def test_what_never_was_delivered_is_left_as_it_is(self, storage: Storage) -> None:
        """Otherwise a dropped notification would be reported as failed, or a failed one twice."""
        batches = {}
        for number, status in enumerate((Status.DROPPED, Status.UNREACHABLE, FAILED)):
            asking(storage, f"e{number}", PERSONS[number])
            [batches[f"e{number}"]] = delivered(storage, RUN, status)
        before = {id_: load_notifications(storage, EnrolmentId(id_)) for id_ in batches}
        assert [0, 0, 0] == [storage.reject(batch.key, RUN + HOUR) for batch in batches.values()]
        assert before == {id_: load_notifications(storage, EnrolmentId(id_)) for id_ in batches}

    @proves("Outbox.reject: in doubt")
    def test_a_report_before_the_result_is_a_conflict(self, storage: Storage) -> None:
        """Otherwise a report that is faster than the worker would be lost, and the message count as delivered."""
        e = asking(storage)
        [(claim, batch)] = begun(storage, RUN)
        with pytest.raises(Conflict):
            storage.reject(batch.key, RUN)
        assert ([PENDING], ()) == (statuses(storage, e), storage.unnoted())
        storage.complete([result(claim, batch, at=RUN)])
        assert 1 == storage.reject(batch.key, RUN + HOUR)
        assert [FAILED] == statuses(storage, e)

    @proves("Outbox.reject: failed", "Outbox.complete: kept")
    def test_a_batch_that_was_sent_again_fails_under_its_own_key(self, storage: Storage) -> None:
        """Otherwise a message that joined another batch would fail with the one that it was sent in first."""
        e = asking(storage)
        [(_, first)] = begun(storage, RUN)
        saved(storage, write(e, notify=Notify.COLLECTED, at=RUN + HOUR))
        [claim] = storage.claim(RUN + DAY, 10, LEASE)
        [second] = storage.begin([(claim, sending_all(claim, now=RUN + DAY))]).values()
        assert first.key != second.key
        storage.complete([result(claim, second, at=RUN + DAY)])
        assert [0, 2] == [storage.reject(key, RUN + DAY + LEASE) for key in (first.key, second.key)]
        assert [FAILED, FAILED] == statuses(storage, e)
