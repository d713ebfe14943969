"""The composition root: it makes the adapters that the settings choose, and a school."""

import logging
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from attrs import evolve, frozen

from digital_painschool.adapters.options import secret
from digital_painschool.application.program_catalogue import Catalogue
from digital_painschool.bootstrap.plugins import Installed, factory_of, installed
from digital_painschool.bootstrap.school import PainSchool, system_clock
from digital_painschool.bootstrap.settings import AdapterConfig, Settings
from digital_painschool.domain.notification import Channel
from digital_painschool.domain.pace import ChannelPace
from digital_painschool.domain.program import Program
from digital_painschool.domain.validation import plain_text, truth_value
from digital_painschool.errors import ConfigurationError, InvalidValue, PainSchoolError
from digital_painschool.ports import Clock, Directory, Ports
from digital_painschool.ports.guarded import closing, guarded, guarded_call
from digital_painschool.ports.messaging import Messenger

_log = logging.getLogger(__name__)


def connect(settings: Settings, plugins: Iterable[object] = (), *, migrate: bool = False) -> Ports:
    """Make the adapters that the settings choose.

    Args:
        settings: The settings.
        plugins: Modules or objects with hooks, beside the installed plugins.
        migrate: True brings the schema of each adapter that has one up to date first.

    Raises:
        ConfigurationError: A name is unknown or ambiguous, options are not usable, or an adapter lacks a method of its
            port. The error names the installed adapters and their plugins.
        InvalidValue: An argument is of another type.
    """
    _require_settings(settings)
    truth_value(migrate, "migrate")
    found = installed(plugins)
    with ExitStack() as made:
        adapters: dict[int, Any] = {}
        chosen = chosen_adapters(settings)
        # Those without a database come first: a mistake in their options must leave no new, empty file behind.
        for place in sorted(range(len(chosen)), key=lambda place: _has_database(found, *chosen[place])):
            adapters[place] = _make(found, *chosen[place], migrate=migrate)
            close = closing(adapters[place])
            if close is not None:
                made.callback(close)

        def of(wanted: str) -> tuple[Any, ...]:
            return tuple(adapters[place] for place, (kind, _) in enumerate(chosen) if kind == wanted)

        (storage,), (identity,), (inbox,), (directory,) = of("storage"), of("identity"), of("inbox"), of("directory")
        ports = Ports(
            storage=storage,
            identity=identity,
            inbox=inbox,
            directory=directory,
            messengers=of("messenger"),
            observers=of("observer"),
        )
        ports = evolve(ports, paces=_paces(settings, guarded(ports).messengers))
        if settings.messengers and settings.directory == Settings().directory:
            _log.warning("messengers are set up and no staff directory is: no member of staff has an address")
        guarded(ports)  # raises for an incomplete adapter while the others can still be closed
        made.pop_all()  # all adapters are made: from now on the school closes them
        return ports


def chosen_adapters(settings: Settings) -> tuple[tuple[str, AdapterConfig], ...]:
    """Return the adapters that the settings choose, each with its kind."""
    single = ("storage", "identity", "inbox", "directory")
    return (
        *((kind, getattr(settings, kind)) for kind in single),
        *(("messenger", one) for one in settings.messengers),
        *(("observer", one) for one in settings.observers),
    )


@frozen
class AdapterCheck:
    """The check of a chosen adapter before a school is opened.

    Args:
        kind: The kind of the adapter.
        name: Its name in the settings.
        is_made: True for an adapter that was made, and closed again.
        problem: Why it cannot be used; None when no reason is known.
    """

    kind: str
    name: str
    is_made: bool = False
    problem: str | None = None


def check_adapters(settings: Settings, plugins: Iterable[object] = ()) -> Iterator[AdapterCheck]:
    """Yield what is known of each chosen adapter.

    A storage, and each other adapter with a database, is not made: its secrets must be there. Neither is an observer,
    which may open a port. So no file is created, and no connection is made.

    Raises:
        ConfigurationError: A plugin failed, as for `installed`.
    """
    found = installed(plugins)
    for kind, chosen in chosen_adapters(settings):
        is_made = kind != "observer" and not _has_database(found, kind, chosen)
        problem = None
        try:
            if not is_made:
                factory = factory_of(found, kind, chosen)
                chosen.resolved(factory.secrets, factory.passwords)
            elif (close := closing(_make(found, kind, chosen))) is not None:
                close()
        except PainSchoolError as error:
            problem = str(error)
        yield AdapterCheck(kind, chosen.name, is_made, problem)


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
    _require_settings(settings)
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
    else:
        chosen = _require_settings(settings)
    programs = catalogue(chosen, plugins)
    key = None if chosen.receipt_key is None else secret(chosen.receipt_key)
    ports = connect(chosen, plugins, migrate=migrate)
    return PainSchool(ports, catalogue=programs, clock=clock, receipt_key=key)


def _require_settings(settings: object) -> Settings:
    if not isinstance(settings, Settings):
        raise InvalidValue(f"settings is Settings, or a path or URL for open_school, not {type(settings).__name__}")
    return settings


def _has_database(found: Iterable[Installed], kind: str, chosen: AdapterConfig) -> bool:
    """Return whether an adapter is a storage, or has a schema of its own."""
    of_name = (one.factory.migrates for one in found if (one.kind, one.factory.name) == (kind, chosen.name))
    return kind == "storage" or any(of_name)


def _make(found: Iterable[Installed], kind: str, chosen: AdapterConfig, *, migrate: bool = False) -> Any:
    # The factory's type is lost in the table of hooks; the hook of a kind returns factories of that kind only.
    factory = factory_of(found, kind, chosen)
    make = guarded_call(factory.make, f"making the {kind} {chosen.name!r}", ConfigurationError)
    options = chosen.resolved(factory.secrets, factory.passwords)
    return make({**options, "migrate": True} if migrate and factory.migrates else options)
