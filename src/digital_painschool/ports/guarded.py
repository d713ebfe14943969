"""The border of the ports: what an adapter of another make raises or returns reaches nobody raw.

An adapter's error may hold the number or the text that was on its way, and an error collector reads the whole chain.
So each call of an adapter goes through one function here. What comes out is the answer, of the type that the port
names, or an error of `errors` without text, cause or context of another make.
"""

import logging
from collections.abc import Callable, Mapping
from functools import cache
from types import NoneType, UnionType
from typing import Any, Final, ParamSpec, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from attrs import evolve

from digital_painschool.domain.notification import Channel
from digital_painschool.domain.people import PersonId
from digital_painschool.errors import (
    AdapterError,
    ConfigurationError,
    DeliveryError,
    OutcomeUnknown,
    PainSchoolError,
    StorageError,
)
from digital_painschool.ports import Directory, Identity, Inbox, Messenger, Ports, Storage
from digital_painschool.ports.directory import StaffEntry
from digital_painschool.ports.messaging import Address

_log = logging.getLogger(__name__)
_P = ParamSpec("_P")
_T = TypeVar("_T")

Check = Callable[[object], bool]
"""Returns whether an answer is of the type that the port names."""

_WRITES = frozenset(
    {
        *("save", "claim", "begin", "complete", "log", "purge", "replay_purge"),
        *("save_profile", "save_program", "save_export", "save_plan", "save_receipt"),
    }
)
"""The methods of the storage that change what is stored."""
_FAILURES: Final[Mapping[type, Callable[[str], PainSchoolError]]] = {
    Storage: StorageError,
    Identity: AdapterError,
    Inbox: DeliveryError,
    Directory: DeliveryError,
    Messenger: DeliveryError,
}
"""The error that each port has for its own failures."""


def guarded_call(
    ask: Callable[_P, _T],
    what: str,
    failure: Callable[[str], PainSchoolError] = AdapterError,
    is_right: Check | None = None,
) -> Callable[_P, _T]:
    """Return a function that makes a call of an adapter, and raises nothing but errors of this library.

    Errors of this library pass, without what they were raised from. `KeyboardInterrupt` and other exits pass as they
    are.

    Args:
        ask: Makes the call.
        what: What is called, for the error and the log.
        failure: Makes the error from a text without personal data.
        is_right: Returns whether the answer is of the right type; left out, each is.
    """

    def asked(*args: _P.args, **options: _P.kwargs) -> _T:
        try:
            answer = ask(*args, **options)
            if is_right is None or is_right(answer):
                return answer
            error: PainSchoolError | None = None
            why = f"{what} gave an answer of a wrong type"
        except PainSchoolError as typed:
            error = typed
        except Exception as raw:  # noqa: BLE001 - an adapter of any make may raise anything
            error = None
            why = f"{what} raised {type(raw).__name__}"
        if error is None:
            _log.error("%s", why)
            error = failure(why)
        # Raised out here, so that nothing of another make hangs on it.
        error.__cause__ = error.__context__ = None
        try:
            raise error
        finally:
            del error

    return asked


def guarded(ports: Ports) -> Ports:
    """Return the same ports, each of whose calls goes through `guarded_call`. Ports that are guarded stay as they are.

    Observers are not among them: what one raises is logged and stops nothing, where they are told.

    Raises:
        ConfigurationError: An adapter lacks a method of its port, or a messenger does not say which channel it serves.
    """
    return evolve(
        ports,
        storage=_guarded(ports.storage, Storage),
        identity=_guarded(ports.identity, Identity),
        inbox=_guarded(ports.inbox, Inbox),
        directory=_guarded(ports.directory, Directory),
        messengers=tuple(_guarded(messenger, Messenger) for messenger in ports.messengers),
    )


def closing(adapter: object) -> Callable[[], object] | None:
    """Return what closes an adapter, guarded, or None where it has nothing to close."""
    close = getattr(adapter, "close", None)
    return guarded_call(close, f"closing {type(adapter).__name__}") if callable(close) else None


class _Guarded:
    """An adapter, each of whose port's methods is guarded; everything else is the adapter's own."""

    def __init__(self, adapter: object, port: type) -> None:
        self._adapter = adapter
        name = type(adapter).__name__
        for method, is_right in _checks(port).items():
            if isinstance(adapter, type) or not callable(getattr(adapter, method, None)):
                raise ConfigurationError(f"{name} is no {port.__name__.lower()}: it has no {method!r} to call")
            failure = OutcomeUnknown if port is Storage and method in _WRITES else _FAILURES[port]
            what = f"{port.__name__.lower()} {name}.{method}"
            setattr(self, method, guarded_call(_late(adapter, method), what, failure, is_right))

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


def _late(adapter: object, method: str) -> Callable[..., Any]:
    def call(*args: object, **options: object) -> Any:
        return getattr(adapter, method)(*args, **options)

    return call


@cache
def _checks(port: type) -> Mapping[str, Check | None]:
    """Return the methods of a port, each with what its answers must be, as their annotations say."""
    methods = {name: getattr(port, name) for name in dir(port) if not name.startswith("_")}
    return {name: _check(get_type_hints(method)["return"]) for name, method in methods.items() if callable(method)}


def _check(wanted: Any) -> Check | None:
    """Return a check of an answer, and of what is in it where it is a collection; None where nothing is returned."""
    if wanted is NoneType:
        return None
    if wanted is PersonId:
        return _is_person
    if wanted == StaffEntry | None:
        return _is_entry
    if get_origin(wanted) is tuple:
        items = _classes(get_args(wanted)[0])
        return lambda answer: isinstance(answer, (tuple, list)) and all(isinstance(item, items) for item in answer)
    if get_origin(wanted) is Mapping:
        values = _classes(get_args(wanted)[1])
        return lambda answer: isinstance(answer, Mapping) and all(isinstance(item, values) for item in answer.values())
    classes = _classes(wanted)
    return lambda answer: isinstance(answer, classes)


def _classes(wanted: Any) -> tuple[type, ...]:
    if get_origin(wanted) in {Union, UnionType}:
        return tuple(class_ for one in get_args(wanted) for class_ in _classes(one))
    return (get_origin(wanted) or wanted,)


def _is_person(answer: object) -> bool:
    # A class of its own could show the number where it is masked.
    return type(answer) is PersonId and type(answer.scheme) is type(answer.value) is str


def _is_entry(answer: object) -> bool:
    if answer is None:
        return True
    return isinstance(answer, StaffEntry) and all(
        address is None or (isinstance(address, Address) and isinstance(address.value, str))
        for address in (answer.email, answer.sms)
    )
