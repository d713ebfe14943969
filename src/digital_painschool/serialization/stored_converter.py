"""The cattrs converter of stored data: strict, and without names of Python classes in the data.

Sets become sorted lists, enums go by value. The modules of this folder register the types that they store.
"""

from collections.abc import Callable
from datetime import datetime
from enum import Enum
from operator import attrgetter
from typing import Any, get_args

from cattrs import Converter
from cattrs.gen import make_dict_structure_fn, make_dict_unstructure_fn

from digital_painschool.domain.enrolment import AlertReason, Phase, WithdrawalReason
from digital_painschool.domain.notification import Channel, Notify, ResolutionReason, Status
from digital_painschool.domain.people import Author, HsaId, PersonId, stored_person
from digital_painschool.domain.policy import FlagKind
from digital_painschool.domain.retention import PurgeReason
from digital_painschool.serialization.scalars import (
    hsa_id_from_text,
    instant_from_text,
    instant_to_text,
    items,
    number,
    optional_instant_from_text,
    optional_instant_to_text,
    optional_text,
    optional_threshold,
    text,
    truth,
)
from digital_painschool.serialization.stored import Data

Describe = Callable[[Any], Any]
"""Makes data of a value: cattrs' unstructure hook."""
Make = Callable[[Any, Any], Any]
"""Makes a value of data; the second argument is the wanted type: cattrs' structure hook."""

CONVERTER = Converter(detailed_validation=False)


def register(wanted: Any, describe: Describe, make: Make) -> None:
    """Add the two hooks of a type to the converter."""
    if isinstance(wanted, type) and not get_args(wanted):
        CONVERTER.register_unstructure_hook(wanted, describe)
        CONVERTER.register_structure_hook(wanted, make)
    else:
        CONVERTER.register_unstructure_hook_func(lambda type_: type_ == wanted, describe)
        CONVERTER.register_structure_hook_func(lambda type_: type_ == wanted, make)


def register_class(class_: type) -> tuple[Callable[[Any], Data], Make]:
    """Generate and add the two hooks of an attrs class, and return them. Fields at their default are left out."""
    describe: Callable[[Any], Data] = make_dict_unstructure_fn(class_, CONVERTER, _cattrs_omit_if_default=True)
    make: Make = make_dict_structure_fn(class_, CONVERTER, _cattrs_detailed_validation=False)
    register(class_, describe, make)
    return describe, make


def register_tuple_of(class_: type) -> None:
    """Add the hooks of an attrs class, and those of a tuple of its values."""
    describe, make = register_class(class_)
    register(
        tuple[class_, ...],  # type: ignore[valid-type] # a type that is only known when this runs
        lambda values: [describe(value) for value in values],
        lambda values, _: tuple([make(value, None) for value in items(values)]),
    )


def _instant(value: Any, _: object) -> datetime:
    return value if type(value) is datetime else instant_from_text(value)


def _reader_of(codes: type[Enum]) -> Make:
    # Looked up in a dict, because `Enum(value)` takes six times as long.
    by_value = {code.value: code for code in codes}
    return lambda value, _: by_value[value]


for _plain, _strict in ((str, text), (int, number), (bool, truth)):
    CONVERTER.register_structure_hook(_plain, _strict)
register(str | None, lambda value: value, optional_text)
register(datetime, instant_to_text, _instant)
register(datetime | None, optional_instant_to_text, lambda value, _: optional_instant_from_text(value))
register(HsaId, str, lambda value, _: hsa_id_from_text(value))
for _codes in (Author, Channel, FlagKind, Notify, Phase, PurgeReason, ResolutionReason, Status, WithdrawalReason):
    register(_codes, attrgetter("value"), _reader_of(_codes))
register(
    WithdrawalReason | None,
    lambda reason: reason and reason.value,
    lambda value, _: None if value is None else WithdrawalReason(value),
)
register(
    PersonId,
    lambda person: {"scheme": person.scheme, "value": person.value},
    lambda value, _: stored_person(value["scheme"], value["value"]),
)
register(frozenset[int], sorted, lambda value, _: frozenset(map(number, items(value))))
register(
    frozenset[FlagKind],
    lambda flags: sorted(flag.value for flag in flags),
    lambda value, _: frozenset(map(FlagKind, items(value))),
)
register(tuple[str, ...], list, lambda value, _: tuple(map(text, items(value))))
register(
    tuple[datetime, ...],
    lambda instants: [*map(instant_to_text, instants)],
    lambda value, _: tuple(map(instant_from_text, items(value))),
)
register(int | float | None, lambda value: value, optional_threshold)
register_tuple_of(AlertReason)
