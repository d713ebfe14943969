"""How often a call goes to PostgreSQL and back: each way costs what the network costs, whatever is asked."""

from collections.abc import Callable, Iterator

import psycopg
import pytest

from digital_painschool.domain.digest import Batch, Claim
from digital_painschool.domain.draft import draft_tag
from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.domain.notification import Notify
from digital_painschool.testing.contracts.changes import LEASE, access_entry, begun, result
from digital_painschool.testing.environment import local, stored_at
from digital_painschool.testing.example import PAIN
from digital_painschool.testing.people import ANNA, NUMBERS, NURSE
from digital_painschool.testing.scenario import Scenario

LOAD_AND_SAVE = 2

Call = Callable[[Scenario, EnrolmentId], object]
CALLS: dict[str, tuple[int, Call]] = {
    "see an enrolment": (2, lambda s, id_: s.desk.enrolment(id_)),
    "open a module": (LOAD_AND_SAVE, lambda s, id_: s.room.open_module(id_, 1)),
    "read a page": (LOAD_AND_SAVE, lambda s, id_: s.room.read_page(id_, 1, 1)),
    "complete a module": (LOAD_AND_SAVE, lambda s, id_: s.room.complete_module(id_, 4)),
    "save a form": (LOAD_AND_SAVE, lambda s, id_: s.room.save_form(id_, PAIN, {"smarta": 3})),
    "save a draft": (1 + 5, lambda s, id_: s.room.save_draft(id_, PAIN, {"smarta": 3})),
    "save a draft under a key, in place of what was shown": (
        1 + 5 + 4,
        lambda s, id_: s.room.save_draft(id_, PAIN, {"smarta": 3}, replaces=draft_tag(None), once="k"),
    ),
    "write, and tell nobody": (LOAD_AND_SAVE, lambda s, id_: s.desk.write(id_, 1, "Hej")),
    "write, and tell": (LOAD_AND_SAVE, lambda s, id_: s.desk.write(id_, 1, "Hej", notify=Notify.DIRECT)),
    "review": (LOAD_AND_SAVE, lambda s, id_: s.desk.review(id_)),
    "review under a key": (LOAD_AND_SAVE + 4, lambda s, id_: s.desk.review(id_, once="k")),
    "maintain": (LOAD_AND_SAVE, lambda s, id_: s.desk.maintain(id_, days=30, modules=[1], shortens=True)),
    "the list of patients": (2, lambda s, _: s.desk.caseload()),
}


class Counted:
    """Counts what is sent on any connection."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.trips = 0
        execute, executemany = psycopg.Connection.execute, psycopg.Cursor.executemany

        def counted(connection: psycopg.Connection, *args: object, **kwargs: object) -> object:
            self.trips += 1
            return execute(connection, *args, **kwargs)  # type: ignore[call-overload]

        def counted_many(cursor: psycopg.Cursor, *args: object, **kwargs: object) -> object:
            self.trips += 1
            return executemany(cursor, *args, **kwargs)  # type: ignore[arg-type]

        monkeypatch.setattr(psycopg.Connection, "execute", counted)
        monkeypatch.setattr(psycopg.Cursor, "executemany", counted_many)

    def during(self, call: Callable[[], object]) -> int:
        """Return how many ways there and back a call takes."""
        before = self.trips
        call()
        return self.trips - before


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Counted:
    """Count from now on."""
    return Counted(monkeypatch)


@pytest.fixture
def school(postgresql_url: str, counted: Counted) -> Iterator[Scenario]:
    """Open a school on PostgreSQL; what it sends is counted."""
    with Scenario(stored_at(postgresql_url)) as school:
        yield school


@pytest.mark.parametrize(("trips", "call"), CALLS.values(), ids=CALLS)
def test_a_desk_call_takes_so_many_ways(school: Scenario, counted: Counted, trips: int, call: Call) -> None:
    """Otherwise a portal in another building would be slow, and nobody would see why."""
    id_ = school.start(ANNA)
    school.desk.start_conversation(id_, "Hej")
    school.room.open_module(id_, 4)
    assert trips == counted.during(lambda: call(school, id_))


def test_a_second_message_for_the_same_forenoon_takes_no_more(school: Scenario, counted: Counted) -> None:
    """Otherwise a therapist who writes twice a day would wait longer the second time."""
    id_ = school.start(ANNA)
    school.desk.start_conversation(id_, "Hej", notify=Notify.COLLECTED)
    twice = lambda: school.desk.write(id_, 1, "Hej", notify=Notify.COLLECTED)  # noqa: E731
    assert LOAD_AND_SAVE == counted.during(twice)
    assert LOAD_AND_SAVE == counted.during(twice)
    assert [3] == [len(claim.digest.pending) for claim in school.storage.claim(local("2026-03-05 09:00"), 10, LEASE)]


@pytest.mark.parametrize("patients", [1, 4])
def test_delivery_takes_as_many_ways_for_one_digest_as_for_many(
    school: Scenario, counted: Counted, patients: int
) -> None:
    """Otherwise a forenoon of thousands would take a way there and back for each of them (P5)."""
    for number in NUMBERS[:patients]:
        school.desk.start_conversation(school.start(number), "Hej", notify=Notify.DIRECT)
    sent: list[tuple[Claim, Batch]] = []
    assert 6 + 6 == counted.during(lambda: sent.extend(begun(school.storage, school.now)))
    results = [result(claim, batch, at=school.now) for claim, batch in sent]
    lines = {claim.digest.id: [access_entry(NURSE, school.now)] for claim, _ in sent}
    assert 6 == counted.during(lambda: school.storage.complete(results, lines))
    assert patients == len(results)
