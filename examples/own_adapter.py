"""An adapter of one's own, offered as a plugin and chosen by its name: the inbox that `folder_inbox/` is about.

Run it: python examples/own_adapter.py

In a package of yours the hook stands in a module that an entry point in the group `digital_painschool` names.
"""

import json
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from folder_inbox.inbox import FolderInbox

from digital_painschool import Actor, ConfigurationError, Notify, Role, Settings, open_school
from digital_painschool.bootstrap.plugins import installed
from digital_painschool.bootstrap.settings import AdapterConfig
from digital_painschool.ports import Inbox
from digital_painschool.ports.hooks import AdapterFactory, Options, hookimpl

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
NURSE = Actor(hsa_id="SE2321000131-P000000123456", unit="SE2321000131-E000000000001", roles={Role.THERAPIST})


def make_inbox(options: Options) -> Inbox:
    """Make the inbox from its table in the settings."""
    folder = options.get("folder")
    if not isinstance(folder, str) or len(options) != 1:
        raise ConfigurationError("inbox 'folder': the one option is 'folder', the path of a folder")
    return FolderInbox(Path(folder))


@hookimpl
def painschool_inboxes() -> Iterable[AdapterFactory[Inbox]]:
    """Offer it under its name."""
    return [AdapterFactory("folder", make_inbox)]


def main() -> None:
    """Choose the adapter, send a message with a notification, and look at the file."""
    this = sys.modules[__name__]
    offered = [one.factory.name for one in installed([this]) if one.kind == "inbox"]
    print("inboxes on offer:", ", ".join(offered))
    with TemporaryDirectory() as folder:
        settings = Settings(storage=AdapterConfig("memory"), inbox=AdapterConfig("folder", {"folder": folder}))
        with open_school(settings, plugins=[this], clock=lambda: NOW) as school:
            desk = school.therapist(NURSE)
            enrolment = desk.start("850709-9805", program="digitala-smartskolan")
            desk.start_conversation(enrolment.id, "Hur mår du i dag?", notify=Notify.DIRECT)
            print("handed over:", school.delivery().run().delivered)
        for file in Path(folder).iterdir():
            print("the file says:", json.loads(file.read_text("utf-8"))["text"])


if __name__ == "__main__":
    main()
