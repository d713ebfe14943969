"""Settings: which adapters, programs and policies; from a TOML file, a storage URL, or code.

A settings file holds no secret: a value may refer to one (`env:NAME`, `file:/run/secrets/name`).
"""

import os
from collections.abc import Collection, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Literal, Self

from attrs import evolve, field, frozen
from attrs.validators import and_, deep_iterable, instance_of, matches_re, optional

from digital_painschool.adapters.options import is_reference, secret
from digital_painschool.adapters.paths import absolute_url, is_sqlite, sqlite_file
from digital_painschool.application.program_catalogue import UNITS, Catalogue, UnitTerms
from digital_painschool.domain.checks import check, one, one_or_none, satisfies, several
from digital_painschool.domain.masking import Masked
from digital_painschool.domain.pace import ChannelPace
from digital_painschool.domain.people import HsaId, by_hsa_id
from digital_painschool.domain.policy import Policy
from digital_painschool.domain.program import Program
from digital_painschool.domain.validation import storable_text
from digital_painschool.errors import ConfigurationError, InvalidValue

_LOCATION = ("url", "schema")
"""The options that say which database an adapter in SQL uses; an inbox without them uses the storage's."""


def _are_options(options: object) -> bool:
    return isinstance(options, Mapping) and all(isinstance(name, str) for name in options)


_RECEIPT_KEY = check(
    (
        optional(and_(instance_of(str), matches_re(r"(?:env|file):\S.*"))),
        "says where the key is, env:NAME or file:PATH, and is never the key itself",
    ),
    error=ConfigurationError,
)


_OPTIONS = check((satisfies(_are_options), "is a mapping from the names of options"))
_OFFERED = check(
    (optional(deep_iterable(instance_of(str), instance_of((tuple, list)))), "is a tuple of keys of programs, or None")
)


def _frozen(options: Mapping[str, object] | Masked[Mapping[str, object]]) -> Masked[Mapping[str, object]]:
    if isinstance(options, Masked):
        return options
    _OPTIONS.require("options", options)
    return Masked(MappingProxyType(dict(options)))


def _is_pace(value: object) -> bool:
    return value is None or value == "none" or isinstance(value, ChannelPace)


def _names(options: Masked[Mapping[str, object]]) -> str:
    return repr(sorted(options.reveal()))


def _by_unit(units: Mapping[str, UnitTerms]) -> Mapping[str, UnitTerms]:
    UNITS.require("units", units)
    return MappingProxyType({str(unit): terms for unit, terms in by_hsa_id(units).items()})


@frozen
class AdapterConfig:
    """The choice of an adapter, and its options.

    Args:
        name: The name under which a plugin offers the adapter.
        options: The options of the adapter, of which only the names are shown.
        folder: Where a relative path behind an option's `env:` or `file:` counts from: the settings file's folder;
            None: the working folder.
        pace: The pace of an inbox or messenger in place of the one that it declares; `"none"` lifts that one, and None
            leaves it as it is (D-13e).
        written: The choice as it was written, of an inbox or messenger that got its database from the storage; None:
            nothing was filled in. The name `""` means that the settings leave the choice out.
    """

    name: str = field(validator=one(str))
    _options: Masked[Mapping[str, object]] = field(factory=dict, converter=_frozen, repr=_names)
    folder: Path | None = field(default=None, kw_only=True, eq=False, repr=False, validator=one_or_none(Path))
    pace: ChannelPace | Literal["none"] | None = field(
        default=None,
        kw_only=True,
        repr=False,
        validator=check((satisfies(_is_pace), 'is a ChannelPace or "none"')),
    )
    written: "AdapterConfig | None" = field(default=None, kw_only=True, eq=False, repr=False)

    @property
    def options(self) -> Mapping[str, object]:
        """The options; a URL may hold a password."""
        return self._options.reveal()

    @property
    def location(self) -> Mapping[str, object]:
        """The options that say which database an adapter in SQL uses."""
        return {key: self.options[key] for key in _LOCATION if key in self.options}

    def resolved(self, secrets: Collection[str], passwords: Collection[str] = ()) -> Mapping[str, object]:
        """Return the options as the adapter gets them.

        Args:
            secrets: The options that may refer to a secret. The secrets are read, and the file of a SQLite URL among
                them is made absolute.
            passwords: Those of them that a settings file never holds.

        Raises:
            ConfigurationError: A secret cannot be read, a SQLite URL names no file that can be, or a settings file
                holds a password.
        """
        read = dict(self.options)
        for key in passwords if self.folder is not None else ():  # options that a program passes may hold a password
            if isinstance(text := read.get(key), str) and not is_reference(text):
                raise ConfigurationError(
                    f"{self.name}, option {key!r}: a settings file holds no secret; write where it is, env:NAME or"
                    " file:PATH"
                )
        for key in secrets:
            try:
                if isinstance(text := read.get(key), str):
                    read[key] = self._read(text)
                continue
            except (InvalidValue, ConfigurationError) as error:
                problem = str(error)
            # Raised outside the handler, so that no secret hangs on the error.
            raise ConfigurationError(f"{self.name}, option {key!r}: {problem}")
        return read

    def _read(self, value: str) -> str:
        text = secret(value, self.folder)
        found = absolute_url(text, self.folder)
        if is_reference(value) and is_sqlite(found):
            here, there = sqlite_file(found), sqlite_file(text)
            if not os.path.lexists(here) and os.path.lexists(there):
                # A new and empty school would be made, where an older version found the old one.
                raise ConfigurationError(
                    f"there is no file {here}, but there is {there}: a relative path behind env: or file: counts from"
                    " the settings file's folder; write an absolute path"
                )
        return found


def _beside(chosen: AdapterConfig, storage: AdapterConfig) -> AdapterConfig:
    # Of settings that are evolved, what was filled in for the old storage is filled in anew for the new one.
    written = chosen if chosen.written is None else chosen.written
    found = written
    if not written.name:
        has_rows = storage.name in ("sqlite", "postgresql") and "url" in storage.options
        found = AdapterConfig("sql" if has_rows else "memory", pace=written.pace)
    if found.name == "sql" and "url" not in found.options and "url" in storage.options:
        found = evolve(found, options={**storage.location, **found.options}, folder=storage.folder)
    return written if found is written else evolve(found, written=written)


@frozen(kw_only=True)
class Settings:
    """The settings of a school.

    Args:
        storage: Which storage; there is no default, and without one (`""`) no school can be opened.
        identity: Which reader of identity numbers.
        inbox: Which patients' inbox; left out, rows beside the storage's, also after `attrs.evolve`.
        directory: Which staff directory.
        messengers: Ways to reach staff, in order.
        observers: Observers of what happens, in order.
        programs: Programs that every unit offers, beside those that plugins offer.
        offered: Which of the programs that plugins offer are on the list, by key; None means all.
        policy: Holds for every unit that has none of its own.
        units: The terms of some units, by HSA-id; a value that a unit leaves out is as for every unit.
        receipt_key: A reference to the secret that signs purge receipts: `env:NAME` or `file:PATH`, never the secret
            itself; None signs none.

    An inbox or a messenger in SQL that names no `url` has the storage's.

    Raises:
        ConfigurationError: `receipt_key` is no reference.
        InvalidValue: A value is of another type.
    """

    storage: AdapterConfig = field(default=AdapterConfig(""), validator=one(AdapterConfig))
    identity: AdapterConfig = field(default=AdapterConfig("swedish"), validator=one(AdapterConfig))
    inbox: AdapterConfig = field(default=AdapterConfig(""), validator=one(AdapterConfig))
    directory: AdapterConfig = field(default=AdapterConfig("memory"), validator=one(AdapterConfig))
    messengers: tuple[AdapterConfig, ...] = field(default=(), validator=several(AdapterConfig))
    observers: tuple[AdapterConfig, ...] = field(default=(), validator=several(AdapterConfig))
    programs: tuple[Program, ...] = field(default=(), validator=several(Program))
    offered: tuple[str, ...] | None = field(default=None, validator=_OFFERED)
    policy: Policy = field(default=Policy(), validator=one(Policy))
    units: Mapping[str, UnitTerms] = field(factory=dict, converter=_by_unit)
    receipt_key: str | None = field(default=None, repr=False, validator=_RECEIPT_KEY)

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "inbox", _beside(self.inbox, self.storage))
        object.__setattr__(self, "messengers", tuple(_beside(one, self.storage) for one in self.messengers))

    def policy_of(self, unit: HsaId) -> Policy:
        """Return the policy that holds for a unit."""
        return Catalogue(policy=self.policy, units=self.units).policy_of(unit)

    @classmethod
    def from_url(cls, url: str, schema: str | None = None) -> Self:
        """Return the settings for a storage URL: the inbox beside the storage, nobody in the staff directory.

        A relative path of a SQLite file counts from the working folder at the opening.

        Args:
            url: Such as `sqlite:///painschool.db`, `postgresql://host/database`, or `memory://`.
            schema: The schema of a PostgreSQL database that the school lies in; None for the server's own choice.

        Raises:
            ConfigurationError: It is no URL.
            InvalidValue: It is no text that could be one.
        """
        url = storable_text(url, "a storage URL")
        if is_reference(url):
            raise ConfigurationError(
                'a storage URL that lies elsewhere stands in a table: [storage] with name = "postgresql" and url ='
                ' "env:NAME"'
            )
        scheme, colon, _ = url.partition("://")
        if not colon or not scheme:
            raise ConfigurationError("a storage URL begins with its kind, such as sqlite:///painschool.db")
        name = scheme.partition("+")[0]
        place = {"url": url} if schema is None else {"url": url, "schema": schema}
        return cls(storage=AdapterConfig({"postgres": "postgresql"}.get(name, name), place))
