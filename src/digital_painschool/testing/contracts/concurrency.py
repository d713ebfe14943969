"""Doing several things at the same time, in threads and in processes; and killing a process at work."""

import gc
import os
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, nullcontext
from functools import partial
from multiprocessing import get_all_start_methods, get_context
from threading import Barrier, Thread
from time import sleep
from traceback import format_exc
from typing import Any, Self

from attrs import frozen

from digital_painschool.errors import PainSchoolError
from digital_painschool.testing.contracts.lines import before_each_line

CAN_FORK = "fork" in get_all_start_methods()
THREADS = 8
PROCESSES = 4
PATIENCE = 120.0
"""How many seconds a process may be silent."""
_TURN = 0.0001
"""How many seconds a thread waits before a line, so that another one gets between two of them."""

Tell = Callable[[object], None]


def refusal_or(work: Callable[[], Any]) -> Any:
    """Return the result of some work; a refusal counts as a result."""
    try:
        return work()
    except PainSchoolError as refusal:
        return refusal


def in_time(work: Callable[[], Any], seconds: float) -> Any:
    """Return what a call returns or refuses; assert that it does so in time.

    Raises:
        BaseException: Any other error of the call.
    """
    done: Future[Any] = Future()

    def run() -> None:
        try:
            done.set_result(refusal_or(work))
        except BaseException as error:  # noqa: BLE001 - whoever waits gets it
            done.set_exception(error)

    thread = Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    assert not thread.is_alive(), f"a call has neither returned nor raised within {seconds} seconds"
    return done.result()


def in_threads(works: Sequence[Callable[[], Any]], taking_turns: object = None) -> list[Any]:
    """Execute all works at the same time, each in its own thread; a refusal counts as a result.

    Args:
        works: The works.
        taking_turns: An adapter, before each of whose lines a thread lets the others on; None for no such adapter.
    """
    ready = Barrier(len(works))

    def run(work: Callable[[], Any]) -> Any:
        ready.wait(PATIENCE)
        with nullcontext() if taking_turns is None else before_each_line(taking_turns, lambda _: sleep(_TURN)):
            return refusal_or(work)

    # Threads of one process take turns so rarely that short calls would never meet.
    turns = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(len(works)) as pool:
            return list(pool.map(run, works))
    finally:
        sys.setswitchinterval(turns)


def in_processes(works: Sequence[Callable[[Callable[[], object]], Any]]) -> list[Any]:
    """Execute all works at the same time, each in its own process; a refusal counts as a result.

    Each work is given a function to call when it has opened what it needs: it returns when all others are as far.
    """
    ready = get_context("fork").Barrier(len(works))
    with ExitStack() as stack:
        children = [
            stack.enter_context(Child(partial(_tell, partial(work, partial(ready.wait, PATIENCE))))) for work in works
        ]
        return [message for child in children for message in child.messages()]


def _tell(work: Callable[[], Any], tell: Tell) -> None:
    tell(refusal_or(work))


@frozen
class _Broke:
    how: str


class Child:
    """A process that is forked off to do something, and tells of it as it goes on.

    Nothing that the parent has open may be used in it; at its end nothing of the parent's is closed.
    """

    def __init__(self, work: Callable[[Tell], None]) -> None:
        context = get_context("fork")
        self._pipe, pipe = context.Pipe(duplex=False)
        self._process = context.Process(target=_live, args=(work, pipe), daemon=True)
        with warnings.catch_warnings():
            # From Python 3.12 on a fork beside other threads is warned of; the child touches none of what is theirs.
            warnings.simplefilter("ignore", DeprecationWarning)
            self._process.start()
        pipe.close()

    def messages(self) -> Iterator[Any]:
        """Yield what the process sends, until it is over."""
        while True:
            if not self._pipe.poll(PATIENCE):
                raise TimeoutError(f"a process was silent for {PATIENCE:.0f} seconds")
            try:
                message = self._pipe.recv()
            except (EOFError, OSError):
                # It is over; a killed process may have sent half of a message.
                return
            if isinstance(message, _Broke):
                self._process.join(PATIENCE)
                raise AssertionError(f"in another process:\n{message.how}")  # noqa: TRY004 - it is for the test to fail
            yield message

    def kill(self) -> None:
        """Kill it where it is, if it is still there, and wait until it is gone."""
        self._process.kill()
        self._process.join(PATIENCE)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        self._pipe.close()


def _live(work: Callable[[Tell], None], pipe: Any) -> None:
    # What the parent left lying about is the parent's to collect: closing it here might end a connection of its.
    gc.freeze()
    try:
        work(pipe.send)
    except BaseException:  # noqa: BLE001 - the parent gets it, whatever it is
        pipe.send(_Broke(format_exc()))
    finally:
        os._exit(0)
