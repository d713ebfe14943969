"""Validators that refuse in words: which step is told, and that no value is."""

from typing import Any

import pytest
from attrs import define, field
from attrs.validators import deep_iterable, ge, instance_of, le, optional

from digital_painschool.domain.checks import Check, all_different, check, exact_type, satisfies
from digital_painschool.errors import ConfigurationError, InvalidValue

HIDDEN = "850709-9805"

DAYS = check((exact_type(int), "is a whole number, and not {got}"), (ge(1), "must be 1 or more (D-18a)"))


class Unprintable:
    """A value that fails when it is shown."""

    def __repr__(self) -> str:
        raise RuntimeError(HIDDEN)


@define
class Stay:
    """A value with checked fields."""

    days: Any = field(validator=DAYS)
    _note: Any = field(default=None, validator=check((optional(instance_of(str)), "is text, or None")))


@pytest.mark.parametrize(
    ("days", "told"),
    [
        (HIDDEN, "days is a whole number, and not a str"),
        (True, "days is a whole number, and not a bool"),
        (1.0, "days is a whole number, and not a float"),
        (None, "days is a whole number, and not nothing"),
        (0, "days must be 1 or more (D-18a)"),
        (Unprintable(), "days is a whole number, and not a Unprintable"),
    ],
    ids=["text", "bool", "float", "None", "too few", "unprintable"],
)
def test_the_first_step_that_fails_is_told_and_the_value_is_not(days: object, told: str) -> None:
    """Otherwise an error would hold a number or an answer, as the errors of attrs do."""
    with pytest.raises(InvalidValue) as refused:
        Stay(days=days)
    assert told == str(refused.value)
    assert (None, None) == (refused.value.__cause__, refused.value.__context__)


def test_a_value_that_is_right_is_taken() -> None:
    """Otherwise nothing could be made."""
    assert 1 == Stay(days=1, note="x").days
    assert DAYS.problem(1) is None


def test_a_field_that_was_changed_is_checked_again() -> None:
    """Otherwise a value could be made wrong after it was made right."""
    stay = Stay(days=1)
    with pytest.raises(InvalidValue, match=r"^days must be"):
        stay.days = -1


@pytest.mark.parametrize(
    "value",
    [Unprintable(), 10**5000, [HIDDEN], float("nan"), object()],
    ids=["unprintable", "enormous", "list", "nan", "object"],
)
def test_what_attrs_cannot_show_is_refused_all_the_same(value: object) -> None:
    """Otherwise a refusal would end in a foreign error: attrs writes the value into its own."""
    bounds: Check = check((le(5), "must be at most 5"), error=ConfigurationError)
    with pytest.raises(ConfigurationError, match=r"^it must be at most 5$"):
        bounds.require("it", value)


def test_items_are_compared_by_their_key() -> None:
    """Otherwise two lines of a list would be told apart on the screen, and not in the statistics."""
    once = check((deep_iterable(instance_of(str)), "holds texts"), (all_different(str.lower), "holds a key twice"))
    assert once.problem(("a", "b")) is None
    assert "holds a key twice" == once.problem(("a", "A"))
    assert "holds texts" == once.problem(("a", 1))
    assert "no" == check((satisfies(str.strip), "no")).problem(" ")
