"""The outbox under PostgreSQL's locks: a claim waits for nobody, and nothing falls between two transactions."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import closing
from functools import partial
from threading import Thread
from typing import Any

import psycopg
import pytest
from attrs import evolve

from digital_painschool.adapters.sql import SqlStorage
from digital_painschool.adapters.sql.postgresql_connection import PostgresqlConnection
from digital_painschool.domain.enrolment import Enrolment
from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.domain.notification import Notify, Status
from digital_painschool.domain.people import PersonId
from digital_painschool.errors import Conflict
from digital_painschool.ports.storage import Change, find_cancellable, load_enrolment, load_notifications
from digital_painschool.testing.contracts.changes import (
    LEASE,
    MORNING,
    PERSONS,
    RUN,
    begin,
    begun,
    converse,
    finish,
    saved,
    sending,
)
from digital_painschool.testing.contracts.concurrency import refusal_or
from digital_painschool.testing.contracts.purges import kept_plan
from digital_painschool.testing.environment import with_adapters
from digital_painschool.testing.example import SLEEP
from digital_painschool.testing.people import PERSON
from digital_painschool.testing.scenario import Scenario
from tests.databases import execute, until

LOCK = b"SELECT id FROM digests WHERE recipient_value = %s FOR UPDATE"

Call = Callable[[], Any]
Cross = Callable[[Call, Call], list[Any]]


@pytest.fixture
def storage(postgresql_url: str) -> Iterator[SqlStorage]:
    """A new storage."""
    with closing(SqlStorage(postgresql_url)) as storage:
        yield storage


@pytest.fixture
def before_commit(monkeypatch: pytest.MonkeyPatch) -> Callable[[Call], None]:
    """Return a function that says what happens once: just before the next transaction is committed."""

    def arrange(call: Call) -> None:
        commit, waiting = PostgresqlConnection.commit, [call]

        def later(link: PostgresqlConnection) -> None:
            if waiting:
                waiting.pop()()
            commit(link)

        monkeypatch.setattr(PostgresqlConnection, "commit", later)

    return arrange


@pytest.fixture
def crossed(postgresql_url: str, before_commit: Callable[[Call], None]) -> Cross:
    """Return a function that makes two calls: the second one runs into the open transaction of the first."""

    def cross(first: Call, second: Call) -> list[Any]:
        seconds: list[Any] = []
        thread = Thread(target=lambda: seconds.append(refusal_or(second)))

        def meet() -> None:
            thread.start()
            until(lambda: execute(postgresql_url, "SELECT 1 FROM pg_locks WHERE NOT granted"))

        before_commit(meet)
        results = [refusal_or(first)]
        thread.join(60)
        return results + seconds

    return cross


def told(storage: SqlStorage, id_: EnrolmentId, person: PersonId = PERSON) -> Enrolment:
    """Save an enrolment with a message that asks for a collected notification."""
    return saved(storage, converse(saved(storage, begin(id_, person)), notify=Notify.COLLECTED, at=MORNING))


def asking_start(id_: EnrolmentId, key: str) -> Change:
    """Return a start that asks for a collected notification: a step of more than one statement."""
    start = begin(id_, program=evolve(SLEEP, key=key))
    return evolve(start, notifications=converse(start.enrolment, notify=Notify.COLLECTED, at=MORNING).notifications)


def claimed(storage: SqlStorage, limit: int = 10) -> list[list[str]]:
    """Claim, and return whose notifications are in each digest."""
    claims = storage.claim(RUN, limit, LEASE)
    return [[record.notification.trigger.enrolment_id for record in claim.digest.pending] for claim in claims]


def test_a_digest_that_somebody_changes_is_left_and_the_others_go(storage: SqlStorage, postgresql_url: str) -> None:
    """Otherwise one web worker that hangs would stop everybody's notices."""
    for id_, person in zip("ab", PERSONS, strict=False):
        told(storage, EnrolmentId(id_), person)
    with psycopg.connect(postgresql_url) as frozen:
        frozen.execute(LOCK, (PERSON.value,))
        assert [["b"]] == claimed(storage)
        assert [] == claimed(storage)
        frozen.rollback()
        assert [["a"]] == claimed(storage)


def test_two_workers_claim_at_once(storage: SqlStorage, before_commit: Callable[[Call], None]) -> None:
    """Otherwise workers would wait for each other, and four be no faster than one."""
    for id_, person in zip("abc", PERSONS, strict=False):
        told(storage, EnrolmentId(id_), person)
    meanwhile: list[list[str]] = []
    before_commit(lambda: meanwhile.extend(claimed(storage, 1)))
    assert ([["a"]], [["b"]]) == (claimed(storage, 1), meanwhile)


def test_two_steps_at_once_add_to_one_digest(storage: SqlStorage, crossed: Cross) -> None:
    """Otherwise the slower of two would fail, or the patient get two notices on one forenoon (D-13a)."""
    first, second = asking_start(EnrolmentId("a"), "one"), asking_start(EnrolmentId("b"), "another")
    assert [None, None] == crossed(lambda: storage.save(first), lambda: storage.save(second))
    assert [["a", "b"]] == claimed(storage)


def test_what_an_ending_cancels_at_the_same_time_is_not_begun(storage: SqlStorage, crossed: Cross) -> None:
    """Otherwise the timeline would say dropped of a notice that was sent (D-13b)."""
    ending = finish(told(storage, EnrolmentId("a")), at=RUN, pending=find_cancellable(storage, EnrolmentId("a")))
    [claim] = storage.claim(RUN, 10, LEASE)
    decided = [(claim, sending(claim, now=RUN))]
    assert [None, {}] == crossed(lambda: storage.save(ending), lambda: storage.begin(decided))
    assert [(Status.DROPPED, 0)] == [
        (record.status, record.attempts) for record in load_notifications(storage, EnrolmentId("a"))
    ]


def test_what_is_begun_at_the_same_time_is_not_cancelled(storage: SqlStorage, crossed: Cross) -> None:
    """Otherwise the timeline would say dropped of a notice that was sent (D-13b)."""
    e = told(storage, EnrolmentId("a"))
    ending = finish(e, at=RUN, pending=find_cancellable(storage, EnrolmentId("a")))
    decided = [(claim, sending(claim, now=RUN)) for claim in storage.claim(RUN, 10, LEASE)]
    batches, refusal = crossed(lambda: storage.begin(decided), lambda: storage.save(ending))
    assert isinstance(refusal, Conflict)
    assert (1, e) == (len(batches), load_enrolment(storage, EnrolmentId("a")))


def test_what_is_asked_for_while_the_batch_is_purged_is_not_forgotten(storage: SqlStorage, crossed: Cross) -> None:
    """Otherwise the purge would write over when the digest goes, and a message wait for ever."""
    e = told(storage, EnrolmentId("a"))
    begun(storage, RUN)
    saved(storage, finish(e, at=RUN))
    plan = kept_plan(storage)
    step = asking_start(EnrolmentId("b"), SLEEP.key)
    assert [None, None] == crossed(lambda: storage.save(step), lambda: storage.purge(plan.id, plan.enrolments, ()))
    assert [["b"]] == claimed(storage)


def test_a_digest_is_claimed_whole_or_not_at_all(postgresql_url: str) -> None:
    """Otherwise a claim beside somebody who writes to the patient would tell of one message and leave another."""
    with closing(SqlStorage(postgresql_url)) as storage:
        school = Scenario(with_adapters(storage=storage))
        id_ = school.start()
        for text in ("2026-03-02 08:30", "2026-03-02 10:00"):
            school.at(text)
            school.desk.start_conversation(id_, "Hej", notify=Notify.COLLECTED)
        school.at("2026-03-03 09:00")
        claim = partial(storage.claim, school.now, 10, LEASE)
        with psycopg.connect(postgresql_url) as other, ThreadPoolExecutor() as pool:
            other.execute("SELECT 1 FROM digest_notifications LIMIT 1 FOR UPDATE")
            claiming = pool.submit(claim)
            wait([claiming], timeout=0.5)
            other.rollback()
            taken = claiming.result()
        assert [2] == [len(one.digest.pending) for one in (*taken, *claim())]
