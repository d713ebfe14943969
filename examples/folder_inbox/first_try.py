"""A first try at an inbox: each notice becomes a file. It looks right; the contract says why not."""

import json
from collections.abc import Iterable
from pathlib import Path

from digital_painschool import PersonId
from digital_painschool.ports.inbox import Delivered, Notice, Reachability


class FirstTry:
    """Hands notices over as files, named by their keys."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def reach(self, person: PersonId) -> Reachability:  # noqa: ARG002
        return Reachability(reachable=True)

    def deliver(self, notice: Notice) -> Delivered:
        file = self._folder / f"{notice.key}.json"
        if file.exists():
            return Delivered.DUPLICATE
        content = {"to": notice.person.value, "text": notice.text, "link": notice.link}
        file.write_text(json.dumps(content, ensure_ascii=False), "utf-8")
        return Delivered.ACCEPTED

    def forget(self, keys: Iterable[str]) -> int:
        files = [self._folder / f"{key}.json" for key in keys]
        for file in files:
            file.unlink(missing_ok=True)
        return len(files)
