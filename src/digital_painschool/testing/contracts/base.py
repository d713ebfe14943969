"""What the contract of every port has in common: it opens the adapter at a place, again and again."""

import inspect
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, Generic, NoReturn, TypeVar

import pytest

from digital_painschool.errors import DeliveryError
from digital_painschool.ports.storage import Storage
from digital_painschool.testing.attributes import check_attributes
from digital_painschool.testing.contracts.concurrency import CAN_FORK, in_time
from digital_painschool.testing.contracts.silence import assert_silent

Adapter = TypeVar("Adapter")
OUT_OF_ORDER = "after `spoil` (perhaps `spoil` spoils nothing)"
"""When a call fails, for a failure's text."""
_KIT = __name__.rpartition(".")[0]


def options_of(contract: type) -> Sequence[str]:
    """Return what an author may say in a contract: its class attributes, and its hooks, in alphabetical order.

    A hook is a method that skips its tests by `not_proved` unless it is overridden; so are `open`, `close`, `place`.
    """
    kit = [one for one in contract.__mro__ if one.__module__.startswith(_KIT)]
    attributes = {name for one in kit for name in inspect.get_annotations(one) if not name.startswith("_")}
    hooks = {name for one in kit for name, method in vars(one).items() if _is_hook(method)}
    return sorted(attributes | hooks | {"open", "close", "place"})


def _is_hook(method: object) -> bool:
    return inspect.isfunction(method) and "not_proved" in method.__code__.co_names


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
        secrets: What your adapter knows and no error must tell, such as its token or its password.
    """

    about: ClassVar[tuple[type, ...]] = ()
    durable: ClassVar[bool] = True
    shared: ClassVar[bool] = True
    answers_within: ClassVar[float] = 60.0
    secrets: ClassVar[Sequence[str]] = ()

    def __init_subclass__(cls, **options: object) -> None:
        super().__init_subclass__(**options)
        if not cls.__module__.startswith(_KIT):
            check_attributes(cls, options_of(cls), "contract")

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

    def assert_in_time(self, place: Any, *calls: Callable[[Adapter], object]) -> Sequence[object]:
        """Assert that calls return or raise in time while what is behind the adapter hangs, and work again after it.

        The first one has to fail. Return the results.
        """
        with self.opened(place) as adapter:
            with self.hanging(place):
                results = [in_time(partial(call, adapter), self.answers_within) for call in calls]
            assert isinstance(results[0], DeliveryError), (
                f"what is behind the adapter hung, and the call answered {results[0]!r}: "
                "a time-out does not count as an answer; or perhaps `hanging` hangs nothing"
            )
            for result in results:
                if isinstance(result, DeliveryError):
                    self.assert_failure(result, "while what is behind the adapter hangs", permanent=False)
            for call in calls:
                call(adapter)
        return results

    def failure_of(self, call: Callable[[], object], when: str) -> DeliveryError:
        """Return the `DeliveryError` of a call that has to fail; any other error is shown as it is.

        Args:
            call: The call.
            when: In which situation, for the failure's text.
        """
        try:
            answer = call()
        except DeliveryError as failure:
            return failure
        raise AssertionError(f"a call {when} answered {answer!r} in place of a DeliveryError")

    def assert_failure(self, failure: DeliveryError, when: str, *about: str, permanent: bool | None = None) -> None:
        """Assert that a failure tells nothing of what it is about, and no secret, and whether trying again can help.

        Args:
            failure: The failure.
            when: In which situation, for the failure's text.
            about: What it must not tell.
            permanent: Whether it is for good; None when that is left open.
        """
        assert_silent(failure, *about, *self.secrets)
        right = permanent is None or failure.permanent is permanent
        help_ = "cannot help" if permanent else "can help"
        assert right, f"a failure {when} has `permanent={failure.permanent}`, and trying again {help_}"

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
