"""The storage as a whole: its parts on one database."""

from pathlib import Path

from digital_painschool.errors import ConfigurationError
from digital_painschool.ports.hooks import AdapterFactory, Options, hookimpl
from digital_painschool.ports.storage import Storage
from lmdb_storage.access_log import LmdbAccessLog
from lmdb_storage.database import Database
from lmdb_storage.drafts import LmdbDrafts
from lmdb_storage.enrolments import LmdbEnrolments
from lmdb_storage.filing import LmdbRecords
from lmdb_storage.operations import LmdbOperations
from lmdb_storage.outbox import LmdbOutbox
from lmdb_storage.paces import LmdbPaces
from lmdb_storage.retention import LmdbRetention

SIZE = 1 << 30
"""The largest size of the file, in bytes, unless the settings say another. Disk is used as it is needed."""


class LmdbStorage(
    LmdbEnrolments,
    LmdbDrafts,
    LmdbOutbox,
    LmdbOperations,
    LmdbPaces,
    LmdbAccessLog,
    LmdbRecords,
    LmdbRetention,
    Storage,
):
    """Stores everything in a folder of LMDB, which several processes of one machine may have open.

    Reads see one snapshot and wait for nobody; one transaction writes at a time. Each part has the required methods of
    a protocol of the port. Those that may be written for speed are inherited from the port.

    Args:
        folder: The folder of the files; made when it is missing.
        size: The largest size of the file, in bytes.
    """

    def __init__(self, folder: Path, size: int = SIZE) -> None:
        super().__init__(Database(folder, size))

    def close(self) -> None:
        self._database.close()


def make_lmdb(options: Options) -> LmdbStorage:
    """Return the storage that the settings describe."""
    folder, size = options.get("folder"), options.get("size", SIZE)
    if not isinstance(folder, str) or not isinstance(size, int) or set(options) - {"folder", "size"}:
        raise ConfigurationError("storage lmdb takes a folder, and a size in bytes")
    return LmdbStorage(Path(folder), size)


@hookimpl
def painschool_storages() -> list[AdapterFactory[Storage]]:
    """Return the storage under the name that settings choose it by."""
    return [AdapterFactory("lmdb", make_lmdb)]
