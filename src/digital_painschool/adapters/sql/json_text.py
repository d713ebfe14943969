"""JSON text in columns: written, and read back as what may be damaged."""

from collections.abc import Callable
from typing import Any

import orjson

from digital_painschool.errors import StorageError
from digital_painschool.serialization.stored import unreadable_error


def to_json(data: Any, default: Callable[[Any], Any] | None = None) -> str:
    """Return data as JSON text.

    Args:
        data: The data.
        default: Returns what is written for a value that JSON has no kind for; None where there is no such value.

    Raises:
        StorageError: JSON cannot hold the data. Rows are written as JSON before the commit: nothing was changed.
    """
    try:
        return orjson.dumps(data, default=default).decode()
    except TypeError:  # of orjson, also for half of a surrogate pair; its text may hold the value
        pass
    raise StorageError("a value is of a type that the database cannot hold; nothing was changed")


def from_json(text: str) -> Any:
    """Return the data of JSON text.

    Raises:
        StorageError: The text is no JSON. The parser's own error would hold all of it.
    """
    try:
        return orjson.loads(text)
    except Exception as error:  # noqa: BLE001 - the column may hold anything
        failure = unreadable_error("JSON text in the database", error)
    del text  # a traceback may be kept with its variables
    raise failure
