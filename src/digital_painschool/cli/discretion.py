"""Keeping identity numbers off the command line: what comes in is looked through, and what is said is masked."""

import re

from digital_painschool.adapters.swedish_identity import SwedishIdentity
from digital_painschool.errors import InvalidIdentity
from digital_painschool.school import system_clock

_SHAPE = re.compile(r"(?<![0-9A-Za-z])((?:[0-9]{2})?[0-9]{6})[-+]?[0-9A-Z]{3}[0-9](?![0-9A-Za-z])")


def masked(text: str) -> str:
    """Give the text with everything that has the shape of an identity number masked, mistyped ones too."""
    return _SHAPE.sub(r"\1-****", text)


def holds_identity(text: str) -> bool:
    """Tell whether a Swedish identity number is in the text."""
    return any(_is_identity(match[0]) for match in _SHAPE.finditer(text))


def _is_identity(text: str) -> bool:
    try:
        SwedishIdentity().parse(text, today=system_clock().date())
    except InvalidIdentity:
        return False
    return True
