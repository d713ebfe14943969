"""Telephone numbers as a staff directory writes them, and as a gateway takes them: E.164."""

import re
from types import MappingProxyType

_SEPARATORS = re.compile(r"[\s().\u00ad\u2010-\u2015\u2212/-]")
"""Blanks, brackets, dots, slashes and every kind of hyphen."""
_TRUNK = re.compile(r"^(\+46|0046)\s*\(0\)")
"""The Swedish habit of writing the trunk prefix in brackets: +46 (0)70."""
PREFIXES = MappingProxyType({re.compile(r"^00(?=[1-9])"): "+", re.compile(r"^0(?=7[0-9]{8}$)"): "+46"})
"""What a number may begin with in place of `+`: the international prefix 00, or a Swedish mobile's 07."""
_E164 = re.compile(r"\+[1-9][0-9]{7,14}")
_SENDER = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9]{1,11}")


def e164(text: str) -> str | None:
    """Return a number in E.164 form, or None where the text is none.

    "070-123 45 67", "0046 70 123 45 67" and "+46 (0)70 123 45 67" are all "+46701234567". Of the numbers without a
    country code only Swedish mobile numbers are read: an SMS to any other would go to a guess.
    """
    number = _SEPARATORS.sub("", _TRUNK.sub(r"\1", text.strip()))
    for prefix, instead in PREFIXES.items():
        number = prefix.sub(instead, number)
    return number if _E164.fullmatch(number) and not number.startswith("+460") else None


def is_sender(text: str) -> bool:
    """Return whether a text can be the sender of an SMS: 11 letters (a to z) and digits at most, or E.164."""
    return bool(_SENDER.fullmatch(text) or (_E164.fullmatch(text) and not text.startswith("+460")))
