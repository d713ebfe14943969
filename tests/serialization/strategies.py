"""Values to store: a strategy for every class by the types of its fields, and the way through JSON."""

import json
from datetime import UTC, datetime
from enum import Enum
from typing import Any, get_args

import attrs
from hypothesis import strategies as st

from digital_painschool.domain.people import HsaId, PersonId

AT = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
NURSE = HsaId("SE2321000131-P000000123456")
UNIT = HsaId("SE2321000131-E000000000001")

# Only what a database can hold: no NUL, no half of a surrogate pair.
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=20)
numbers = st.integers(min_value=0, max_value=10**6)
instants = st.datetimes(
    min_value=datetime(1900, 1, 1),  # noqa: DTZ001 - the zone comes from the strategy
    max_value=datetime(2200, 1, 1),  # noqa: DTZ001 - the same
    timezones=st.just(UTC),
)
hsa_ids = st.from_regex(r"SE[0-9]{10}-[A-Z0-9]{1,10}", fullmatch=True).map(HsaId)
persons = st.builds(
    PersonId, st.sampled_from(["personnummer", "vgr-reservnummer"]), st.from_regex("[0-9A-Z]{12}", fullmatch=True)
)

_STRATEGIES: dict[Any, st.SearchStrategy[Any]] = {
    str: texts,
    int: numbers,
    bool: st.booleans(),
    datetime: instants,
    HsaId: hsa_ids,
    PersonId: persons,
    frozenset[int]: st.frozensets(numbers, max_size=12),
    tuple[str, ...]: st.lists(texts, max_size=3).map(tuple),
}


def values(class_: type[Any]) -> st.SearchStrategy[Any]:
    """Return a strategy for an attrs class by the types of its fields."""
    return st.builds(class_, **{field.name: of_type(field.type) for field in attrs.fields(class_)})


def of_type(type_: Any) -> st.SearchStrategy[Any]:
    """Return a strategy for the type of a field."""
    type_ = getattr(type_, "__supertype__", type_)  # an id is a text
    if type_ in _STRATEGIES:
        return _STRATEGIES[type_]
    if isinstance(type_, type) and issubclass(type_, Enum):
        return st.sampled_from(type_)
    if attrs.has(type_):
        return values(type_)
    arguments = get_args(type_)
    if type(None) in arguments:
        return st.none() | of_type(arguments[0])
    return st.lists(of_type(arguments[0]), max_size=3).map(tuple)


def through_json(data: Any) -> Any:
    """Return data as a database gives it back."""
    return json.loads(json.dumps(data))
