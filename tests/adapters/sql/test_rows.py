"""What the rows of the storage in SQL hold, and what is read from them."""

from contextlib import closing
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import pytest
from attrs import evolve

from digital_painschool import open_school
from digital_painschool.adapters.sql import SqlStorage
from digital_painschool.adapters.sql.state_cache import StateCache
from digital_painschool.domain.enrolment import Enrolment
from digital_painschool.domain.events import (
    AccessEnded,
    Ended,
    Event,
    HandedOver,
    Maintained,
    ModuleOpened,
    PageRead,
    ProgramDone,
    Reactivated,
    Reviewed,
)
from digital_painschool.domain.fold import apply
from digital_painschool.domain.ids import EnrolmentId, PlanId
from digital_painschool.domain.notification import Notify
from digital_painschool.errors import StorageError
from digital_painschool.ports.storage import (
    Change,
    find_cancellable,
    load_documents,
    load_enrolment,
    load_notifications,
    load_program,
    load_purge,
    load_timeline,
    save_program,
)
from digital_painschool.rules.flags import caseload_counts
from digital_painschool.testing.contracts.changes import (
    HOUR,
    MORNING,
    RUN,
    access_entry,
    begin,
    converse,
    fill_in,
    saved,
)
from digital_painschool.testing.environment import with_adapters
from digital_painschool.testing.example import PAIN, PROGRAM
from digital_painschool.testing.people import ANNA, COLLEAGUE, NURSE, UNIT
from digital_painschool.testing.scenario import Scenario
from tests.adapters.sql.writers import start_of
from tests.databases import execute


@pytest.mark.parametrize(
    "event",
    [
        HandedOver(at=RUN, by=NURSE.hsa_id, therapist=COLLEAGUE.hsa_id),
        Reviewed(at=RUN, by=NURSE.hsa_id),
        Maintained(at=RUN, by=NURSE.hsa_id, days=3, modules=frozenset({1}), access_until=RUN + 72 * HOUR),
        Reactivated(at=RUN, by=NURSE.hsa_id, access_until=RUN + HOUR),
        AccessEnded(at=RUN, by="system", access_until=RUN),
        Ended(at=RUN, by=NURSE.hsa_id, reason="klar"),
        ModuleOpened(at=RUN, by="patient", module=2),
        PageRead(at=RUN, by="patient", module=2, page=1),
        ProgramDone(at=RUN, by="patient"),
    ],
    ids=lambda event: type(event).__name__,
)
def test_the_columns_follow_the_state(url: str, storage: SqlStorage, event: Event) -> None:
    """Otherwise lists would go by an old therapist, phase or time: an ordinary step leaves some columns alone."""
    before = saved(storage, fill_in(saved(storage, begin()), at=MORNING))
    after = apply(before, event)
    storage.save(_change(before, after, event))
    [row] = execute(
        url,
        "SELECT therapist, phase, version, access_until, noted_end, ended_at, last_entry_at, last_seen_at, reviewed_at,"
        " done, unread_forms, waiting_since FROM enrolments",
    )
    figures = caseload_counts(after)
    expected = (
        after.therapist,
        after.phase.value,
        after.version,
        *(
            _kept(at, url)
            for at in (
                after.access_until,
                after.noted_end,
                after.ended_at,
                after.last_entry_at,
                after.last_seen_at,
                after.reviewed_at,
            )
        ),
        figures.done,
        figures.unread_forms,
        _kept(figures.waiting_since, url),
    )
    assert expected == row


def _change(before: Enrolment, after: Enrolment, *events: Event) -> Change:
    return Change(
        before=before.version,
        enrolment=after,
        events=events,
        documents={},
        counts=caseload_counts(after),
        access=access_entry(NURSE, RUN, after),
    )


def _kept(at: Any, url: str) -> Any:
    if at is None or not url.startswith("sqlite"):
        return at
    return at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


class Question(StrEnum):
    """A host's name of a question."""

    PAIN = "smarta"


@pytest.mark.parametrize("content", [{Question.PAIN: 3}, {"a": object()}, "\ud800"])
def test_a_value_that_the_database_cannot_hold_is_a_failure_that_changed_nothing(
    storage: SqlStorage, content: Any
) -> None:
    """Otherwise a slip in a host would be told as an unknown outcome, and be tried again for ever."""
    before = saved(storage, begin())
    change = evolve(converse(before, "Hej", at=RUN), documents={3: content})
    with pytest.raises(StorageError, match="nothing was changed") as failed:
        storage.save(change)
    assert (None, None) == (failed.value.__cause__, failed.value.__context__)
    assert before == load_enrolment(storage, before.id)
    assert 1 == len(load_timeline(storage, before.id))


def test_a_person_can_read_what_is_in_the_file(sqlite_url: str) -> None:
    """Otherwise what is kept for ten years would need this very program to be read."""
    with closing(SqlStorage(sqlite_url)) as storage:
        storage.save(converse(saved(storage, begin()), "Hej på dig", at=RUN))
    assert [('"Hej på dig"',)] == execute(sqlite_url, "SELECT content FROM documents WHERE seq = 3")
    assert [("message-sent", "2026-03-02T08:00:00.000000Z")] == execute(
        sqlite_url, "SELECT kind, at FROM timeline WHERE seq = 3"
    )


def test_a_damaged_program_is_named(url: str, storage: SqlStorage) -> None:
    """Otherwise a row that was changed by hand would surface as a fault of a program file that nobody has touched."""
    save_program(storage, UNIT, PROGRAM)
    execute(url, 'UPDATE programs SET data = \'{"key": "smartskola"}\'')
    with pytest.raises(StorageError, match="a stored program cannot be used any more"):
        load_program(storage, UNIT, PROGRAM.key, PROGRAM.version)


def test_a_document_that_is_missing_is_named(url: str, storage: SqlStorage) -> None:
    """Otherwise a therapist would take for silence what the storage has lost."""
    school = Scenario(with_adapters(storage=storage))
    id_ = school.start()
    school.room.write(id_, "Hej")
    school.room.save_form(id_, PAIN, {"smarta": 3})
    execute(url, "DELETE FROM documents")
    with pytest.raises(StorageError, match="the text of timeline entry 2 is missing; restore it from a backup"):
        school.desk.conversations(id_)
    with pytest.raises(StorageError, match="the text of timeline entry 2 is missing"):
        school.desk.read_conversation(id_, 1)
    with pytest.raises(StorageError, match="the answers of timeline entry 4 are missing; restore them"):
        school.desk.answers(id_, PAIN)


def test_only_so_many_states_are_remembered() -> None:
    """Otherwise a process that runs for a year would hold every state that it has ever seen."""
    states = StateCache(limit=2)
    kept = [start_of(number).enrolment for number in range(3)]
    for enrolment in kept:
        states.put("as it was", enrolment)
    assert [kept[2]] == [enrolment for _, enrolment in states._cached.values()]
    assert kept[2] is states.read(kept[2].id, "as it was")


@pytest.mark.parametrize("text", ["\x00", "a\x00b", "\ud800"])
def test_an_id_that_no_database_can_hold_is_not_there(storage: SqlStorage, text: str) -> None:
    """Otherwise a mangled link would show a database error instead of "not found"."""
    id_, plan_id = EnrolmentId(text), PlanId(text)
    assert None is load_enrolment(storage, id_)
    assert {} == storage.load_many([id_])
    assert () == load_timeline(storage, id_)
    assert {} == load_documents(storage, id_, [1])
    assert () == load_notifications(storage, id_)
    assert None is load_program(storage, UNIT, text, "1")
    assert None is load_purge(storage, plan_id).plan
    assert {} == load_purge(storage, plan_id).progress
    assert None is load_purge(storage, plan_id).receipt


class HostsDatetime(datetime):
    """What a host's clock may give: some libraries have a datetime of their own."""


def test_a_clock_may_give_a_subclass_of_datetime(url: str) -> None:
    """Otherwise a host's own clock would stop every step on one of the databases."""
    now = HostsDatetime(2026, 3, 2, 8, 0, tzinfo=UTC)
    with open_school(url, clock=lambda: now) as school:
        desk = school.therapist(NURSE)
        enrolment = desk.start(ANNA, program="digitala-smartskolan")
        desk.start_conversation(enrolment.id, "Hej", notify=Notify.DIRECT)
        assert 1 == school.delivery().run().delivered
    with closing(SqlStorage(url)) as storage:
        assert [now, now, now] == [entry.event.at for entry in load_timeline(storage, enrolment.id)]


def test_a_damaged_notification_is_left_out_and_named(url: str, caplog: pytest.LogCaptureFixture) -> None:
    """Otherwise an enrolment could not be ended because one of its notifications cannot be read."""
    with closing(SqlStorage(url)) as storage:
        e = saved(storage, converse(saved(storage, begin()), notify=Notify.COLLECTED, at=MORNING))
        [kept] = find_cancellable(storage, e.id)
        execute(url, "UPDATE digests SET template = 'nothing'")
        assert () == find_cancellable(storage, e.id)
        assert kept.id in caplog.messages[-1]
        with pytest.raises(StorageError):
            load_notifications(storage, e.id)
        assert () == load_notifications(storage, EnrolmentId("\0"))
        assert () == find_cancellable(storage, EnrolmentId("\0"))
