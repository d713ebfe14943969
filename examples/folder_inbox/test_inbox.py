"""The contract of the inbox port, on the inbox of this folder."""

import json
import shutil
from pathlib import Path

from digital_painschool.ports.inbox import Inbox
from digital_painschool.testing.contracts import Arrival, InboxContract
from folder_inbox.inbox import FolderInbox


class TestFolderInbox(InboxContract):
    """Whatever the port promises."""

    def open(self, place: Path) -> FolderInbox:
        """Open the folder."""
        return FolderInbox(place / "notices")

    def spoil(self, place: Path) -> None:
        """Put a file where the folder should be."""
        shutil.rmtree(place / "notices", ignore_errors=True)
        (place / "notices").write_text("in the way", "utf-8")

    def mend(self, place: Path) -> None:
        """Take the file away."""
        (place / "notices").unlink()

    def arrived(self, place: Path, inbox: Inbox) -> list[Arrival]:  # noqa: ARG002 - the folder says it all
        """Read the files, as the program does that reads the folder, and leaves them there."""
        found = [json.loads(file.read_text("utf-8")) for file in (place / "notices").glob("*.json")]
        return [Arrival(recipient=notice["to"], text=f"{notice['text']} {notice['link']}") for notice in found]
