"""Settings in a TOML file: every key is known and of the right kind, or is named with what was expected."""

import tomllib
from collections.abc import Mapping
from datetime import time
from pathlib import Path
from zoneinfo import ZoneInfo

from cattrs import BaseValidationError, Converter, transform_error
from cattrs.v import format_exception

from digital_painschool.catalogue import UnitTerms
from digital_painschool.errors import InvalidProgram, InvalidValue, WiringError
from digital_painschool.people import HsaId
from digital_painschool.policy import Policy, zone_of
from digital_painschool.programs import load_program
from digital_painschool.settings import Chosen, Settings

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


def read_settings(file: Path) -> Settings:
    """Read the settings from a TOML file; paths and SQLite files in it are meant from the file's folder.

    Raises:
        WiringError: The file cannot be read, or a key is wrong: it is named, with what was expected there.
        InvalidProgram: A program file that it names is not usable.
    """
    try:
        data = tomllib.loads(file.read_text("utf-8"))
    except OSError as error:
        raise WiringError(f"settings {file}: the file cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise WiringError(f"settings {file}: not TOML in UTF-8: {error}") from None
    try:
        return _settings(_table(data, "the file", _SECTIONS), file.parent)
    except BaseValidationError as error:
        problems = "\n  ".join(transform_error(error, path="policy", format_exception=_in_words))
        raise WiringError(f"settings {file}:\n  {problems}") from None
    except InvalidProgram:
        raise
    except InvalidValue as error:
        raise WiringError(f"settings {file}: {error}") from None


def _settings(data: Table, folder: Path) -> Settings:
    storage = _storage(data["storage"], folder) if "storage" in data else Chosen("")

    def one(section: str, default: Chosen) -> Chosen:
        return _chosen(data[section], section, folder, storage) if section in data else default

    def several(section: str) -> tuple[Chosen, ...]:
        listed = data.get(section, [])
        if not isinstance(listed, list):
            raise InvalidValue(f"{section} is a list of tables: [[{section}]]")
        return tuple(_chosen(item, section, folder, storage) for item in listed)

    plain = Settings(storage=storage)
    programs = _table(data.get("programs", {}), "programs", ("files", "offered"))
    policy = _table(data.get("policy", {}), "policy")
    units = _table(data.get("units", {}), "units")
    return Settings(
        storage=storage,
        identity=one("identity", plain.identity),
        inbox=one("inbox", plain.inbox),
        directory=one("directory", plain.directory),
        messengers=several("messengers"),
        observers=several("observers"),
        programs=tuple(load_program(folder / name) for name in _texts(programs, "files", "programs")),
        offered=_texts(programs, "offered", "programs") if "offered" in programs else None,
        policy=_policy(policy),
        units={HsaId(unit): _unit(own, f"units.{unit}", policy, folder) for unit, own in units.items()},
        receipt_key=_receipt_key(data.get("receipt_key")),
    )


def _receipt_key(where: object) -> str | None:
    if where is not None and not isinstance(where, str):
        raise InvalidValue("receipt_key is text: env:NAME or file:PATH")
    return where


def _unit(own: object, where: str, policy: Table, folder: Path) -> UnitTerms:
    table = _table(own, where, ("policy", "programs"))
    return UnitTerms(
        policy=_policy({**policy, **_table(table.get("policy", {}), f"{where}.policy")}),
        programs=tuple(load_program(folder / name) for name in _texts(table, "programs", where)),
    )


def _storage(value: object, folder: Path) -> Chosen:
    if isinstance(value, str):
        return _placed(Settings.from_url(value).storage, folder)
    return _placed(_named(value, "storage"), folder)


def _chosen(value: object, section: str, folder: Path, storage: Chosen) -> Chosen:
    chosen = _placed(_named(value, section), folder)
    if chosen.name == "sql" and "url" not in chosen.options and "url" in storage.options:
        return Chosen(chosen.name, {**storage.place, **chosen.options})
    return chosen


def _named(value: object, section: str) -> Chosen:
    if not isinstance(value, dict) or not isinstance(value.get("name"), str):
        raise InvalidValue(f"{section} is a table with a name, the name of an adapter")
    return Chosen(value["name"], {key: option for key, option in value.items() if key != "name"})


def _placed(chosen: Chosen, folder: Path) -> Chosen:
    options = dict(chosen.options)
    for key in ("path", "folder"):
        if isinstance(options.get(key), str):
            options[key] = str(folder / str(options[key]))
    url = options.get("url")
    if isinstance(url, str) and url.startswith("sqlite:///"):
        options["url"] = f"sqlite:///{folder.absolute() / url.removeprefix('sqlite:///')}"
    return Chosen(chosen.name, options)


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
    if isinstance(value, time):
        return value
    if isinstance(value, str):
        return time.fromisoformat(value)
    raise InvalidValue("a time of day, such as 09:00:00")


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


def _in_words(error: BaseException, wanted: type | None) -> str:
    return str(error) if isinstance(error, InvalidValue) else format_exception(error, wanted)


def _converter() -> Converter:
    converter = Converter(forbid_extra_keys=True)
    converter.register_structure_hook(time, _time)
    converter.register_structure_hook(int, _whole)
    converter.register_structure_hook(bool, _truth)
    converter.register_structure_hook(str, _text)
    converter.register_structure_hook(ZoneInfo, lambda value, _: zone_of(value))
    return converter


_CONVERTER = _converter()
