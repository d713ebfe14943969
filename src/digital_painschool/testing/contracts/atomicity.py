"""The contract of the storage port: a call that is stopped between any two writes is done, or not begun."""

from collections.abc import Callable
from contextlib import suppress
from errno import ENOSPC
from itertools import count
from typing import Any, ClassVar

import pytest
from attrs import define

from digital_painschool.domain.notification import Notify
from digital_painschool.errors import OutcomeUnknown, StorageError
from digital_painschool.testing.contracts.base import StorageOpening
from digital_painschool.testing.contracts.changes import LEASE, MORNING, PERSONS, begin, converse, saved
from digital_painschool.testing.contracts.clauses import proves
from digital_painschool.testing.contracts.transactions import CALLS, done, observed, prepare
from digital_painschool.testing.faults import Killed
from digital_painschool.testing.snapshot import difference


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


class AtomicityContract(StorageOpening):
    """A storage whose process dies, or whose medium is full, between any two writes of a call.

    Attributes:
        full: The error that the storage's medium raises when it has no room left.
    """

    full: ClassVar[Exception] = OSError(ENOSPC, "no space left on device")

    def before_each_write(self, storage: Any, stop: Callable[[], None]) -> None:  # noqa: ARG002 - for whoever overrides
        """Make a storage call `stop` before each write to its medium: a row, a file, a commit.

        `stop` raises when the write must not happen. Override it, or atomicity is not proved.
        """
        self.not_proved("that a call is all or nothing wherever it is stopped", "before_each_write")

    @pytest.mark.parametrize("call", CALLS)
    @proves(*dict.fromkeys(clause for clause, _ in CALLS.values()))
    def test_a_call_that_is_stopped_between_two_writes_is_done_or_not_begun(self, place: Any, call: str) -> None:
        """Otherwise a crash would leave half a step: an entry without its line, a result without its log."""
        clause, work = CALLS[call]
        with self.kept(place) as reopened:
            with reopened() as storage:
                prepared, undone = prepare(storage), observed(storage)
            for number in count(1):
                cut = Cut(number, Killed())
                with reopened() as storage, suppress(Killed):
                    self.before_each_write(storage, cut)
                    work(storage, prepared)
                cut.is_on = False
                with reopened() as storage:
                    found = observed(storage)
                where = f"{clause}: stopped before write {number}"
                assert cut.writes, f"{where}, but the hook saw no write: it is acknowledged before it is written"
                is_done = found == done(call)
                missing = difference(done(call), found) if not is_done else ""
                assert is_done or (cut.has_struck and found == undone), f"{where}, it is half done:\n{missing}"
                if is_done:
                    break

    @proves("Outbox.claim: one transaction")
    def test_a_claim_that_is_stopped_between_two_writes_holds_all_or_nothing(self, place: Any) -> None:
        """Otherwise a worker that dies would hold digests that nobody knows of until their lease is over."""
        with self.kept(place) as reopened:
            with reopened() as storage:
                for id_, person in zip(("a", "b", "c"), PERSONS, strict=False):
                    saved(storage, converse(saved(storage, begin(id_, person)), notify=Notify.DIRECT, at=MORNING))
            for number in count(1):
                cut, now = Cut(number, Killed()), MORNING + 2 * number * LEASE
                with reopened() as storage, suppress(Killed):
                    self.before_each_write(storage, cut)
                    storage.claim(now, 10, LEASE)
                cut.is_on = False
                with reopened() as storage:
                    left = len(storage.claim(now, 10, LEASE))
                where = f"Outbox.claim: stopped before write {number}"
                assert cut.writes, f"{where}, but the hook saw no write: it is acknowledged before it is written"
                assert left == 0 or (cut.has_struck and left == 3), f"{where}, it left {left} of 3 unclaimed"
                if left == 0:
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
                is_refused = False
                try:
                    work(storage, prepared)
                except (StorageError, OutcomeUnknown):
                    is_refused = True
                cut.is_on = False
                found = observed(storage)
                expected = undone if is_refused else done(call)
                is_right = found == expected
                wrong = difference(expected, found) if not is_right else ""
                assert is_right, f"full at write {number} of {call}, is_refused={is_refused}:\n{wrong}"
                if not is_refused:
                    break
