"""The contract of the storage port: many threads, and many processes, that do the same at the same time."""

from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from threading import Barrier
from typing import Any

import pytest
from attrs import evolve

from digital_painschool.domain.fold import replay
from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.domain.notification import Notify
from digital_painschool.domain.validation import Answer
from digital_painschool.errors import Conflict
from digital_painschool.ports.storage import (
    Change,
    Storage,
    load_documents,
    load_draft,
    load_enrolment,
    load_histories,
    load_program,
    load_purge,
    load_timeline,
    readable,
    save_program,
)
from digital_painschool.testing.contracts.base import Reopening, StorageOpening
from digital_painschool.testing.contracts.changes import (
    LEASE,
    MORNING,
    PERSONS,
    RUN,
    begin,
    converse,
    draft_of,
    fill_in,
    finish,
    keep_draft,
    saved,
    write,
)
from digital_painschool.testing.contracts.clauses import proves
from digital_painschool.testing.contracts.concurrency import (
    CAN_FORK,
    PATIENCE,
    PROCESSES,
    THREADS,
    in_processes,
    in_threads,
    refusal_or,
)
from digital_painschool.testing.contracts.purges import IDS, LOGGED, all_over, kept_plan
from digital_painschool.testing.example import DAILY, PAIN, PROGRAM, program
from digital_painschool.testing.people import UNIT

RACES = tuple((person, program(key=f"program-{number}")) for number in range(3) for person in PERSONS)
"""So many enrolments that those who meet at each of them really do so at some."""
RACERS = {"threads": THREADS, "processes": PROCESSES}
together = pytest.mark.parametrize("how", RACERS)

Wait = Callable[[], object]
Work = Callable[[Storage, Wait], Any]


def winner_of(answers: Sequence[Any]) -> int:
    """Assert that one has won and every other got a conflict; return which one has won."""
    assert [None] == [answer for answer in answers if not isinstance(answer, Conflict)], f"not one winner: {answers}"
    return answers.index(None)


def save_each(mine: Sequence[Change], storage: Storage, wait: Wait) -> list[Any]:
    """Save some changes, each at the same time as the others' change at the same place; return what came of them."""
    return [refusal_or(partial(storage.save, change)) for change in mine if (wait(), True)]


def insist(storage: Storage, enrolment_id: EnrolmentId, number: int, times: int = 5) -> list[dict[str, Answer]]:
    """Save a form several times, each again and again until no other is faster; return what was saved."""
    mine: list[dict[str, Answer]] = [{"hemma": "bra", "fritext": f"{number}, {time}"} for time in range(times)]
    for answers in mine:
        while True:
            before = load_enrolment(storage, enrolment_id)
            assert before is not None, f"{enrolment_id} is not there any more"
            try:
                storage.save(fill_in(before, answers, form=DAILY, at=MORNING))
            except Conflict:
                continue
            break
    return mine


def assert_none_lost(storage: Storage, enrolment_id: EnrolmentId, answers: Sequence[dict[str, Answer]]) -> None:
    """Assert that each of the answers is among the documents, once."""
    timeline = load_timeline(storage, enrolment_id)
    assert 1 + len(answers) == len(timeline), f"{len(answers)} were acknowledged, and {len(timeline) - 1} are there"
    assert load_enrolment(storage, enrolment_id) == replay(entry.event for entry in timeline)
    documents: Any = load_documents(storage, enrolment_id, range(1, len(timeline) + 1)).values()
    assert sorted(map(repr, answers)) == sorted(repr(dict(document)) for document in documents)


class RacingContract(StorageOpening):
    """A storage that several threads, or several processes, use at the same time."""

    def race(self, reopened: Reopening, how: str, works: Sequence[Work]) -> list[Any]:
        """Execute all works at the same time: in threads on one opening, or in processes on one each.

        Each work is given a function that waits until all others have called it too, as often as it likes.
        """
        if how == "threads":
            ready = Barrier(len(works))
            with reopened() as storage:
                return in_threads([partial(work, storage, partial(ready.wait, PATIENCE)) for work in works])
        if not (self.durable and self.shared and CAN_FORK):
            pytest.skip("one process alone can have this adapter open, or none can be forked here")

        def run(work: Work, wait: Wait) -> Any:
            with reopened() as storage:
                wait()
                return work(storage, wait)

        return in_processes([partial(run, work) for work in works])

    @together
    @proves("Enrolments.save: optimistic", "Storage: threads", "Storage: processes")
    def test_of_many_on_the_same_version_exactly_one_wins(self, place: object, how: str) -> None:
        """Otherwise two who save at the same time would lose one of the two steps."""
        with self.kept(place) as reopened:
            with reopened() as storage:
                before = [saved(storage, begin(f"e{n}", person, program=p)) for n, (person, p) in enumerate(RACES)]
            changes = [[fill_in(e, {"smarta": n}, at=MORNING) for e in before] for n in range(RACERS[how])]
            results = self.race(reopened, how, [partial(save_each, mine) for mine in changes])
            with reopened() as storage:
                for answers, tried in zip(zip(*results, strict=True), zip(*changes, strict=True), strict=True):
                    winner = tried[winner_of(answers)]
                    assert winner.enrolment == load_enrolment(storage, winner.enrolment.id)
                    assert winner.documents == dict(load_documents(storage, winner.enrolment.id, (2,)))
                    assert 2 == len(load_timeline(storage, winner.enrolment.id))
                assert 2 * len(before) == len(storage.access_entries(UNIT))

    @together
    @proves("Enrolments.save: one open enrolment")
    def test_of_many_who_start_the_same_person_exactly_one_wins(self, place: object, how: str) -> None:
        """Otherwise a double click that meets two web workers would give a patient the same program twice (D-07a)."""

        def start(number: int, storage: Storage, wait: Wait) -> list[Any]:
            changes = [begin(f"{race}-{number}", person, program=p) for race, (person, p) in enumerate(RACES)]
            return [refusal_or(partial(storage.save, change)) for change in changes if (wait(), True)]

        with self.kept(place) as reopened:
            results = self.race(reopened, how, [partial(start, number) for number in range(RACERS[how])])
            winners = {f"{race}-{winner_of(answers)}" for race, answers in enumerate(zip(*results, strict=True))}
            with reopened() as storage:
                assert winners == {e.id for person in PERSONS for e in readable(storage.find_by_person(person))}

    @together
    @proves("Enrolments.save: optimistic", "Storage: threads", "Storage: processes")
    def test_no_step_is_lost(self, place: object, how: str) -> None:
        """Otherwise, of people who all try again until it is saved, one's answers would be gone."""

        def work(number: int, storage: Storage, _: Wait) -> Any:
            return insist(storage, EnrolmentId("a"), number)

        with self.kept(place) as reopened:
            with reopened() as storage:
                saved(storage, begin("a"))
            results = self.race(reopened, how, [partial(work, number) for number in range(RACERS[how])])
            with reopened() as storage:
                assert_none_lost(storage, EnrolmentId("a"), [answers for mine in results for answers in mine])

    @together
    @proves("Enrolments.save: optimistic", "AccessLog.log")
    def test_steps_of_different_enrolments_do_not_disturb_each_other(self, place: object, how: str) -> None:
        """Otherwise a busy morning would give conflicts between patients who have nothing to do with each other."""

        def live(number: int, storage: Storage, wait: Wait) -> Any:
            enrolment = saved(storage, begin(f"e{number}", PERSONS[number]))
            for _ in range(10):
                wait()
                enrolment = saved(storage, fill_in(enrolment, at=MORNING))
            return enrolment

        ids = range(PROCESSES)
        with self.kept(place) as reopened:
            results = self.race(reopened, how, [partial(live, number) for number in ids])
            with reopened() as storage:
                assert results == [load_enrolment(storage, EnrolmentId(f"e{n}")) for n in ids]
                assert results == [replay(x.event for x in load_timeline(storage, EnrolmentId(f"e{n}"))) for n in ids]
                logged = storage.access_entries(UNIT)
                assert 11 * len(ids) == len({number for number, _ in logged})
                assert {11} == set(Counter(entry.enrolment_id for _, entry in logged).values())

    @together
    @proves("Enrolments.save: all or nothing")
    def test_nobody_sees_half_a_step(self, place: object, how: str) -> None:
        """Otherwise a reader at the wrong moment would get a state and a timeline that do not fit."""

        def write_on(storage: Storage, wait: Wait) -> Any:
            enrolment = first
            wait()
            for _ in range(20):
                enrolment = saved(storage, fill_in(enrolment, at=MORNING))
            return enrolment.version

        def read_on(storage: Storage, wait: Wait) -> Any:
            wait()
            seen = [readable(load_histories(storage, UNIT, (first.id,)))[0] for _ in range(20)]
            return [
                history.enrolment == replay(entry.event for entry in history.timeline)
                and history.enrolment.version - 1 == len(history.documents)
                for history in seen
            ]

        with self.kept(place) as reopened:
            with reopened() as storage:
                first = saved(storage, begin())
            assert [21, [True] * 20, [True] * 20] == self.race(reopened, how, [write_on, read_on, read_on])

    @together
    @proves("Drafts.save_draft: optimistic", "Change.discarded_drafts", "Storage: threads", "Storage: processes")
    def test_no_draft_outlives_a_step_that_discards_it(self, place: object, how: str) -> None:
        """Otherwise a page that saves by itself would leave a draft behind at the end of a treatment (D-14a)."""

        def keep(storage: Storage, wait: Wait) -> None:
            for enrolment in before:
                wait()
                for number in range(3):
                    refusal_or(partial(keep_draft, storage, enrolment, draft_of({"smarta": number})))

        def end(storage: Storage, wait: Wait) -> None:
            for enrolment in before:
                wait()
                storage.save(evolve(finish(enrolment, at=MORNING), discarded_drafts=frozenset({PAIN})))

        with self.kept(place) as reopened:
            with reopened() as storage:
                before = [saved(storage, begin(f"e{n}", person, program=p)) for n, (person, p) in enumerate(RACES)]
            assert [None] * 3 == self.race(reopened, how, [keep, keep, end])
            with reopened() as storage:
                assert [] == [one.id for one in before if load_draft(storage, one.id, PAIN)]

    @together
    @proves("Outbox.claim: one holder", "Storage: threads", "Storage: processes")
    def test_no_digest_is_claimed_by_two(self, place: object, how: str) -> None:
        """Otherwise two workers would send the same notice (law 5)."""

        def work(storage: Storage, _: Wait) -> Any:
            return [claim for _ in range(3 * len(PERSONS)) for claim in storage.claim(RUN, 2, LEASE)]

        with self.kept(place) as reopened:
            with reopened() as storage:
                for number, person in enumerate(PERSONS):
                    e = saved(storage, begin(f"e{number}", person))
                    e = saved(storage, converse(e, notify=Notify.COLLECTED, at=MORNING))
                    for _ in range(2):
                        e = saved(storage, write(e, notify=Notify.DIRECT, at=MORNING))
            results = self.race(reopened, how, [work] * RACERS[how])
            with reopened() as storage:
                # A claim may pass over what another one is just about to take, so the last look is taken alone.
                results.append(work(storage, lambda: None))
        ids = [claim.digest.id for taken in results for claim in taken]
        assert (3 * len(PERSONS), 3 * len(PERSONS)) == (len(ids), len(set(ids)))
        tokens = [{claim.token for claim in taken} for taken in results]
        assert sum(map(len, tokens)) == len(set().union(*tokens)), "a token was given twice"

    @together
    @proves("Retention.purge: idempotent", "Retention.purge: logged")
    def test_a_plan_is_purged_once(self, place: object, how: str) -> None:
        """Otherwise two clicks at the same time would name as changed what the other one purged, or log it twice."""

        def work(storage: Storage, _: Wait) -> None:
            storage.purge(
                made.id, made.enrolments, (), access=[evolve(LOGGED, action="purge", enrolment_id=id_) for id_ in IDS]
            )

        with self.kept(place) as reopened:
            with reopened() as storage:
                all_over(storage)
                made = kept_plan(storage)
            assert [None] * RACERS[how] == self.race(reopened, how, [work] * RACERS[how])
            with reopened() as storage:
                assert dict.fromkeys(IDS) == dict(load_purge(storage, made.id).progress)
                assert () == storage.ended(UNIT)
                logged = storage.access_entries(LOGGED.unit, action="purge")
                assert sorted(IDS) == sorted(str(entry.enrolment_id) for _, entry in logged)

    @together
    @proves("Records.save_record: final")
    def test_one_program_is_kept_of_many(self, place: object, how: str) -> None:
        """Otherwise two processes that start with different files would each go on with their own (D-05c)."""

        def work(number: int, storage: Storage, _: Wait) -> Any:
            return save_program(storage, UNIT, evolve(PROGRAM, title=f"Titel {number}"))

        with self.kept(place) as reopened:
            results = self.race(reopened, how, [partial(work, number) for number in range(RACERS[how])])
            with reopened() as storage:
                assert [load_program(storage, UNIT, PROGRAM.key, PROGRAM.version)] * RACERS[how] == results
