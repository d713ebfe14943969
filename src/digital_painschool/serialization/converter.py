"""The strict converter: cattrs reads data into values, nothing is guessed and nothing is passed over.

By themselves, cattrs and Python take `""` for an empty list, `true` for 1 and `1_000` for a number. The errors of the
converter are put into words by `problems`.
"""

from collections.abc import Callable, Mapping
from enum import Enum, StrEnum
from math import isfinite
from types import GenericAlias, NoneType, UnionType
from typing import Any, Union, get_args, get_origin

import attrs
from cattrs import Converter
from cattrs.gen import make_dict_structure_fn, override

from digital_painschool.domain.checks import Check
from digital_painschool.domain.limits import Limit
from digital_painschool.domain.validation import storable_text
from digital_painschool.errors import InvalidValue
from digital_painschool.serialization.problems import EXPECTED, UnexpectedValue

Hook = Callable[[object, object], object]
"""How cattrs structures a value of a type: it gets the data and the type."""


def strict_converter() -> Converter:
    """Return a new converter that is strict.

    Make the hooks of every type that is read right away, with `get_structure_hook`, while the module is imported. An
    exception that is thrown in while cattrs makes a hook (the end of a worker, an interrupt) leaves a `RecursionError`
    to later calls.
    """
    converter = Converter(forbid_extra_keys=True, unstruct_collection_overrides={tuple: list})
    for wanted in (bool, int):
        converter.register_structure_hook(wanted, _exactly(wanted))
    converter.register_structure_hook(float, _number)
    converter.register_structure_hook(str, _text)
    converter.register_structure_hook(StrEnum, lambda value, wanted: _member_of_value(wanted)(value, wanted))
    converter.register_structure_hook_factory(_is_enum, _member_of_value)
    converter.register_structure_hook_factory(_is_optional, _value_or_none)
    converter.register_structure_hook_factory(_is_collection, _collection_of_list)
    converter.register_structure_hook_factory(_is_mapping, _mapping_of_table)
    converter.register_structure_hook_factory(attrs.has, _object_of_table)
    return converter


def table(value: object) -> dict[str, Any]:
    """Return a value that is a table.

    Raises:
        UnexpectedValue: The value is none.
    """
    if not isinstance(value, dict):
        raise UnexpectedValue("a table of keys", value)
    return value


def _exactly(wanted: type) -> Hook:
    def value_of_that_type(value: object, _: object) -> object:
        if type(value) is not wanted:
            raise UnexpectedValue(EXPECTED[wanted], value)
        return value

    return value_of_that_type


def _number(value: object, _: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise UnexpectedValue(EXPECTED[float], value)
    if isinstance(value, float) and not isfinite(value):
        raise UnexpectedValue("a finite number", value)
    return value


def _text(value: object, _: object) -> str:
    if not isinstance(value, str):
        raise UnexpectedValue(EXPECTED[str], value)
    return storable_text(value, "the text")


def _is_enum(wanted: Any) -> bool:
    return isinstance(wanted, type) and issubclass(wanted, Enum)


def _member_of_value(wanted: Any) -> Hook:
    values = [member.value for member in wanted]

    def member_of_value(value: object, _: object) -> object:
        if value not in values:
            raise UnexpectedValue(f"one of {', '.join(values)}", value)
        return wanted(value)

    return member_of_value


def _is_optional(wanted: Any) -> bool:
    return get_origin(wanted) in (Union, UnionType) and len(get_args(wanted)) == 2 and NoneType in get_args(wanted)  # noqa: PLR2004 - a type and None


def _value_or_none(wanted: Any, converter: Converter) -> Hook:
    # By itself, cattrs would look for the hook at each call.
    (type_,) = (one for one in get_args(wanted) if one is not NoneType)
    structure_value = converter.get_structure_hook(type_)

    def value_or_none(value: object, _: object) -> object:
        return None if value is None else structure_value(value, type_)

    return value_or_none


def _is_collection(wanted: Any) -> bool:
    return get_origin(wanted) in (tuple, frozenset)


def _collection_of_list(wanted: Any, converter: Converter) -> Hook:
    container: Any = get_origin(wanted)
    items = GenericAlias(list, get_args(wanted)[0])
    structure_items = converter.get_structure_hook(items)

    def collection_of_list(value: object, _: object) -> object:
        if not isinstance(value, list):
            raise UnexpectedValue("a list", value)
        return container(structure_items(value, items))

    return collection_of_list


def _is_mapping(wanted: Any) -> bool:
    return get_origin(wanted) in (dict, Mapping)


def _mapping_of_table(wanted: Any, converter: Converter) -> Hook:
    structure_values = converter.gen_structure_mapping(wanted)

    def mapping_of_table(value: object, _: object) -> object:
        return structure_values(table(value), wanted)

    return mapping_of_table


def _object_of_table(wanted: Any, converter: Converter) -> Hook:
    hooks: dict[str, Any] = {
        attribute.name: override(struct_hook=_checked(attribute.type, attribute.validator, converter))
        for attribute in attrs.fields(wanted)
        if isinstance(attribute.validator, (Check, Limit))
    }
    structure_fields = make_dict_structure_fn(wanted, converter, **hooks)

    def object_of_table(value: object, _: object) -> object:
        return structure_fields(table(value), wanted)

    return object_of_table


def _checked(wanted: Any, validator: Check | Limit, converter: Converter) -> Hook:
    """Return a hook that checks each key by itself: an object that is made whole names its first problem alone."""
    structure_value = converter.get_structure_hook(wanted)

    def checked_value(value: object, _: object) -> object:
        structured_value: object = structure_value(value, wanted)
        problem = validator.problem(structured_value)
        if problem is not None:
            raise InvalidValue(problem)
        return structured_value

    return checked_value
