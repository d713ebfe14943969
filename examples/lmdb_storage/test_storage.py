"""The contract of the storage port, on the storage of this folder; then anything that happens, and every kill."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import lmdb
from hypothesis import settings

from digital_painschool.domain.notification import Channel, Notify
from digital_painschool.ports import Ports
from digital_painschool.ports.storage import RecordKey
from digital_painschool.testing import Environment
from digital_painschool.testing.contracts import StorageContract
from digital_painschool.testing.crashes import kill_at_every_call
from digital_painschool.testing.example import PAIN
from digital_painschool.testing.history import (
    ApprovePurge,
    At,
    Deliver,
    End,
    Export,
    History,
    PatientReads,
    PlanPurge,
    Purge,
    SaveForm,
    Start,
    TherapistWrites,
)
from digital_painschool.testing.lifecycle import LifecycleMachine
from lmdb_storage.storage import LmdbStorage
from lmdb_storage.tables import Table, packed


class TestLmdbStorage(StorageContract):
    """Whatever the port promises."""

    full = lmdb.MapFullError("no room left")

    def open(self, place: Path) -> LmdbStorage:
        """Open the folder."""
        return LmdbStorage(place / "records", size=1 << 28)

    def spoil(self, place: Path) -> None:
        """Write something else over the first pages, in which LMDB looks for its B+trees."""
        with (place / "records" / "data.mdb").open("r+b") as file:
            file.write(b"\xff" * 8192)

    def take_away(self, place: Path) -> None:
        """Move the folder."""
        (place / "records").rename(place / "elsewhere")

    def damage(self, place: Path, id_: str) -> None:
        """Cut the last byte off the state of the enrolment, or off the digest and its first notification."""
        with _raw(place) as (environment, transaction):
            for table in (Table.STATES, Table.DIGESTS, Table.NOTIFICATIONS):
                stored = environment.open_db(table.value.encode(), transaction)
                kept = transaction.get(packed((id_,)), db=stored)
                if kept is not None:
                    transaction.put(packed((id_,)), kept[:-1], db=stored)

    def damage_record(self, place: Path, key: RecordKey) -> None:
        """Cut the last byte off the record."""
        with _raw(place) as (environment, transaction):
            stored = environment.open_db(Table.RECORDS.value.encode(), transaction)
            name = packed((key.kind.__name__, *key.parts))
            transaction.put(name, transaction.get(name, db=stored)[:-1], db=stored)

    def damage_slot(self, place: Path, channel: Channel) -> None:
        """Cut the last byte off the latest slot."""
        with _raw(place) as (environment, transaction):
            stored = environment.open_db(Table.PACES.value.encode(), transaction)
            key = packed((channel.value,))
            transaction.put(key, transaction.get(key, db=stored)[:-1], db=stored)

    def leave_to_later_version(self, place: Path) -> None:
        """Write a format that this version does not know."""
        with _raw(place) as (_, transaction):
            transaction.put(b"format", b"9")

    def before_each_write(self, storage: Any, stop: Callable[[], None]) -> None:
        """Stop before each write and each commit."""
        storage._database.before_write = stop


@contextmanager
def _raw(place: Path) -> Iterator[tuple[Any, Any]]:
    with lmdb.open(str(place / "records"), max_dbs=64) as environment, environment.begin(write=True) as transaction:
        yield environment, transaction


def open_lmdb(environment: Environment) -> Ports:
    """Open a storage in the environment's folder, and everything else in memory."""
    return environment.ports(storage=LmdbStorage(environment.folder / "records", size=1 << 28))


class LmdbLifecycle(LifecycleMachine):
    """Anything, in any order."""

    ports_factory = staticmethod(open_lmdb)


TestLmdbLifecycle = LmdbLifecycle.TestCase
TestLmdbLifecycle.settings = settings(max_examples=2, stateful_step_count=20, deadline=None, derandomize=True)

FROM_START_TO_PURGE = History(
    (
        Start(),
        SaveForm(PAIN, {"smarta": 9}),
        TherapistWrites("Ett", notify=Notify.DIRECT),
        Deliver(),
        PatientReads(1),
        TherapistWrites("Två", 1, notify=Notify.COLLECTED),
        End(),
        At("2036-04-01 10:00"),  # ten years later it may be purged
        Export(),
        PlanPurge(),
        ApprovePurge("Beslut 1"),
        Purge(),
    )
)


def test_nothing_is_lost_or_doubled_wherever_the_process_dies() -> None:
    """Otherwise a restart at the wrong moment would lose a form, tell a patient twice, or purge by half."""
    survived = kill_at_every_call(open_lmdb, FROM_START_TO_PURGE)
    assert {"storage.save", "storage.claim", "storage.begin", "storage.complete", "storage.purge"} <= set(survived.at)
