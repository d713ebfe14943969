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
from attrs.converters import optional

from digital_painschool.adapters.paths import absolute
from digital_painschool.domain.notification import Channel, Template
from digital_painschool.domain.people import HsaId
from digital_painschool.errors import DeliveryError
from digital_painschool.labels.lookup import Language, language_of
from digital_painschool.ports.inbox import Delivered
from digital_painschool.ports.messaging import Address


@frozen
class FileMessenger:
    """A messenger that writes each message as one JSON file, named after its key. A key with a file is a duplicate.

    Args:
        channel: The channel that the messenger serves.
        folder: The folder of the files, made absolute; a missing folder is created.
        language: The language of every text; None for the one that comes with each message.
    """

    channel: Channel
    folder: Path = field(converter=absolute)
    language: Language | None = field(default=None, converter=optional(language_of))

    def send(
        self,
        recipient: Address,
        template: Template,
        link: str,
        *,
        key: str,
        unit: HsaId,
        language: Language = Language.SWEDISH,
    ) -> Delivered:
        """Write the message's file.

        Raises:
            DeliveryError: The file cannot be written.
        """
        message = {
            "key": key,
            "channel": self.channel.value,
            "unit": unit,
            "to": recipient.value,
            "template": template.value,
            "text": template.text_in(self.language or language),
            "link": link,
        }
        try:
            self.folder.mkdir(0o700, parents=True, exist_ok=True)
            return self._put(self._file(key), json.dumps(message, ensure_ascii=False, indent=2) + "\n")
        except OSError as error:
            raise DeliveryError(f"the file cannot be written: {error.strerror}") from None

    def forget(self, keys: Iterable[str]) -> int:
        """Delete the files of some keys; return how many files were deleted.

        Raises:
            DeliveryError: A file cannot be deleted.
        """
        try:
            return sum([_delete(self._file(key)) for key in keys])
        except OSError as error:
            raise DeliveryError(f"the file cannot be deleted: {error.strerror}") from None

    @staticmethod
    def _put(file: Path, text: str) -> Delivered:
        with NamedTemporaryFile("w", encoding="utf-8", dir=file.parent, suffix=".partial") as partial:
            partial.write(text)
            partial.flush()
            os.fsync(partial.fileno())
            try:
                # Linking is atomic: of several processes with the same key one creates the file, complete and once.
                os.link(partial.name, file)
            except FileExistsError:
                return _duplicate(file)
        return Delivered.ACCEPTED

    def _file(self, key: str) -> Path:
        name = hashlib.sha256(f"{self.channel.value} {key}".encode()).hexdigest()[:32]
        return self.folder / f"{name}.json"


def _delete(file: Path) -> bool:
    """Delete a file; return whether it was there."""
    try:
        file.unlink()
    except FileNotFoundError:
        return False
    return True


def _duplicate(file: Path) -> Delivered:
    # A link or a folder under the name is not a message, and must not count as a duplicate.
    if not stat.S_ISREG(file.lstat().st_mode):
        raise FileExistsError(errno.EEXIST, "its name is taken by something that is not a file; remove it")
    return Delivered.DUPLICATE
