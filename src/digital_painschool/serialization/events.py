"""Events as JSON data.

Stored events must be readable for ten years and more, so no name of a Python class stands in them. An event goes by its
kind, from a table. Each kind has upcasters, which bring an older shape of its data up to date.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any

from cattrs.gen import make_dict_structure_fn, make_dict_unstructure_fn, override

from digital_painschool.domain.events import (
    AccessEnded,
    AccessEndsSoon,
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
    NotificationResolved,
    NotificationUndelivered,
    PageRead,
    PatientSilent,
    ProgramDone,
    Reactivated,
    Reviewed,
    Started,
    Withdrawn,
)
from digital_painschool.errors import StorageError
from digital_painschool.serialization.stored import Data, read_stored
from digital_painschool.serialization.stored_converter import CONVERTER

Upcaster = Callable[[Data], Data]

EVENT_KINDS: Mapping[str, type[Event]] = MappingProxyType(
    {
        "started": Started,
        "handed-over": HandedOver,
        "reviewed": Reviewed,
        "maintained": Maintained,
        "reactivated": Reactivated,
        "access-ended": AccessEnded,
        "patient-silent": PatientSilent,
        "access-ends-soon": AccessEndsSoon,
        "ended": Ended,
        "withdrawn": Withdrawn,
        "module-opened": ModuleOpened,
        "page-read": PageRead,
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
        "notification-resolved": NotificationResolved,
    }
)
"""The stored name of each kind of event. A name in this table is never changed, and never used again."""

KIND_OF: Mapping[type[Event], str] = MappingProxyType({class_: kind for kind, class_ in EVENT_KINDS.items()})
"""The same table in the other direction."""

UPCASTERS: dict[str, tuple[Upcaster, ...]] = {}
"""By kind, the functions from each older shape of an event's data to the next; their count is the present shape."""


class _Hooks(dict[type[Event], Callable[..., Any]]):
    """The hook of each type of event, generated at its first use: no process needs all of them at once."""

    def __init__(self, generate: Callable[[type[Event]], Callable[..., Any]]) -> None:
        super().__init__()
        self._generate = generate

    def __missing__(self, class_: type[Event]) -> Callable[..., Any]:
        hook = self[class_] = self._generate(class_)
        return hook


def _describe_hook(class_: type[Event]) -> Callable[[Any], Data]:
    left_out: Any = {"at": override(omit=True), "by": override(omit=True)}
    return make_dict_unstructure_fn(class_, CONVERTER, **left_out)


def _make_hook(class_: type[Event]) -> Callable[[Any, Any], Any]:
    return make_dict_structure_fn(class_, CONVERTER, _cattrs_detailed_validation=False)


_DESCRIBE = _Hooks(_describe_hook)
_MAKE = _Hooks(_make_hook)


def shape_of(kind: str) -> int:
    """Return the shape in which events of a kind are written now."""
    return len(UPCASTERS.get(kind, ()))


def event_to_data(event: Event) -> Data:
    """Return an event as data, without its `at` and `by`: those are stored beside it, like its kind and its shape."""
    data: Data = _DESCRIBE[type(event)](event)
    return data


def event_from_data(kind: str, shape: int, at: datetime, by: str, data: Data) -> Event:
    """Return the event that `event_to_data` described, in whichever shape.

    Args:
        kind: The kind, as in `EVENT_KINDS`.
        shape: The shape in which the event was written.
        at: The event's instant.
        by: The event's author.
        data: The data from `event_to_data`; it is changed.

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
    data["by"] = by
    event: Event = _MAKE[EVENT_KINDS[kind]](data, None)
    return event
