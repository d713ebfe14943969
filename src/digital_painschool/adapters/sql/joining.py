"""How a storage joins a host's transaction: a step and the host's own rows are committed together, or not at all.

A step leaves its line in the access log with the step. What is read, and what is refused, has happened whatever becomes
of the host's transaction. So such a line is kept outside of it, on a connection of the school's own: at once where the
database allows it, and where it has one writer as soon as the transaction has ended, before the host's block is left.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from threading import get_ident
from typing import Never

from digital_painschool.adapters.sql.database import Database
from digital_painschool.adapters.sql.lent import LentDriver, driver_connection, failure_of
from digital_painschool.errors import ConfigurationError, OutcomeUnknown, PainSchoolError, StorageError
from digital_painschool.ports.storage import AccessEntry, Activity, Change, Listed, RecordKey, Saved

Log = Callable[[Iterable[AccessEntry]], None]
SaveRecord = Callable[..., Saved]
"""The method `save_record`."""

NEVER_JOINED = ("claim", "begin", "complete", "reject", "purge")
"""The methods of a storage whose effect a rollback must not take back: what was sent, exported or purged stays so."""


@contextmanager
def lent_database(database: Database, connection: object) -> Iterator[Database]:
    """Yield a database that uses a host's connection alone, on which a transaction is open.

    Raises:
        InvalidValue: The connection is not one of the database's driver.
        ConfigurationError: Its settings differ from those of the school's own, or it leads to another database.
        Conflict: Another transaction is the only writer of the database.
        StorageError: The database failed.
    """
    driver = database.pool.driver
    failure: PainSchoolError | None = None
    try:
        lent = driver.lent(driver_connection(connection))
    except driver.failures as error:
        failure = failure_of(driver, error)
    if failure is not None:
        raise failure
    joined = Database(LentDriver(driver, lent), connections=1)
    if joined.read(driver.identity) != database.read(driver.identity):
        raise ConfigurationError("the connection cannot be lent to the school: it leads to another database or schema")
    database.lending[get_ident()] = lent.is_usable
    try:
        yield joined
    finally:
        database.lending.pop(get_ident(), None)
        joined.close()


@contextmanager
def logged_afterwards(log: Log) -> Iterator[list[AccessEntry]]:
    """Yield a list of lines for the access log, and log them at the end, before the caller learns of an error.

    Raises:
        OutcomeUnknown: The lines could not be logged. The error discloses nothing of a refusal in the block.
    """
    lines: list[AccessEntry] = []
    failure: BaseException | None = None
    try:
        yield lines
    except BaseException as error:  # noqa: BLE001 - raised again below
        failure = error
    # Outside the handler, so that an error of the log does not carry the refusal as its context.
    if lines and not _is_logged(log, lines):
        try:
            raise OutcomeUnknown(  # noqa: TRY301 - caught to be freed of its context
                "the transaction has ended, but what was read or refused in it could not be logged; load again and"
                " decide again"
            )
        except OutcomeUnknown as unknown:
            unknown.__context__ = None  # the refusal, on whose way out of the host's block this is raised
            raise
    if failure is not None:
        try:
            raise failure
        finally:
            del failure


def _is_logged(log: Log, lines: list[AccessEntry]) -> bool:
    try:
        log(lines)
    except PainSchoolError:
        return False
    return True


def refuse_to_join(*_: object, **__: object) -> Never:
    """Refuse a call of `NEVER_JOINED`.

    Raises:
        StorageError: Always.
    """
    raise StorageError("deliveries, exports and purges have transactions of the school's own, and join no other")


def without_reading(save: Callable[[Change], None]) -> Callable[[Change], None]:
    """Return a function that saves a step, unless it reads: its line in the access log must outlive a rollback."""

    def save_step(change: Change) -> None:
        if change.access.activity is Activity.READ:
            raise StorageError(
                "what a person reads is marked and logged, whatever becomes of the host's transaction: read by a desk"
                " of the school itself, before the transaction or after it"
            )
        save(change)

    return save_step


def without_papers(save_record: SaveRecord) -> SaveRecord:
    """Return a function that saves a record, unless it is of an export or a purge: these join no other transaction."""

    def save(key: RecordKey, record: Saved, *args: object, **options: object) -> Saved:
        return refuse_to_join() if isinstance(record, Listed) else save_record(key, record, *args, **options)

    return save
