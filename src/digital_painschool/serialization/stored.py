"""Reading of stored data, which may be damaged: every error names what cannot be read, and never repeats the data.

Bytes change on disks and by hand, and the error of a parser repeats them. So all stored data is read by `read_stored`,
or by `read_each` for a list.
"""

import logging
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from digital_painschool.errors import StorageError

Data = dict[str, Any]
"""A JSON object as Python has it."""

Row = TypeVar("Row")
Value = TypeVar("Value")
Placeholder = TypeVar("Placeholder")

_log = logging.getLogger(__name__)


def read_stored(what: str, make: Callable[..., Value], *stored: Any) -> Value:
    """Return the value that a function makes of stored data.

    Args:
        what: The kind and the id of the value, for the error; never its content.
        make: Makes the value; it may raise anything.
        stored: The arguments of `make`.

    Raises:
        StorageError: The data cannot be read. The error has no cause and no context: those would hold the data.
    """
    try:
        return make(*stored)
    except StorageError as error:  # names a part, and repeats no data either
        failure = error
    except Exception as error:  # noqa: BLE001 - the data may be anything, and a parser's error repeats it
        failure = unreadable_error(what, error)
    del stored, make  # a traceback may be kept with its variables, those of the function that has read included
    raise failure.with_traceback(None)


def read_each(
    rows: Iterable[Row], make: Callable[[Row], Value], instead: Callable[[Row], Placeholder]
) -> list[Value | Placeholder]:
    """Return the value that a function makes of each stored row, in the order of the rows.

    Args:
        rows: The stored rows.
        make: Makes the value of a row; it may raise anything.
        instead: Makes the placeholder for an unreadable row, from the row's id alone. A row whose id is unreadable too
            is left out, and logged.
    """
    read: list[Value | Placeholder] = []
    for row in rows:
        try:
            read.append(make(row))
            continue
        except Exception:  # noqa: BLE001, S110 - the row may be anything; `suppress` takes as long as many a row
            pass
        try:
            read.append(instead(row))
        except Exception:  # noqa: BLE001 - the row may be anything, and the traceback would repeat it
            _log.error("a stored row cannot be read, and its id neither; was it changed by hand?")
    return read


def unreadable_error(what: str, error: Exception) -> StorageError:
    """Return the error for stored data that cannot be read. Raise it outside of the `except` block."""
    return StorageError(f"{what} cannot be read ({type(error).__name__}); was it changed by hand?")
