"""From data to a program and back, by the strict converter."""

from typing import Any, get_args

from cattrs import BaseValidationError, Converter
from cattrs.strategies import configure_tagged_union

from digital_painschool.domain.form import Question
from digital_painschool.domain.program import Program
from digital_painschool.domain.validation import plain_text
from digital_painschool.errors import InvalidProgram
from digital_painschool.serialization.converter import Hook, strict_converter, table
from digital_painschool.serialization.problems import Problems, UnexpectedValue

_KINDS: dict[type, str] = {question: question.kind for question in get_args(Question)}
_PROBLEMS = Problems(named_by=("number", "key", "title"), shows_values=True)


def structured(data: object, source: str) -> Program:
    """Return the program that the data describes.

    Raises:
        InvalidProgram: Every problem, with its path; whether the parts fit together is checked when each part is right
            by itself.
    """
    try:
        return _CONVERTER.structure(data, Program)
    except (BaseValidationError, UnexpectedValue) as error:
        problems = tuple(_PROBLEMS.of(error, data))
    raise InvalidProgram(source, problems)


def unstructured(program: Program) -> dict[str, object]:
    """Return the program in dicts, lists, texts, numbers, booleans and None.

    Raises:
        InvalidValue: A text that not every storage can keep.
    """
    data: dict[str, object] = _CONVERTER.unstructure(program)
    return data


def _question_of_table(structure_kind: Hook) -> Hook:
    def question_of_table(value: object, wanted: Any) -> object:
        kind = table(value).get("kind")
        if kind not in _KINDS.values():
            raise UnexpectedValue(f"one of {', '.join(_KINDS.values())}", kind, "kind")
        return structure_kind(value, wanted)

    return question_of_table


def _converter() -> Converter:
    converter = strict_converter()
    converter.register_unstructure_hook(str, plain_text)
    configure_tagged_union(Question, converter, tag_generator=_KINDS.__getitem__, tag_name="kind")
    converter.register_structure_hook(Question, _question_of_table(converter.get_structure_hook(Question)))
    converter.get_structure_hook(Program)
    converter.get_unstructure_hook(Program)
    return converter


_CONVERTER = _converter()
