"""A storage that keeps everything in one file, for tests of the contract: right, and in subclasses wrong in one way."""

import fcntl
import os
import pickle
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from time import sleep

from digital_painschool.adapters.memory import MemoryStorage
from digital_painschool.adapters.memory.parts import Parts
from digital_painschool.domain.digest import Claim
from digital_painschool.domain.enrolment import Enrolment
from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.errors import StorageError
from digital_painschool.ports.storage import Change

WINDOW = 0.002
"""For so many seconds the wrong one is where somebody else finds it out, on a slow machine too."""


class PickledStorage(MemoryStorage):
    """Reads the file at each call and replaces it, under a lock that all processes obey."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._file = folder / "books.pickle"
        self._locked = folder / "lock"

    @contextmanager
    def _open(self) -> Iterator[Parts]:
        with super()._open(), self._alone():
            try:
                parts = pickle.loads(self._file.read_bytes()) if self._file.exists() else Parts()  # noqa: S301
            except (EOFError, pickle.UnpicklingError):
                raise StorageError("the file is damaged") from None
            before = pickle.dumps(parts)
            yield parts
            after = pickle.dumps(parts)
            if before != after:
                try:
                    self._write(after)
                except OSError:
                    raise StorageError("the file cannot be written") from None

    @contextmanager
    def _alone(self) -> Iterator[None]:
        with self._locked.open("w") as locked:
            fcntl.flock(locked, fcntl.LOCK_EX)
            yield

    def _write(self, content: bytes) -> None:
        new = self._file.with_suffix(".new")
        self._do(lambda: new.write_bytes(content))
        self._do(lambda: new.replace(self._file))

    def _do(self, write: Callable[[], object]) -> None:
        write()


def stop_writing(storage: PickledStorage, stop: Callable[[], None]) -> None:
    """Call a function before each write of a storage to its folder."""

    def stopped(write: Callable[[], object]) -> None:
        stop()
        write()

    storage._do = stopped  # type: ignore[method-assign]


class LonelyStorage(PickledStorage):
    """One that a single process at a time may have open."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._mine = (folder / "mine").open("w")
        try:
            fcntl.flock(self._mine, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._mine.close()
            raise StorageError("another process has it open") from None

    def close(self) -> None:
        super().close()
        self._mine.close()


class InPlace(PickledStorage):
    """Writes over the file instead of replacing it: killed in between, half a file is left."""

    def _write(self, content: bytes) -> None:
        with self._file.open("wb", buffering=0) as file:
            self._do(lambda: file.write(content[: len(content) // 2]))
            self._do(lambda: file.write(content[len(content) // 2 :]))


class Unlocked(PickledStorage):
    """Takes no lock: of two that read the same, the later one wins."""

    @contextmanager
    def _alone(self) -> Iterator[None]:
        yield

    def _write(self, content: bytes) -> None:
        sleep(WINDOW)
        new = self._file.with_suffix(f".{os.getpid()}")
        new.write_bytes(content)
        new.replace(self._file)


class Lazy(PickledStorage):
    """Writes down what has happened only when it is closed."""

    @contextmanager
    def _open(self) -> Iterator[Parts]:
        with MemoryStorage._open(self) as parts:
            yield parts

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        if self._file.exists():
            self._parts = pickle.loads(self._file.read_bytes())  # noqa: S301

    def close(self) -> None:
        if self._parts is not None:
            self._write(pickle.dumps(self._parts))
        super().close()


class TwoFiles(PickledStorage):
    """Writes the access log after everything else."""

    def _write(self, content: bytes) -> None:
        parts = pickle.loads(content)  # noqa: S301
        entries = parts.access_log._entries
        late = entries[-1:]
        if late:
            del entries[-1:]
            super()._write(pickle.dumps(parts))
        super()._write(content)


class CountsAnew(PickledStorage):
    """Counts its claims from one again after each restart."""

    _count = 1

    def claim(self, now: datetime, limit: int, lease: timedelta, channels: object = None) -> tuple[Claim, ...]:
        """Count from this opening on."""
        with self._open() as parts:
            parts.outbox._tokens = count(self._count)
        self._count += 1
        return super().claim(now, limit, lease, channels)  # type: ignore[arg-type]


class Remembering(PickledStorage):
    """Remembers what it has loaded, and never asks again."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._remembered: dict[EnrolmentId, Enrolment | None] = {}

    def load_many(self, enrolment_ids: Iterable[EnrolmentId]) -> Mapping[EnrolmentId, Enrolment]:
        """Return what is remembered."""
        ids = tuple(enrolment_ids)
        for enrolment_id in ids:
            if enrolment_id not in self._remembered:
                self._remembered[enrolment_id] = super().load_many((enrolment_id,)).get(enrolment_id)
        return {id_: state for id_ in ids if (state := self._remembered[id_]) is not None}

    def save(self, change: Change) -> None:
        """Remember what was saved."""
        super().save(change)
        self._remembered[change.enrolment.id] = change.enrolment
