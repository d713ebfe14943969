"""Guards around adapters: errors and results of third-party code are checked before they reach the library.

An adapter's error may contain an identity number or a message's text, and an error collector reads the whole chain. So
each call of an adapter goes through `guarded_call`. It returns a result of the type that the port declares, or raises
an error of `errors` without third-party text, cause or context.
"""

import logging
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from types import MappingProxyType, NoneType, UnionType
from typing import Any, Final, ParamSpec, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from attrs import evolve

from digital_painschool.domain.email_address import is_email
from digital_painschool.domain.notification import Channel
from digital_painschool.domain.pace import ChannelPace
from digital_painschool.domain.people import PersonId
from digital_painschool.errors import (
    AdapterError,
    ConfigurationError,
    DeliveryError,
    InvalidValue,
    OutcomeUnknown,
    PainSchoolError,
    StorageError,
)
from digital_painschool.ports import Directory, Identity, Inbox, Messenger, Ports, Storage
from digital_painschool.ports.directory import StaffEntry
from digital_painschool.ports.messaging import Address
from digital_painschool.ports.paced import declared_pace

_log = logging.getLogger(__name__)
_LONGEST = 1000
"""The longest text of an adapter's error."""
_P = ParamSpec("_P")
_T = TypeVar("_T")

Check = Callable[[object], bool]
"""A function that returns whether a result is of the type that the port declares."""

WRITES = frozenset(
    {
        *("save", "save_draft", "claim", "begin", "complete", "reject", "reserve_slots"),
        *("record_worker", "log", "purge", "forgotten", "save_record"),
    }
)
"""The methods of the storage that write."""
_FAILURES: Final[Mapping[type, Callable[[str], PainSchoolError]]] = {
    Storage: StorageError,
    Identity: AdapterError,
    Inbox: DeliveryError,
    Directory: DeliveryError,
    Messenger: DeliveryError,
}
"""The error that stands for a failure of each port."""


def guarded_call(
    call: Callable[_P, _T],
    what: str,
    failure: Callable[[str], PainSchoolError] = AdapterError,
    is_right: Check | None = None,
) -> Callable[_P, _T]:
    """Return a function that calls an adapter, and raises only errors of this library.

    Errors of this library are raised again without cause and context. `KeyboardInterrupt` and other exits pass
    unchanged.

    Args:
        call: The call of the adapter.
        what: The name of the call, for the error and the log.
        failure: A function that makes the error from a text without personal data.
        is_right: A function that returns whether a result is of the right type; None accepts every result.
    """

    def guarded_function(*args: _P.args, **options: _P.kwargs) -> _T:
        try:
            result = call(*args, **options)
            if is_right is None or is_right(result):
                return result
            error: PainSchoolError | None = None
            why = f"{what} returned a value of a wrong type"
        except PainSchoolError as typed:
            # A directory with an address that is none refuses a value of its own, and not what the caller gave it.
            own = failure is DeliveryError and type(typed) is InvalidValue
            error, why = (None, f"{what} raised {type(typed).__name__}") if own else (_in_one_line(typed), "")
        except Exception as raw:  # noqa: BLE001 - a third-party adapter may raise anything
            error = None
            why = f"{what} raised {type(raw).__name__}"
        if error is None:
            _log.error("%s", why)
            error = failure(why)
        # Raised outside the handler, so that no third-party error becomes its context.
        error.__cause__ = error.__context__ = None
        try:
            raise error
        finally:
            del error

    return guarded_function


def _in_one_line(error: PainSchoolError) -> PainSchoolError:
    """Return an error whose text is one line of a log and no more: a second one could look like another event."""
    match error.args:
        case (str(text),) if not (text.isprintable() and len(text) <= _LONGEST):
            line = "".join(one if one.isprintable() else " " for one in text[:_LONGEST])
            error.args = (line,)
            if isinstance(error, DeliveryError):
                error.why = line
    return error


def guarded(ports: Ports) -> Ports:
    """Return the ports with every call guarded by `guarded_call`. Ports that are guarded already stay unchanged.

    Observers are not guarded here: the executor logs their errors, and no error of an observer stops a command.

    Raises:
        ConfigurationError: An adapter lacks a method of its port, a messenger does not say which channel it serves, or
            a pace is none.
    """
    messengers = tuple(_guarded(messenger, Messenger) for messenger in ports.messengers)
    return evolve(
        ports,
        storage=_guarded(ports.storage, Storage),
        identity=_guarded(ports.identity, Identity),
        inbox=_guarded(ports.inbox, Inbox),
        directory=_guarded(ports.directory, Directory),
        messengers=messengers,
        paces=_paces(ports, messengers),
    )


def _paces(ports: Ports, messengers: Iterable[Messenger]) -> Mapping[Channel, ChannelPace | None]:
    """Return the pace of each channel: the one that is set, or else the one that its adapter declares."""
    adapters: dict[Channel, object] = {Channel.INBOX: ports.inbox}
    for messenger in messengers:
        adapters.setdefault(messenger.channel, messenger)
    declared = guarded_call(declared_pace, "a pace", ConfigurationError)
    paces = {channel: declared(adapter) for channel, adapter in adapters.items() if channel not in ports.paces}
    for channel, pace in ports.paces.items():
        if not isinstance(channel, Channel) or not (pace is None or isinstance(pace, ChannelPace)):
            raise ConfigurationError("paces has a ChannelPace, or None, for each Channel that it names")
        paces[channel] = pace
    return MappingProxyType(paces)


def closing(adapter: object) -> Callable[[], object] | None:
    """Return the guarded `close` of an adapter, or None when the adapter has none."""
    close = getattr(adapter, "close", None)
    return guarded_call(close, f"closing {type(adapter).__name__}") if callable(close) else None


class _Guarded:
    """An adapter whose methods of the port are guarded; every other attribute is the adapter's own."""

    def __init__(self, adapter: object, port: type) -> None:
        self._adapter = adapter
        name = type(adapter).__name__
        for method, is_right in _checks(port).items():
            if isinstance(adapter, type) or not callable(getattr(adapter, method, None)):
                raise ConfigurationError(f"{name} is no {port.__name__.lower()}: it has no {method!r} to call")
            failure = OutcomeUnknown if port is Storage and method in WRITES else _FAILURES[port]
            what = f"{port.__name__.lower()} {name}.{method}"
            setattr(self, method, guarded_call(_late_bound(adapter, method), what, failure, is_right))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._adapter, name)

    def __repr__(self) -> str:
        return f"guarded {type(self._adapter).__name__}"


def _guarded(adapter: _T, port: type) -> _T:
    if isinstance(adapter, _Guarded):
        return adapter
    made = _Guarded(adapter, port)
    if port is Messenger:
        channel = guarded_call(
            lambda: cast("Messenger", adapter).channel, "a messenger's channel", ConfigurationError
        )()
        if not isinstance(channel, Channel):
            raise ConfigurationError(f"{type(adapter).__name__} does not say which channel it serves")
        made.channel = channel  # type: ignore[attr-defined]
    return cast("_T", made)


def _late_bound(adapter: object, method: str) -> Callable[..., Any]:
    def call(*args: object, **options: object) -> Any:
        return getattr(adapter, method)(*args, **options)

    return call


@cache
def _checks(port: type) -> Mapping[str, Check | None]:
    """Return the methods of a port, each with the check of its result that follows from its annotation."""
    methods = {name: getattr(port, name) for name in dir(port) if not name.startswith("_")}
    return {name: _check(get_type_hints(method)["return"]) for name, method in methods.items() if callable(method)}


def _check(wanted: Any) -> Check | None:
    """Return the check of a result, and of its items where it is a collection; None for a method without result."""
    if wanted is NoneType:
        return None
    if wanted is PersonId:
        return _is_person
    if wanted == StaffEntry | None:
        return _is_entry
    if get_origin(wanted) is tuple:
        items = _classes(get_args(wanted)[0])
        return lambda result: isinstance(result, (tuple, list)) and _all_are(result, items)
    if get_origin(wanted) is Mapping:
        values = _classes(get_args(wanted)[1])
        return lambda result: isinstance(result, (dict, Mapping)) and _all_are(result.values(), values)
    classes = _classes(wanted)
    return lambda result: isinstance(result, classes)


def _classes(wanted: Any) -> tuple[type, ...]:
    if get_origin(wanted) in {Union, UnionType}:
        return tuple(class_ for one in get_args(wanted) for class_ in _classes(one))
    plain = getattr(wanted, "__supertype__", wanted)  # an id is the `str` that it is made of
    return (get_origin(plain) or plain,)


def _all_are(items: Iterable[object], classes: tuple[type, ...]) -> bool:
    # Every state that a desk loads passes here, and a generator would take twice as long.
    for item in items:  # noqa: SIM110
        if not isinstance(item, classes):
            return False
    return True


def _is_person(result: object) -> bool:
    # A subclass could show the number that `PersonId` masks.
    return type(result) is PersonId and type(result.scheme) is type(result.value) is str


def _is_entry(result: object) -> bool:
    if result is None:
        return True
    if not isinstance(result, StaffEntry):
        return False
    # A subclass could pass the checks when it is made, and answer otherwise later.
    if result.email is not None and not (isinstance(result.email, Address) and is_email(result.email.value)):
        return False
    return result.sms is None or (isinstance(result.sms, Address) and isinstance(result.sms.value, str))
