"""Messages to staff as files in a folder, for development: nothing leaves the machine."""

import errno
import hashlib
import json
import os
import stat
from collections.abc import Iterable
from pathlib import Path
from tempfile import NamedTemporaryFile

from attrs import field, frozen

from digital_painschool.adapters.paths import absolute
from digital_painschool.domain.notification import Channel, Template
from digital_painschool.errors import DeliveryError
from digital_painschool.ports.inbox import Delivered
from digital_painschool.ports.messaging import Address


@frozen
class FileMessenger:
    """Writes each message as one JSON file, named after its key; a key that has a file is a duplicate.

    Args:
        channel: The channel that the files stand in for.
        folder: The folder of the files, made absolute at once; it is made when it is not there.
    """

    channel: Channel
    folder: Path = field(converter=absolute)

    def send(self, recipient: Address, template: Template, link: str, *, key: str) -> Delivered:
        """Write the file.

        Raises:
            DeliveryError: The file cannot be written.
        """
        message = {
            "key": key,
            "channel": self.channel.value,
            "to": recipient.value,
            "template": template.value,
            "text": template.text,
            "link": link,
        }
        try:
            self.folder.mkdir(0o700, parents=True, exist_ok=True)
            return self._put(self._file(key), json.dumps(message, ensure_ascii=False, indent=2) + "\n")
        except OSError as error:
            raise DeliveryError(f"the file cannot be written: {error.strerror}") from None

    def forget(self, keys: Iterable[str]) -> int:
        """Delete the files.

        Raises:
            DeliveryError: A file cannot be deleted.
        """
        files = [file for key in keys if (file := self._file(key)).exists()]
        try:
            for file in files:
                file.unlink()
        except OSError as error:
            raise DeliveryError(f"the file cannot be deleted: {error.strerror}") from None
        return len(files)

    @staticmethod
    def _put(file: Path, text: str) -> Delivered:
        with NamedTemporaryFile("w", encoding="utf-8", dir=file.parent, suffix=".partial") as partial:
            partial.write(text)
            partial.flush()
            os.fsync(partial.fileno())
            try:
                # Of several processes with the same key one gives the file its name: whole, and once.
                os.link(partial.name, file)
            except FileExistsError:
                return _duplicate(file)
        return Delivered.ACCEPTED

    def _file(self, key: str) -> Path:
        name = hashlib.sha256(f"{self.channel.value} {key}".encode()).hexdigest()[:32]
        return self.folder / f"{name}.json"


def _duplicate(file: Path) -> Delivered:
    # A link or a folder under the name is no message, and would pass for one that was sent.
    if not stat.S_ISREG(file.lstat().st_mode):
        raise FileExistsError(errno.EEXIST, "something else is in its place; remove it")
    return Delivered.DUPLICATE
