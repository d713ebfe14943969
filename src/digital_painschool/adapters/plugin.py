"""The reference adapters as a plugin: the name of each adapter, and its factory.

An adapter that needs an extra is imported only when the settings choose it.
"""

from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path

from digital_painschool.adapters.options import parse_options, required
from digital_painschool.adapters.paths import absolute
from digital_painschool.domain.notification import Channel
from digital_painschool.domain.program import Program
from digital_painschool.errors import ConfigurationError, InvalidValue
from digital_painschool.ports.directory import Directory
from digital_painschool.ports.hooks import AdapterFactory, Options, hookimpl
from digital_painschool.ports.identity import Identity
from digital_painschool.ports.inbox import Inbox
from digital_painschool.ports.messaging import Messenger
from digital_painschool.ports.storage import Storage

_SQL_OPTIONS: Mapping[str, type[object]] = {"url": str, "schema": str}
"""The options of every SQL adapter."""

_SQL_SECRETS = ("url",)
"""The SQL options that may hold a password."""


@hookimpl
def painschool_storages() -> Iterable[AdapterFactory[Storage]]:
    """Return factories of storages in memory, on SQLite, and on PostgreSQL."""
    return (
        AdapterFactory("memory", _memory_storage),
        AdapterFactory("sqlite", partial(_sql_storage, "sqlite"), _SQL_SECRETS),
        AdapterFactory("postgresql", partial(_sql_storage, "postgresql"), _SQL_SECRETS),
    )


@hookimpl
def painschool_identities() -> Iterable[AdapterFactory[Identity]]:
    """Return the factory of the reader of Swedish identity numbers."""
    return (AdapterFactory("swedish", _swedish_identity),)


@hookimpl
def painschool_inboxes() -> Iterable[AdapterFactory[Inbox]]:
    """Return factories of inboxes in memory and in SQL rows."""
    return (AdapterFactory("memory", _memory_inbox), AdapterFactory("sql", _sql_inbox, _SQL_SECRETS))


@hookimpl
def painschool_directories() -> Iterable[AdapterFactory[Directory]]:
    """Return factories of an empty directory, and of a directory in a TOML file."""
    return (AdapterFactory("memory", _memory_directory), AdapterFactory("toml", _toml_directory))


@hookimpl
def painschool_messengers() -> Iterable[AdapterFactory[Messenger]]:
    """Return factories of messengers in memory, in files, and in SQL rows."""
    return (
        AdapterFactory("memory", _memory_messenger),
        AdapterFactory("files", _file_messenger),
        AdapterFactory("sql", _sql_messenger, _SQL_SECRETS),
    )


@hookimpl
def painschool_programs() -> Iterable[AdapterFactory[Program]]:
    """Return the factory of the bundled program: example content."""
    return (AdapterFactory("digitala-smartskolan", _bundled_program),)


def _memory_storage(options: Options) -> Storage:
    from digital_painschool.adapters.memory import MemoryStorage

    parse_options(options, "storage 'memory'", {"url": str, "migrate": bool})
    return MemoryStorage()


def _sql_storage(kind: str, options: Options) -> Storage:
    known = parse_options(options, f"storage {kind!r}", {**_SQL_OPTIONS, "migrate": bool, "synchronous": str})
    url = required(options, "storage", "url", str)
    try:
        from digital_painschool.adapters.sql.storage import SqlStorage
        from digital_painschool.adapters.sql.urls import kind_of, names_new_file
    except ImportError:
        raise ConfigurationError("storage in SQL needs the extra: pip install 'digital_painschool[sql]'") from None
    if kind_of(url) != kind:
        raise ConfigurationError(
            f"storage {kind!r}: the option 'url' is of another kind of database; correct one of them"
        )
    # A new file gets its schema without being asked for. An existing file is migrated only with the option `migrate`.
    migrate = bool(known.pop("migrate", False)) or names_new_file(url)
    return SqlStorage(url, schema=_schema(options), migrate=migrate, synchronous=str(known.get("synchronous", "FULL")))


def _schema(options: Options) -> str | None:
    return str(options["schema"]) if "schema" in options else None


def _swedish_identity(options: Options) -> Identity:
    from digital_painschool.adapters.swedish_identity import SwedishIdentity

    parse_options(options, "identity 'swedish'", {"schemes": list})
    if "schemes" not in options:
        return SwedishIdentity()
    schemes = required(options, "identity 'swedish'", "schemes", list)
    if not all(isinstance(scheme, str) for scheme in schemes):
        raise ConfigurationError("identity 'swedish': option 'schemes' is a list of texts")
    return SwedishIdentity(schemes=tuple(schemes))


def _memory_inbox(options: Options) -> Inbox:
    from digital_painschool.adapters.memory import MemoryInbox

    parse_options(options, "inbox 'memory'", {})
    return MemoryInbox()


def _sql_inbox(options: Options) -> Inbox:
    parse_options(options, "inbox 'sql'", _SQL_OPTIONS)
    url = required(options, "inbox 'sql'", "url", str)
    try:
        from digital_painschool.adapters.sql.inbox import SqlInbox
    except ImportError:
        raise ConfigurationError("an inbox in SQL needs the extra: pip install 'digital_painschool[sql]'") from None
    return SqlInbox(url, schema=_schema(options))


def _memory_directory(options: Options) -> Directory:
    from digital_painschool.adapters.memory import MemoryDirectory

    parse_options(options, "directory 'memory'", {})
    return MemoryDirectory({})


def _toml_directory(options: Options) -> Directory:
    from digital_painschool.adapters.toml_directory import TomlDirectory

    parse_options(options, "directory 'toml'", {"path": str})
    return TomlDirectory(_path(options, "directory 'toml'", "path"))


def _path(options: Options, adapter: str, name: str) -> Path:
    try:
        return absolute(required(options, adapter, name, str))
    except InvalidValue as error:
        raise ConfigurationError(f"{adapter}: {error}") from None


def _channel(options: Options, adapter: str) -> Channel:
    channels = {channel.value: channel for channel in (Channel.EMAIL, Channel.SMS)}
    name = required(options, adapter, "channel", str)
    if name not in channels:
        raise ConfigurationError(f"{adapter}: option 'channel' is one of {', '.join(channels)}")
    return channels[name]


def _memory_messenger(options: Options) -> Messenger:
    from digital_painschool.adapters.memory import MemoryMessenger

    parse_options(options, "messenger 'memory'", {"channel": str})
    return MemoryMessenger(_channel(options, "messenger 'memory'"))


def _file_messenger(options: Options) -> Messenger:
    from digital_painschool.adapters.file_messenger import FileMessenger

    parse_options(options, "messenger 'files'", {"channel": str, "folder": str})
    return FileMessenger(_channel(options, "messenger 'files'"), _path(options, "messenger 'files'", "folder"))


def _sql_messenger(options: Options) -> Messenger:
    parse_options(options, "messenger 'sql'", {**_SQL_OPTIONS, "channel": str})
    url = required(options, "messenger 'sql'", "url", str)
    try:
        from digital_painschool.adapters.sql.messaging import SqlMessenger
    except ImportError:
        raise ConfigurationError("a messenger in SQL needs the extra: pip install 'digital_painschool[sql]'") from None
    return SqlMessenger(_channel(options, "messenger 'sql'"), url, schema=_schema(options))


def _bundled_program(options: Options) -> Program:
    from digital_painschool.programs import bundled_program

    parse_options(options, "program 'digitala-smartskolan'", {})
    return bundled_program()
