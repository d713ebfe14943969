"""The contract of the storage port, on the storage of this folder; then anything that happens, and every kill."""

import json
from pathlib import Path

from hypothesis import settings

from digital_painschool.notification import Notify
from digital_painschool.ports import Ports
from digital_painschool.testing import World
from digital_painschool.testing.contracts import StorageContract
from digital_painschool.testing.crashes import kill_everywhere
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
from json_storage.storage import JsonStorage


class TestJsonStorage(StorageContract):
    """Whatever the port promises."""

    def open(self, place: Path) -> JsonStorage:
        """Open the folder."""
        return JsonStorage(place / "records")

    def spoil(self, place: Path) -> None:
        """Write something else over the second half of every file."""
        for file in filter(Path.is_file, (place / "records").rglob("*")):
            kept = file.read_bytes()
            file.write_bytes(kept[: len(kept) // 2] + b"\xff" * len(kept[len(kept) // 2 :]))

    def make_unreadable(self, place: Path, digest_id: str) -> None:
        """Write what a newer version may."""
        for file in (place / "records" / "waiting").iterdir():
            data = json.loads(file.read_bytes())
            if data["id"] == digest_id:
                file.write_text(json.dumps({**data, "template": "of-tomorrow"}))


def open_json(world: World) -> Ports:
    """Open a storage in the world's folder, and everything else in memory."""
    return world.ports(storage=JsonStorage(world.place / "records"))


class JsonLifecycle(LifecycleMachine):
    """Anything, in any order."""

    opening = staticmethod(open_json)


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
    survived = kill_everywhere(open_json, FROM_START_TO_PURGE, on_disk=True)
    assert {"storage.save", "storage.claim", "storage.begin", "storage.complete", "storage.purge"} <= set(survived.at)
