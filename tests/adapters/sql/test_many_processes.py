"""Many processes on one PostgreSQL database, through the desks: nobody's step is lost, nobody waits for ever."""

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import closing, contextmanager
from datetime import timedelta
from functools import partial
from random import Random
from time import monotonic_ns
from typing import Any

import psycopg
import pytest

from digital_painschool.adapters.sql import SqlStorage
from digital_painschool.application.results import SavedForm, SentMessage
from digital_painschool.domain.digest import DeliveryResult
from digital_painschool.domain.enrolment import Enrolment
from digital_painschool.domain.events import MessageSent
from digital_painschool.domain.fold import replay
from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.domain.notification import Notify, Status
from digital_painschool.domain.policy import Policy
from digital_painschool.errors import Conflict, NotFound, PainSchoolError, RuleViolation
from digital_painschool.ports.storage import Storage, load_documents, load_enrolment, load_notifications, load_timeline
from digital_painschool.rules.digests import decide
from digital_painschool.testing.contracts.concurrency import CAN_FORK, in_processes, refusal_or
from digital_painschool.testing.environment import with_adapters
from digital_painschool.testing.example import PAIN
from digital_painschool.testing.people import ANNA, BO, CILLA
from digital_painschool.testing.scenario import Scenario

pytestmark = pytest.mark.skipif(not CAN_FORK, reason="processes are forked off")

PROCESSES = 8
TIMES = 12
PEOPLE = (ANNA, BO, CILLA)
KEYS = ("smartskola", "somnskola")
LEASE = timedelta(minutes=15)

Wait = Callable[[], object]
Life = Callable[[Scenario, int, Wait], Any]


@contextmanager
def _school(url: str) -> Iterator[Scenario]:
    with closing(SqlStorage(url)) as storage:
        yield Scenario(with_adapters(storage=storage))


def _at_once(url: str, life: Life) -> list[Any]:
    """Let so many processes live at the same time; gives what each has come to."""

    def work(number: int, wait: Wait) -> Any:
        with _school(url) as school:
            wait()
            return life(school, number, wait)

    return in_processes([partial(work, number) for number in range(PROCESSES)])


@pytest.fixture
def url(postgresql_url: str) -> Iterator[str]:
    """A new database, in which no deadlock may have been when the test is over."""
    yield postgresql_url
    with psycopg.connect(postgresql_url, autocommit=True) as connection:
        connection.execute("SELECT pg_stat_force_next_flush()")
        [found] = connection.execute(
            "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
        ).fetchall()
    assert (0,) == found


def _kept(storage: Storage, enrolment_id: EnrolmentId) -> Enrolment:
    """Return the state, which the timeline must give too, without a gap."""
    timeline = load_timeline(storage, enrolment_id)
    state = load_enrolment(storage, enrolment_id)
    assert state is not None
    assert state == replay(entry.event for entry in timeline)
    assert list(range(1, state.version + 1)) == [entry.seq for entry in timeline]
    return state


def _assert_each_is_notified_of(storage: Storage, enrolment_id: EnrolmentId) -> None:
    """Check that each entry that asked for a collected notification has one."""
    asked = [
        entry.seq
        for entry in load_timeline(storage, enrolment_id)
        if isinstance(entry.event, MessageSent) and entry.event.notify is Notify.COLLECTED
    ]
    assert asked == [record.notification.trigger.seq for record in load_notifications(storage, enrolment_id)]


def _texts(storage: Storage, state: Enrolment) -> Counter[object]:
    """Count the messages by their text, without the first conversation's heading and message."""
    return Counter(load_documents(storage, state.id, range(4, state.version + 1)).values())


def test_on_many_enrolments_nobody_s_step_is_lost(url: str) -> None:
    """Otherwise web workers on many patients, two of whose enrolments share a digest, would block each other."""
    with _school(url) as school:
        ids = [school.start(person, key) for person in PEOPLE for key in KEYS]
        for id_ in ids:
            school.desk.start_conversation(id_, "Hej")

    def life(school: Scenario, number: int, wait: Wait) -> list[tuple[EnrolmentId, str, object]]:
        random = Random(number)  # noqa: S311 - nothing that is drawn is a secret
        told = []
        for time in range(3 * TIMES):
            id_, text = random.choice(ids), f"{number} {time}"
            told.append((id_, text, refusal_or(partial(school.desk.write, id_, 1, text, notify=Notify.COLLECTED))))
        return told

    told = [one for each in _at_once(url, life) for one in each]
    assert all(isinstance(answer, (SentMessage, Conflict)) for _, _, answer in told)
    with _school(url) as school:
        for id_ in ids:
            state = _kept(school.storage, id_)
            taken = Counter(text for of, text, answer in told if of == id_ and isinstance(answer, SentMessage))
            assert taken == _texts(school.storage, state)
            _assert_each_is_notified_of(school.storage, id_)
        claims = school.storage.claim(school.now + timedelta(days=2), 100, LEASE)
        assert len(PEOPLE) == len(claims) == len({claim.digest.recipient for claim in claims})


def test_every_caller_gets_a_result_or_an_error_of_a_type(url: str) -> None:
    """Otherwise starting, ending and writing at the same time would end in an error of the driver, or in none."""

    def life(school: Scenario, number: int, wait: Wait) -> list[object]:
        random = Random(number)  # noqa: S311 - nothing that is drawn is a secret
        told: list[object] = []
        for _ in range(2 * TIMES):
            person, key = random.choice(PEOPLE), random.choice(KEYS)
            told.append(refusal_or(partial(school.desk.start, person, program=key)))
            found = refusal_or(partial(school.desk.find, person))
            for course in found[-2:]:
                say = partial(school.desk.start_conversation, course.id, "Hej", notify=random.choice(list(Notify)))
                told.append(refusal_or(say))
                told.append(
                    refusal_or(partial(school.school.patient(person).save_form, course.id, PAIN, {"smarta": 3}))
                )
                if random.random() < 0.3:
                    told.append(refusal_or(partial(school.desk.end, course.id, reason="klar")))
        return told

    with _school(url) as school:
        school.start(CILLA)
    told = [one for each in _at_once(url, _own_ids(life)) for one in each]
    assert {RuleViolation, Enrolment, SavedForm, SentMessage} <= set(map(type, told))
    refusals = {type(one) for one in told if isinstance(one, PainSchoolError)}
    assert refusals <= {RuleViolation, Conflict, NotFound}
    with _school(url) as school:
        for person in PEOPLE:
            found = school.desk.find(person)
            for key in KEYS:
                assert sum(one.ended_at is None for one in found if one.program == key) <= 1
            for one in found:
                _kept(school.storage, one.id)
                statuses = {record.status for record in load_notifications(school.storage, one.id)}
                assert one.ended_at is None or Status.PENDING not in statuses


def _own_ids(life: Life) -> Life:
    """Return the life in which no id is given that another process gives too."""

    def with_own_ids(school: Scenario, number: int, wait: Wait) -> Any:
        school._ids = 1000 * (number + 1)
        return life(school, number, wait)

    return with_own_ids


def test_claims_and_results_that_meet_block_nobody(url: str) -> None:
    """Otherwise a worker whose lease is over, and the worker who takes over, would each wait for the other."""
    with _school(url) as school:
        ids = [school.start(person, key) for person in PEOPLE for key in KEYS]
        for id_ in ids:
            for _ in range(5):
                school.desk.start_conversation(id_, "Hej", notify=Notify.DIRECT)
        now = school.now
    begun = monotonic_ns()

    def life(school: Scenario, number: int, wait: Wait) -> Counter[str]:
        told: Counter[str] = Counter()
        random = Random(number)  # noqa: S311 - nothing that is drawn is a secret
        while told["claims"] < TIMES:
            # A lease is over after half a millisecond: each worker takes what the others hold.
            at = now + (monotonic_ns() - begun) / 1_000_000 * 2 * LEASE
            claims = school.storage.claim(at, 30, LEASE)
            told["claims"] += claims != ()
            decided = [(claim, decide(claim.digest, at, Policy())) for claim in reversed(claims)]
            school.storage.begin(decided)
            next_at = now - timedelta(seconds=random.randrange(1000))
            school.storage.complete(
                [
                    DeliveryResult(digest_id=claim.digest.id, token=claim.token, at=at, next_at=next_at)
                    for claim in sorted(claims, key=lambda _: random.random())
                ]
            )
        return told

    told = _at_once(url, life)
    assert [] == [one for one in told if isinstance(one, PainSchoolError)]
    assert [Counter(claims=TIMES)] * PROCESSES == told
    with _school(url) as school:
        records = [record for id_ in ids for record in load_notifications(school.storage, id_)]
        assert 5 * len(ids) == len(records)
        assert {Status.PENDING} == {record.status for record in records}


def test_a_digest_is_claimed_whole_or_not_at_all(url: str) -> None:
    """Otherwise a claim beside somebody who writes to the patient would tell of one message and leave another."""
    with _school(url) as school:
        id_ = school.start()
        for text in ("2026-03-02 08:30", "2026-03-02 10:00"):
            school.at(text)
            school.desk.start_conversation(id_, "Hej", notify=Notify.COLLECTED)
        school.at("2026-03-03 09:00")
        claim = partial(school.storage.claim, school.now, 10, LEASE)
        with psycopg.connect(url) as other, ThreadPoolExecutor() as pool:
            other.execute("SELECT 1 FROM digest_notifications LIMIT 1 FOR UPDATE")
            claiming = pool.submit(claim)
            wait([claiming], timeout=0.5)
            other.rollback()
            taken = claiming.result()
        assert [2] == [len(one.digest.pending) for one in (*taken, *claim())]
