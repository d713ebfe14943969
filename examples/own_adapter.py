"""An adapter of one's own: an inbox that hands notices over as files, offered as a plugin and chosen by its name.

Run it: python examples/own_adapter.py

In a package of yours the hook stands in a module that an entry point in the group `digital_painschool` names.
"""

import json
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

from digital_painschool import Actor, DeliveryFailed, Notify, PersonId, Role, Settings, WiringError, open_school
from digital_painschool.plugins import installed
from digital_painschool.ports import Inbox
from digital_painschool.ports.hooks import Offer, Options, hookimpl
from digital_painschool.ports.inbox import Delivered, Notice, Reach
from digital_painschool.settings import Chosen

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
NURSE = Actor(hsa_id="SE2321000131-P000000123456", unit="SE2321000131-E000000000001", roles={Role.THERAPIST})


class FolderInbox:
    """Writes each notice as a file that another program takes; a key that has a file is known."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def reach(self, person: PersonId) -> Reach:
        """Reach those whom the national inbox knows."""
        return Reach(reachable=person.scheme in {"personnummer", "samordningsnummer"})

    def deliver(self, notice: Notice) -> Delivered:
        """Write the file, once for each key: after a crash the same key comes again."""
        file = self._file(notice.key)
        content = {"to": notice.person.value, "text": notice.template.text, "link": notice.link}
        try:
            with file.open("x", encoding="utf-8") as new:
                json.dump(content, new, ensure_ascii=False)
        except FileExistsError:
            return Delivered.KNOWN
        except OSError as error:
            raise DeliveryFailed(f"the folder cannot be written: {error.strerror}") from None
        return Delivered.NEW

    def forget(self, keys: Iterable[str]) -> int:
        """Delete the files of purged enrolments that nobody has taken."""
        files = [file for key in keys if (file := self._file(key)).exists()]
        for file in files:
            file.unlink()
        return len(files)

    def _file(self, key: str) -> Path:
        return self._folder / f"{sha256(key.encode()).hexdigest()[:32]}.json"


def make_inbox(options: Options) -> Inbox:
    """Make the inbox from its table in the settings."""
    folder = options.get("folder")
    if not isinstance(folder, str) or len(options) != 1:
        raise WiringError("inbox 'folder': the one option is 'folder', the path of a folder")
    return FolderInbox(Path(folder))


@hookimpl
def painschool_inboxes() -> Iterable[Offer[Inbox]]:
    """Offer it under its name."""
    return [Offer("folder", make_inbox)]


def main() -> None:
    """Choose the adapter, send a message with a notification, and look at the file."""
    this = sys.modules[__name__]
    offered = [one.offer.name for one in installed([this]) if one.kind == "inbox"]
    print("inboxes on offer:", ", ".join(offered))
    with TemporaryDirectory() as folder:
        settings = Settings(storage=Chosen("memory"), inbox=Chosen("folder", {"folder": folder}))
        with open_school(settings, plugins=[this], clock=lambda: NOW) as school:
            desk = school.therapist(NURSE)
            enrolment = desk.start("850709-9805", program="digitala-smartskolan")
            desk.start_conversation(enrolment.id, "Hur mår du i dag?", notify=Notify.DIRECT)
            print("handed over:", school.delivery().run().delivered)
        for file in Path(folder).iterdir():
            print("the file says:", json.loads(file.read_text("utf-8"))["text"])


if __name__ == "__main__":
    main()
