"""The strict converter: from data to a program and back, nothing guessed and nothing passed over."""

from collections.abc import Callable
from math import isfinite
from types import GenericAlias
from typing import Any, get_args, get_origin

import attrs
from cattrs import BaseValidationError, Converter
from cattrs.gen import make_dict_structure_fn, override
from cattrs.strategies import configure_tagged_union

from digital_painschool.domain.form import Question
from digital_painschool.domain.limits import Limit
from digital_painschool.domain.program import Ordering, Program
from digital_painschool.domain.validation import plain_text
from digital_painschool.errors import InvalidProgram, InvalidValue
from digital_painschool.programs.problems import EXPECTED, Misplaced, problems, unexpected

Hook = Callable[[object, object], object]

_KINDS: dict[type, str] = {question: question.kind for question in get_args(Question)}


def structured(data: object, source: str) -> Program:
    """Make the program that the data describes.

    Raises:
        InvalidProgram: Every fault, with its path; the parts' fit is judged when each part is sound by itself.
    """
    try:
        return _CONVERTER.structure(data, Program)
    except (BaseValidationError, Misplaced) as error:
        named = tuple(problems(error, data))
    raise InvalidProgram(source, named)


def unstructured(program: Program) -> dict[str, object]:
    """Describe the program in dicts, lists, texts, numbers, booleans and None.

    Raises:
        InvalidValue: A text that not every storage can keep.
    """
    data: dict[str, object] = _CONVERTER.unstructure(program)
    return data


def _exactly(wanted: type) -> Hook:
    def value_of_that_type(value: object, _: object) -> object:
        if type(value) is not wanted:
            raise unexpected(EXPECTED[wanted], value)
        return value

    return value_of_that_type


def _number(value: object, _: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise unexpected(EXPECTED[float], value)
    if isinstance(value, float) and not isfinite(value):
        raise unexpected("a finite number", value)
    return value


def _text(value: object, _: object) -> str:
    if not isinstance(value, str):
        raise unexpected(EXPECTED[str], value)
    try:
        return plain_text(value, "the text")
    except InvalidValue as error:
        raise Misplaced(str(error)) from None


def _ordering(value: object, _: object) -> Ordering:
    values = [ordering.value for ordering in Ordering]
    if value not in values:
        raise unexpected(f"one of {', '.join(values)}", value)
    return Ordering(value)


def _is_tuple(wanted: Any) -> bool:
    return get_origin(wanted) is tuple


def _tuple_of_list(wanted: Any, converter: Converter) -> Hook:
    items = GenericAlias(list, get_args(wanted)[0])
    structure_items = converter.get_structure_hook(items)

    def tuple_of_list(value: object, _: object) -> object:
        if not isinstance(value, list):
            raise unexpected("a list", value)
        return tuple(structure_items(value, items))

    return tuple_of_list


def _object_of_table(wanted: Any, converter: Converter) -> Hook:
    hooks: dict[str, Any] = {
        attribute.name: override(struct_hook=_within_limit(attribute.type, attribute.validator, converter))
        for attribute in attrs.fields(wanted)
        if isinstance(attribute.validator, Limit)
    }
    structure_fields = make_dict_structure_fn(wanted, converter, **hooks)

    def object_of_table(value: object, _: object) -> object:
        return structure_fields(_table(value), wanted)

    return object_of_table


def _within_limit(wanted: Any, limit: Limit, converter: Converter) -> Hook:
    """Return a hook that judges each key by itself, so that all faults of a table are named and not the first alone."""
    structure_value = converter.get_structure_hook(wanted)

    def value_within_limit(value: object, _: object) -> object:
        structured_value: object = structure_value(value, wanted)
        problem = limit.problem(structured_value)
        if problem is not None:
            raise Misplaced(problem)
        return structured_value

    return value_within_limit


def _question_of_table(structure_kind: Hook) -> Hook:
    def question_of_table(value: object, wanted: object) -> object:
        kind = _table(value).get("kind")
        if kind not in _KINDS.values():
            raise unexpected(f"one of {', '.join(_KINDS.values())}", kind, "kind")
        return structure_kind(value, wanted)

    return question_of_table


def _table(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise unexpected("a table of keys", value)
    return value


def _strict_converter() -> Converter:
    converter = Converter(forbid_extra_keys=True, unstruct_collection_overrides={tuple: list})
    for wanted in (bool, int):
        converter.register_structure_hook(wanted, _exactly(wanted))
    converter.register_structure_hook(float, _number)
    converter.register_structure_hook(str, _text)
    converter.register_unstructure_hook(str, plain_text)
    converter.register_structure_hook(Ordering, _ordering)
    converter.register_structure_hook_factory(_is_tuple, _tuple_of_list)
    converter.register_structure_hook_factory(attrs.has, _object_of_table)
    configure_tagged_union(Question, converter, tag_generator=_KINDS.__getitem__, tag_name="kind")
    converter.register_structure_hook(Question, _question_of_table(converter.get_structure_hook(Question)))
    return converter


_CONVERTER = _strict_converter()
