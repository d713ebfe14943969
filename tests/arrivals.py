"""What adapters that keep templates show their recipients, as the contracts of the inbox and the messengers ask."""

import json
from collections.abc import Iterable
from pathlib import Path

from digital_painschool.adapters.memory.messenger import SentNotification
from digital_painschool.adapters.sql.messaging import WaitingMessage
from digital_painschool.labels.lookup import Language
from digital_painschool.ports.inbox import Notice
from digital_painschool.testing.contracts.arrivals import Arrival


def of_notices(notices: Iterable[Notice]) -> list[Arrival]:
    """Return what the patients read."""
    return [Arrival(recipient=n.person.value, text=f"{n.text} {n.link}", unit=n.unit) for n in notices]


def of_messages(messages: Iterable[SentNotification | WaitingMessage]) -> list[Arrival]:
    """Return what the staff read."""
    return [
        Arrival(
            recipient=m.address.value,
            text=f"{m.template.text_in(getattr(m, 'language', Language.SWEDISH))} {m.link}",
            unit=getattr(m, "unit", None),
        )
        for m in messages
    ]


def of_files(folder: Path) -> list[Arrival]:
    """Return what the staff read whose messages are files in a folder."""
    found = [json.loads(file.read_text("utf-8")) for file in folder.glob("*.json")]
    return [Arrival(recipient=one["to"], text=f"{one['text']} {one['link']}", unit=one["unit"]) for one in found]
