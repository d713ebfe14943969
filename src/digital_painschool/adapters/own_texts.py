"""The texts of messages to staff in words of the region's or a unit's own: a TOML file, for e-mail and SMS alike.

Nothing but the link is ever put into a text: a text cannot carry patient data. Rule: D-13c, D-24d.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

from attrs import field, frozen
from attrs.validators import and_, instance_of, max_len, optional
from cattrs import BaseValidationError

from digital_painschool.domain.checks import check, satisfies
from digital_painschool.domain.limits import TITLE
from digital_painschool.domain.notification import Template
from digital_painschool.domain.people import HsaId, by_hsa_id
from digital_painschool.domain.validation import control_characters, is_seen
from digital_painschool.errors import ConfigurationError, InvalidValue
from digital_painschool.labels.lookup import Language
from digital_painschool.serialization.converter import strict_converter
from digital_painschool.serialization.problems import Problems, UnexpectedValue
from digital_painschool.serialization.text_files import read_text, toml_table

LINK = "{link}"
"""The one placeholder: where to read."""
_SUBJECT_LENGTH, _TEXT_LENGTH = 120, 2000


def _has_no_brace(text: str) -> bool:
    return "{" not in text and "}" not in text


def _is_body(text: str) -> bool:
    return is_seen(text) and not control_characters(text.replace("\n", ""))


_SUBJECT = check(
    (optional(TITLE), "is one line of text"),
    (optional(max_len(_SUBJECT_LENGTH)), f"has at most {_SUBJECT_LENGTH} characters"),
    (optional(satisfies(_has_no_brace)), "has no placeholder: the link is for the text"),
)
_TEXT = check(
    (optional(and_(instance_of(str), satisfies(_is_body))), "is text without control characters"),
    (optional(max_len(_TEXT_LENGTH)), f"has at most {_TEXT_LENGTH} characters"),
    (
        optional(satisfies(lambda text: _has_no_brace(text.replace(LINK, "", 1)))),
        f"has {LINK} once, and no other brace",
    ),
)


@frozen(kw_only=True)
class Wording:
    """The subject of an e-mail, and the text, that a file has for one template."""

    subject: str | None = field(default=None, validator=_SUBJECT)
    text: str | None = field(default=None, validator=_TEXT)


_OfLanguage = Mapping[Template, Wording]


@frozen(kw_only=True)
class Wordings:
    """The texts by language and template; what is not there is looked up elsewhere."""

    sv: _OfLanguage = field(factory=dict)
    en: _OfLanguage = field(factory=dict)

    def of(self, template: Template, language: Language) -> Wording:
        """Return what there is for a template in a language."""
        found: _OfLanguage = getattr(self, language.value)
        return found.get(template, _NOTHING)


@frozen(kw_only=True)
class _File(Wordings):
    """A whole file: the texts of all units, and those of some."""

    units: Mapping[str, Wordings] = field(factory=dict)


_NOTHING = Wording()
_CONVERTER = strict_converter()
_CONVERTER.get_structure_hook(_File)


@frozen
class OwnTexts:
    """The texts of a file; by default, of none.

    Args:
        common: Those for all units.
        units: Those of some units.
    """

    common: Wordings = field(factory=Wordings, repr=False)
    units: Mapping[HsaId, Wordings] = field(factory=dict, repr=False)

    def of(self, template: Template, language: Language, unit: HsaId) -> tuple[Wording, ...]:
        """Return what there is for a message of a unit: the unit's own, then what is for all units."""
        sources = (self.units.get(HsaId(unit), Wordings()), self.common)
        return tuple(source.of(template, language) for source in sources)

    def text(self, template: Template, language: Language, unit: HsaId) -> str | None:
        """Return the text of a message of a unit, with the placeholder `LINK` or without; None for the package's."""
        return next((one.text for one in self.of(template, language, unit) if one.text is not None), None)

    def each(self) -> Iterator[tuple[str, Wording]]:
        """Yield everything that there is, each by its key in the file."""
        for prefix, source in (("", self.common), *((f"units.{unit}.", own) for unit, own in self.units.items())):
            for language in Language:
                for template in Template:
                    yield f"{prefix}{language.value}.{template.value}", source.of(template, language)


def read_own_texts(path: Path) -> OwnTexts:
    """Return the texts of a TOML file, which may replace some of the package's.

    Args:
        path: The file. `[sv.program-done]` with `text`, and of e-mail `subject`, is for all units, and
            `[units.SE2321000131-E000000000001.sv.program-done]` for one.

    Raises:
        ConfigurationError: The file cannot be read, or holds something else; each wrong key is named.
    """
    try:
        return own_texts(toml_table(read_text(path)))
    except InvalidValue as error:
        problem = str(error)
    raise ConfigurationError(f"texts_file {path}: {problem}")


def own_texts(table: Mapping[str, object]) -> OwnTexts:
    """Return the texts of a table.

    Raises:
        InvalidValue: The table holds something else; each wrong key is named.
    """
    try:
        file = _CONVERTER.structure(table, _File)
    except (BaseValidationError, UnexpectedValue) as error:
        problems = "; ".join(Problems().of(error, table))
    else:
        return OwnTexts(file, by_hsa_id(file.units))
    raise InvalidValue(problems)
