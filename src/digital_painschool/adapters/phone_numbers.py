"""Telephone numbers as people write them in a staff directory, and as gateways take them: E.164."""

import re
from types import MappingProxyType

SWEDEN = "+46"
_SEPARATOR = r"(?:[^\S\r\n\v\f\x1c-\x1e\x85\u2028\u2029]|[().\u00ad\u2010-\u2015\u2212/-])"
"""Blanks, but no line break; brackets, dots, slashes and every kind of hyphen."""
_SEPARATORS = re.compile(_SEPARATOR)
_TRUNK = re.compile(rf"^((?:\+|00)[1-9][0-9]{{0,2}}){_SEPARATOR}*\(0\)")
"""The habit of writing the trunk prefix in brackets: +46 (0)70."""
_INTERNATIONAL = re.compile(r"^00(?=[1-9])")
_NATIONAL = re.compile(r"^0(?=[1-9])")
_NATIONAL_MOBILE = MappingProxyType({SWEDEN: re.compile(r"^0(?=7[0-9]{8}$)")})
"""What a national number begins with, for countries whose mobile numbers can be told; else any counts as mobile."""
_E164 = re.compile(r"\+[1-9][0-9]{7,14}")


def e164(text: str, country: str = SWEDEN) -> str | None:
    """Return a number in E.164 form, or None where the text is none.

    "070-123 45 67", "0046 70 123 45 67" and "+46 (0)70 123 45 67" are all "+46701234567". Of Swedish numbers without
    a country code only mobile numbers are read: an SMS to any other would go to a guess.

    Args:
        text: The number, with separators or without.
        country: The country's number that stands for the leading 0 of a national number.
    """
    number = _SEPARATORS.sub("", _TRUNK.sub(r"\1", text.strip()))
    number = _INTERNATIONAL.sub("+", number)
    number = _NATIONAL_MOBILE.get(country, _NATIONAL).sub(country, number)
    return number if is_e164(number) else None


def is_e164(text: str) -> bool:
    """Return whether a text is a number in E.164 form, without the trunk prefix that some write behind +46."""
    return bool(_E164.fullmatch(text)) and not text.startswith(f"{SWEDEN}0")
