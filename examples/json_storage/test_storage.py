"""The contract of the storage port, on the storage of this folder; then anything that happens, and every kill."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from shutil import rmtree

from hypothesis import settings

from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.domain.notification import Notify
from digital_painschool.ports import Ports
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
from json_storage.folder import Table, _named
from json_storage.journal import Commit
from json_storage.storage import JsonStorage


class TestJsonStorage(StorageContract):
    """Whatever the port promises."""

    def open(self, place: Path) -> JsonStorage:
        """Open the folder."""
        return JsonStorage(place / "records")

    def before_each_write(self, storage: JsonStorage, stop: Callable[[], None]) -> None:
        """Stop before a line of the journal, and before the files are written."""
        journal = storage._folder._journal  # noqa: SLF001 - the one place where everything is written
        commit, apply = journal.commit, journal._apply  # noqa: SLF001

        def stopped(write: Callable[[Commit], None], one: Commit) -> None:
            stop()
            write(one)

        journal.commit = partial(stopped, commit)  # type: ignore[method-assign]
        journal._apply = partial(stopped, apply)  # type: ignore[method-assign]  # noqa: SLF001

    def leave_to_later_version(self, place: Path) -> None:
        """Mark the folder as one of a format that is not known yet."""
        (place / "records" / "format-2").rename(place / "records" / "format-9")

    def take_away(self, place: Path) -> None:
        """Remove the folder."""
        rmtree(place / "records")

    def spoil(self, place: Path) -> None:
        """Write something else over the second half of every file."""
        for file in filter(Path.is_file, (place / "records").rglob("*")):
            kept = file.read_bytes()
            file.write_bytes(kept[: len(kept) // 2] + b"\xff" * len(kept[len(kept) // 2 :]))

    def damage(self, place: Path, id_: EnrolmentId) -> None:
        """Cut the end off the file of the enrolment, and let the notification be of another kind."""
        (place / "records" / "journal").write_bytes(b"")  # all of it is in the files: it would only mend them
        state = place / "records" / _named(Table.STATES, (id_,))
        if state.exists():
            state.write_bytes(state.read_bytes()[:-1])
        waiting = place / "records" / _named(Table.WAITING, (id_,))
        if waiting.exists():
            waiting.write_text(waiting.read_text("utf-8").replace('"template": "', '"template": "x'), "utf-8")


def open_json(environment: Environment) -> Ports:
    """Open a storage in the world's folder, and everything else in memory."""
    return environment.ports(storage=JsonStorage(environment.folder / "records"))


class JsonLifecycle(LifecycleMachine):
    """Anything, in any order."""

    ports_factory = staticmethod(open_json)


TestJsonLifecycle = JsonLifecycle.TestCase
TestJsonLifecycle.settings = settings(max_examples=2, stateful_step_count=20, deadline=None, derandomize=True)

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
    survived = kill_at_every_call(open_json, FROM_START_TO_PURGE)
    assert {"storage.save", "storage.claim", "storage.begin", "storage.complete", "storage.purge"} <= set(survived.at)
