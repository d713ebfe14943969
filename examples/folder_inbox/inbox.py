"""An inbox that puts each notice as a file into a folder, where another program reads it and leaves it."""

import json
import os
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path

from digital_painschool import DeliveryError, PersonId
from digital_painschool.ports.inbox import Delivered, Inbox, Notice, Reachability

_REACHABLE = frozenset({"personnummer", "samordningsnummer"})


class FolderInbox:
    """Hands notices over as files; a key that has a file is known.

    Args:
        folder: Where the files go; made when it is missing.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def reach(self, person: PersonId) -> Reachability:
        return Reachability(reachable=person.scheme in _REACHABLE)

    def deliver(self, notice: Notice) -> Delivered:
        if not self.reach(notice.person).reachable:
            raise DeliveryError("nobody has an account under a number of this kind", permanent=True)
        content = {"to": notice.person.value, "text": notice.text, "link": notice.link}
        try:
            return self._put(self._file(notice.key), json.dumps(content, ensure_ascii=False))
        except OSError as error:
            raise DeliveryError(f"the folder cannot be written: {error.strerror}") from None

    def forget(self, keys: Iterable[str]) -> int:
        try:
            return sum(map(self._removed, keys))
        except OSError as error:
            raise DeliveryError(f"a file cannot be deleted: {error.strerror}") from None

    def _removed(self, key: str) -> bool:
        try:
            self._file(key).unlink()
        except FileNotFoundError:
            return False
        return True

    def _file(self, key: str) -> Path:
        # A key can hold what a file's name cannot.
        return self._folder / f"{sha256(key.encode()).hexdigest()[:32]}.json"

    def _put(self, file: Path, text: str) -> Delivered:
        self._folder.mkdir(0o700, parents=True, exist_ok=True)
        half = file.with_suffix(f".{os.urandom(8).hex()}")
        half.touch(0o600)  # it holds an identity number: for its owner alone, from the first byte
        half.write_text(text, "utf-8")
        try:
            # A link is made wholly or not at all, and only one process can make it.
            os.link(half, file)
        except FileExistsError:
            return Delivered.DUPLICATE
        finally:
            half.unlink()
        return Delivered.ACCEPTED


_: type[Inbox] = FolderInbox  # a type checker compares the class with the port here
