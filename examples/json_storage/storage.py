"""The storage as a whole."""

from pathlib import Path

from digital_painschool.ports.storage import Storage
from json_storage.enrolments import JsonCaseload, JsonEnrolments
from json_storage.folder import Folder
from json_storage.outbox import JsonOutbox
from json_storage.registers import JsonAccessLog, JsonPrograms, JsonStaff
from json_storage.retention import JsonRetention


class JsonStorage(JsonEnrolments, JsonCaseload, JsonOutbox, JsonStaff, JsonAccessLog, JsonPrograms, JsonRetention):
    """Keeps everything in a folder of JSON files, which several processes of one machine may have open.

    Each call takes the folder's one lock, also to read. A step writes no more than what it changes; but the list of
    patients reads every state, and a claim everything that waits: right for a clinic, slow for a region.

    Args:
        folder: Where the files are; made when it is missing.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(Folder(folder))

    def close(self) -> None:
        self._folder.close()


_: type[Storage] = JsonStorage  # a type checker compares the class with the port here
