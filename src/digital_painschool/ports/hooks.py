"""The plugin hooks: each returns adapter factories, and is called once, at start. No port method is ever a hook.

A plugin is a module or an object with functions of these names, each marked with `hookimpl`. An entry point in the
group `digital_painschool` names the plugin.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Generic, TypeVar

import pluggy
from attrs import field, frozen

from digital_painschool.domain.program import Program
from digital_painschool.ports.directory import Directory
from digital_painschool.ports.identity import Identity
from digital_painschool.ports.inbox import Inbox
from digital_painschool.ports.messaging import Messenger
from digital_painschool.ports.observer import Observer
from digital_painschool.ports.storage import Storage

PROJECT = "digital_painschool"

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)

T_co = TypeVar("T_co", covariant=True)

Options = Mapping[str, object]
"""The options of one adapter in the settings, without its name: texts, numbers, booleans, lists and tables."""


@frozen
class AdapterFactory(Generic[T_co]):
    """A named factory of an adapter.

    Args:
        name: The name of the adapter in the settings.
        make: Builds the adapter from its options; called only when the settings choose it. It raises
            `ConfigurationError` for options that it cannot use.
        secrets: The options whose value may be a reference to a secret, `env:NAME` or `file:PATH`. They are resolved
            before `make` is called, and a SQLite URL among them becomes one with an absolute path.
        passwords: Those of `secrets` that a settings file may only refer to: the secret itself is refused in a file.
        migrates: True for an adapter with a schema of its own: `make` then gets the option `migrate` with the value
            True when `digital-painschool migrate`, or `open_school(migrate=True)`, opens the school.
    """

    name: str
    make: Callable[[Options], T_co]
    secrets: tuple[str, ...] = ()
    passwords: tuple[str, ...] = field(default=(), kw_only=True)
    migrates: bool = False


@hookspec
def painschool_storages() -> Iterable[AdapterFactory[Storage]]:  # type: ignore[empty-body]
    """Return factories of storages; for a storage URL, the name is the URL's scheme."""


@hookspec
def painschool_identities() -> Iterable[AdapterFactory[Identity]]:  # type: ignore[empty-body]
    """Return factories of readers of identity numbers."""


@hookspec
def painschool_inboxes() -> Iterable[AdapterFactory[Inbox]]:  # type: ignore[empty-body]
    """Return factories of patients' inboxes."""


@hookspec
def painschool_directories() -> Iterable[AdapterFactory[Directory]]:  # type: ignore[empty-body]
    """Return factories of staff directories."""


@hookspec
def painschool_messengers() -> Iterable[AdapterFactory[Messenger]]:  # type: ignore[empty-body]
    """Return factories of messengers to staff."""


@hookspec
def painschool_observers() -> Iterable[AdapterFactory[Observer]]:  # type: ignore[empty-body]
    """Return factories of observers."""


@hookspec
def painschool_programs() -> Iterable[AdapterFactory[Program]]:  # type: ignore[empty-body]
    """Return factories of programs; each program is on the list "Moment" of every unit, and its name is its key."""
