"""Profiles, the papers of a purge, and documents as JSON data."""

from collections.abc import Callable
from math import isfinite
from typing import Any, TypeVar

from digital_painschool.domain.notification import Profile
from digital_painschool.domain.retention import EndedEnrolment, ExportReceipt, PurgeDecision, PurgePlan, PurgeReceipt
from digital_painschool.domain.validation import Answer
from digital_painschool.serialization.scalars import text
from digital_painschool.serialization.stored import Data, read_stored
from digital_painschool.serialization.stored_converter import CONVERTER, register_class

Value = TypeVar("Value")

for _class in (PurgeDecision, EndedEnrolment):
    register_class(_class)


def to_data(value: Profile | PurgePlan | PurgeReceipt | ExportReceipt | PurgeDecision | EndedEnrolment) -> Data:
    """Return a value as data."""
    data: Data = CONVERTER.unstructure(value)
    return data


def from_data(data: object, wanted: type[Value]) -> Value:
    """Return the value that `to_data` described.

    Raises:
        StorageError: The data does not fit.
    """
    structure: Callable[[object, type[Value]], Value] = CONVERTER.structure
    return read_stored(f"a stored {wanted.__name__}", structure, data, wanted)


def content_from_data(data: Any) -> str | dict[str, Answer]:
    """Return the content of a document from JSON data: several option keys become a tuple again.

    Raises:
        StorageError: The data is neither a text nor answers.
    """
    return read_stored("a stored document", _make_content, data)


def _make_content(data: Any) -> str | dict[str, Answer]:
    if type(data) is dict:
        return {text(key): _answer(answer) for key, answer in data.items()}
    return text(data)


def _answer(data: Any) -> Answer:
    if type(data) is list:
        return tuple(map(text, data))
    if type(data) is int or (type(data) is float and isfinite(data)):
        number: int | float = data
        return number
    return text(data)
