"""Settings: which adapters, which programs, which policies; from a TOML file, a storage URL, or code.

A settings file holds no secret: a value may say where one is (`env:NAME`, `file:/run/secrets/name`).
"""

import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Self

from attrs import evolve, field, frozen

from digital_painschool.catalogue import UnitTerms
from digital_painschool.errors import WiringError
from digital_painschool.policy import Policy
from digital_painschool.program import Program

_WHERE = ("url", "schema")
"""Where an adapter in SQL has its rows; those beside the storage have the storage's."""

_PLACE_OF_A_SECRET = re.compile(r"(?:env|file):\S.*")


def _frozen(options: Mapping[str, object]) -> Mapping[str, object]:
    return MappingProxyType(dict(options))


@frozen
class Chosen:
    """An adapter that is chosen: its name among the offers, and its options, of which only the names are shown."""

    name: str
    options: Mapping[str, object] = field(factory=dict, converter=_frozen, repr=lambda options: repr(sorted(options)))

    @property
    def place(self) -> Mapping[str, object]:
        """The options that say where an adapter in SQL has its rows."""
        return {key: self.options[key] for key in _WHERE if key in self.options}


@frozen(kw_only=True)
class Settings:
    """What a school is made of.

    Args:
        storage: Which storage; there is no default, and without one (`""`) no school can be opened.
        identity: Which reader of identity numbers.
        inbox: Which patients' inbox; left out, rows beside the storage's.
        directory: Which staff directory.
        messengers: Ways to reach staff, in order.
        observers: Those who want to know, in order.
        programs: Programs that every unit offers, beside those that plugins offer.
        offered: Which of the programs that plugins offer are on the list, by key; None means all.
        policy: Holds for every unit that has none of its own.
        units: What some units have of their own, by HSA-id.
        receipt_key: Where the secret is that purge receipts are signed with: `env:NAME` or `file:PATH`, never the
            secret itself; None signs none.

    Raises:
        WiringError: `receipt_key` says no place.
    """

    storage: Chosen = Chosen("")
    identity: Chosen = Chosen("swedish")
    inbox: Chosen = field()
    directory: Chosen = Chosen("memory")
    messengers: tuple[Chosen, ...] = ()
    observers: tuple[Chosen, ...] = ()
    programs: tuple[Program, ...] = ()
    offered: tuple[str, ...] | None = None
    policy: Policy = Policy()
    units: Mapping[str, UnitTerms] = field(factory=dict)
    receipt_key: str | None = field(default=None, repr=False)

    @receipt_key.validator
    def _says_where(self, _: object, where: object) -> None:
        if where is not None and not (isinstance(where, str) and _PLACE_OF_A_SECRET.fullmatch(where)):
            raise WiringError("receipt_key says where the key is, env:NAME or file:PATH, and is never the key itself")

    @inbox.default
    def _beside_the_storage(self) -> Chosen:
        if self.storage.name in ("sqlite", "postgresql") and "url" in self.storage.options:
            return Chosen("sql", self.storage.place)
        return Chosen("memory")

    @classmethod
    def from_url(cls, url: str, schema: str | None = None) -> Self:
        """Give the settings for a storage URL: the inbox beside the storage, nobody in the staff directory.

        Args:
            url: Such as `sqlite:///painschool.db`, `postgresql://host/database`, or `memory://`.
            schema: The schema of a PostgreSQL database that the school lies in; None for the server's own choice.

        Raises:
            WiringError: It is no URL.
        """
        scheme, colon, _ = url.partition("://")
        if not colon or not scheme:
            raise WiringError("a storage URL begins with its kind, such as sqlite:///painschool.db")
        place = {"url": url} if schema is None else {"url": url, "schema": schema}
        return cls(storage=Chosen(scheme.partition("+")[0], place))

    @classmethod
    def from_toml(cls, path: str | Path) -> "Settings":
        """Read the settings from a TOML file; paths and SQLite files in it are meant from the file's folder.

        Raises:
            WiringError: The file cannot be read, or a key is wrong: it is named, with what was expected there.
            InvalidProgram: A program file that it names is not usable.
        """
        from digital_painschool.settings_file import read_settings

        return read_settings(Path(path))

    def migrating(self) -> Self:
        """Give the same settings, with a storage that brings its schema up to date when it is opened."""
        return evolve(self, storage=evolve(self.storage, options={**self.storage.options, "migrate": True}))
