"""The storage in SQL: its parts share one database."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime, timedelta

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
from digital_painschool.adapters.sql.retention import SqlRetention
from digital_painschool.adapters.sql.saving import StepSaver
from digital_painschool.adapters.sql.state_cache import StateCache
from digital_painschool.adapters.sql.timelines import SqlTimelines
from digital_painschool.domain.attention import NO_LIMITS, AttentionLimits
from digital_painschool.domain.digest import Batch, Claim, Decision, DeliveryResult
from digital_painschool.domain.draft import Draft
from digital_painschool.domain.enrolment import Enrolment, UnreadableEnrolment
from digital_painschool.domain.events import Event
from digital_painschool.domain.ids import DigestId, EnrolmentId
from digital_painschool.domain.notification import Channel, NotificationRecord, UnreadableNotification
from digital_painschool.domain.pace import ChannelPace, DueCount
from digital_painschool.domain.people import HsaId, PersonId
from digital_painschool.ports.storage import (
    NOTHING,
    WHOLE,
    AccessEntry,
    CaseQuery,
    CaseRow,
    CaseTotals,
    Change,
    CompletedCall,
    Excerpt,
    OutboxFigures,
    Timeline,
    UnreadableCase,
)


class SqlStorage(SqlRetention):
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
        self._enrolments = SqlEnrolments(self._database, self._states)
        self.list_enrolments = SqlEnrolmentList(self._database, self._states).list_enrolments
        self._timelines = SqlTimelines(self._database)
        self._save: Callable[[Change], None] = StepSaver(self._database, self._states).save
        self._drafts = SqlDrafts(self._database)
        self._caseload = SqlCaseload(self._database)
        self.open_units, self.unnoted_attention = self._caseload.open_units, self._caseload.unnoted_attention
        self._outbox = SqlOutbox(self._database)
        self._operations = SqlOperations(self._database)
        self._paces = SqlPaces(self._database)
        self._access_log = SqlAccessLog(self._database)
        self._log: Log = self._access_log.log
        self._ended = SqlEndedEnrolments(self._database)
        self._forgetting = SqlForgetting(self._database)
        self._plan_list = SqlPlanList(self._database)
        self._records = SqlRecords(self._database)
        self._save_record = self._records.save_record
        self._purge = SqlPurge(self._database, self._states)

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
            storage._save = without_reading(storage._save)  # noqa: SLF001
            storage._save_record = without_papers(storage._save_record)  # noqa: SLF001
            storage._log = lines.extend if driver.one_writer else self.log  # noqa: SLF001
            vars(storage).update(dict.fromkeys(NEVER_JOINED, refuse_to_join))
            yield storage

    def close(self) -> None:
        self._database.close()
        self._states.clear()

    def load_many(self, enrolment_ids: Iterable[EnrolmentId]) -> Mapping[EnrolmentId, Enrolment | UnreadableEnrolment]:
        return self._enrolments.load_many(enrolment_ids)

    def find_by_person(self, person: PersonId) -> tuple[Enrolment | UnreadableEnrolment, ...]:
        return self._enrolments.find_by_person(person)

    def save(self, change: Change) -> None:
        self._save(change)

    def load_timelines(
        self,
        enrolment_ids: Iterable[EnrolmentId],
        kinds: Iterable[type[Event]] | None = None,
        documents: Iterable[int] | None = None,
        *,
        after: int = 0,
        limit: int | None = None,
        excerpt: Excerpt = WHOLE,
    ) -> Mapping[EnrolmentId, Timeline | UnreadableEnrolment]:
        return self._timelines.load_timelines(
            enrolment_ids, kinds, documents, after=after, limit=limit, excerpt=excerpt
        )

    def access_ended(self, now: datetime, limit: int) -> tuple[EnrolmentId, ...]:
        return self._enrolments.access_ended(now, limit)

    def save_draft(
        self,
        enrolment: Enrolment,
        form: str,
        draft: Draft | None,
        access: AccessEntry,
        *,
        replaces: str | None = None,
        completed: CompletedCall | None = None,
    ) -> None:
        self._drafts.save_draft(enrolment, form, draft, access, replaces, completed)

    def list_caseload(self, query: CaseQuery) -> tuple[CaseRow | UnreadableCase, ...]:
        return self._caseload.list_caseload(query)

    def count_caseload(
        self, unit: HsaId, therapist: HsaId | None, now: datetime, limits: AttentionLimits = NO_LIMITS
    ) -> CaseTotals:
        return self._caseload.count_caseload(unit, therapist, now, limits)

    def claim(
        self, now: datetime, limit: int, lease: timedelta, channels: Collection[Channel] | None = None
    ) -> tuple[Claim, ...]:
        return self._outbox.claim(now, limit, lease, channels)

    def count_due(self, now: datetime) -> tuple[DueCount, ...]:
        return self._outbox.count_due(now)

    def begin(self, decided: Sequence[tuple[Claim, Decision]]) -> Mapping[DigestId, Batch]:
        return self._outbox.begin(decided)

    def complete(
        self, results: Sequence[DeliveryResult], access: Mapping[DigestId, Sequence[AccessEntry]] = NOTHING
    ) -> None:
        self._outbox.complete(results, access)

    def reject(self, key: str, at: datetime) -> int:
        return self._outbox.reject(key, at)

    def notifications(
        self,
        enrolment_id: EnrolmentId,
        *,
        newest_first: bool = False,
        after: tuple[int, str] | None = None,
        limit: int | None = None,
    ) -> tuple[NotificationRecord | UnreadableNotification, ...]:
        return self._outbox.notifications(enrolment_id, newest_first=newest_first, after=after, limit=limit)

    def unnoted(self, *, after: str = "", limit: int = 1000) -> tuple[NotificationRecord, ...]:
        return self._outbox.unnoted(after=after, limit=limit)

    def dead_letters(
        self, unit: HsaId | None = None, *, after: tuple[datetime, str] | None = None, limit: int = 1000
    ) -> tuple[NotificationRecord, ...]:
        return self._operations.dead_letters(unit, after=after, limit=limit)

    def outbox_figures(self, now: datetime, since: datetime) -> OutboxFigures:
        return self._operations.outbox_figures(now, since)

    def record_worker(self, worker: str, at: datetime, until: datetime) -> None:
        self._operations.record_worker(worker, at, until)

    def reserve_slots(
        self, channel: Channel, pace: ChannelPace, wanted: int, now: datetime, span: timedelta
    ) -> tuple[datetime, ...]:
        return self._paces.reserve_slots(channel, pace, wanted, now, span)

    def log(self, entries: Iterable[AccessEntry]) -> None:
        self._log(entries)

    def access_entries(
        self,
        unit: HsaId,
        *,
        person: PersonId | None = None,
        enrolment_id: EnrolmentId | None = None,
        action: str | None = None,
        after: int = 0,
        limit: int = 1000,
        excerpt: Excerpt = WHOLE,
    ) -> tuple[tuple[int, AccessEntry], ...]:
        return self._access_log.access_entries(
            unit, person=person, enrolment_id=enrolment_id, action=action, after=after, limit=limit, excerpt=excerpt
        )
