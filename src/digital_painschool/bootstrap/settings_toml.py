"""Settings in a TOML file: every key is known and of the right kind, or is named with what was expected."""

import re
from collections.abc import Mapping
from datetime import time, timedelta
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from attrs import evolve, field, frozen
from attrs.validators import and_, ge, le
from cattrs import BaseValidationError, Converter
from cattrs.gen import make_dict_structure_fn, override

from digital_painschool.adapters.paths import absolute, absolute_url
from digital_painschool.application.program_catalogue import UnitTerms
from digital_painschool.bootstrap.settings import AdapterConfig, Settings
from digital_painschool.decisions import policy_data
from digital_painschool.domain.checks import check
from digital_painschool.domain.pace import ChannelPace
from digital_painschool.domain.policy import Policy, zone_of
from digital_painschool.domain.policy_sets import POLICY_SETS
from digital_painschool.domain.program import Program
from digital_painschool.errors import ConfigurationError, InvalidProgram, InvalidValue
from digital_painschool.programs import load_program
from digital_painschool.serialization.converter import Hook, strict_converter
from digital_painschool.serialization.problems import Problems, UnexpectedValue
from digital_painschool.serialization.text_files import read_text, toml_table

T = TypeVar("T")

_TIME = re.compile(r"([01][0-9]|2[0-3])[:.]([0-5][0-9])(?::([0-5][0-9]))?")
_DEFAULTS = Settings()
_PATHS = ("path", "folder")
"""The options of an adapter that are paths, whichever adapter it is."""


@frozen(kw_only=True)
class _Programs:
    """The table `[programs]`: files of programs, and which of the programs that plugins offer are on the list."""

    files: tuple[str, ...] = ()
    offered: tuple[str, ...] | None = None


@frozen(kw_only=True)
class _Unit:
    """The table of one unit."""

    policy_set: str | None = None
    policy: Policy | None = None
    programs: tuple[str, ...] = ()


_SECONDS = check((and_(ge(0), le(86_400)), "is a number of seconds, a day at most"))


@frozen(kw_only=True)
class _PaceTable:
    """The pace of an inbox or a messenger, as it is written."""

    interval_seconds: float = field(validator=_SECONDS)
    round_size: int | None = None
    pause_seconds: float = field(default=0, validator=_SECONDS)


@frozen(kw_only=True)
class _Paced:
    """The key `pace` in the table of an adapter (D-13e)."""

    pace: ChannelPace


@frozen(kw_only=True)
class _File:
    """A settings file as it is written, with relative paths; what is left out is as `Settings` has it."""

    storage: AdapterConfig = AdapterConfig("")
    identity: AdapterConfig = _DEFAULTS.identity
    inbox: AdapterConfig = AdapterConfig("")
    directory: AdapterConfig = _DEFAULTS.directory
    messengers: tuple[AdapterConfig, ...] = ()
    observers: tuple[AdapterConfig, ...] = ()
    programs: _Programs = _Programs()
    policy_set: str | None = None
    policy: Policy = Policy()
    units: dict[str, dict[str, Any]] = field(factory=dict)
    receipt_key: str | None = None


def read_settings(file: str | Path) -> Settings:
    """Read the settings from a TOML file; paths and SQLite files in it are meant from the file's folder.

    Raises:
        ConfigurationError: The file cannot be read, or a key is wrong: each is named, with what was expected.
        InvalidProgram: A program file that it names is not usable.
        InvalidValue: `file` is no path.
    """
    if not isinstance(file, (str, Path)):
        raise InvalidValue(f"file is the path of a settings file, not {type(file).__name__}")
    try:
        path = absolute(Path(file))
        return _settings(toml_table(read_text(path)), path.parent)
    except InvalidProgram:
        raise
    except InvalidValue as error:
        problem = str(error)
    # Raised out here, so that nothing of the file hangs on the error as its context.
    raise ConfigurationError(f"settings {str(file) or '(an empty path)'}: {problem}")


def _settings(data: Mapping[str, Any], folder: Path) -> Settings:
    data = _with_set(data, "policy_set")
    file = _structured(data, _File)
    # A unit's own policy is the file's, but for what it sets itself. With a set of its own it begins at the set.
    merged = {
        unit: _merged({} if "policy_set" in own else data.get("policy", {}), _with_set(own, f"units.{unit}.policy_set"))
        for unit, own in file.units.items()
    }
    units = _structured(merged, dict[str, _Unit], "units")
    return Settings(
        storage=_placed(file.storage, folder),
        identity=_placed(file.identity, folder),
        inbox=_placed(file.inbox, folder),
        directory=_placed(file.directory, folder),
        messengers=tuple(_placed(chosen, folder) for chosen in file.messengers),
        observers=tuple(_placed(chosen, folder) for chosen in file.observers),
        programs=_programs(file.programs.files, folder),
        offered=file.programs.offered,
        policy=file.policy,
        units={
            unit: UnitTerms(policy=own.policy, programs=_programs(own.programs, folder)) for unit, own in units.items()
        },
        receipt_key=_receipt_key(file.receipt_key, folder),
    )


def _structured(data: object, wanted: type[T], path: str = "") -> T:
    """Return the data as a value.

    Raises:
        InvalidValue: Every key that is wrong, and what was expected there. No value is repeated: one may be a secret.
    """
    try:
        return _CONVERTER.structure(data, wanted)
    except (BaseValidationError, UnexpectedValue) as error:
        problems = tuple(Problems(named_by=("name",)).of(error, data, path))
    raise InvalidValue(problems[0] if len(problems) == 1 else "\n  ".join(("several keys are wrong", *problems)))


def _with_set(table: Mapping[str, Any], path: str) -> Mapping[str, Any]:
    """Return a table whose policy is that of the set that it names, but for what it sets itself."""
    key, own = table.get("policy_set"), table.get("policy", {})
    if not isinstance(key, str) or not isinstance(own, dict):
        return table  # of a wrong kind, which is said where the whole table is read
    if key not in POLICY_SETS:
        raise InvalidValue(f"{path}: there is no such policy set; choose one of {', '.join(POLICY_SETS)}")
    return {**table, "policy": {**policy_data(key), **own}}


def _merged(policy: Mapping[str, object], unit: Mapping[str, object]) -> Mapping[str, object]:
    own = unit.get("policy")
    return {**unit, "policy": {**policy, **own}} if isinstance(own, dict) else unit


def _programs(names: tuple[str, ...], folder: Path) -> tuple[Program, ...]:
    return tuple(load_program(absolute(name, folder)) for name in names)


def _receipt_key(where: str | None, folder: Path) -> str | None:
    kind, _, path = (where or "").partition(":")
    # `Settings` refuses what is no reference, wherever it comes from.
    return f"file:{absolute(path, folder)}" if kind == "file" and path.strip() else where


def _placed(chosen: AdapterConfig, folder: Path) -> AdapterConfig:
    """Return the adapter with absolute paths in its options."""
    options = {key: _absolute(key, value, folder) for key, value in chosen.options.items()}
    return evolve(chosen, options=options, folder=folder)


def _absolute(key: str, value: object, folder: Path) -> object:
    if not isinstance(value, str):
        return value
    if key in _PATHS or key.endswith("_file"):
        return str(absolute(value, folder))
    if value.startswith("file:") and not value.startswith("file:/") and "://" not in value:
        return f"file:{absolute(value.removeprefix('file:'), folder)}"
    return absolute_url(value, folder)


def _time(value: object, _: object) -> time:
    # Not time.fromisoformat, which reads the Swedish "09.30" as three tenths of a second past nine.
    if type(value) is time:
        return value
    if isinstance(value, str) and (match := _TIME.fullmatch(value)):
        hour, minute, second = (int(part or 0) for part in match.groups())
        return time(hour, minute, second)
    raise UnexpectedValue("a time of day, such as 09:30:00", value)


def _adapter(value: object, _: object) -> AdapterConfig:
    # By hand: which options there may be, only the adapter knows.
    if not isinstance(value, dict) or not isinstance(value.get("name"), str):
        raise UnexpectedValue("a table with a name, the name of an adapter", value)
    return AdapterConfig(value["name"], {key: option for key, option in value.items() if key != "name"})


def _pace(value: object, _: object) -> object:
    if value == "none":
        return value
    if not isinstance(value, dict):
        raise UnexpectedValue('a table, such as {interval_seconds = 1}, or "none"', value)
    table = _PACES.structure(value, _PaceTable)
    interval, pause = (timedelta(seconds=number) for number in (table.interval_seconds, table.pause_seconds))
    return ChannelPace(interval=interval, round_size=table.round_size, pause=pause)


def _paced_adapter(value: object, wanted: object) -> AdapterConfig:
    """Return an inbox or a messenger; beside its options it may have a pace (D-13e)."""
    chosen = _adapter(value, wanted)
    options = dict(chosen.options)
    if "pace" not in options:
        return chosen
    pace = _PACES.structure({"pace": options.pop("pace")}, _Paced).pace
    return evolve(chosen, options=options, pace=pace)


def _adapters(section: str, converter: Converter) -> Hook:
    adapters = tuple[AdapterConfig, ...]
    structure_list = converter.get_structure_hook(adapters)

    def adapters_of_tables(value: object, _: object) -> object:
        if not isinstance(value, list):
            raise UnexpectedValue(f"a list of tables: [[{section}]]", value)
        return structure_list(value, adapters)

    return adapters_of_tables


def _storage(value: object, wanted: object) -> AdapterConfig:
    return Settings.from_url(value).storage if isinstance(value, str) else _adapter(value, wanted)


def _reference(value: object, _: object) -> str:
    if not isinstance(value, str):
        raise UnexpectedValue("a reference to the key, env:NAME or file:PATH", value)
    return value


def _paces() -> Converter:
    """Return the converter of adapters that may have a pace."""
    converter = strict_converter()
    converter.register_structure_hook(ChannelPace, _pace)
    converter.register_structure_hook(AdapterConfig, _paced_adapter)
    for wanted in (_PaceTable, _Paced):
        converter.get_structure_hook(wanted)
    return converter


_PACES = _paces()


def _converter() -> Converter:
    converter = strict_converter()
    converter.register_structure_hook(time, _time)
    converter.register_structure_hook(ZoneInfo, lambda value, _: zone_of(value))
    converter.register_structure_hook(AdapterConfig, _adapter)
    hooks = {"messengers": _adapters("messengers", _PACES), "observers": _adapters("observers", converter)}
    hooks |= {"inbox": _paced_adapter, "storage": _storage, "receipt_key": _reference}
    overrides: Any = {key: override(struct_hook=hook) for key, hook in hooks.items()}
    converter.register_structure_hook(_File, make_dict_structure_fn(_File, converter, **overrides))
    converter.get_structure_hook(dict[str, _Unit])
    return converter


_CONVERTER = _converter()
