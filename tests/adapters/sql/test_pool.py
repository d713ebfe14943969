"""The pool of connections: waiting for one, and exceptions that are thrown into a call."""

import gc
import signal
from contextlib import closing, suppress
from weakref import ref

import pytest

from digital_painschool.adapters.sql import SqlStorage, pool
from digital_painschool.adapters.sql.database import Database
from digital_painschool.domain.enrolment import Enrolment
from digital_painschool.errors import Conflict, StorageError
from digital_painschool.ports.storage import load_enrolment
from digital_painschool.testing.contracts.changes import MORNING, begin, fill_in, saved
from tests.adapters.sql.writers import exit_code

INTERRUPTIONS = 1000


class SoftTimeLimit(BaseException):
    """What a job queue throws into a call that takes too long."""


def _interrupt(*_: object) -> None:
    raise SoftTimeLimit


def _interrupt_calls(url: str) -> None:
    """Throw an exception into each of many calls, a little later each time, and keep it with all its frames."""
    kept: list[BaseException] = []
    signal.signal(signal.SIGALRM, _interrupt)
    with closing(SqlStorage(url, connections=3)) as storage:
        # Once in peace: cattrs makes its functions at the first use, and one that was thrown out of that makes no more.
        e = saved(storage, fill_in(saved(storage, begin()), at=MORNING))
        for number in range(INTERRUPTIONS):
            with suppress(SoftTimeLimit):  # it may also come between the last call and the end of the timer
                try:
                    _call_with_a_limit(storage, e, number)
                except (SoftTimeLimit, Conflict) as thrown:
                    kept.append(thrown)
                signal.setitimer(signal.ITIMER_REAL, 0)
            e = load_enrolment(storage, e.id) or e
        assert INTERRUPTIONS / 2 < sum(isinstance(thrown, SoftTimeLimit) for thrown in kept)
        _have_all(storage._database, 3)
        storage.save(fill_in(e, at=MORNING))


def _call_with_a_limit(storage: SqlStorage, e: Enrolment, number: int) -> None:
    # A function of its own: an exception thrown in at the end of a loop is not always within the `try` around it.
    signal.setitimer(signal.ITIMER_REAL, 1e-6 + number % 499 * 2e-6)
    while True:
        e = load_enrolment(storage, e.id) or e
        if number % 2:
            storage.save(fill_in(e, at=MORNING))


def _have_all(database: Database, number: int) -> None:
    """Have so many connections at the same time."""
    if number:
        database.read(lambda _: _have_all(database, number - 1))


def test_an_exception_thrown_into_a_call_costs_no_connection(url: str) -> None:
    """Otherwise time limits would use up the connections one by one, until each call waits for ever."""
    assert 0 == exit_code(_interrupt_calls, url)


def test_a_call_without_a_free_connection_says_so(one: SqlStorage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise a portal whose pool is too small would wait for ever."""
    monkeypatch.setattr(pool, "WAIT_TIMEOUT", 0.05)
    with pytest.raises(StorageError, match="in use"):
        one._database.read(lambda _: one.save(begin()))
    one.save(begin())


def test_a_connection_that_is_lost_with_its_call_is_replaced(one: SqlStorage) -> None:
    """Otherwise a connection that nobody holds any more would count as one in use."""
    connection = one._database.pool.take()
    del connection
    gc.collect()
    one.save(begin())


def test_an_exception_while_a_connection_is_looked_at_costs_none(
    one: SqlStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise each time limit that is over just then would cost a connection."""
    one.save(begin())
    with monkeypatch.context() as patch:
        patch.setattr(type(one._database.pool.idle[0]), "is_usable", _interrupt)
        with pytest.raises(SoftTimeLimit):
            one.save(begin())
    _have_all(one._database, 1)


def test_an_exception_while_a_connection_is_opened_costs_none(one: SqlStorage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise each time limit that is over just then would cost a connection."""
    one._database.pool._close_idle()
    seen: list[object] = []

    def ref_once(thing: object) -> object:
        seen.append(thing)
        if len(seen) == 2:
            raise SoftTimeLimit
        return ref(thing)

    with monkeypatch.context() as patch:
        patch.setattr(pool, "ref", ref_once)
        with pytest.raises(SoftTimeLimit):
            one.save(begin())
    seen.clear()
    _have_all(one._database, 1)
