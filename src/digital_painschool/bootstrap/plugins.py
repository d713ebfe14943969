"""The composition root: it finds the installed plugins, makes the adapters that the settings choose, and a school.

The plugin manager exists only here. The hooks are called once, and after that there are only typed objects.
"""

import logging
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, cast

import pluggy
from attrs import evolve, frozen

from digital_painschool.adapters import plugin as reference_adapters
from digital_painschool.adapters.options import secret
from digital_painschool.application.program_catalogue import Catalogue
from digital_painschool.bootstrap.school import PainSchool, system_clock
from digital_painschool.bootstrap.settings import AdapterConfig, Settings
from digital_painschool.domain.notification import Channel
from digital_painschool.domain.pace import ChannelPace
from digital_painschool.domain.program import Program
from digital_painschool.domain.validation import plain_text
from digital_painschool.errors import ConfigurationError, InvalidValue
from digital_painschool.ports import Clock, Directory, Ports, hooks
from digital_painschool.ports.guarded import closing, guarded, guarded_call
from digital_painschool.ports.hooks import PROJECT, AdapterFactory
from digital_painschool.ports.messaging import Messenger

_log = logging.getLogger(__name__)

KINDS = {
    "storage": "painschool_storages",
    "identity": "painschool_identities",
    "inbox": "painschool_inboxes",
    "directory": "painschool_directories",
    "messenger": "painschool_messengers",
    "observer": "painschool_observers",
    "program": "painschool_programs",
}
"""The kinds of adapters, each with the hook that returns its factories."""


@frozen
class Installed:
    """An adapter factory, and the plugin that it comes from."""

    kind: str
    factory: AdapterFactory[object]
    plugin: str


def installed(plugins: Iterable[object] = ()) -> tuple[Installed, ...]:
    """Return every adapter factory: of this package, of the group's entry points, and of further plugins.

    Args:
        plugins: Modules or objects with hooks, beside the installed plugins.

    Raises:
        ConfigurationError: A plugin has an unknown hook (a misspelt name), or one of its hooks failed.
    """
    manager = pluggy.PluginManager(PROJECT)
    manager.add_hookspecs(hooks)
    manager.register(reference_adapters, name="digital_painschool")
    try:
        manager.load_setuptools_entrypoints(PROJECT)
    except Exception as error:
        raise ConfigurationError(
            f"an installed plugin failed at its import with {type(error).__name__}: {error}"
        ) from error
    for plugin in plugins:
        manager.register(plugin)
    try:
        manager.check_pending()
    except pluggy.PluginValidationError as error:
        known = ", ".join(sorted(KINDS.values()))
        raise ConfigurationError(f"{error}; known hooks are {known}") from None
    _require_known_hooks(manager)
    found: list[Installed] = []
    for kind, hook in KINDS.items():
        for implementation in getattr(manager.hook, hook).get_hookimpls():
            found.extend(_factories_of(kind, implementation))
    return tuple(sorted(found, key=lambda one: (list(KINDS).index(one.kind), one.factory.name, one.plugin)))


def connect(settings: Settings, plugins: Iterable[object] = (), *, migrate: bool = False) -> Ports:
    """Make the adapters that the settings choose.

    Args:
        settings: The settings.
        plugins: Modules or objects with hooks, beside the installed plugins.
        migrate: True brings the schema of each adapter that has one up to date first.

    Raises:
        ConfigurationError: A name is unknown or ambiguous, options are not usable, or an adapter lacks a method of its
            port. The error names the installed adapters and their plugins.
    """
    found = installed(plugins)
    with ExitStack() as made:

        def make(kind: str, chosen: AdapterConfig) -> Any:
            adapter = _make(found, kind, chosen, migrate=migrate)
            close = closing(adapter)
            if close is not None:
                made.callback(close)
            return adapter

        ports = Ports(
            storage=make("storage", settings.storage),
            identity=make("identity", settings.identity),
            inbox=make("inbox", settings.inbox),
            directory=make("directory", settings.directory),
            messengers=tuple(make("messenger", chosen) for chosen in settings.messengers),
            observers=tuple(make("observer", chosen) for chosen in settings.observers),
        )
        ports = evolve(ports, paces=_paces(settings, guarded(ports).messengers))
        if settings.messengers and settings.directory == Settings().directory:
            _log.warning("messengers are set up and no staff directory is: no member of staff has an address")
        guarded(ports)  # raises for an incomplete adapter while the others can still be closed
        made.pop_all()  # all adapters are made: from now on the school closes them
        return ports


@contextmanager
def connected_directory(settings: Settings, plugins: Iterable[object] = ()) -> Iterator[Directory]:
    """Make the staff directory that the settings choose, and no other adapter; close it at the end.

    Raises:
        ConfigurationError: As for `connect`.
    """
    with ExitStack() as stack:
        directory: Directory = _make(installed(plugins), "directory", settings.directory)
        close = closing(directory)
        if close is not None:
            stack.callback(close)
        yield directory


def _paces(settings: Settings, messengers: Iterable[Messenger]) -> Mapping[Channel, ChannelPace | None]:
    """Return the paces that the settings set, of the inbox and of each channel's messenger (D-13e).

    Raises:
        ConfigurationError: Two messengers send by one channel; only the first would ever be used.
    """
    chosen = {Channel.INBOX: settings.inbox.pace}
    names = dict[Channel, str]()
    for messenger, config in zip(messengers, settings.messengers, strict=True):
        if messenger.channel in names:
            raise ConfigurationError(
                f"messengers {names[messenger.channel]!r} and {config.name!r} both send by {messenger.channel.value};"
                " a channel has one messenger"
            )
        names[messenger.channel] = config.name
        chosen[messenger.channel] = config.pace
    return {channel: None if pace == "none" else pace for channel, pace in chosen.items() if pace is not None}


def catalogue(settings: Settings, plugins: Iterable[object] = ()) -> Catalogue:
    """Return the programs, from plugins and from the settings, and the policies of the units.

    Raises:
        ConfigurationError: Two programs have the same key, or no plugin has a key that the settings name.
    """
    found = [one for one in installed(plugins) if one.kind == "program"]
    keys = dict.fromkeys(one.factory.name for one in found) if settings.offered is None else settings.offered
    programs: list[Program] = [_make(found, "program", AdapterConfig(key)) for key in keys]
    return Catalogue(
        programs=(*programs, *settings.programs),
        policy=settings.policy,
        units=settings.units,
    )


def open_school(
    settings: Settings | str | Path,
    *,
    migrate: bool = False,
    clock: Clock = system_clock,
    plugins: Iterable[object] = (),
) -> PainSchool:
    """Return a school with the adapters that the settings choose.

    Args:
        settings: Settings, the path of a TOML file, or a storage URL such as `sqlite:///painschool.db`.
        migrate: True brings the schemas of storage, inbox and messengers up to date first. A new SQLite file of the
            storage gets its schema in any case.
        clock: A function that returns the present instant, an aware time.
        plugins: Modules or objects with hooks, beside the installed plugins.

    Raises:
        ConfigurationError: Settings and installed adapters do not match.
        InvalidProgram: A program file that the settings name is not usable.
        StorageError: The storage cannot be opened, or its schema is of another version.
    """
    if isinstance(settings, str) and "://" in plain_text(settings, "settings"):
        chosen = Settings.from_url(settings)
    elif isinstance(settings, (str, Path)):
        from digital_painschool.bootstrap.settings_toml import read_settings  # who names a URL waits for no converter

        chosen = read_settings(settings)
    elif isinstance(settings, Settings):
        chosen = settings
    else:
        raise InvalidValue(f"settings is Settings, a path or a storage URL, not {type(settings).__name__}")
    programs = catalogue(chosen, plugins)
    key = None if chosen.receipt_key is None else secret(chosen.receipt_key)
    ports = connect(chosen, plugins, migrate=migrate)
    return PainSchool(ports, catalogue=programs, clock=clock, receipt_key=key)


def _factories_of(kind: str, implementation: pluggy.HookImpl) -> Iterable[Installed]:
    plugin = implementation.plugin_name
    try:
        factories = tuple(cast("Iterable[object]", implementation.function()))
    except Exception as error:
        raise ConfigurationError(f"plugin {plugin!r} failed to return its {kind} factories: {error}") from error
    for factory in factories:
        if not isinstance(factory, AdapterFactory):
            raise ConfigurationError(
                f"plugin {plugin!r} returned a {type(factory).__name__} as {kind} instead of an AdapterFactory"
            )
        yield Installed(kind, factory, plugin)


def _require_known_hooks(manager: pluggy.PluginManager) -> None:
    # Pluggy reports a misspelt hook only when it is marked; an unmarked one would be ignored in silence.
    for name, plugin in manager.list_name_plugin():
        for attribute in dir(plugin):
            if attribute.startswith("painschool_") and attribute not in KINDS.values():
                raise ConfigurationError(
                    f"plugin {name!r} has a hook {attribute!r}, which does not exist; "
                    f"known hooks are {', '.join(sorted(KINDS.values()))}"
                )


def _make(found: Iterable[Installed], kind: str, chosen: AdapterConfig, *, migrate: bool = False) -> Any:
    # The factory's type is lost in the table of hooks; the hook of a kind returns factories of that kind only.
    of_kind = [one for one in found if one.kind == kind]
    matching = [one for one in of_kind if one.factory.name == chosen.name]
    if len(matching) == 1:
        factory = matching[0].factory
        make = guarded_call(factory.make, f"making the {kind} {chosen.name!r}", ConfigurationError)
        options = chosen.resolved(factory.secrets, factory.passwords)
        return make({**options, "migrate": True} if migrate and factory.migrates else options)
    listed = ", ".join(f"{one.factory.name!r} (by {one.plugin})" for one in of_kind) or "nothing"
    if not chosen.name:
        raise ConfigurationError(
            f"the {kind} is missing in the settings, and there is no default; installed are {listed}"
        )
    if not matching:
        raise ConfigurationError(f"no {kind} is called {chosen.name!r}; installed are {listed}")
    whose = " and ".join(one.plugin for one in matching)
    raise ConfigurationError(f"{kind} {chosen.name!r} is installed more than once, by {whose}; remove one of {listed}")
