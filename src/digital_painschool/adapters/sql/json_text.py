"""JSON text in columns: written, and read back as what may be damaged."""

from typing import Any

import orjson

from digital_painschool.serialization.stored import read_stored


def to_json(data: Any) -> str:
    """Return data as JSON text."""
    return orjson.dumps(data).decode()


def from_json(text: str) -> Any:
    """Return the data of JSON text.

    Raises:
        StorageError: The text is no JSON. The parser's own error would hold all of it.
    """
    return read_stored("JSON text in the database", orjson.loads, text)
