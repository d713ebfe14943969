"""The arguments of a call under a key of the host's, as bytes that are equal for the same call. Rule: D-24a."""

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import date
from enum import Enum
from pathlib import Path

from digital_painschool.domain.validation import with_one_line_end
from digital_painschool.errors import InvalidValue


def compared_form(asked: Sequence[object]) -> bytes:
    """Return a call in the form that is stored of it.

    Args:
        asked: The name of the call, and its arguments by name.

    Raises:
        InvalidValue: An argument cannot be compared.
    """
    return _as_bytes(_in_one_spelling(asked))


def earlier_forms(asked: Sequence[object]) -> tuple[bytes, ...]:
    """Return a call in the forms that earlier versions stored of it. Args and errors are those of `compared_form`."""
    return _as_bytes(_as_kept(asked)), _as_bytes(asked)


def _as_bytes(asked: object) -> bytes:
    try:
        return json.dumps(asked, sort_keys=True, default=_as_data).encode()
    except (TypeError, ValueError, RecursionError):
        pass
    raise InvalidValue("an argument beside once is of a kind that no desk takes")


def _in_one_spelling(asked: Sequence[object]) -> object:
    """Return a call with its arguments in one spelling: what is the same to a rule is the same call. Rule: D-06b."""
    call, arguments = asked
    assert isinstance(arguments, Mapping), "a call has its arguments by name"
    return [call, {name: SPELLINGS.get(name, _as_kept)(value) for name, value in arguments.items()}]


def _as_kept(asked: object) -> object:
    """Return arguments with their texts as they are kept: a repeated call may come through another browser."""
    match asked:
        case str():
            return with_one_line_end(asked)
        case Mapping():
            return {key: _as_kept(value) for key, value in asked.items()}
        case list() | tuple():
            return [_as_kept(item) for item in asked]
    return asked


def _as_number(asked: object) -> object:
    """Return arguments as they are kept, with 7.0 as 7: JSON from another client may have either."""
    match asked:
        case float() if asked.is_integer():
            return int(asked)
        case Mapping():
            return {key: _as_number(value) for key, value in asked.items()}
    return _as_kept(asked)


def _as_set(items: object) -> object:
    """Return items in one order, each once, whatever holds them; one that is given by itself is one item."""
    if isinstance(items, Enum):
        return [items.value]
    if not isinstance(items, Collection) or isinstance(items, (str, bytes, Mapping)):
        return items
    try:
        return sorted({item.value if isinstance(item, Enum) else item for item in items})
    except TypeError:  # no desk takes such items
        return items


SPELLINGS: Mapping[str, Callable[[object], object]] = {
    "answers": _as_number,
    "decision": lambda text: text.strip() if isinstance(text, str) else text,
    "flags": _as_set,
    "formats": _as_set,
    "modules": _as_set,
    "therapist": lambda hsa_id: hsa_id.upper() if isinstance(hsa_id, str) else hsa_id,
}
"""The one spelling of an argument that a rule takes in several, by the argument's name."""


def _as_data(value: object) -> object:
    """Return what JSON can hold for a value that it cannot: equal arguments get equal data, others get other data."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, AbstractSet):
        return sorted(item.value if isinstance(item, Enum) else item for item in value)
    if isinstance(value, Collection) and not isinstance(value, bytes):
        return list(value)
    raise TypeError
