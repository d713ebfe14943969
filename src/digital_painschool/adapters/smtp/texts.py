"""The subjects and the texts of the e-mails: those of the package, which a unit can replace in a file. Rule: D-24d."""

from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

from attrs import field, frozen

from digital_painschool.adapters.own_texts import LINK, OwnTexts, own_texts, read_own_texts
from digital_painschool.domain.notification import Template
from digital_painschool.domain.people import HsaId
from digital_painschool.labels.lookup import Language, label
from digital_painschool.serialization.text_files import decoded, toml_table


class Text(NamedTuple):
    """A subject, and a body with the placeholder `LINK` in it once."""

    subject: str
    body: str


@frozen
class Texts:
    """The texts of a messenger: a unit's own, else those for all units, else those of the package."""

    _own: OwnTexts = field(factory=OwnTexts, repr=False)

    def of(self, template: Template, language: Language, unit: HsaId) -> Text:
        """Return the subject and the body of a message; subject and text are each looked up by themselves."""
        written = (*self._own.of(template, language, unit), *_of_package().of(template, language, unit))
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
    return Texts(read_own_texts(path))


@cache
def _of_package() -> OwnTexts:
    content = files("digital_painschool.adapters.smtp").joinpath("texts.toml").read_bytes()
    return own_texts(toml_table(decoded(content)))


def _first(found: Iterator[str | None]) -> str | None:
    return next((text for text in found if text is not None), None)
