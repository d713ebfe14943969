"""Events, states and the papers of a purge as plain data that JSON can hold, and back.

What is written once must be readable for ten years and more, so nothing here depends on the name of a Python class: an
event goes by its kind, from a table, and each kind has the upcasters that bring an older shape of it up to date.
Instants are ISO 8601 text in UTC, sets are sorted lists, enums go by value.

Whoever reads stored data passes `read_stored`, or `read_each` for a list: bytes change on disks and by hand, and what a
parser says of them repeats them.
"""

import logging
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from datetime import datetime
from functools import lru_cache
from math import isfinite
from types import MappingProxyType
from typing import Any, TypeVar, get_args

from attrs import NOTHING, fields
from cattrs import Converter
from cattrs.gen import make_dict_structure_fn, make_dict_unstructure_fn, override

from digital_painschool.domain.enrolment import Conversation, Enrolment, FormCount, Phase
from digital_painschool.domain.events import (
    AccessEnded,
    ConversationRenamed,
    ConversationStarted,
    Ended,
    Event,
    FlagHandled,
    FormRead,
    FormSaved,
    HandedOver,
    Maintained,
    MessageSent,
    MessagesRead,
    ModuleCompleted,
    ModuleOpened,
    ModuleReleased,
    NotificationDropped,
    NotificationUndelivered,
    ProgramDone,
    Reviewed,
    Started,
)
from digital_painschool.domain.local_time import utc
from digital_painschool.domain.notification import Profile
from digital_painschool.domain.people import HsaId, PersonId
from digital_painschool.domain.policy import FlagKind
from digital_painschool.domain.retention import EndedEnrolment, ExportReceipt, PurgeDecision, PurgePlan, PurgeReceipt
from digital_painschool.domain.validation import Answer, module_numbers, whole_number
from digital_painschool.errors import StorageError

Data = dict[str, Any]
Upcaster = Callable[[Data], Data]
Row = TypeVar("Row")
Value = TypeVar("Value")
Instead = TypeVar("Instead")

_log = logging.getLogger(__name__)

_REMEMBERED = 4096
"""How many instants and HSA-ids are kept ready: a step writes the same ones several times, and the next reads them."""

EVENT_KINDS: Mapping[str, type[Event]] = MappingProxyType(
    {
        "started": Started,
        "handed-over": HandedOver,
        "reviewed": Reviewed,
        "maintained": Maintained,
        "access-ended": AccessEnded,
        "ended": Ended,
        "module-opened": ModuleOpened,
        "module-completed": ModuleCompleted,
        "module-released": ModuleReleased,
        "program-done": ProgramDone,
        "form-saved": FormSaved,
        "form-read": FormRead,
        "conversation-started": ConversationStarted,
        "conversation-renamed": ConversationRenamed,
        "message-sent": MessageSent,
        "messages-read": MessagesRead,
        "flag-handled": FlagHandled,
        "notification-dropped": NotificationDropped,
        "notification-undelivered": NotificationUndelivered,
    }
)
"""What each kind of event is called where it is kept; a name in this table is never changed or used again."""

KIND_OF: Mapping[type[Event], str] = MappingProxyType({class_: kind for kind, class_ in EVENT_KINDS.items()})
"""The same table the other way round."""

UPCASTERS: dict[str, tuple[Upcaster, ...]] = {}
"""By kind: what brings the data of an event from each older shape to the next one; the shape is how many there are."""

ENROLMENT_SHAPE = 1
"""Raised whenever `Enrolment` or what `apply` makes of an event changes: states of another shape are replayed."""


def read_stored(what: str, make: Callable[..., Value], *stored: Any) -> Value:
    """Return what `make` makes of stored data.

    Args:
        what: What is read, for the error: its kind and its id, never its content.
        make: Makes the value; it may raise anything.
        stored: What `make` is given.

    Raises:
        StorageError: The data cannot be read. The error has no cause and no context, which would hold the data.
    """
    try:
        return make(*stored)
    except StorageError as error:  # it names a part, and says no more than this one would
        failure = error
    except Exception as error:  # noqa: BLE001 - the data may be anything, and a parser's error repeats it
        failure = unreadable(what, error)
    raise failure


def read_each(
    rows: Iterable[Row], make: Callable[[Row], Value], instead: Callable[[Row], Instead]
) -> list[Value | Instead]:
    """Return what `make` makes of each stored row, in the same order.

    Args:
        rows: What is stored.
        make: Makes the value of a row; it may raise anything.
        instead: Makes what stands for a row that cannot be read: its id, and nothing else that is in it. A row that has
            not even an id is left out, and logged.
    """
    read: list[Value | Instead] = []
    for row in rows:
        with suppress(Exception):  # as above
            read.append(make(row))
            continue
        try:
            read.append(instead(row))
        except Exception:  # noqa: BLE001 - as above
            _log.error("a stored row cannot be read, and its id neither; was it changed by hand?")
    return read


def unreadable(what: str, error: Exception) -> StorageError:
    """Return the error that says of stored data that it cannot be read; raise it outside of the `except` block."""
    return StorageError(f"{what} cannot be read ({type(error).__name__}); was it changed by hand?")


def shape_of(kind: str) -> int:
    """Return the shape in which events of a kind are written now."""
    return len(UPCASTERS.get(kind, ()))


def event_to_data(event: Event) -> Data:
    """Describe an event without its `at` and `by`, which are kept beside it like its kind and its shape."""
    data: Data = _EVENT_HOOKS[type(event)](event)
    return data


def event_from_data(kind: str, shape: int, at: datetime, by: str, data: Data) -> Event:
    """Make the event that was described, whatever shape it was written in.

    Args:
        kind: As in `EVENT_KINDS`.
        shape: The shape that it was written in.
        at: When.
        by: Who.
        data: What `event_to_data` gave then; it is used up.

    Raises:
        StorageError: The kind or the shape is not known here, or the data does not fit them.
    """
    return read_stored("a timeline entry", _make_event, kind, shape, at, by, data)


def _make_event(kind: str, shape: int, at: datetime, by: str, data: Data) -> Event:
    upcasters = UPCASTERS.get(kind, ())
    if kind not in EVENT_KINDS or not 0 <= shape <= len(upcasters):
        raise StorageError("a timeline entry was written by a newer version, or is damaged")
    for upcaster in upcasters[shape:]:
        data = upcaster(data)
    data["at"] = at
    data["by"] = _text(by)
    event: Event = _EVENT_MAKERS[EVENT_KINDS[kind]](data, None)
    return event


def enrolment_to_data(enrolment: Enrolment) -> Data:
    """Describe a state in the shape `ENROLMENT_SHAPE`; what is at its default is left out."""
    data: Data = _describe_enrolment(enrolment)
    return data


def enrolment_from_data(data: Data) -> Enrolment:
    """Make the state that was described in the shape `ENROLMENT_SHAPE`.

    Raises:
        StorageError: The data does not fit.
    """
    return read_stored("a stored state", _make_enrolment, data)


def to_data(value: Profile | PurgePlan | PurgeReceipt | ExportReceipt | PurgeDecision | EndedEnrolment) -> Data:
    """Describe one of the other values that are kept."""
    data: Data = _converter.unstructure(value)
    return data


def from_data(data: object, wanted: type[Value]) -> Value:
    """Make the value that `to_data` described.

    Raises:
        StorageError: The data does not fit.
    """
    structure: Callable[[object, type[Value]], Value] = _converter.structure
    return read_stored(f"a stored {wanted.__name__}", structure, data, wanted)


def content_from_data(data: Any) -> str | dict[str, Answer]:
    """Make a document's content of what JSON gave back: several option keys are a tuple again.

    Raises:
        StorageError: The data is neither a text nor answers.
    """
    return read_stored("a stored document", _make_content, data)


def _make_content(data: Any) -> str | dict[str, Answer]:
    if type(data) is dict:
        return {_text(key): _answer(answer) for key, answer in data.items()}
    return _text(data)


def _answer(data: Any) -> Answer:
    if type(data) is list:
        return tuple(map(_text, data))
    if type(data) is int or (type(data) is float and isfinite(data)):
        number: int | float = data
        return number
    return _text(data)


@lru_cache(_REMEMBERED)
def instant_to_text(at: datetime) -> str:
    """Write an instant as text of one fixed width in UTC, so that text sorts like time."""
    return utc(at).isoformat("T", "microseconds")[:26] + "Z"


def optional_instant_to_text(at: datetime | None) -> str | None:
    """Write an instant that may be missing."""
    return None if at is None else instant_to_text(at)


@lru_cache(_REMEMBERED)
def instant_from_text(text: str) -> datetime:
    """Read an instant in ISO 8601, whatever its width."""
    return utc(datetime.fromisoformat(text))


def optional_instant_from_text(text: str | None) -> datetime | None:
    """Read an instant that may be missing."""
    return None if text is None else instant_from_text(text)


def _text(value: Any, _: object = None) -> str:
    if type(value) is not str:
        raise TypeError
    if not value.isascii():
        value.encode()  # no half of a surrogate pair, which could be neither shown nor kept again
    return value


def _optional_text(value: Any, _: object) -> str | None:
    return None if value is None else _text(value)


def _number(value: Any, _: object) -> int:
    return whole_number(value, "a stored number")


def _listed(value: Any) -> list[Any]:
    if type(value) is not list:
        raise TypeError
    return value


def _truth(value: Any, _: object) -> bool:
    if type(value) is not bool:
        raise TypeError
    return value


def _instant(value: Any, _: object) -> datetime:
    return value if type(value) is datetime else instant_from_text(value)


def _optional_instant(value: Any, _: object) -> datetime | None:
    return optional_instant_from_text(value)


@lru_cache(_REMEMBERED)
def hsa_id_from_text(text: str) -> HsaId:
    """Read an HSA-id; there are few, and they come again and again."""
    return HsaId(text)


def _person(value: Any, _: object) -> PersonId:
    return PersonId(value["scheme"], value["value"])


def _make_enrolment(data: Data) -> Enrolment:
    # What cattrs would generate, without going through __init__: half the time of the first half of every step.
    enrolment: Enrolment = object.__new__(Enrolment)
    fields = enrolment.__dict__
    fields.update(_ENROLMENT_DEFAULTS)
    for name, value in data.items():
        fields[name] = _ENROLMENT_FIELDS[name](value, None)
    if len(fields) != len(_ENROLMENT_FIELDS):
        raise KeyError("a field without a default is missing")
    return enrolment


class _Hooks(dict[type[Event], Callable[..., Any]]):
    """A hook for each type of event, generated when it is first asked for: no process needs all of them at once."""

    def __init__(self, generate: Callable[[type[Event]], Callable[..., Any]]) -> None:
        super().__init__()
        self._generate = generate

    def __missing__(self, class_: type[Event]) -> Callable[..., Any]:
        hook = self[class_] = self._generate(class_)
        return hook


def _event_described(class_: type[Event]) -> Callable[[Any], Data]:
    left_out: Any = {"at": override(omit=True), "by": override(omit=True)}
    return make_dict_unstructure_fn(class_, _converter, **left_out)


def _event_made(class_: type[Event]) -> Callable[[Any, Any], Any]:
    return make_dict_structure_fn(class_, _converter, _cattrs_detailed_validation=False)


def _described(class_: type) -> Callable[[Any], Data]:
    hook: Callable[[Any], Data] = make_dict_unstructure_fn(class_, _converter, _cattrs_omit_if_default=True)
    _converter.register_unstructure_hook(class_, hook)
    return hook


def _made(class_: type) -> Callable[[Any, Any], Any]:
    hook: Callable[[Any, Any], Any] = make_dict_structure_fn(class_, _converter, _cattrs_detailed_validation=False)
    _converter.register_structure_hook(class_, hook)
    return hook


def _register(wanted: Any, describe: Callable[[Any], Any], make: Callable[[Any, Any], Any]) -> None:
    if isinstance(wanted, type) and not get_args(wanted):
        _converter.register_unstructure_hook(wanted, describe)
        _converter.register_structure_hook(wanted, make)
    else:
        _converter.register_unstructure_hook_func(lambda type_: type_ == wanted, describe)
        _converter.register_structure_hook_func(lambda type_: type_ == wanted, make)


def _register_many(one: Any, describe: Callable[[Any], Any], make: Callable[[Any, Any], Any]) -> None:
    _register(
        tuple[one, ...],
        lambda values: [describe(value) for value in values],
        lambda values, _: tuple([make(value, None) for value in _listed(values)]),
    )


_converter = Converter(detailed_validation=False)
for _plain, _strict in ((str, _text), (int, _number), (bool, _truth)):
    _converter.register_structure_hook(_plain, _strict)
_register(str | None, lambda value: value, _optional_text)
_register(datetime, instant_to_text, _instant)
_register(datetime | None, optional_instant_to_text, _optional_instant)
_register(HsaId, str, lambda value, _: hsa_id_from_text(value))
_register(Phase, lambda phase: phase.value, lambda value, _: Phase(value))
_register(PersonId, lambda person: {"scheme": person.scheme, "value": person.value}, _person)
_register(frozenset[int], sorted, lambda value, _: module_numbers(value))
_register(
    frozenset[FlagKind],
    lambda flags: sorted(flag.value for flag in flags),
    lambda value, _: frozenset(map(FlagKind, _listed(value))),
)
_register(tuple[str, ...], list, lambda value, _: tuple(map(_text, _listed(value))))

for _class in (PurgeDecision, EndedEnrolment):
    _described(_class)
    _made(_class)
_register_many(FormCount, _described(FormCount), _made(FormCount))
_register_many(Conversation, _described(Conversation), _made(Conversation))
_describe_enrolment = _described(Enrolment)
_ENROLMENT_DEFAULTS = {field.name: field.default for field in fields(Enrolment) if field.default is not NOTHING}
_ENROLMENT_FIELDS: Mapping[str, Callable[[Any, Any], Any]] = {
    field.name: _converter.get_structure_hook(field.type) for field in fields(Enrolment)
}
_EVENT_HOOKS = _Hooks(_event_described)
_EVENT_MAKERS = _Hooks(_event_made)
