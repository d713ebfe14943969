"""The storage as a whole: its parts on one database."""

from pathlib import Path

from digital_painschool.errors import ConfigurationError
from digital_painschool.ports.hooks import AdapterFactory, Options, hookimpl
from digital_painschool.ports.storage import Storage
from lmdb_storage.access_log import LmdbAccessLog
from lmdb_storage.caseload import LmdbCaseload
from lmdb_storage.database import Database
from lmdb_storage.drafts import LmdbDrafts
from lmdb_storage.enrolments import LmdbEnrolments
from lmdb_storage.operations import LmdbOperations
from lmdb_storage.outbox import LmdbOutbox
from lmdb_storage.paces import LmdbPaces
from lmdb_storage.programs import LmdbPrograms
from lmdb_storage.retention import LmdbRetention
from lmdb_storage.staff_profiles import LmdbStaff

SIZE = 1 << 30
"""The largest size of the file, in bytes, unless the settings say another. Disk is used as it is needed."""


class LmdbStorage:
    """Stores everything in a folder of LMDB, which several processes of one machine may have open.

    Reads see one snapshot and wait for nobody; one transaction writes at a time.

    Args:
        folder: The folder of the files; made when it is missing.
        size: The largest size of the file, in bytes.
    """

    def __init__(self, folder: Path, size: int = SIZE) -> None:  # noqa: PLR0915 - a line for each method of the port
        self._database = Database(folder, size)
        self.close = self._database.close
        enrolments = LmdbEnrolments(self._database)
        self.load_many = enrolments.load_many
        self.load_timelines = enrolments.load_timelines
        self.find_by_person = enrolments.find_by_person
        self.save = enrolments.save
        self.find_call = enrolments.find_call
        self.access_ended = enrolments.access_ended
        drafts = LmdbDrafts(self._database)
        self.save_draft = drafts.save_draft
        self.draft = drafts.draft
        self.discard_draft = drafts.discard_draft
        caseload = LmdbCaseload(self._database)
        self.list_caseload = caseload.list_caseload
        self.open_units = caseload.open_units
        self.unnoted_attention = caseload.unnoted_attention
        self.count_caseload = caseload.count_caseload
        outbox = LmdbOutbox(self._database)
        self.claim = outbox.claim
        self.count_due = outbox.count_due
        self.begin = outbox.begin
        self.complete = outbox.complete
        self.reject = outbox.reject
        self.notifications = outbox.notifications
        self.unnoted = outbox.unnoted
        operations = LmdbOperations(self._database)
        self.dead_letters = operations.dead_letters
        self.outbox_figures = operations.outbox_figures
        self.record_worker = operations.record_worker
        self.reserve_slots = LmdbPaces(self._database).reserve_slots
        staff = LmdbStaff(self._database)
        self.profile = staff.profile
        self.save_profile = staff.save_profile
        self.find_desk_call = staff.find_desk_call
        access_log = LmdbAccessLog(self._database)
        self.log = access_log.log
        self.access_entries = access_log.access_entries
        programs = LmdbPrograms(self._database)
        self.save_program = programs.save_program
        self.program = programs.program
        retention = LmdbRetention(self._database)
        self.ended = retention.ended
        self.notification_keys = retention.notification_keys
        self.save_export = retention.save_export
        self.save_plan = retention.save_plan
        self.list_plans = retention.list_plans
        self.list_exports = retention.list_exports
        self.unforgotten = retention.unforgotten
        self.forgotten = retention.forgotten
        self.load_purge = retention.load_purge
        self.purge = retention.purge
        self.save_receipt = retention.save_receipt
        self.receipts = retention.receipts


_: type[Storage] = LmdbStorage  # a type checker compares the class with the port here


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
