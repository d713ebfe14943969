"""Rows under an idempotency key, as the inbox and the messengers have them: inserted once, deleted by their keys."""

from collections.abc import Callable

from sqlalchemy.sql import ClauseElement

from digital_painschool.adapters.sql.database import Database
from digital_painschool.adapters.sql.rows import Values
from digital_painschool.errors import DeliveryError, PainSchoolError
from digital_painschool.ports.inbox import Delivered

DELIVERY_TIMEOUT = 20.0
"""The most seconds of a statement of an inbox or a messenger, far below the lease of the worker that calls it."""


def insert_once(database: Database, statement: ClauseElement, values: Callable[[], Values], *, name: str) -> Delivered:
    """Insert a row, and return whether its key is new.

    Args:
        database: The database of the adapter.
        statement: The insert, which ignores a row whose key exists.
        values: Returns the values of the row. No variable has them when the failure is raised: they name somebody, and
            a traceback may be kept with its variables.
        name: What the database is called in an error.

    Raises:
        DeliveryError: The database failed.
    """
    try:
        inserted = database.write(lambda connection: connection.execute(statement, values()))
    except PainSchoolError as error:
        raise DeliveryError(f"{name}: {error}") from None
    return Delivered.ACCEPTED if inserted else Delivered.DUPLICATE


def delete_and_scrub(database: Database, statement: ClauseElement, values: Values, *, name: str) -> int:
    """Delete rows, also from the bytes of the files, and return how many were deleted.

    Args:
        database: The database of the adapter.
        statement: The delete.
        values: The values of the statement.
        name: What the database is called in an error.

    Raises:
        DeliveryError: The database failed.
    """
    try:
        deleted = database.write(lambda connection: connection.execute(statement, values))
        database.scrub_free_pages()  # also when nothing was deleted: a reader may have prevented an earlier scrub
    except PainSchoolError as error:
        raise DeliveryError(f"{name}: {error}") from None
    return deleted
