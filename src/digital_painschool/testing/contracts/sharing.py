"""The contract of the storage port: several processes on one storage, and several openings of it."""

from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import pytest
from attrs import evolve

from digital_painschool.domain.enrolment import Enrolment
from digital_painschool.domain.fold import replay
from digital_painschool.domain.notification import Notify, Profile, Status
from digital_painschool.domain.policy import FlagKind
from digital_painschool.errors import Conflict, StorageError
from digital_painschool.ports.storage import CaseQuery, Change, Storage, readable
from digital_painschool.testing.contracts.base import StorageOpening
from digital_painschool.testing.contracts.changes import (
    DAY,
    LEASE,
    MORNING,
    PERSONS,
    RUN,
    access_entry,
    begin,
    converse,
    fill_in,
    result,
    saved,
    sending,
    write,
)
from digital_painschool.testing.contracts.clauses import proves
from digital_painschool.testing.contracts.concurrency import PROCESSES, Child, in_processes, in_threads, refusal_or
from digital_painschool.testing.contracts.enrolments import assert_none_lost, insist
from digital_painschool.testing.contracts.purges import IDS, all_over, assert_gone, kept_plan, over
from digital_painschool.testing.example import PROGRAM, program
from digital_painschool.testing.people import NURSE, PERSON, UNIT

RACES = tuple((person, program(key=f"program-{number}")) for number in range(3) for person in PERSONS)
"""So many enrolments that those who meet at each of them really do so at some."""

Wait = Callable[[], object]
Work = Callable[[Storage, Wait], Any]


def advisory_lock(told: Sequence[Any]) -> int:
    """Find that one has won and every other was told of a conflict; gives which one."""
    assert [None] == [result for result in told if not isinstance(result, Conflict)]
    return told.index(None)


class SharingContract(StorageOpening):
    """What a storage keeps that several processes, or several openings in one, use at the same time."""

    def processes(self, place: object, works: Sequence[Work]) -> list[Any]:
        """Do all of it at the same time, each in its own process on an opening of its own.

        Each work is given a function that waits until all others have called it too, as often as it likes.
        """

        def run(work: Work, wait: Wait) -> Any:
            with self.opened(place) as storage:
                wait()
                return work(storage, wait)

        return in_processes([partial(run, work) for work in works])

    @proves("Storage: forks")
    def test_a_forked_process_keeps_what_its_parent_s_opening_acknowledges(self, forked_place: object) -> None:
        """Otherwise a server that opens the school and then forks its workers would lose what they save, or hang."""
        with self.opened(forked_place) as storage:
            storage.save(begin("a"))
            saves = [partial(storage.save, begin(id_, person)) for id_, person in zip("bc", PERSONS[1:], strict=False)]
            with Child(lambda tell: tell(refusal_or(saves[0]))) as child:
                [told] = child.told()
            saves[1]()
        with self.opened(forked_place) as storage:
            assert isinstance(told, StorageError) == (storage.load("b") is None)
            assert begin("c", PERSONS[2]).enrolment == storage.load("c")

    @proves("Enrolments.save: optimistic")
    def test_of_many_processes_on_the_same_version_exactly_one_wins(self, forked_place: object) -> None:
        """Otherwise two web workers that save at the same time would lose one of the two steps."""
        with self.opened(forked_place) as storage:
            before = [saved(storage, begin(f"e{n}", person, program=p)) for n, (person, p) in enumerate(RACES)]
        changes = [[fill_in(e, {"smarta": number}, at=MORNING) for e in before] for number in range(PROCESSES)]

        def save(mine: Sequence[Change], storage: Storage, wait: Wait) -> list[Any]:
            return [refusal_or(partial(storage.save, change)) for change in mine if (wait(), True)]

        results = self.processes(forked_place, [partial(save, mine) for mine in changes])
        with self.opened(forked_place) as storage:
            for told, tried in zip(zip(*results, strict=True), zip(*changes, strict=True), strict=True):
                winner = tried[advisory_lock(told)]
                assert winner.enrolment == storage.load(winner.enrolment.id)
                assert winner.documents == dict(storage.documents(winner.enrolment.id, (2,)))
                assert 2 == len(storage.timeline(winner.enrolment.id))
            assert 2 * len(before) == len(storage.access_entries(UNIT))

    @proves("Enrolments.save: one open enrolment")
    def test_of_many_processes_that_start_the_same_person_exactly_one_wins(self, forked_place: object) -> None:
        """Otherwise a double click that meets two web workers would give a patient the same program twice (D-07a)."""

        def start(number: int, storage: Storage, wait: Wait) -> list[Any]:
            changes = [begin(f"{race}-{number}", person, program=p) for race, (person, p) in enumerate(RACES)]
            return [refusal_or(partial(storage.save, change)) for change in changes if (wait(), True)]

        results = self.processes(forked_place, [partial(start, number) for number in range(PROCESSES)])
        with self.opened(forked_place) as storage:
            winners = {f"{race}-{advisory_lock(told)}" for race, told in enumerate(zip(*results, strict=True))}
            assert winners == {e.id for person in PERSONS for e in readable(storage.find_by_person(person))}

    @proves("Enrolments.save: optimistic", "Storage: processes")
    def test_no_process_loses_another_s_step(self, forked_place: object) -> None:
        """Otherwise, of people who all try again until it is saved, one's answers would be gone."""
        with self.opened(forked_place) as storage:
            saved(storage, begin("a"))

        def work(number: int, storage: Storage, _: Wait) -> Any:
            return insist(storage, "a", number)

        results = self.processes(forked_place, [partial(work, number) for number in range(PROCESSES)])
        with self.opened(forked_place) as storage:
            assert_none_lost(storage, "a", [answers for told in results for answers in told])

    @proves("Enrolments.save: optimistic")
    def test_processes_on_different_enrolments_do_not_disturb_each_other(self, forked_place: object) -> None:
        """Otherwise a busy morning would give conflicts between patients who have nothing to do with each other."""

        def live(number: int, storage: Storage, wait: Wait) -> Enrolment:
            enrolment = saved(storage, begin(f"e{number}", PERSONS[number]))
            for _ in range(10):
                wait()
                enrolment = saved(storage, fill_in(enrolment, at=MORNING))
            return enrolment

        results = self.processes(forked_place, [partial(live, number) for number in range(PROCESSES)])
        with self.opened(forked_place) as storage:
            assert results == [storage.load(f"e{number}") for number in range(PROCESSES)]
            assert results == [replay(x.event for x in storage.timeline(f"e{number}")) for number in range(PROCESSES)]
            kept = storage.access_entries(UNIT)
            assert 11 * PROCESSES == len({number for number, _ in kept})
            assert {11} == set(Counter(entry.enrolment_id for _, entry in kept).values())

    @proves("Outbox.claim: one holder", "Storage: processes")
    def test_no_digest_is_claimed_by_two_processes(self, forked_place: object) -> None:
        """Otherwise two workers on two machines would send the same notification (law 5)."""
        with self.opened(forked_place) as storage:
            for number, person in enumerate(PERSONS):
                e = saved(storage, begin(f"e{number}", person))
                e = saved(storage, converse(e, notify=Notify.COLLECTED, at=MORNING))
                for _ in range(2):
                    e = saved(storage, write(e, notify=Notify.DIRECT, at=MORNING))

        def work(storage: Storage, _: Wait) -> Any:
            return [claim for _ in range(3 * len(PERSONS)) for claim in storage.claim(RUN, 2, LEASE)]

        results = self.processes(forked_place, [work] * PROCESSES)
        with self.opened(forked_place) as storage:
            # A claim may pass over what another one is just about to take, so the last look is taken alone.
            results.append(work(storage, lambda: None))
        ids = [claim.digest.id for taken in results for claim in taken]
        assert (3 * len(PERSONS), 3 * len(PERSONS)) == (len(ids), len(set(ids)))
        tokens = [{claim.token for claim in taken} for taken in results]
        assert sum(map(len, tokens)) == len(set().union(*tokens))

    @proves("Enrolments.save: all or nothing")
    def test_no_process_sees_half_a_step(self, forked_place: object) -> None:
        """Otherwise a reader in another process would get a state and a timeline that do not fit."""
        with self.opened(forked_place) as storage:
            first = saved(storage, begin())

        def write_on(storage: Storage, wait: Wait) -> Any:
            enrolment = first
            wait()
            for _ in range(20):
                enrolment = saved(storage, fill_in(enrolment, at=MORNING))
            return enrolment.version

        def read_on(storage: Storage, wait: Wait) -> Any:
            wait()
            seen = [readable(storage.load_histories(UNIT, (first.id,)))[0] for _ in range(20)]
            return [
                history.enrolment == replay(entry.event for entry in history.timeline)
                and history.enrolment.version - 1 == len(history.documents)
                for history in seen
            ]

        assert [21, [True] * 20, [True] * 20] == self.processes(forked_place, [write_on, read_on, read_on])

    @proves("Retention.purge: idempotent")
    def test_many_processes_purge_a_plan_once(self, forked_place: object) -> None:
        """Otherwise two clicks that meet two web workers would name as changed what the other one purged."""
        with self.opened(forked_place) as storage:
            all_over(storage)
            made = kept_plan(storage)

        def work(storage: Storage, _: Wait) -> None:
            storage.purge(made.id, made.enrolments, ())

        assert [None] * PROCESSES == self.processes(forked_place, [work] * PROCESSES)
        with self.opened(forked_place) as storage:
            assert dict.fromkeys(IDS) == dict(storage.purge_progress(made.id))
            assert () == storage.ended(UNIT)

    @proves("Programs.save_program")
    def test_many_processes_keep_one_program(self, forked_place: object) -> None:
        """Otherwise two processes that start with different files would each go on with their own (D-05c)."""

        def work(number: int, storage: Storage, _: Wait) -> Any:
            return storage.save_program(UNIT, evolve(PROGRAM, title=f"Titel {number}"))

        results = self.processes(forked_place, [partial(work, number) for number in range(PROCESSES)])
        with self.opened(forked_place) as storage:
            assert [storage.program(UNIT, PROGRAM.key, PROGRAM.version)] * PROCESSES == results

    @proves("Storage: processes")
    def test_a_second_process_is_refused_where_one_alone_may_have_it_open(self, lasting_place: object) -> None:
        """Otherwise two processes would overwrite each other, each sure to be alone."""
        if self.shared:
            pytest.skip("several processes may have this storage open")
        with self.opened(lasting_place) as storage:
            e = saved(storage, begin())
            [refusal] = self.processes(lasting_place, [lambda second, _: second.load(e.id)])
            assert isinstance(refusal, StorageError)
            assert e == storage.load(e.id)

    @proves("Storage: processes")
    def test_a_second_opening_in_one_process_is_refused_or_sees_everything(self, lasting_place: object) -> None:
        """Otherwise two applications in one process, each with a school of its own, would overwrite each other."""
        with self.opened(lasting_place) as one:
            e = saved(one, begin("a"))
            try:
                with self.opened(lasting_place) as other:
                    assert e == other.load("a")
                    e = saved(one, fill_in(e, at=MORNING))
                    assert e == other.load("a")
                    e = saved(other, fill_in(e, at=MORNING))
            except StorageError:
                assert not self.shared, "several processes may have this storage open, and a second opening is refused"
            assert e == one.load("a")

    @proves("Storage: processes")
    def test_what_one_opening_has_saved_every_other_sees(self, shared_place: object) -> None:
        """Otherwise a process would decide on what it remembers, and not on what is kept."""
        with self.opened(shared_place) as one, self.opened(shared_place) as other:
            e = saved(one, converse(saved(one, begin("a")), notify=Notify.DIRECT, at=MORNING))
            for here, there in ((one, other), (other, one)) * 2:
                e = saved(here, fill_in(e, at=MORNING + e.version * DAY))
                assert e == there.load("a") == dict(there.load_many(("a",)))["a"] == there.find_by_person(PERSON)[0]
                assert e == replay(entry.event for entry in there.timeline("a"))
                [row] = readable(there.list_caseload(CaseQuery(unit=UNIT, therapist=None, now=MORNING)))
                assert e.last_seen_at == row.last_seen_at
            [claim] = one.claim(RUN, 10, LEASE)
            assert () == other.claim(RUN, 10, LEASE)
            batches = other.begin([(claim, sending(claim, now=RUN))])
            one.complete([result(claim, batches[claim.digest.id], at=RUN)])
            assert [Status.DELIVERED] == [record.status for record in one.notifications("a")]
            profile = Profile(sms=frozenset({FlagKind.ENDING}))
            assert Profile() == other.profile(UNIT, NURSE.hsa_id)
            one.save_profile(UNIT, NURSE.hsa_id, profile, access_entry(NURSE, MORNING))
            assert profile == other.profile(UNIT, NURSE.hsa_id)
            assert one.access_entries(UNIT) == other.access_entries(UNIT)

    @proves("Retention.purge: nothing left", "Storage: processes")
    def test_what_one_opening_has_purged_is_gone_for_every_other(self, shared_place: object) -> None:
        """Otherwise a web worker would go on showing what had to be destroyed (D-21a)."""
        with self.opened(shared_place) as one, self.opened(shared_place) as other:
            e = over(one, "a")
            assert e == other.load("a")
            one.purge("plan-1", kept_plan(one).enrolments, ())
            assert_gone(other, e)
            again = over(other, "a")
            assert again == one.load("a")

    @proves("Storage: threads")
    def test_threads_on_two_openings_lose_nothing(self, shared_place: object) -> None:
        """Otherwise two applications in one process, each with a school of its own, would overwrite each other."""
        with self.opened(shared_place) as one, self.opened(shared_place) as other:
            saved(one, begin("a"))
            works = [partial(insist, storage, "a", number) for number, storage in enumerate((one, other, one, other))]
            assert_none_lost(one, "a", [answers for told in in_threads(works) for answers in told])
