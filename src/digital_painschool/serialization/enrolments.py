"""The states of enrolments as JSON data: a cache of what `replay` makes of their timelines."""

from collections.abc import Callable, Mapping
from typing import Any

from attrs import NOTHING, fields

from digital_painschool.domain.enrolment import Conversation, Enrolment, FormCount, ModuleReading
from digital_painschool.domain.from_checked import from_checked
from digital_painschool.serialization.stored import Data, read_stored
from digital_painschool.serialization.stored_converter import CONVERTER, register_class, register_tuple_of

ENROLMENT_SHAPE = 5
"""Raise it whenever `Enrolment` or the fold changes: states of another shape are replayed from their timelines."""

for _class in (FormCount, ModuleReading, Conversation):
    register_tuple_of(_class)
_describe, _ = register_class(Enrolment)
_DEFAULTS = {field.name: field.default for field in fields(Enrolment) if field.default is not NOTHING}
_MAKE_FIELD: Mapping[str, Callable[[Any, Any], Any]] = {
    field.name: CONVERTER.get_structure_hook(field.type) for field in fields(Enrolment)
}


def enrolment_to_data(enrolment: Enrolment) -> Data:
    """Return a state as data in the shape `ENROLMENT_SHAPE`; fields at their default are left out."""
    return _describe(enrolment)


def enrolment_from_data(data: Data) -> Enrolment:
    """Return the state that `enrolment_to_data` described in the shape `ENROLMENT_SHAPE`.

    Raises:
        StorageError: The data does not fit.
    """
    return read_stored("a stored state", _make_enrolment, data)


def _make_enrolment(data: Data) -> Enrolment:
    # What cattrs would generate, without going through __init__: loading a state takes half the time.
    state = _DEFAULTS.copy()
    for name, value in data.items():
        state[name] = _MAKE_FIELD[name](value, None)
    if len(state) != len(_MAKE_FIELD):
        raise KeyError("a field without a default is missing")
    return from_checked(Enrolment, state)
