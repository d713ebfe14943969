"""The contract of the storage port: a call that is stopped between any two writes is done, or not begun."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from errno import ENOSPC
from functools import cache
from itertools import count
from typing import Any, ClassVar

import pytest
from attrs import define, evolve, frozen

from digital_painschool.adapters.memory import MemoryStorage
from digital_painschool.domain.digest import Claim, Decision, DeliveryResult
from digital_painschool.domain.notification import Notify, Profile, Status
from digital_painschool.domain.policy import FlagKind
from digital_painschool.domain.retention import PurgePlan, Skip, Skipped
from digital_painschool.errors import OutcomeUnknown, StorageError
from digital_painschool.ports.storage import Change, Storage, find_cancellable
from digital_painschool.testing.contracts.base import StorageOpening
from digital_painschool.testing.contracts.changes import (
    LEASE,
    MORNING,
    PERSONS,
    begin,
    begun,
    converse,
    delivered,
    result,
    saved,
    sending,
    write,
)
from digital_painschool.testing.contracts.clauses import proves
from digital_painschool.testing.contracts.purges import LOGGED, exported, kept_plan, over
from digital_painschool.testing.contracts.snapshot import everything
from digital_painschool.testing.example import SLEEP
from digital_painschool.testing.people import NURSE, OTHER_UNIT, UNIT

IDS = ("first", "second", "third", "sent-1", "sent-2", "unsent-1", "unsent-2", "open", "new")
CHOSEN = Profile(email=frozenset({FlagKind.PROGRAM_DONE}))


class Stopped(BaseException):
    """The process has died: no `except Exception` is in its way."""


@define
class Cut:
    """A function that stops the writes of a storage from the n-th on.

    Args:
        at: The number of the first write that does not happen.
        error: The exception that is raised instead of a write.
    """

    at: int
    error: BaseException
    writes: int = 0
    is_on: bool = True

    def __call__(self) -> None:
        if self.is_on:
            self.writes += 1
            if self.has_struck:
                raise self.error

    @property
    def has_struck(self) -> bool:
        """Whether a write was stopped."""
        return self.writes >= self.at


@frozen
class Prepared:
    """The values that the calls are made with.

    Args:
        plan: An approved plan of three ended enrolments.
        step: A step that drops one notification, notes another, asks for a third, and writes a document.
        decided: Two claims that are not begun, with the decision to send each.
        results: The results of two other claims, which are begun.
    """

    plan: PurgePlan
    step: Change
    decided: Sequence[tuple[Claim, Decision]]
    results: Sequence[DeliveryResult]


def prepare(storage: Storage) -> Prepared:
    """Save whatever the calls are about."""
    ended = [over(storage, id_, person) for id_, person in zip(IDS[:3], PERSONS, strict=False)]
    for id_, person in zip(IDS[3:7], PERSONS[3:], strict=True):
        saved(storage, converse(saved(storage, begin(id_, person)), notify=Notify.DIRECT, at=MORNING))
    sent = begun(storage, MORNING, 2)
    unsent = storage.claim(MORNING, 2, LEASE)
    e = saved(storage, converse(saved(storage, begin("open", program=SLEEP)), notify=Notify.DIRECT, at=MORNING))
    delivered(storage, MORNING, Status.FAILED)
    e = saved(storage, write(e, notify=Notify.DIRECT, at=MORNING))
    [failed], [waiting] = storage.unnoted(), find_cancellable(storage, e.id)
    asking = write(e, notify=Notify.COLLECTED, at=MORNING)
    exported(storage, {one.id: 1 for one in ended})
    return Prepared(
        plan=kept_plan(storage),
        step=evolve(asking, cancelled=(waiting.id,), noted=(failed.notification.id,)),
        decided=[(claim, sending(claim, now=MORNING)) for claim in unsent],
        results=[result(claim, batch, at=MORNING) for claim, batch in sent],
    )


def _started() -> Change:
    change = begin("new", program=SLEEP, unit=OTHER_UNIT)
    return evolve(change, notifications=converse(change.enrolment, notify=Notify.DIRECT, at=MORNING).notifications)


def _completed(storage: Storage, prepared: Prepared) -> None:
    results = prepared.results
    storage.complete(results, {r.digest_id: [evolve(LOGGED, action=r.digest_id)] for r in results})


def _purged(storage: Storage, prepared: Prepared) -> None:
    *purge, left = prepared.plan.enrolments
    storage.purge(prepared.plan.id, purge, [Skipped(enrolment_id=left.enrolment_id, why=Skip.TOO_YOUNG)])


CALLS: Mapping[str, tuple[str, Callable[[Storage, Prepared], object]]] = {
    "start": ("Enrolments.save: all or nothing", lambda s, _: s.save(_started())),
    "step": ("Enrolments.save: all or nothing", lambda s, prepared: s.save(prepared.step)),
    "begin": ("Outbox.begin", lambda s, prepared: s.begin(prepared.decided)),
    "complete": ("Outbox.complete: one transaction", _completed),
    "profile": ("Staff.save_profile", lambda s, _: s.save_profile(UNIT, NURSE.hsa_id, CHOSEN, LOGGED)),
    "log": ("AccessLog.log", lambda s, _: s.log(evolve(LOGGED, action=f"see-{number}") for number in range(3))),
    "export": ("Retention.save_export", lambda s, _: exported(s, dict.fromkeys(IDS[:3], 2), "export-2")),
    "plan": (
        "Retention.save_plan",
        lambda s, prepared: s.save_plan(evolve(prepared.plan, id="plan-2", decision=None), LOGGED),
    ),
    "purge": ("Retention.purge: all or nothing", _purged),
}
"""One call of every method that promises one transaction, each with the clause."""


def observed(storage: Storage) -> Mapping[str, object]:
    """Return everything that a storage returns, without the numbers of the access log: a database may skip some."""
    entries = [[entry for _, entry in storage.access_entries(unit)] for unit in (UNIT, OTHER_UNIT)]
    return {**everything(storage, IDS), "access_entries": entries}


def difference(found: Mapping[str, object], expected: Mapping[str, object]) -> str:
    """Return the methods that return something else."""
    return ", ".join(method for method, value in expected.items() if found[method] != value)


@cache
def done(call: str) -> Mapping[str, object]:
    """Return what a storage returns after a call: law 8 says that all storages agree."""
    storage = MemoryStorage()
    CALLS[call][1](storage, prepare(storage))
    return observed(storage)


class AtomicityContract(StorageOpening):
    """A storage whose process dies, or whose medium is full, between any two writes of a call.

    Attributes:
        full: The error that the storage's medium raises when it has no room left.
    """

    full: ClassVar[Exception] = OSError(ENOSPC, "no space left on device")

    def before_each_write(self, storage: Any, stop: Callable[[], None]) -> None:  # noqa: ARG002 - for whoever overrides
        """Let a storage call `stop` before each write to its medium: a row, a file, a commit.

        `stop` raises when the write must not happen. Override it, or atomicity is not proved.
        """
        self.not_proved("that a call is all or nothing wherever it is stopped", "before_each_write")

    @pytest.mark.parametrize("call", CALLS)
    @proves(*dict.fromkeys(clause for clause, _ in CALLS.values()))
    def test_a_call_that_is_stopped_between_two_writes_is_done_or_not_begun(self, place: Any, call: str) -> None:
        """Otherwise a crash would leave half a step: an entry without its line, a result without its log."""
        clause, work = CALLS[call]
        with self._kept(place) as reopened:
            with reopened() as storage:
                prepared, undone = prepare(storage), observed(storage)
            for number in count(1):
                cut = Cut(number, Stopped())
                with reopened() as storage, suppress(Stopped):
                    self.before_each_write(storage, cut)
                    work(storage, prepared)
                cut.is_on = False
                with reopened() as storage:
                    found = observed(storage)
                where = f"{clause}: stopped before write {number}, "
                assert cut.writes, f"{where}but the hook saw no write: it is acknowledged before it is written"
                is_half = (
                    f"it is half done: {difference(found, undone)} changed, {difference(found, done(call))} not all"
                )
                assert found in (undone, done(call)), where + is_half
                if not cut.has_struck:
                    assert found == done(call), f"{clause}: returned, and not done: {difference(found, done(call))}"
                if found == done(call):
                    break

    @pytest.mark.parametrize("call", CALLS)
    @proves("Storage: refusing")
    def test_a_storage_that_is_full_refuses_and_changes_nothing(self, place: Any, call: str) -> None:
        """Otherwise, on a full disk, half a step would stay, or what is lost be acknowledged."""
        _, work = CALLS[call]
        with self.opened(place) as storage:
            prepared, undone = prepare(storage), observed(storage)
            for number in count(1):
                cut = Cut(number, self.full)
                self.before_each_write(storage, cut)
                try:
                    work(storage, prepared)
                except StorageError as refusal:
                    expected = [undone, done(call)] if isinstance(refusal, OutcomeUnknown) else [undone]
                else:
                    expected = [done(call)]
                cut.is_on = False
                found = observed(storage)
                said = f"full at write {number} of {call}: {difference(found, expected[0])} is otherwise than was said"
                assert found in expected, said
                if not cut.has_struck:
                    break

    @contextmanager
    def _kept(self, place: Any) -> Iterator[Callable[[], AbstractContextManager[Storage]]]:
        """Yield the function that opens the storage anew; one that keeps everything in memory stays open."""
        if self.durable:
            yield lambda: self.opened(place)
        else:
            with self.opened(place) as storage:
                yield lambda: nullcontext(storage)
