"""Keeping identity numbers off the command line: what is said is masked."""

import re

_SHAPE = re.compile(r"(?<![0-9A-Za-z])((?:[0-9]{2})?[0-9]{6})[-+]?[0-9A-Z]{3}[0-9](?![0-9A-Za-z])")


def masked(text: str) -> str:
    """Return the text with everything that has the shape of an identity number masked, mistyped ones too."""
    return _SHAPE.sub(r"\1-****", text)
