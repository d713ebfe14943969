"""The contract of the storage port: dead letters, what becomes of them, figures and workers."""

from datetime import timedelta
from typing import Any

import pytest
from attrs import evolve

from digital_painschool.domain.enrolment import Enrolment
from digital_painschool.domain.ids import NotificationId
from digital_painschool.domain.notification import (
    Channel,
    FailureReason,
    NotificationRecord,
    Notify,
    ResolutionReason,
    Status,
)
from digital_painschool.errors import Conflict
from digital_painschool.ports.storage import (
    CLOCKS_DIFFER,
    Change,
    OutboxFigures,
    Storage,
    load_enrolment,
    load_notifications,
)
from digital_painschool.rules.dead_letters import resolve
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
    begin,
    begun,
    by_worker,
    converse,
    delivered,
    finish,
    result,
    saved,
    step,
    undelivered,
    write,
)
from digital_painschool.testing.contracts.clauses import proves
from digital_painschool.testing.people import OTHER_UNIT, UNIT

_WHY = {
    Status.PENDING: ResolutionReason.CHANNEL_REPAIRED,
    Status.DROPPED: ResolutionReason.NOT_NEEDED,
}


def _given_up(storage: Storage, number: int = 0, **options: Any) -> Enrolment:
    """Save an enrolment whose notification was given up so many minutes after the run, and noted."""
    e = asking(storage, f"e{number}", PERSONS[number], **options)
    return undelivered(storage, e, Status.FAILED, at=RUN + timedelta(minutes=number))


def _one(storage: Storage, enrolment: Enrolment) -> NotificationRecord:
    [record] = load_notifications(storage, enrolment.id)
    return record


def _resolved(storage: Storage, enrolment: Enrolment, status: Status, *, at: Any = RUN + HOUR) -> Change:
    record = load_notifications(storage, enrolment.id)[0]
    return step(enrolment, resolve, record.notification.id, (record,), status, _WHY[status], at=at)


class OperationsContract(StorageOpening):
    """Dead letters, figures and workers."""

    @proves("Outbox.complete: reason")
    def test_what_was_given_up_says_why(self, storage: Storage) -> None:
        """Otherwise an operator would have to guess whether an address or a gateway is at fault (D-13d)."""
        sent = {
            reason: asking(storage, f"e{number}", person, notify=Notify.DIRECT)
            for number, (reason, person) in enumerate(zip([None, *FailureReason], PERSONS, strict=False))
        }
        for (reason, e), (claim, batch) in zip(sent.items(), begun(storage, MORNING), strict=True):
            given_up = Status.UNREACHABLE if reason is FailureReason.UNREACHABLE else Status.FAILED
            status = Status.DELIVERED if reason is None else given_up
            storage.complete([evolve(result(claim, batch, status, at=MORNING), reason=reason)])
            assert (status, reason) == (_one(storage, e).status, _one(storage, e).reason)

    @proves("Operations.dead_letters", "Operations.dead_letters: listed", "Operations.dead_letters: page")
    def test_dead_letters_are_listed_the_newest_first_in_pages(self, storage: Storage) -> None:
        """Otherwise an operator would miss what patients were never told of, or see one twice (D-13d)."""
        letters = [_one(storage, _given_up(storage, number)) for number in range(3)]
        elsewhere = saved(storage, begin("x", PERSONS[3], unit=OTHER_UNIT))
        elsewhere = saved(storage, converse(elsewhere, notify=Notify.DIRECT, at=MORNING))
        elsewhere = undelivered(storage, elsewhere, Status.UNREACHABLE, at=RUN - HOUR)
        asking(storage, "waits", PERSONS[4])
        asking(storage, "told", PERSONS[5], notify=Notify.DIRECT)
        delivered(storage, MORNING)
        here, every = tuple(letters[::-1]), (*letters[::-1], _one(storage, elsewhere))
        assert (here, every) == (storage.dead_letters(UNIT), storage.dead_letters())
        assert every[3:] == storage.dead_letters(OTHER_UNIT)
        walked: list[NotificationRecord] = []
        while page := storage.dead_letters(after=_place(walked[-1]) if walked else None, limit=2):
            assert len(page) <= 2
            walked += page
        assert [*every] == walked

    @proves("Operations.dead_letters: page")
    def test_those_of_one_instant_come_once_each(self, storage: Storage) -> None:
        """Otherwise an outage of a second, which gives up hundreds, would show its first page alone."""
        for number, person in enumerate(PERSONS[:4]):
            asking(storage, f"e{number}", person, notify=Notify.DIRECT)
        delivered(storage, MORNING, Status.FAILED)
        for record in storage.unnoted():
            e, note = load_enrolment(storage, record.notification.trigger.enrolment_id), record.notification
            assert e is not None
            saved(storage, by_worker(e, mark_undeliverable, note, Status.FAILED, at=MORNING, noted=(note.id,)))
        first = storage.dead_letters(limit=1)
        found = [*first, *storage.dead_letters(after=_place(first[0]))]
        assert [f"e{number}" for number in (3, 2, 1, 0)] == [r.notification.trigger.enrolment_id for r in found]

    @proves("Operations.dead_letters: listed")
    def test_a_dead_letter_is_listed_while_somebody_can_resolve_it(self, storage: Storage) -> None:
        """Otherwise the list would fill with what nobody can act on, or be resolved before the timeline says so."""
        e = asking(storage)
        delivered(storage, RUN, Status.FAILED)
        assert () == storage.dead_letters()
        note = _one(storage, e).notification
        e = saved(storage, by_worker(e, mark_undeliverable, note, Status.FAILED, at=RUN, noted=(note.id,)))
        assert [note.id] == [record.notification.id for record in storage.dead_letters()]
        saved(storage, finish(e, at=RUN + HOUR))
        assert () == storage.dead_letters()

    @proves("Change.noted", "Outbox.unnoted")
    def test_an_end_is_noted_without_an_entry(self, storage: Storage) -> None:
        """Otherwise a late report would move the last entry of a closed enrolment, or be noted at each run for ever."""
        e = asking(storage)
        [batch] = delivered(storage, RUN)
        e = saved(storage, finish(e, at=RUN + HOUR))
        storage.reject(batch.key, RUN + 2 * HOUR)
        [record] = storage.unnoted()
        id_ = record.notification.id
        note = by_worker(e, mark_undeliverable, record.notification, record.status, at=RUN + 3 * HOUR, noted=(id_,))
        assert () == note.events
        assert e == saved(storage, note) == load_enrolment(storage, e.id)
        assert () == storage.unnoted()
        with pytest.raises(Conflict):
            storage.save(note)

    @proves("Change.resolved", "Operations.dead_letters: listed")
    def test_a_dead_letter_that_is_sent_again_is_as_new(self, storage: Storage) -> None:
        """Otherwise a patient would not be told although the gateway works again, or with the last attempt at once."""
        e = _given_up(storage)
        before = _one(storage, e).notification
        e = saved(storage, _resolved(storage, e, Status.PENDING))
        asked = NotificationRecord(notification=evolve(before, due_at=RUN + HOUR))
        assert (asked, ()) == (_one(storage, e), storage.dead_letters())
        assert () == storage.claim(RUN + HOUR - timedelta(microseconds=1), 10, LEASE)
        [(claim, batch)] = begun(storage, RUN + HOUR)
        assert (str(before.id), frozenset({before.id}), 0) == (str(claim.digest.id), batch.notifications, claim.lost)
        storage.complete([result(claim, batch, at=RUN + HOUR)])
        assert Status.DELIVERED is _one(storage, e).status

    @proves("Change.resolved")
    def test_a_dead_letter_that_is_sent_again_joins_what_waits(self, storage: Storage) -> None:
        """Otherwise a patient would get two notices on one forenoon, or the later one be held up (D-13a)."""
        e = _given_up(storage)
        e = saved(storage, write(e, notify=Notify.COLLECTED, at=RUN + HOUR))
        saved(storage, _resolved(storage, e, Status.PENDING, at=RUN + 2 * HOUR))
        [claim] = storage.claim(RUN + 2 * HOUR, 10, LEASE)
        assert 2 == len(claim.digest.pending)

    @proves("Change.resolved", "Retention.notification_keys")
    def test_the_key_of_the_first_attempts_is_known_to_the_purge(self, storage: Storage) -> None:
        """Otherwise a notice that the inbox had taken unheard would outlive the purge of its patient (D-21a)."""
        e = asking(storage)
        [batch] = delivered(storage, RUN, Status.FAILED)
        note = _one(storage, e).notification
        e = saved(storage, by_worker(e, mark_undeliverable, note, Status.FAILED, at=RUN, noted=(note.id,)))
        e = saved(storage, _resolved(storage, e, Status.PENDING))
        saved(storage, finish(e, at=RUN + 2 * HOUR, pending=(_one(storage, e).notification,)))
        assert (batch.key,) == tuple(storage.notification_keys(UNIT, (e.id,)))

    @proves("Outbox.begin: key", "Outbox.reject: unknown")
    def test_what_was_reported_as_failed_is_sent_again_under_another_key(self, storage: Storage) -> None:
        """Otherwise a gateway would call it known and send nothing, or a late report fail what arrived (D-13d)."""
        e = asking(storage)
        keys = [delivered(storage, RUN)[0].key]
        for hours in (1, 3, 5):
            assert 1 == storage.reject(keys[-1], RUN + hours * HOUR)
            note = _one(storage, e).notification
            e = saved(storage, by_worker(e, mark_undeliverable, note, Status.FAILED, at=RUN, noted=(note.id,)))
            e = saved(storage, _resolved(storage, e, Status.PENDING, at=RUN + hours * HOUR))
            [(claim, batch)] = begun(storage, RUN + hours * HOUR)
            assert [0] * len(keys) == [storage.reject(key, RUN + DAY) for key in keys]
            storage.complete([result(claim, batch, at=RUN + hours * HOUR)])
            assert [0] * len(keys) == [storage.reject(key, RUN + DAY) for key in keys]
            keys.append(batch.key)
        assert (Status.DELIVERED, 4) == (_one(storage, e).status, len({*keys}))

    @proves("Change.resolved", "Operations.dead_letters: listed")
    def test_a_dead_letter_that_is_dropped_is_over(self, storage: Storage) -> None:
        """Otherwise an operator could not clear the list of what the patient was told by telephone."""
        e = _given_up(storage)
        e = saved(storage, _resolved(storage, e, Status.DROPPED))
        record = _one(storage, e)
        assert (Status.DROPPED, RUN + HOUR) == (record.status, record.settled_at)
        assert ((), (), ()) == (storage.dead_letters(), storage.unnoted(), storage.claim(RUN + DAY, 10, LEASE))

    @pytest.mark.parametrize("status", [Status.PENDING, Status.DROPPED])
    @proves("Change.resolved")
    def test_resolving_what_is_no_dead_letter_is_a_conflict(self, storage: Storage, status: Status) -> None:
        """Otherwise two operators would send one notice twice, or a sent one be called dropped."""
        e = asking(storage)
        note = _one(storage, e).notification

        def is_refused(id_: NotificationId = note.id) -> bool:
            before, stored = load_enrolment(storage, e.id), load_notifications(storage, e.id)
            assert before is not None
            change = evolve(step(before, mark_undeliverable, note, Status.FAILED, at=RUN), resolved={id_: status})
            with pytest.raises(Conflict):
                storage.save(change)
            return (before, stored) == (load_enrolment(storage, e.id), load_notifications(storage, e.id))

        assert is_refused()  # it waits
        assert is_refused(NotificationId("unknown"))
        delivered(storage, RUN, Status.FAILED)
        assert is_refused()  # its note is not written
        e = saved(storage, by_worker(e, mark_undeliverable, note, Status.FAILED, at=RUN, noted=(note.id,)))
        e = saved(storage, _resolved(storage, e, status))
        assert is_refused()  # it was resolved
        if status is Status.PENDING:
            delivered(storage, RUN + HOUR)
            assert is_refused()  # it was delivered

    @proves("Operations.outbox_figures", "Operations.outbox_figures: figures")
    def test_the_figures_are_those_of_the_rows(self, storage: Storage) -> None:
        """Otherwise a health check would be green while notices wait, or wake somebody for nothing."""
        assert OutboxFigures() == storage.outbox_figures(RUN, MORNING)
        _given_up(storage)
        e = _given_up(storage, 1, notify=Notify.DIRECT)
        saved(storage, finish(e, at=RUN + HOUR))
        for number in (2, 3):
            e = asking(storage, f"e{number}", PERSONS[number])
        saved(storage, write(e, notify=Notify.COLLECTED, at=MORNING))  # in the digest of the one before
        expected = OutboxFigures(waiting={Channel.INBOX: 3}, failed={Channel.INBOX: 2}, dead_letters=1)
        assert expected == storage.outbox_figures(RUN - timedelta(microseconds=1), RUN)
        due = evolve(expected, oldest_due_at=RUN)
        later = RUN + timedelta(minutes=1, microseconds=1)
        assert due == storage.outbox_figures(RUN, RUN)
        assert evolve(due, failed={}) == storage.outbox_figures(later, later)
        [claim, other] = storage.claim(RUN, 10, LEASE)
        assert due == storage.outbox_figures(RUN, RUN), "a claimed digest is not sent yet"
        storage.complete([evolve(result(claim, at=RUN), next_at=RUN + HOUR)])
        assert due == storage.outbox_figures(RUN, RUN)
        storage.complete([evolve(result(other, at=RUN), next_at=RUN + 2 * HOUR)])
        again = evolve(expected, failed={}, oldest_due_at=RUN + HOUR)
        assert again == storage.outbox_figures(RUN + HOUR, later), "what is tried again is due from its `next_at`"

    @proves("Operations.record_worker", "Operations.record_worker: alive", "Operations.record_worker: forgotten")
    def test_a_worker_is_alive_until_the_instant_that_it_has_said_last(self, storage: Storage) -> None:
        """Otherwise nobody would see that every worker is gone, or a stopped one would count for ever."""
        storage.record_worker("a", RUN, RUN + HOUR)
        storage.record_worker("b", RUN, RUN + HOUR)
        storage.record_worker("b", RUN + timedelta(minutes=1), RUN + 2 * HOUR)

        def seen(at: Any) -> tuple[int, Any]:
            figures = storage.outbox_figures(at, at)
            return figures.workers, figures.last_seen_at

        last = RUN + timedelta(minutes=1)
        assert (2, last) == seen(RUN)
        assert (1, last) == seen(RUN + HOUR)
        assert (0, last) == seen(RUN + 2 * HOUR)
        storage.record_worker("b", RUN + 2 * HOUR, RUN + 2 * HOUR)
        assert (0, RUN + 2 * HOUR) == seen(RUN + 2 * HOUR)
        storage.record_worker("c", RUN + 3 * DAY, RUN + 3 * DAY)
        storage.record_worker("c", RUN + HOUR, RUN + 9 * HOUR)
        assert (1, RUN + HOUR) == seen(RUN + 2 * HOUR), "the others are forgotten"
        storage.record_worker("d", RUN + HOUR + DAY, RUN + 2 * DAY)
        assert (1, RUN + HOUR) == seen(RUN + 2 * HOUR), "a worker is known for a day"

    @proves("Operations.record_worker: ahead")
    def test_a_worker_of_a_wrong_clock_is_not_alive_until_then(self, storage: Storage) -> None:
        """Otherwise a clock that was a year ahead for one run would hide for that year that nobody delivers."""
        storage.record_worker("ahead", RUN + 300 * DAY, RUN + 301 * DAY)
        ahead = storage.outbox_figures(RUN, RUN)
        assert (0, None) == (ahead.workers, ahead.last_seen_at)
        for at in (RUN - HOUR, RUN + CLOCKS_DIFFER):
            storage.record_worker("a little", at, RUN + HOUR)
            figures = storage.outbox_figures(RUN, RUN)
            assert (1, at) == (figures.workers, figures.last_seen_at)


def _place(record: NotificationRecord) -> tuple[Any, str]:
    return record.settled_at, record.notification.id
