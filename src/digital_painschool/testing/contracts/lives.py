"""What a process does until it is killed, what it has told of by then, and what must hold of a storage afterwards."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Self

from attrs import Factory, evolve, frozen

from digital_painschool.domain.digest import Batch, Claim, DeliveryResult
from digital_painschool.domain.enrolment import Enrolment
from digital_painschool.domain.events import MessageSent
from digital_painschool.domain.fold import replay
from digital_painschool.domain.notification import Notify, Status
from digital_painschool.domain.people import SystemActor
from digital_painschool.ports.storage import (
    Change,
    Entry,
    Storage,
    find_cancellable,
    load_documents,
    load_enrolment,
    load_enrolments,
    load_notifications,
    load_timeline,
)
from digital_painschool.testing.contracts.changes import (
    DAY,
    LEASE,
    MORNING,
    PERSONS,
    WRITTEN,
    access_entry,
    begin,
    converse,
    fill_in,
    finish,
    result,
    sending,
    write,
)
from digital_painschool.testing.contracts.purges import assert_gone, kept_plan
from digital_painschool.testing.example import program
from digital_painschool.testing.people import UNIT


@frozen
class Purging:
    """Some enrolments of a plan are about to be purged, in one call."""

    plan_id: str
    enrolments: tuple[Enrolment, ...]


@frozen
class Purged:
    """They are purged."""

    purging: Purging


def life(storage: Storage, number: int) -> Iterator[object]:
    """Start enrolments, go through them, end and purge them, without end; tell of each call when it has returned."""
    now = MORNING + number * DAY
    own = program(key=f"program-{number}")

    def keep(change: Change) -> Change:
        # So that the access log says which step each of its lines was written with.
        named = evolve(change, access=evolve(change.access, action=f"version {change.enrolment.version}"))
        storage.save(named)
        return named

    turn = 0
    while True:
        yield (done := keep(begin(f"e-{number}-{turn}", PERSONS[turn % len(PERSONS)], at=now, program=own)))
        yield (done := keep(fill_in(done.enrolment, {"smarta": turn % 9}, at=now)))
        yield (done := keep(converse(done.enrolment, notify=Notify.COLLECTED, at=now)))
        yield (done := keep(write(done.enrolment, notify=Notify.COLLECTED, at=now)))
        yield (claims := storage.claim(now + DAY, 10, LEASE))
        yield (batches := storage.begin([(claim, sending(claim, now=now + DAY)) for claim in claims]))
        yield from completed(storage, claims, batches, now + DAY)
        yield (done := keep(write(done.enrolment, notify=Notify.DIRECT, at=now)))
        yield (done := keep(finish(done.enrolment, at=now, pending=find_cancellable(storage, done.enrolment.id))))
        if turn % 3 == 2:
            made = kept_plan(storage, f"plan-{number}-{turn}")
            over = load_enrolments(storage, (ended.enrolment_id for ended in made.enrolments))
            yield (purging := Purging(made.id, tuple(over.values())))
            storage.purge(made.id, made.enrolments, ())
            yield Purged(purging)
        turn += 1


def completed(
    storage: Storage, claims: Iterable[Claim], batches: Mapping[str, Batch], at: datetime
) -> list[DeliveryResult]:
    """Complete what was begun as delivered, with a line in the access log for each enrolment; return the results."""
    line = access_entry(SystemActor(), at, action="delivered")
    results, lines = [], {}
    for claim in claims:
        results.append(result(claim, batches.get(claim.digest.id), at=at))
        owners = {record.notification.trigger.enrolment_id for record in claim.digest.pending}
        lines[claim.digest.id] = [evolve(line, enrolment_id=owner) for owner in owners]
    storage.complete(results, lines)
    return results


@frozen
class Books:
    """What processes have told of before they died."""

    changes: dict[str, list[Change]] = Factory(dict)
    held: dict[str, Claim] = Factory(dict)
    begun: dict[str, Batch] = Factory(dict)
    settled: dict[str, Status] = Factory(dict)
    purging: dict[str, Purging] = Factory(dict)
    purged: set[str] = Factory(set)

    @classmethod
    def of(cls, told: Iterable[object]) -> Self:
        """Write up what was told, in order."""
        books = cls()
        for one in told:
            match one:
                case Change():
                    books.changes.setdefault(one.enrolment.id, []).append(one)
                case DeliveryResult():
                    books.held.pop(one.digest_id, None)
                    books.begun.pop(one.digest_id, None)
                    books.settled.update(one.settled)
                case Purging():
                    books.purging[one.plan_id] = one
                case Purged():
                    books.purged.update(enrolment.id for enrolment in one.purging.enrolments)
                case Mapping():
                    books.begun.update(one)
                case _:
                    assert isinstance(one, tuple)
                    books.held.update({claim.digest.id: claim for claim in one})
        return books


def assert_kept(storage: Storage, books: Books) -> None:
    """Find all that was told of, and nothing that is half there."""
    gone: set[str] = set()
    for plan_id, purging in books.purging.items():
        noted = storage.load_purge(plan_id).progress
        assert dict(noted) in ({}, dict.fromkeys(enrolment.id for enrolment in purging.enrolments))
        gone.update(noted)
        for enrolment in purging.enrolments if noted else ():
            assert_gone(storage, enrolment)
    assert books.purged <= gone
    log = storage.access_entries(UNIT, limit=1_000_000)
    numbers = [number for number, _ in log]
    assert sorted(set(numbers)) == numbers
    lines: dict[str | None, list[str]] = {}
    for _, entry in log:
        lines.setdefault(entry.enrolment_id, []).append(entry.action)
    for id_, changes in books.changes.items():
        state = load_enrolment(storage, id_)
        assert (state is None) is (id_ in gone)
        if state is not None:
            assert_whole(storage, state, changes, books.settled)
            steps = [line for line in lines[id_] if line != "delivered"]
            assert [change.access.action for change in changes] == steps[: len(changes)]
            assert f"version {state.version}" == steps[-1]
            is_told = any(record.status is Status.DELIVERED for record in load_notifications(storage, id_))
            assert is_told is ("delivered" in lines[id_])


def assert_whole(storage: Storage, state: Enrolment, changes: list[Change], settled: dict[str, Status]) -> None:
    """Find an enrolment as it was told of, perhaps with one step more, and with all that belongs to each step."""
    id_ = state.id
    timeline = load_timeline(storage, id_)
    told = [event for change in changes for event in change.events]
    assert state == replay(entry.event for entry in timeline)
    assert tuple(Entry(seq=seq, event=event) for seq, event in enumerate(told, start=1)) == timeline[: len(told)]
    assert len(timeline) - len(told) <= 2
    documents = dict(load_documents(storage, id_, range(1, state.version + 1)))
    assert {entry.seq for entry in timeline if isinstance(entry.event, WRITTEN)} == set(documents)
    assert {seq: text for change in changes for seq, text in change.documents.items()}.items() <= documents.items()
    records = load_notifications(storage, id_)
    asked = [entry.seq for entry in timeline if isinstance(entry.event, MessageSent)]
    assert asked == sorted(record.notification.trigger.seq for record in records)
    statuses = {record.notification.id: record.status for record in records}
    assert all(settled[id_] is status for id_, status in statuses.items() if id_ in settled)
