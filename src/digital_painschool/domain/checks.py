"""Validators of attrs that refuse in words: the field, what is expected there, the rule, and never the value.

The errors of attrs repeat the value, which may be personal or secret. They are translated here, and nowhere else.
"""

from collections.abc import Callable
from typing import Any

from attrs import Attribute, fields, frozen
from attrs.validators import deep_iterable, instance_of, optional

from digital_painschool.errors import InvalidValue, PainSchoolError

Validator = Callable[[Any, Any, Any], object]
"""A validator as attrs has them: it gets the instance, the field and the value."""


@frozen
class Check:
    """A validator that tries those of attrs in order, and refuses in the words of the first that fails.

    Args:
        steps: Validators of attrs, each with what its field is or must be; `{got}` stands for the type of the value.
        error: What is raised, with the name of the field and the words.
    """

    steps: tuple[tuple[Validator, str], ...]
    error: type[PainSchoolError] = InvalidValue

    def problem(self, value: object) -> str | None:
        """Return what is wrong with the value, without the value, or None."""
        for validator, words in self.steps:
            try:
                validator(None, _ATTRIBUTE, value)
            except Exception:  # noqa: BLE001 - attrs writes the value into its error, and a value may fail to be written
                return words.replace("{got}", type_of(value))
        return None

    def require(self, what: str, value: object) -> None:
        """Refuse a value that is wrong.

        Raises:
            PainSchoolError: The check's own error, which begins with `what`.
        """
        problem = self.problem(value)
        if problem is not None:
            raise self.error(f"{what} {problem}")

    def __call__(self, _: object, attribute: "Attribute[Any]", value: object) -> None:
        self.require(attribute.name, value)


def check(*steps: tuple[Validator, str], error: type[PainSchoolError] = InvalidValue) -> Check:
    """Return a validator for a field, from validators of attrs and the words for each."""
    return Check(steps, error)


def one(type_: type) -> Check:
    """Return a validator for a field that holds a value of a type."""
    return check((instance_of(type_), f"is a {type_.__name__}, and not {{got}}"))


def one_or_none(type_: type) -> Check:
    """Return a validator for a field that holds a value of a type, or None."""
    return check((optional(instance_of(type_)), f"is a {type_.__name__} or None, and not {{got}}"))


def several(type_: type) -> Check:
    """Return a validator for a field that holds a tuple or a list of values of a type."""
    return check((deep_iterable(instance_of(type_), instance_of((tuple, list))), f"is a tuple of {type_.__name__}"))


def satisfies(is_right: Callable[[Any], object]) -> Validator:
    """Return a validator for what attrs has none for."""

    def validator(_: object, attribute: "Attribute[Any]", value: object) -> None:
        if not is_right(value):
            raise ValueError(attribute.name)

    return validator


def exact_type(*types: type) -> Validator:
    """Return a validator of the type itself: for `instance_of`, True is an `int` and a `datetime` is a `date`."""
    return satisfies(lambda value: type(value) in types)


def all_different(key: Callable[[Any], object]) -> Validator:
    """Return a validator of a collection whose items all have different keys."""
    return satisfies(lambda items: len(set(map(key, items))) == len(items))


def type_of(value: object) -> str:
    """Return in words what kind of value there is."""
    return "nothing" if value is None else f"a {type(value).__name__}"


@frozen
class _Unnamed:
    value: object


_ATTRIBUTE = fields(_Unnamed).value
"""A validator of attrs asks the field for its name, for an error that nobody sees."""
