"""The contract of the inbox port, on the inbox of this folder."""

import shutil
from pathlib import Path

from digital_painschool.testing.contracts import InboxContract
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
