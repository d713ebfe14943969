"""Settings: which adapters, which programs, which policies; from a TOML file, a storage URL, or code.

A settings file holds no secret: a value may say where one is (`env:NAME`, `file:/run/secrets/name`).
"""

import tomllib
from collections.abc import Mapping
from datetime import time
from pathlib import Path
from types import MappingProxyType
from typing import Any, Self
from zoneinfo import ZoneInfo

from attrs import evolve, field, frozen
from cattrs import BaseValidationError, Converter, transform_error
from cattrs.v import format_exception

from digital_painschool.catalogue import UnitTerms
from digital_painschool.errors import InvalidProgram, InvalidValue, WiringError
from digital_painschool.people import HsaId
from digital_painschool.policy import Policy
from digital_painschool.program import Program
from digital_painschool.programs import load_program


def _frozen(options: Mapping[str, object]) -> Mapping[str, object]:
    return MappingProxyType(dict(options))


@frozen
class Chosen:
    """An adapter that is chosen: its name among the offers, and its options."""

    name: str
    options: Mapping[str, object] = field(factory=dict, converter=_frozen)


@frozen(kw_only=True)
class Settings:
    """What a school is made of.

    Args:
        storage: Which storage; there is no default.
        identity: Which reader of identity numbers.
        inbox: Which patients' inbox; left out, rows beside the storage's.
        directory: Which staff directory.
        messengers: Ways to reach staff, in order.
        observers: Those who want to know, in order.
        programs: Programs that every unit offers, beside those that plugins offer.
        offered: Which of the programs that plugins offer are on the list, by key; None means all.
        policy: Holds for every unit that has none of its own.
        units: What some units have of their own, by HSA-id.
    """

    storage: Chosen
    identity: Chosen = Chosen("swedish")
    inbox: Chosen = field()
    directory: Chosen = Chosen("memory")
    messengers: tuple[Chosen, ...] = ()
    observers: tuple[Chosen, ...] = ()
    programs: tuple[Program, ...] = ()
    offered: tuple[str, ...] | None = None
    policy: Policy = Policy()
    units: Mapping[str, UnitTerms] = field(factory=dict)

    @inbox.default
    def _beside_the_storage(self) -> Chosen:
        return Chosen("sql", {"url": self.storage.options["url"]}) if _is_sql(self.storage) else Chosen("memory")

    @classmethod
    def from_url(cls, url: str) -> Self:
        """Give the settings for a storage URL: the inbox beside the storage, nobody in the staff directory.

        Args:
            url: Such as `sqlite:///painschool.db`, `postgresql://host/database`, or `memory://`.

        Raises:
            WiringError: It is no URL.
        """
        scheme, colon, _ = url.partition("://")
        if not colon or not scheme:
            raise WiringError("a storage URL begins with its kind, such as sqlite:///painschool.db")
        return cls(storage=Chosen(scheme.partition("+")[0], {"url": url}))

    @classmethod
    def from_toml(cls, path: str | Path) -> Self:
        """Read the settings from a TOML file; paths in it are meant from the file's folder.

        Raises:
            WiringError: The file cannot be read, or every key that is wrong and what was expected there.
            InvalidProgram: A program file that it names is not usable.
        """
        file = Path(path)
        try:
            data = tomllib.loads(file.read_text("utf-8"))
        except OSError as error:
            raise WiringError(f"settings {file}: the file cannot be read: {error.strerror}") from None
        except ValueError as error:
            raise WiringError(f"settings {file}: not TOML in UTF-8: {error}") from None
        try:
            return cls(**_sections(data, file))
        except BaseValidationError as error:
            problems = "\n  ".join(transform_error(error, path="settings", format_exception=_in_words))
            raise WiringError(f"settings {file}:\n  {problems}") from None
        except InvalidProgram:
            raise
        except InvalidValue as error:
            raise WiringError(f"settings {file}: {error}") from None

    def migrating(self) -> Self:
        """Give the same settings, with a storage that brings its schema up to date when it is opened."""
        return evolve(self, storage=evolve(self.storage, options={**self.storage.options, "migrate": True}))


def _is_sql(storage: Chosen) -> bool:
    return storage.name in ("sqlite", "postgresql") and "url" in storage.options


def _sections(data: dict[str, Any], file: Path) -> dict[str, Any]:
    known = ("storage", "identity", "inbox", "directory", "messengers", "observers", "programs", "policy", "units")
    strangers = sorted(data.keys() - set(known))
    if strangers:
        named = ", ".join(map(repr, strangers))
        raise WiringError(f"settings {file}: {named} is not known; known are {', '.join(known)}")
    if "storage" not in data:
        raise WiringError(f'settings {file}: storage is missing, such as storage = "sqlite:///painschool.db"')
    sections: dict[str, Any] = {}
    if isinstance(data["storage"], str):
        sections["storage"] = Settings.from_url(data["storage"]).storage
    else:
        sections["storage"] = _chosen(data["storage"], "storage", file)
    base = file.parent
    storage = sections["storage"]
    assert isinstance(storage, Chosen)
    for name in ("identity", "inbox", "directory"):
        if name in data:
            sections[name] = _placed(_chosen(data[name], name, file), base, storage)
    for name in ("messengers", "observers"):
        listed = data.get(name, [])
        if not isinstance(listed, list):
            raise WiringError(f"settings {file}: {name} is a list of tables: [[{name}]]")
        sections[name] = tuple(_placed(_chosen(one, name, file), base, storage) for one in listed)
    sections |= _programs(data.get("programs", {}), file)
    policy = data.get("policy", {})
    sections["policy"] = _policy(policy)
    sections["units"] = {
        HsaId(unit): UnitTerms(
            policy=_policy({**policy, **own.get("policy", {})}),
            programs=tuple(load_program(base / name) for name in own.get("programs", ())),
        )
        for unit, own in _unit_tables(data.get("units", {}), file)
    }
    return sections


def _chosen(table: object, section: str, file: Path) -> Chosen:
    if not isinstance(table, dict) or not isinstance(table.get("name"), str):
        raise WiringError(f"settings {file}: {section} is a table with a name, the name of an adapter")
    return Chosen(table["name"], {key: value for key, value in table.items() if key != "name"})


def _placed(chosen: Chosen, base: Path, storage: Chosen) -> Chosen:
    options = dict(chosen.options)
    for key in ("path", "folder"):
        if isinstance(options.get(key), str):
            options[key] = str(base / str(options[key]))
    if chosen.name == "sql" and "url" not in options and "url" in storage.options:
        options["url"] = storage.options["url"]
    return Chosen(chosen.name, options)


def _programs(table: object, file: Path) -> dict[str, object]:
    if not isinstance(table, dict) or table.keys() - {"files", "offered"}:
        raise WiringError(f"settings {file}: programs is a table with files and offered, or one of them")
    sections: dict[str, object] = {
        "programs": tuple(load_program(file.parent / name) for name in table.get("files", ())),
    }
    if "offered" in table:
        sections["offered"] = tuple(table["offered"])
    return sections


def _unit_tables(units: object, file: Path) -> list[tuple[str, dict[str, Any]]]:
    if not isinstance(units, dict):
        raise WiringError(f"settings {file}: units holds a table for each unit, by HSA-id")
    for unit, own in units.items():
        if not isinstance(own, dict) or own.keys() - {"policy", "programs"}:
            raise WiringError(f"settings {file}: units.{unit} is a table with policy and programs, or one of them")
    return list(units.items())


def _policy(table: object) -> Policy:
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


def _in_words(error: BaseException, wanted: type | None) -> str:
    return str(error) if isinstance(error, InvalidValue) else format_exception(error, wanted)


def _converter() -> Converter:
    converter = Converter(forbid_extra_keys=True)
    converter.register_structure_hook(time, _time)
    converter.register_structure_hook(int, _whole)
    converter.register_structure_hook(bool, _truth)
    converter.register_structure_hook(ZoneInfo, lambda value, _: value)
    return converter


_CONVERTER = _converter()
