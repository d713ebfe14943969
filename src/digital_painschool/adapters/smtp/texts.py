"""The subjects and the texts of the messages: those of the package, which a unit can replace in a TOML file.

Nothing but the link is ever put into a text: a text cannot carry patient data. Rule: D-13c, D-24d.
"""

from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

from attrs import field, frozen
from attrs.validators import and_, instance_of, max_len, optional
from cattrs import BaseValidationError

from digital_painschool.domain.checks import check, satisfies
from digital_painschool.domain.limits import TITLE
from digital_painschool.domain.notification import Template
from digital_painschool.domain.people import HsaId, by_hsa_id
from digital_painschool.domain.validation import control_characters
from digital_painschool.errors import ConfigurationError, InvalidValue
from digital_painschool.labels.lookup import Language, label
from digital_painschool.serialization.converter import strict_converter
from digital_painschool.serialization.problems import Problems, UnexpectedValue
from digital_painschool.serialization.text_files import decoded, read_text, toml_table

LINK = "{link}"
"""The one placeholder: where to read."""
_SUBJECT_LENGTH, _TEXT_LENGTH = 120, 2000


class Text(NamedTuple):
    """A subject, and a body with the placeholder `LINK` in it once."""

    subject: str
    body: str


def _has_no_brace(text: str) -> bool:
    return "{" not in text and "}" not in text


def _is_body(text: str) -> bool:
    return text.strip() != "" and not control_characters(text.replace("\n", ""))


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
    """The subject and the text that a file has for one template."""

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
class Texts:
    """The texts of a messenger: a unit's own, else those for all units, else those of the package."""

    _common: Wordings = field(factory=_File, repr=False)
    _units: Mapping[HsaId, Wordings] = field(factory=dict, repr=False)

    def of(self, template: Template, language: Language, unit: HsaId) -> Text:
        """Return the subject and the body of a message; subject and text are each looked up by themselves."""
        sources = [self._units.get(HsaId(unit), Wordings()), self._common, _of_package()]
        written = [source.of(template, language) for source in sources]
        subject = _first(one.subject for one in written) or label(template, language)
        body = _first(one.text for one in written) or label(template, language)
        return Text(subject, body if LINK in body else f"{body.rstrip()}\n\n{LINK}")


def read_texts(path: Path) -> Texts:
    """Return the texts of a TOML file, which may replace some of the package's.

    Args:
        path: The file. `[sv.program-done]` with `subject` and `text` is for all units, and
            `[units.SE2321000131-E000000000001.sv.program-done]` for one.

    Raises:
        ConfigurationError: The file cannot be read, or holds something else; each wrong key is named.
    """
    try:
        return _texts(toml_table(read_text(path)))
    except InvalidValue as error:
        problem = str(error)
    raise ConfigurationError(f"texts_file {path}: {problem}")


def _texts(table: Mapping[str, object]) -> Texts:
    file = _structured(table)
    return Texts(file, by_hsa_id(file.units))


def _structured(table: Mapping[str, object]) -> _File:
    try:
        return _CONVERTER.structure(table, _File)
    except (BaseValidationError, UnexpectedValue) as error:
        problems = "; ".join(Problems().of(error, table))
    raise InvalidValue(problems)


@cache
def _of_package() -> Wordings:
    content = files("digital_painschool.adapters.smtp").joinpath("texts.toml").read_bytes()
    return _structured(toml_table(decoded(content)))


def _first(found: Iterator[str | None]) -> str | None:
    return next((text for text in found if text is not None), None)
