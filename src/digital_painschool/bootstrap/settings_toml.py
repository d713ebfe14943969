"""Settings in a TOML file: every key is known and of the right kind, or is named with what was expected."""

import re
from collections.abc import Callable, Mapping
from datetime import time
from pathlib import Path
from types import GenericAlias
from typing import get_args, get_origin
from zoneinfo import ZoneInfo

from cattrs import BaseValidationError, Converter, transform_error
from cattrs.v import format_exception

from digital_painschool.adapters.paths import absolute, absolute_url
from digital_painschool.application.program_catalogue import UnitTerms
from digital_painschool.bootstrap.settings import AdapterConfig, Settings
from digital_painschool.domain.policy import Policy, zone_of
from digital_painschool.errors import ConfigurationError, InvalidProgram, InvalidValue
from digital_painschool.programs import load_program
from digital_painschool.serialization.text_files import read_text, toml_table

Table = Mapping[str, object]

_SECTIONS = (
    "storage",
    "identity",
    "inbox",
    "directory",
    "messengers",
    "observers",
    "programs",
    "policy",
    "units",
    "receipt_key",
)
_TIME = re.compile(r"([01][0-9]|2[0-3])[:.]([0-5][0-9])(?::([0-5][0-9]))?")
_PATHS = ("path", "folder")
"""The options of an adapter that are paths, whichever adapter it is."""


def read_settings(file: str | Path) -> Settings:
    """Read the settings from a TOML file; paths and SQLite files in it are meant from the file's folder.

    Raises:
        ConfigurationError: The file cannot be read, or a key is wrong: it is named, with what was expected there.
        InvalidProgram: A program file that it names is not usable.
    """
    try:
        path = absolute(Path(file))
        data = toml_table(read_text(path))
        return _settings(_table(data, "the file", _SECTIONS), path.parent)
    except BaseValidationError as error:
        problem = "\n  ".join(("", *transform_error(error, path="policy", format_exception=_in_words)))
    except InvalidProgram:
        raise
    except InvalidValue as error:
        problem = f" {error}"
    # Raised out here, so that nothing of the file hangs on the error as its context.
    raise ConfigurationError(f"settings {file}:{problem}")


def _settings(data: Table, folder: Path) -> Settings:
    storage = _storage(data["storage"], folder) if "storage" in data else AdapterConfig("")

    def one(section: str, default: AdapterConfig) -> AdapterConfig:
        return _placed(_named(data[section], section), folder) if section in data else default

    def several(section: str) -> tuple[AdapterConfig, ...]:
        listed = data.get(section, [])
        if not isinstance(listed, list):
            raise InvalidValue(f"{section} is a list of tables: [[{section}]]")
        return tuple(_placed(_named(item, section), folder) for item in listed)

    plain = Settings(storage=storage)
    programs = _table(data.get("programs", {}), "programs", ("files", "offered"))
    policy = _table(data.get("policy", {}), "policy")
    units = _table(data.get("units", {}), "units")
    return Settings(
        storage=storage,
        identity=one("identity", plain.identity),
        inbox=one("inbox", AdapterConfig("")),
        directory=one("directory", plain.directory),
        messengers=several("messengers"),
        observers=several("observers"),
        programs=tuple(load_program(absolute(name, folder)) for name in _texts(programs, "files", "programs")),
        offered=_texts(programs, "offered", "programs") if "offered" in programs else None,
        policy=_policy(policy),
        units={unit: _unit(own, f"units.{unit}", policy, folder) for unit, own in units.items()},
        receipt_key=_receipt_key(data.get("receipt_key"), folder),
    )


def _receipt_key(where: object, folder: Path) -> str | None:
    if where is not None and not isinstance(where, str):
        raise InvalidValue("receipt_key is text: env:NAME or file:PATH")
    kind, _, path = (where or "").partition(":")
    # What names no place is refused by `Settings`, wherever it comes from.
    return f"file:{absolute(path, folder)}" if kind == "file" and path.strip() else where


def _unit(own: object, where: str, policy: Table, folder: Path) -> UnitTerms:
    table = _table(own, where, ("policy", "programs"))
    return UnitTerms(
        policy=_policy({**policy, **_table(table["policy"], f"{where}.policy")}) if "policy" in table else None,
        programs=tuple(load_program(absolute(name, folder)) for name in _texts(table, "programs", where)),
    )


def _storage(value: object, folder: Path) -> AdapterConfig:
    if isinstance(value, str):
        return _placed(Settings.from_url(value).storage, folder)
    return _placed(_named(value, "storage"), folder)


def _named(value: object, section: str) -> AdapterConfig:
    if not isinstance(value, dict) or not isinstance(value.get("name"), str):
        raise InvalidValue(f"{section} is a table with a name, the name of an adapter")
    return AdapterConfig(value["name"], {key: option for key, option in value.items() if key != "name"})


def _placed(chosen: AdapterConfig, folder: Path) -> AdapterConfig:
    options = {key: _absolute(key, value, folder) for key, value in chosen.options.items()}
    return AdapterConfig(chosen.name, options, folder=folder)


def _absolute(key: str, value: object, folder: Path) -> object:
    if not isinstance(value, str):
        return value
    if key in _PATHS:
        return str(absolute(value, folder))
    if value.startswith("file:") and not value.startswith("file:/") and "://" not in value:
        return f"file:{absolute(value.removeprefix('file:'), folder)}"
    return absolute_url(value, folder)


def _table(value: object, where: str, known: tuple[str, ...] | None = None) -> Table:
    if not isinstance(value, dict):
        raise InvalidValue(f"{where} is a table" + (f" with {', '.join(known)}" if known else ""))
    strangers = [] if known is None else sorted(value.keys() - set(known))
    if strangers:
        raise InvalidValue(
            f"{', '.join(map(repr, strangers))} is not known in {where}; known are {', '.join(known or ())}"
        )
    return value


def _texts(table: Table, key: str, where: str) -> tuple[str, ...]:
    value = table.get(key, [])
    if not isinstance(value, list) or not all(isinstance(text, str) for text in value):
        raise InvalidValue(f"{where}.{key} is a list of texts")
    return tuple(value)


def _policy(table: Table) -> Policy:
    return _CONVERTER.structure(table, Policy)


def _time(value: object, _: object) -> time:
    # Not time.fromisoformat, which reads the Swedish "09.30" as three tenths of a second past nine.
    if type(value) is time:
        return value
    if isinstance(value, str) and (match := _TIME.fullmatch(value)):
        hour, minute, second = (int(part or 0) for part in match.groups())
        return time(hour, minute, second)
    raise InvalidValue("a time of day, such as 09:30:00")


def _whole(value: object, _: object) -> int:
    if type(value) is not int:
        raise InvalidValue("a whole number")
    return value


def _truth(value: object, _: object) -> bool:
    if type(value) is not bool:
        raise InvalidValue("true or false")
    return value


def _text(value: object, _: object) -> str:
    if not isinstance(value, str):
        raise InvalidValue("text")
    return value


def _is_collection(wanted: object) -> bool:
    return get_origin(wanted) in (tuple, frozenset)


def _of_list(wanted: type, converter: Converter) -> Callable[[object, object], object]:
    # By itself, cattrs takes "" and {} for an empty collection.
    items = GenericAlias(list, get_args(wanted)[0])
    structure_items = converter.get_structure_hook(items)
    container = get_origin(wanted)
    assert container is not None

    def collection_of_list(value: object, _: object) -> object:
        if not isinstance(value, list):
            raise InvalidValue("a list")
        return container(structure_items(value, items))

    return collection_of_list


def _in_words(error: BaseException, wanted: type | None) -> str:
    if isinstance(error, InvalidProgram):
        return "; ".join(error.problems)
    return str(error) if isinstance(error, InvalidValue) else format_exception(error, wanted)


def _converter() -> Converter:
    converter = Converter(forbid_extra_keys=True)
    converter.register_structure_hook(time, _time)
    converter.register_structure_hook(int, _whole)
    converter.register_structure_hook(bool, _truth)
    converter.register_structure_hook(str, _text)
    converter.register_structure_hook_factory(_is_collection, _of_list)
    converter.register_structure_hook(ZoneInfo, lambda value, _: zone_of(value))
    return converter


_CONVERTER = _converter()
