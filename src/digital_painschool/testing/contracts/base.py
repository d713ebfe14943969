"""What the contract of every port has in common: it opens the adapter at a place, again and again."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, Generic, NoReturn, TypeVar

import pytest

from digital_painschool.errors import DeliveryError
from digital_painschool.ports.storage import Storage
from digital_painschool.testing.contracts.concurrency import CAN_FORK, in_time

Adapter = TypeVar("Adapter")


class Contract(Generic[Adapter]):
    """A contract as a test class: implement `open`, declare what your adapter does not promise, and run pytest.

    The fixture `place` is a new and empty folder for each test, where the adapter stores everything. Override the
    fixture where your adapter needs something else, such as the URL of a new and empty database. `open` is called with
    its value.

    Attributes:
        about: The protocols, and the values with promises, whose clauses the contract's tests prove.
        durable: False for an adapter that keeps everything in its own memory: what it is opened at then makes no
            difference, and the clauses of restarts, crashes and processes are skipped.
        shared: False for an adapter that one process at a time may have open: the clauses of processes are skipped.
        answers_within: Within how many seconds a call returns or raises, when what is behind the adapter hangs: well
            within a delivery worker's lease. What `open` configures may make it shorter, for a quick test.
    """

    about: ClassVar[tuple[type, ...]] = ()
    durable: ClassVar[bool] = True
    shared: ClassVar[bool] = True
    answers_within: ClassVar[float] = 60.0

    def open(self, place: Any) -> Adapter:
        """Open what is kept at a place, and make it when nothing is: a second time is a restart.

        It is also called in processes that are forked, where nothing of the parent's must be used.
        """
        raise NotImplementedError(f"{type(self).__name__} has to say how its adapter is opened: give it `open`")

    def close(self, adapter: Adapter) -> None:
        """Close an adapter: by its `close`, when it has one."""
        close = getattr(adapter, "close", None)
        if close is not None:
            close()

    def hanging(self, place: Any) -> AbstractContextManager[object]:  # noqa: ARG002 - whoever overrides it is given it
        """Make what is behind the adapter hang during a `with` block; override it, or that clause is skipped."""
        self.not_proved("that a call returns in time when the server behind the adapter hangs", "hanging")

    @staticmethod
    def not_proved(what: str, hook: str) -> NoReturn:
        """Skip a test because a hook is missing; `pytest_plugin` lists what is not proved at the end of the run."""
        pytest.skip(f"NOT PROVED: {what}; give the contract `{hook}`")

    def assert_in_time(self, place: Any, *calls: Callable[[Adapter], object]) -> None:
        """Assert that calls return or raise in time while what is behind the adapter hangs, and work again after it."""
        with self.opened(place) as adapter:
            with self.hanging(place):
                results = [in_time(partial(call, adapter), self.answers_within) for call in calls]
            assert not any(isinstance(result, DeliveryError) and result.permanent for result in results)
            for call in calls:
                call(adapter)

    @contextmanager
    def opened(self, place: object) -> Iterator[Adapter]:
        """Open the adapter for a time."""
        adapter = self.open(place)
        try:
            yield adapter
        finally:
            self.close(adapter)

    @pytest.fixture
    def place(self, tmp_path: Path) -> Any:
        """A new and empty place for the adapter; override it."""
        return tmp_path

    @pytest.fixture
    def lasting_place(self, place: Any) -> Any:
        """The place, for a test that opens it again."""
        if not self.durable:
            pytest.skip("this adapter keeps everything in its own memory")
        return place

    @pytest.fixture
    def shared_place(self, lasting_place: Any) -> Any:
        """The place, for a test that opens it several times at once."""
        if not self.shared:
            pytest.skip("one process at a time may have this adapter open")
        return lasting_place

    @pytest.fixture
    def forked_place(self, shared_place: Any) -> Any:
        """The place, for a test that opens it in several processes."""
        if not CAN_FORK:
            pytest.skip("no processes can be forked here")
        return shared_place


Reopening = Callable[[], AbstractContextManager[Storage]]
"""A function that opens a storage anew."""


class StorageOpening(Contract[Storage]):
    """The base of every part of the storage's contract: a new and empty storage, closed after the test."""

    @contextmanager
    def kept(self, place: Any) -> Iterator[Reopening]:
        """Yield the function that opens the storage anew; one that keeps everything in memory stays open."""
        if self.durable:
            yield lambda: self.opened(place)
        else:
            with self.opened(place) as storage:
                yield lambda: nullcontext(storage)

    @pytest.fixture
    def storage(self, place: Any) -> Iterator[Storage]:
        """A new and empty storage."""
        with self.opened(place) as storage:
            yield storage
