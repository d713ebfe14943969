"""Options that several commands share: the school, and the actor."""

import os
import re
from collections.abc import Callable
from datetime import datetime
from functools import wraps
from pathlib import Path
from typing import Any

import click
from attrs import evolve
from click.core import ParameterSource

from digital_painschool import (
    Actor,
    AdapterConfig,
    HsaId,
    InvalidValue,
    PainSchool,
    Role,
    Settings,
    StorageError,
    open_school,
)
from digital_painschool.adapters.paths import absolute, is_sqlite, sqlite_file
from digital_painschool.bootstrap.plugins import installed
from digital_painschool.bootstrap.settings_toml import read_settings

Command = Callable[..., None]

EXIT_CODES = """\b
Exit codes:
  0  success
  1  refused by a rule or a permission, or failed; one line on stderr says why
  2  wrong use: an unknown command, a missing or impossible option"""


class FilePath(click.Path):
    """A path that a file can have on this system; for some paths click itself raises an error of Python's."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Check the path, and return it as it was typed."""
        try:
            absolute(value)
        except InvalidValue as error:
            self.fail(str(error), param, ctx)
        return super().convert(value, param, ctx)


_SETTINGS = click.option(
    "--settings",
    type=FilePath(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    envvar="PAINSCHOOL_SETTINGS",
    show_envvar=True,
    help="A settings file in TOML.",
)

SCHOOL_AND_ACTOR = """--settings painschool.toml \\
      --hsa-id SE2321000131-P000000000004 --unit SE2321000131-E000000000001"""
"""The options of the school and the actor, for the examples."""


def epilog(*parts: str) -> str:
    """Return the end of a help text: blocks of lines that stay as they are, and the exit codes."""
    return "\n\n".join([*(f"\b\n{part}" for part in parts), EXIT_CODES])


def existing_school(settings: Settings) -> PainSchool:
    """Return a school whose storage exists already.

    A mistyped path must not create an empty file: every run on it would succeed, and deliver nothing.

    Raises:
        StorageError: The SQLite file does not exist, or as for `open_school`.
    """
    if settings.storage.name == "sqlite":
        url = settings.storage.resolved(("url",)).get("url")
        if isinstance(url, str) and is_sqlite(url) and not os.path.lexists(file := sqlite_file(url)):
            raise StorageError(f"there is no file {file}; digital-painschool migrate makes it")
    return open_school(settings)


def without_observers(settings: Settings) -> Settings:
    """Return the settings of a command beside the worker, whose counters and port are its own."""
    return evolve(settings, observers=())


def storage_alone(settings: Settings, *, migrating: bool = False) -> Settings:
    """Return the settings of a command that uses the storage alone, and needs no secret of another adapter.

    Args:
        settings: The settings.
        migrating: True keeps an inbox and messengers whose schema is brought up to date.
    """
    found = installed() if migrating else ()
    migrates = {(one.kind, one.factory.name) for one in found if one.factory.migrates}
    return evolve(
        settings,
        inbox=settings.inbox if ("inbox", settings.inbox.name) in migrates else AdapterConfig("memory"),
        directory=AdapterConfig("memory"),
        messengers=tuple(one for one in settings.messengers if ("messenger", one.name) in migrates),
        observers=(),
        receipt_key=None,
    )


class WholeNumber(click.IntRange):
    """A whole number in plain digits; Python itself also accepts `1_000`, ` 7 ` and `٣`."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return the number."""
        if isinstance(value, str) and not re.fullmatch(r"-?[0-9]{1,18}", value):
            self.fail(f"{value!r} is not a valid integer, in plain digits", param, ctx)
        return int(super().convert(value, param, ctx))


class Number(click.FloatRange):
    """A number in plain digits; Python itself also accepts `nan`, `1e9` and `1_0`."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return the number."""
        if isinstance(value, str) and not re.fullmatch(r"-?[0-9]{1,18}(\.[0-9]{1,18})?", value):
            self.fail(f"{value!r} is not a valid number, in plain digits", param, ctx)
        return float(super().convert(value, param, ctx))


class Day(click.DateTime):
    """A date such as `2026-03-02`; Python itself also accepts `2026-3-2`."""

    def __init__(self) -> None:
        super().__init__(["%Y-%m-%d"])

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Return the date."""
        if isinstance(value, str) and not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
            self.fail(f"{value!r} is no date such as 2026-03-02", param, ctx)
        day: datetime = super().convert(value, param, ctx)
        return day


class HsaIdType(click.ParamType[HsaId]):
    """An HSA-id of a person or a unit."""

    name = "HSA-ID"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> HsaId:
        """Return the HSA-id."""
        try:
            return HsaId(value)
        except InvalidValue as error:
            self.fail(str(error), param, ctx)


def school_options(command: Command) -> Command:
    """Add --settings, --storage and --schema; the command gets `settings`. One of the first two is required."""

    @wraps(command)
    def with_settings(*, settings: Path | None, storage: str | None, schema: str | None, **others: object) -> None:
        found = _settings(settings, storage, schema)
        if found is None:
            raise click.UsageError(
                "name the storage: --settings FILE, --storage URL, or the environment variable PAINSCHOOL_SETTINGS"
                " or PAINSCHOOL_STORAGE"
            )
        command(settings=found, **others)

    return _add_school_options(with_settings)


def settings_option(command: Command) -> Command:
    """Add --settings, which is required; the command gets `settings`.

    For a command that sends, or that decides by a unit's policy: a storage alone names neither the school's inbox and
    messengers nor its policies, and a notice would be delivered where nobody reads it.
    """

    @wraps(command)
    def with_settings(*, settings: Path | None, **others: object) -> None:
        if settings is None:
            raise click.UsageError(
                "name the school's settings: --settings FILE, or the environment variable PAINSCHOOL_SETTINGS"
            )
        command(settings=read_settings(settings), **others)

    return _SETTINGS(with_settings)


def optional_school_options(command: Command) -> Command:
    """Add --settings, --storage and --schema; the command gets `settings`, a `Settings` or None."""

    @wraps(command)
    def with_settings(*, settings: Path | None, storage: str | None, schema: str | None, **others: object) -> None:
        command(settings=_settings(settings, storage, schema), **others)

    return _add_school_options(with_settings)


def _acting_as(role: Role) -> Callable[[Command], Command]:
    """Return the decorator that adds --hsa-id and --unit; the command gets `actor`, who has the role at the unit."""

    def add(command: Command) -> Command:
        noun = role.value.replace("-", " ")

        @click.option("--hsa-id", type=HsaIdType(), required=True, help="Who you are; the access log names you.")
        @click.option("--unit", type=HsaIdType(), required=True, help=f"The unit whose {noun} you are.")
        @wraps(command)
        def with_actor(*, hsa_id: HsaId, unit: HsaId, **others: object) -> None:
            command(actor=Actor(hsa_id=hsa_id, unit=unit, roles={role}), **others)

        return with_actor

    return add


actor_options = _acting_as(Role.DATA_ADMINISTRATOR)
"""Add --hsa-id and --unit; the command gets `actor`, the unit's data administrator. Rule: M-06, M-20."""
operator_options = _acting_as(Role.OPERATOR)
"""Add --hsa-id and --unit; the command gets `actor`, the unit's operator. Rule: M-06, D-13d."""


def _add_school_options(command: Command) -> Command:
    storage = click.option(
        "--storage",
        metavar="URL",
        envvar="PAINSCHOOL_STORAGE",
        show_envvar=True,
        help="A storage URL, such as sqlite:///painschool.db.",
    )
    schema = click.option(
        "--schema",
        metavar="NAME",
        envvar="PAINSCHOOL_SCHEMA",
        show_envvar=True,
        help="With --storage: the PostgreSQL schema of the school.",
    )
    return _SETTINGS(storage(schema(command)))


def _settings(file: Path | None, url: str | None, schema: str | None) -> Settings | None:
    if file is not None and url is not None:
        typed = [name for name in ("settings", "storage") if _is_typed(name)]
        if len(typed) != 1:
            raise click.UsageError("--settings and --storage both name a storage; give one of them")
        # An option on the command line overrides the environment.
        file, url = (file, None) if typed == ["settings"] else (None, url)
    if url is None and schema is not None and _is_typed("schema"):
        raise click.UsageError("--schema goes with --storage; a settings file names the schema itself")
    if file is not None:
        return read_settings(file)
    return None if url is None else Settings.from_url(url, schema)


def _is_typed(name: str) -> bool:
    return click.get_current_context().get_parameter_source(name) is ParameterSource.COMMANDLINE
