"""The reference adapters as a plugin: the name of each adapter, and its factory.

An adapter that needs an extra is imported only when the settings choose it.
"""

from collections.abc import Iterable
from functools import partial
from pathlib import Path

from attrs import field, frozen
from attrs.validators import and_, ge, in_, le, optional

from digital_painschool.adapters.elks.factory import make_elks_messenger
from digital_painschool.adapters.elks.options import PASSWORDS as ELKS_PASSWORDS
from digital_painschool.adapters.elks.options import SECRETS as ELKS_SECRETS
from digital_painschool.adapters.extras import asking_for
from digital_painschool.adapters.options import parse_options
from digital_painschool.adapters.webhook_inbox.factory import make_webhook_inbox
from digital_painschool.adapters.webhook_inbox.options import SECRETS as WEBHOOK_SECRETS
from digital_painschool.domain.checks import check
from digital_painschool.domain.masking import Masked
from digital_painschool.domain.notification import Channel
from digital_painschool.domain.program import Program
from digital_painschool.errors import ConfigurationError
from digital_painschool.labels.lookup import Language
from digital_painschool.ports.directory import Directory
from digital_painschool.ports.hooks import AdapterFactory, Options, hookimpl
from digital_painschool.ports.identity import Identity
from digital_painschool.ports.inbox import Inbox
from digital_painschool.ports.messaging import Messenger
from digital_painschool.ports.observer import Observer
from digital_painschool.ports.storage import Storage

_SQL_SECRETS = ("url",)
"""The SQL options that may hold a password."""

_CHANNELS = (Channel.EMAIL.value, Channel.SMS.value)
_CHANNEL = check((in_(_CHANNELS), f"must be one of {', '.join(_CHANNELS)}"))
_PORT = check((optional(and_(ge(1), le(65_535))), "must be a port, 1 to 65535"))
_LANGUAGE = check((optional(in_(tuple(Language))), f"must be one of {', '.join(Language)}"))


@frozen
class _NoOptions:
    """The options of what has none."""


@frozen(kw_only=True)
class _SqlOptions:
    """The location of the rows of an inbox in SQL."""

    url: Masked[str]
    schema: str | None = None
    migrate: bool = False


@frozen(kw_only=True)
class _SqlStorageOptions:
    url: Masked[str]
    schema: str | None = None
    migrate: bool = False
    synchronous: str = "FULL"


@frozen(kw_only=True)
class _MemoryStorageOptions:
    """The option of a storage URL; a storage in memory ignores it."""

    url: Masked[str] = Masked("")


@frozen(kw_only=True)
class _SwedishOptions:
    schemes: tuple[str, ...] | None = None


@frozen(kw_only=True)
class _TomlDirectoryOptions:
    path: Path


@frozen(kw_only=True)
class _MessengerOptions:
    channel: str = field(validator=_CHANNEL)


@frozen(kw_only=True)
class _FileMessengerOptions:
    channel: str = field(validator=_CHANNEL)
    folder: Path
    language: str | None = field(default=None, validator=_LANGUAGE)


@frozen(kw_only=True)
class _SqlMessengerOptions:
    channel: str = field(validator=_CHANNEL)
    url: Masked[str]
    schema: str | None = None
    migrate: bool = False


@frozen(kw_only=True)
class _PrometheusOptions:
    file: Path | None = None
    port: int | None = field(default=None, validator=_PORT)
    address: str = "127.0.0.1"


@hookimpl
def painschool_storages() -> Iterable[AdapterFactory[Storage]]:
    """Return factories of storages in memory, on SQLite, and on PostgreSQL."""
    return (
        AdapterFactory("memory", _memory_storage),
        AdapterFactory("sqlite", partial(_sql_storage, "sqlite"), _SQL_SECRETS, migrates=True),
        AdapterFactory("postgresql", partial(_sql_storage, "postgresql"), _SQL_SECRETS, migrates=True),
    )


@hookimpl
def painschool_identities() -> Iterable[AdapterFactory[Identity]]:
    """Return the factory of the reader of Swedish identity numbers."""
    return (AdapterFactory("swedish", _swedish_identity),)


@hookimpl
def painschool_inboxes() -> Iterable[AdapterFactory[Inbox]]:
    """Return factories of inboxes in memory, in SQL rows, and behind an integration platform."""
    return (
        AdapterFactory("memory", _memory_inbox),
        AdapterFactory("sql", _sql_inbox, _SQL_SECRETS, migrates=True),
        AdapterFactory("webhook", make_webhook_inbox, WEBHOOK_SECRETS, passwords=WEBHOOK_SECRETS),
    )


@hookimpl
def painschool_directories() -> Iterable[AdapterFactory[Directory]]:
    """Return factories of an empty directory, of a directory in a TOML file, and of one that is asked by LDAP."""
    return (
        AdapterFactory("memory", _memory_directory),
        AdapterFactory("toml", _toml_directory),
        # The password is no option that is resolved before: the adapter refuses one that stands in the settings.
        AdapterFactory("ldap", _ldap_directory),
    )


@hookimpl
def painschool_messengers() -> Iterable[AdapterFactory[Messenger]]:
    """Return factories of messengers in memory, in files, in SQL rows, of e-mail by SMTP, and of SMS by 46elks."""
    return (
        AdapterFactory("memory", _memory_messenger),
        AdapterFactory("files", _file_messenger),
        AdapterFactory("sql", _sql_messenger, _SQL_SECRETS, migrates=True),
        AdapterFactory("smtp", _smtp_messenger, ("user", "password"), passwords=("password",)),
        AdapterFactory("46elks", make_elks_messenger, ELKS_SECRETS, passwords=ELKS_PASSWORDS),
    )


@hookimpl
def painschool_observers() -> Iterable[AdapterFactory[Observer]]:
    """Return the factory of the observer that counts for Prometheus."""
    return (AdapterFactory("prometheus", _prometheus),)


@hookimpl
def painschool_programs() -> Iterable[AdapterFactory[Program]]:
    """Return the factory of the bundled program: example content."""
    return (AdapterFactory("digitala-smartskolan", _bundled_program),)


def _memory_storage(options: Options) -> Storage:
    from digital_painschool.adapters.memory import MemoryStorage

    parse_options(options, "storage 'memory'", _MemoryStorageOptions)
    return MemoryStorage()


def _sql_storage(kind: str, options: Options) -> Storage:
    chosen = parse_options(options, f"storage {kind!r}", _SqlStorageOptions)
    url = chosen.url.reveal()
    with asking_for("sql", "storage in SQL needs"):
        from digital_painschool.adapters.sql.storage import SqlStorage
        from digital_painschool.adapters.sql.urls import kind_of, names_new_file
    if kind_of(url) != kind:
        raise ConfigurationError(
            f"storage {kind!r}: the option 'url' is of another kind of database; correct one of them"
        )
    # A new file gets its schema without being asked for. An existing file is migrated only with the option `migrate`.
    migrate = chosen.migrate or names_new_file(url)
    return SqlStorage(url, schema=chosen.schema, migrate=migrate, synchronous=chosen.synchronous)


def _swedish_identity(options: Options) -> Identity:
    from digital_painschool.adapters.swedish_identity import SwedishIdentity

    chosen = parse_options(options, "identity 'swedish'", _SwedishOptions)
    return SwedishIdentity() if chosen.schemes is None else SwedishIdentity(schemes=chosen.schemes)


def _memory_inbox(options: Options) -> Inbox:
    from digital_painschool.adapters.memory import MemoryInbox

    parse_options(options, "inbox 'memory'", _NoOptions)
    return MemoryInbox()


def _sql_inbox(options: Options) -> Inbox:
    chosen = parse_options(options, "inbox 'sql'", _SqlOptions)
    with asking_for("sql", "an inbox in SQL needs"):
        from digital_painschool.adapters.sql.inbox import SqlInbox
    return SqlInbox(chosen.url.reveal(), schema=chosen.schema, migrate=chosen.migrate)


def _memory_directory(options: Options) -> Directory:
    from digital_painschool.adapters.memory import MemoryDirectory

    parse_options(options, "directory 'memory'", _NoOptions)
    return MemoryDirectory({})


def _toml_directory(options: Options) -> Directory:
    from digital_painschool.adapters.toml_directory import TomlDirectory

    return TomlDirectory(parse_options(options, "directory 'toml'", _TomlDirectoryOptions).path)


def _ldap_directory(options: Options) -> Directory:
    from digital_painschool.adapters.ldap_directory.options import LdapOptions

    chosen = parse_options(options, "directory 'ldap'", LdapOptions)
    with asking_for("ldap", "an LDAP directory needs"):
        from digital_painschool.adapters.ldap_directory.directory import LdapDirectory
    return LdapDirectory(chosen)


def _memory_messenger(options: Options) -> Messenger:
    from digital_painschool.adapters.memory import MemoryMessenger

    chosen = parse_options(options, "messenger 'memory'", _MessengerOptions)
    return MemoryMessenger(Channel(chosen.channel))


def _file_messenger(options: Options) -> Messenger:
    from digital_painschool.adapters.file_messenger import FileMessenger

    chosen = parse_options(options, "messenger 'files'", _FileMessengerOptions)
    return FileMessenger(Channel(chosen.channel), chosen.folder, chosen.language)


def _sql_messenger(options: Options) -> Messenger:
    chosen = parse_options(options, "messenger 'sql'", _SqlMessengerOptions)
    with asking_for("sql", "a messenger in SQL needs"):
        from digital_painschool.adapters.sql.messaging import SqlMessenger
    return SqlMessenger(Channel(chosen.channel), chosen.url.reveal(), schema=chosen.schema, migrate=chosen.migrate)


def _smtp_messenger(options: Options) -> Messenger:
    from digital_painschool.adapters.smtp.messenger import smtp_messenger

    return smtp_messenger(options)


def _prometheus(options: Options) -> Observer:
    chosen = parse_options(options, "observer 'prometheus'", _PrometheusOptions)
    with asking_for("metrics", "counters for Prometheus need"):
        from digital_painschool.adapters.metrics import PrometheusObserver
    return PrometheusObserver(file=chosen.file, port=chosen.port, address=chosen.address)


def _bundled_program(options: Options) -> Program:
    from digital_painschool.programs import bundled_program

    parse_options(options, "program 'digitala-smartskolan'", _NoOptions)
    return bundled_program()
