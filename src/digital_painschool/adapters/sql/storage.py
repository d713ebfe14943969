"""The storage in SQL: its methods are those of its parts, which share one database."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from sqlalchemy.engine import RootTransaction

from digital_painschool.adapters.sql.access_log import SqlAccessLog
from digital_painschool.adapters.sql.caseload import SqlCaseload
from digital_painschool.adapters.sql.database import Database
from digital_painschool.adapters.sql.drafts import SqlDrafts
from digital_painschool.adapters.sql.ended import SqlEndedEnrolments
from digital_painschool.adapters.sql.engine import open_database
from digital_painschool.adapters.sql.enrolment_list import SqlEnrolmentList
from digital_painschool.adapters.sql.enrolments import SqlEnrolments
from digital_painschool.adapters.sql.forgetting import SqlForgetting
from digital_painschool.adapters.sql.joining import (
    NEVER_JOINED,
    Log,
    SaveRecord,
    lent_database,
    logged_afterwards,
    refuse_to_join,
    without_papers,
    without_reading,
)
from digital_painschool.adapters.sql.lent import driver_connection
from digital_painschool.adapters.sql.operations import SqlOperations
from digital_painschool.adapters.sql.outbox import SqlOutbox
from digital_painschool.adapters.sql.paces import SqlPaces
from digital_painschool.adapters.sql.plan_list import SqlPlanList
from digital_painschool.adapters.sql.purge import SqlPurge
from digital_painschool.adapters.sql.records import SqlRecords
from digital_painschool.adapters.sql.saving import StepSaver
from digital_painschool.adapters.sql.state_cache import StateCache
from digital_painschool.adapters.sql.timelines import SqlTimelines
from digital_painschool.ports.storage import (
    Change,
)


class SqlStorage:
    """The storage port on SQLite or PostgreSQL.

    On SQLite many threads read at a time and one writes. Other processes may use the same file, which belongs on a
    local disk. On PostgreSQL many processes work on one database.

    Args:
        url: `sqlite:///file.db` or `postgresql://user:password@host/database`.
        schema: On PostgreSQL, the schema of the tables; schools in two schemas of a database do not see each other.
            None: the server's search path decides, mostly `public`.
        migrate: True first brings the schema up to date, and creates a missing SQLite file.
        connections: The most connections at a time.
        synchronous: On SQLite: with `"NORMAL"` a step survives the end of the process, but the last steps may be lost
            in a power failure; with `"FULL"` they survive that too, and each step waits for the disk.

    Raises:
        StorageError: The database cannot be reached, or its schema is not the one that this version works with.
    """

    def __init__(
        self,
        url: str,
        *,
        schema: str | None = None,
        migrate: bool = False,
        connections: int = 16,
        synchronous: str = "FULL",
    ) -> None:
        database = open_database(url, schema=schema, migrate=migrate, connections=connections, synchronous=synchronous)
        self._assemble(database, StateCache())

    def _assemble(self, database: Database, states: StateCache) -> None:
        self._database = database
        self._states = states
        enrolments = SqlEnrolments(database, states)
        self.load_many, self.find_by_person = enrolments.load_many, enrolments.find_by_person
        self.access_ended = enrolments.access_ended
        self.list_enrolments = SqlEnrolmentList(database, states).list_enrolments
        self.load_timelines = SqlTimelines(database).load_timelines
        self.save: Callable[[Change], None] = StepSaver(database, states).save
        self.save_draft = SqlDrafts(database).save_draft
        caseload = SqlCaseload(database)
        self.list_caseload, self.count_caseload = caseload.list_caseload, caseload.count_caseload
        self.open_units, self.unnoted_attention = caseload.open_units, caseload.unnoted_attention
        outbox = SqlOutbox(database)
        self.claim, self.count_due, self.begin = outbox.claim, outbox.count_due, outbox.begin
        self.complete, self.reject = outbox.complete, outbox.reject
        self.notifications, self.unnoted = outbox.notifications, outbox.unnoted
        operations = SqlOperations(database)
        self.dead_letters, self.outbox_figures = operations.dead_letters, operations.outbox_figures
        self.record_worker = operations.record_worker
        self.reserve_slots = SqlPaces(database).reserve_slots
        access_log = SqlAccessLog(database)
        self.log: Log = access_log.log
        self.access_entries = access_log.access_entries
        records = SqlRecords(database)
        self.load_record, self.list_records = records.load_record, records.list_records
        self.save_record: SaveRecord = records.save_record
        self.ended = SqlEndedEnrolments(database).ended
        self.list_plans = SqlPlanList(database).list_plans
        forgetting = SqlForgetting(database)
        self.unforgotten, self.forgotten = forgetting.unforgotten, forgetting.forgotten
        purge = SqlPurge(database, states)
        self.purge, self.notification_keys = purge.purge, purge.notification_keys

    @contextmanager
    def joined(self, connection: object, transaction: AbstractContextManager[object]) -> Iterator["SqlStorage"]:
        """Yield a storage for the steps of desks in a host's transaction on the same database.

        Each call is a savepoint. A lock conflict is a `Conflict`: the host rolls back, and tries its transaction again.
        Lines of the access log for what was read or refused outlive a rollback.

        Args:
            connection: The host's connection: psycopg's or sqlite3's own, SQLAlchemy's, or Django's wrapper.
            transaction: The host's transaction on it, such as `transaction.atomic()`; it is entered here.

        Raises:
            InvalidValue: The connection is not one of this storage's driver.
            ConfigurationError: Its settings differ from those of the school's own, or it leads to another database.
            Conflict: On SQLite, another transaction is the writer.
            OutcomeUnknown: On SQLite, the transaction has ended, and the access log could not be written.
            StorageError: The database failed.
        """
        driver = self._database.pool.driver
        if not isinstance(transaction, RootTransaction):  # SQLAlchemy's outermost one has begun when it is passed
            driver.require_lendable(driver_connection(connection))
        with (
            logged_afterwards(self.log) as lines,
            transaction,
            lent_database(self._database, connection) as database,
        ):
            storage = SqlStorage.__new__(SqlStorage)
            storage._assemble(database, self._states)  # noqa: SLF001
            storage.save = without_reading(storage.save)
            storage.save_record = without_papers(storage.save_record)
            storage.log = lines.extend if driver.one_writer else self.log
            vars(storage).update(dict.fromkeys(NEVER_JOINED, refuse_to_join))
            yield storage

    def close(self) -> None:
        self._database.close()
        self._states.clear()
