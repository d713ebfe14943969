"""The contract of the storage port: restarts, processes that are killed, and purges that are interrupted."""

from collections.abc import Iterator
from functools import partial
from itertools import islice
from random import Random
from time import perf_counter, sleep
from typing import ClassVar

import pytest

from digital_painschool.domain.digest import Claim, DeliveryResult
from digital_painschool.domain.notification import Notify, Status
from digital_painschool.domain.retention import PurgePlan
from digital_painschool.errors import Conflict
from digital_painschool.ports.storage import Storage, load_histories, load_notifications
from digital_painschool.testing.contracts.base import StorageOpening
from digital_painschool.testing.contracts.changes import (
    DAY,
    HOUR,
    LEASE,
    MORNING,
    OTHER_PERSON,
    PERSONS,
    begin,
    converse,
    fill_in,
    finish,
    result,
    saved,
    sending,
)
from digital_painschool.testing.contracts.clauses import proves
from digital_painschool.testing.contracts.concurrency import Child, Tell
from digital_painschool.testing.contracts.lives import Books, assert_kept, completed, life
from digital_painschool.testing.contracts.purges import all_over, assert_gone, kept_plan
from digital_painschool.testing.contracts.snapshot import a_little_of_everything, everything
from digital_painschool.testing.example import SLEEP
from digital_painschool.testing.people import UNIT

STEPS = 40
SETTLING = 0.05
"""How many seconds a server may go on with what it was told by a process that is dead."""


class DurabilityContract(StorageOpening):
    """What a storage keeps whatever becomes of the process that has it open.

    Attributes:
        seed: Decides when processes are killed, together with the machine's own pace.
        rounds: How many are killed in each test; many more of them, on one night, find what is rare.
    """

    seed: ClassVar[int] = 7
    rounds: ClassVar[int] = 12

    @proves("Enrolments.save: durable")
    def test_everything_is_there_after_a_restart(self, lasting_place: object) -> None:
        """Otherwise something would be kept in the process alone, and be gone on the day of the next update."""
        with self.opened(lasting_place) as storage:
            a_little_of_everything(storage)
            before = everything(storage)
        with self.opened(lasting_place) as storage:
            for method, kept in everything(storage).items():
                assert before[method] == kept, method

    @proves("Outbox.claim: due")
    def test_a_claim_outlives_a_restart(self, lasting_place: object) -> None:
        """Otherwise an update while the worker runs would send twice what it has claimed."""
        with self.opened(lasting_place) as storage:
            held, batch = a_little_of_everything(storage)
        with self.opened(lasting_place) as storage:
            assert () == storage.claim(MORNING + LEASE / 2, 100, LEASE)
            storage.complete([result(held, batch, at=MORNING + LEASE)])
            assert [Status.DELIVERED] == [record.status for record in load_notifications(storage, "held")]

    @proves("Outbox.claim: poison", "Outbox.begin: recorded")
    def test_a_batch_in_doubt_outlives_a_restart(self, lasting_place: object) -> None:
        """Otherwise what a process had sent when it was stopped would be sent again under another key."""
        with self.opened(lasting_place) as storage:
            held, batch = a_little_of_everything(storage)
        with self.opened(lasting_place) as storage:
            [tried] = storage.claim(MORNING + HOUR, 100, LEASE)
            [again] = storage.claim(MORNING + HOUR, 100, LEASE)
            assert (held.digest.id, batch, 1) == (again.digest.id, again.digest.batch, again.lost)
            assert [1, 0] == [claim.digest.pending[0].attempts for claim in (tried, again)]

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
        "Enrolments.save: all or nothing",
        "Enrolments.save: durable",
        "Outbox.complete: one transaction",
        "Retention.purge: all or nothing",
    )
    def test_a_process_that_is_killed_has_kept_all_that_it_told_of(self, forked_place: object) -> None:
        """Otherwise a crash would lose what a person was told is saved, or leave half a step (all laws rest on it)."""
        random = Random(self.seed)  # noqa: S311 - when to kill is no secret
        began = perf_counter()
        everything_told = list(self._live(forked_place, 0, STEPS))
        pace = (perf_counter() - began) / STEPS
        for number in range(1, self.rounds + 1):
            kill_after = random.uniform(0, 2 * pace)
            told = list(self._live(forked_place, number, random.randint(1, STEPS), kill_after=kill_after))
            with self.opened(forked_place) as storage:
                books = Books.of(told)
                assert_kept(storage, books)
                everything_told += [*told, *self._work_on(storage, number, books)]
        with self.opened(forked_place) as storage:
            assert_kept(storage, Books.of(everything_told))

    @proves("Retention.purge: all or nothing")
    def test_a_purge_that_is_killed_again_and_again_ends_like_one_that_was_not(self, forked_place: object) -> None:
        """Otherwise a purge that met a crash would leave something, or take something that stays (law 7)."""
        random = Random(self.seed)  # noqa: S311 - when to kill is no secret
        with self.opened(forked_place) as storage:
            gone = all_over(storage)
            for id_, person in zip("ab", PERSONS, strict=False):
                saved(storage, fill_in(saved(storage, begin(id_, person, program=SLEEP)), at=MORNING))
            made = kept_plan(storage)
            before = load_histories(storage, UNIT, ("a", "b")), storage.access_entries(UNIT)
            first = made.enrolments[:3]
            began = perf_counter()
            storage.purge(made.id, first, ())
            longest = 2 * (perf_counter() - began) * len(made.enrolments) / len(first)
        done = dict.fromkeys(e.enrolment_id for e in first)
        everyone = dict.fromkeys(e.id for e in gone)
        for round_ in range(self.rounds):
            # A purge that is done is done again, so that the process is at work until it is killed.
            with Child(partial(self._purge, forked_place, made, 1_000_000)) as child:
                assert "begun" == next(child.told())
                # Each a little later than the one before, so that one of them is killed in the middle.
                sleep(longest * (round_ + random.random()) / self.rounds)
                child.kill()
            sleep(SETTLING)
            with self.opened(forked_place) as storage:
                noted = dict(storage.load_purge(made.id).progress)
                assert noted in (done, everyone)
                assert everyone.keys() - noted.keys() == {ended.enrolment_id for ended in storage.ended(UNIT)}
        self._purge(forked_place, made, 1, lambda _: None)
        with self.opened(forked_place) as storage:
            assert everyone == dict(storage.load_purge(made.id).progress)
            for e in gone:
                assert_gone(storage, e)
            assert before == (load_histories(storage, UNIT, ("a", "b")), storage.access_entries(UNIT))

    def _live(self, place: object, number: int, steps: int, kill_after: float | None = None) -> Iterator[object]:
        """Yield what a process tells of a life that ends by itself, or is ended a moment after so many steps."""

        def live(tell: Tell) -> None:
            with self.opened(place) as storage:
                for told in islice(life(storage, number), steps if kill_after is None else None):
                    tell(told)

        with Child(live) as child:
            told = child.told()
            yield from islice(told, steps)
            if kill_after is not None:
                sleep(kill_after)
                child.kill()
                sleep(SETTLING)
            yield from told

    @staticmethod
    def _work_on(storage: Storage, number: int, books: Books) -> list[DeliveryResult]:
        """Assert that claims and batches survived, and that work goes on; return what was completed."""
        ran = MORNING + (number + 1) * DAY
        early = storage.claim(ran + LEASE / 2, 1000, LEASE)
        assert {claim.digest.id for claim in early}.isdisjoint(books.held)
        late: dict[str, Claim] = {}
        while claims := storage.claim(ran + 2 * LEASE, 1000, DAY):
            late |= {claim.digest.id: claim for claim in claims}
        # The process may have completed more than it told of before it was killed.
        for digest_id, claim in books.held.items():
            if digest_id in late:
                assert books.begun.get(digest_id) in {None, late[digest_id].digest.batch}
            else:
                asked = {record.notification.trigger.enrolment_id for record in claim.digest.pending}
                kept = {r.notification.id: r.status for owner in asked for r in load_notifications(storage, owner)}
                assert {Status.DELIVERED} >= {kept[record.notification.id] for record in claim.digest.pending}
        batches = storage.begin([(claim, sending(claim, now=ran + 2 * LEASE)) for claim in late.values()])
        results = completed(storage, late.values(), batches, ran)
        assert () == storage.claim(ran + 10 * DAY, 1000, LEASE)
        return results

    def _purge(self, place: object, made: PurgePlan, times: int, tell: Tell) -> None:
        with self.opened(place) as storage:
            assert made == storage.load_purge(made.id).plan
            tell("begun")
            for _ in range(times):
                storage.purge(made.id, made.enrolments, ())
