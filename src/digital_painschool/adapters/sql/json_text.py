"""JSON text in columns: written, and read back as what may be damaged."""

from typing import Any

import orjson

from digital_painschool.serialization.stored import unreadable_error


def to_json(data: Any) -> str:
    """Return data as JSON text."""
    return orjson.dumps(data).decode()


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
